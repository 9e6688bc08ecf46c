//! When a rule is executed, and which starts of buckets each execution looks at.
//!
//! Time is that of the log. Executions come at whole multiples of the rule's interval since 1970, so
//! that the same log gives the same alerts whenever it is read. All times are milliseconds since
//! 1970.

use crate::moment::SECOND;
use crate::rule::Rule;
use std::ops::RangeInclusive;

/// Most windows that an execution looks at in addition, for time that was missed.
const MOST_CATCH_UP: i64 = 4;

/// The schedule of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    interval: i64,
    look_back: i64,
}

/// What an execution looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeRanges {
    /// Windows of starts of buckets, both ends inclusive, the latest first.
    pub windows: Vec<RangeInclusive<i64>>,
    /// Milliseconds since the execution before that no window covers.
    pub uncovered: i64,
}

impl Schedule {
    /// The schedule of a rule, whose interval is not 0.
    #[must_use]
    pub fn of(rule: &Rule) -> Schedule {
        let millis = |seconds: u32| i64::from(seconds) * SECOND;
        Schedule { interval: millis(rule.interval.max(1)), look_back: millis(rule.look_back) }
    }

    /// The first execution at `time` or later.
    #[must_use]
    pub fn first_from(&self, time: i64) -> i64 {
        time.saturating_add(self.interval - 1).div_euclid(self.interval) * self.interval
    }

    /// The execution after one.
    #[must_use]
    pub fn after(&self, execution: i64) -> i64 {
        execution.saturating_add(self.interval)
    }

    /// What an execution at `now` looks at, if the one before was at `previous`.
    ///
    /// If more time has passed than is looked back on, up to four windows are added, each an
    /// interval earlier than the one before.
    ///
    /// ```
    /// use rareport::rule::RuleSet;
    /// use rareport::schedule::Schedule;
    ///
    /// let schedule = Schedule::of(&RuleSet::default_rules()?.rules[0]);
    /// let minutes = |n: i64| n * 60_000;
    /// let ranges = schedule.ranges(Some(minutes(0)), minutes(15));
    /// assert_eq!(ranges.windows, [minutes(-30)..=minutes(15)]);
    /// let late = schedule.ranges(Some(minutes(0)), minutes(60));
    /// assert_eq!(late.windows, [minutes(15)..=minutes(60), minutes(0)..=minutes(45)]);
    /// assert_eq!(late.uncovered, 0);
    /// # Ok::<(), rareport::rule::RuleError>(())
    /// ```
    #[must_use]
    pub fn ranges(&self, previous: Option<i64>, now: i64) -> TimeRanges {
        let Schedule { interval, look_back } = *self;
        let previous = previous.unwrap_or(now).min(now);
        let gap = now.saturating_sub(previous).saturating_sub(look_back).max(0);
        let extra = (gap.saturating_add(interval - 1) / interval).min(MOST_CATCH_UP);
        let window = |shift: i64| {
            let to = now.saturating_sub(shift * interval);
            to.saturating_sub(look_back)..=to
        };
        let windows: Vec<_> = (0..=extra).map(window).collect();
        let mut uncovered = 0;
        let mut covered_from = now;
        for window in &windows {
            uncovered += (covered_from - *window.end().max(&previous)).max(0);
            covered_from = covered_from.min(*window.start());
        }
        uncovered += covered_from.saturating_sub(previous).max(0);
        TimeRanges { windows, uncovered }
    }

    /// Earliest start of a bucket that the execution after one at `now` still looks at.
    #[must_use]
    pub fn earliest_after(&self, now: i64) -> i64 {
        let next = self.ranges(Some(now), self.after(now));
        next.windows.last().map_or(now, |window| *window.start())
    }

    /// Milliseconds of each interval that no execution looks at.
    #[must_use]
    pub fn gap(&self) -> i64 {
        self.ranges(Some(0), self.interval).uncovered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn schedule(interval: i64, look_back: i64) -> Schedule {
        Schedule { interval: interval * MINUTE, look_back: look_back * MINUTE }
    }

    fn ranges(schedule: Schedule, passed: i64) -> (Vec<(i64, i64)>, i64) {
        let ranges = schedule.ranges(Some(0), passed * MINUTE);
        let in_minutes =
            |window: &RangeInclusive<i64>| (window.start() / MINUTE, window.end() / MINUTE);
        (ranges.windows.iter().map(in_minutes).collect(), ranges.uncovered / MINUTE)
    }

    #[test]
    fn executions_come_at_multiples_of_the_interval() {
        let schedule = schedule(15, 45);
        assert_eq!(schedule.first_from(0), 0);
        assert_eq!(schedule.first_from(1), 15 * MINUTE);
        assert_eq!(schedule.first_from(15 * MINUTE), 15 * MINUTE);
        assert_eq!(schedule.first_from(-1), 0);
    }

    #[test]
    fn a_gap_is_caught_up_with_in_at_most_four_windows() {
        let normal = schedule(15, 45);
        assert_eq!(ranges(normal, 45), (vec![(0, 45)], 0));
        assert_eq!(ranges(normal, 46), (vec![(1, 46), (-14, 31)], 0));
        assert_eq!(ranges(normal, 75).0.len(), 3);
        // Four more windows reach 45 + 4 × 15 minutes back.
        let all = vec![(75, 120), (60, 105), (45, 90), (30, 75), (15, 60)];
        assert_eq!(ranges(normal, 120), (all, 15));
    }

    #[test]
    fn a_look_back_shorter_than_the_interval_leaves_a_gap() {
        assert_eq!(schedule(15, 45).gap(), 0);
        assert_eq!(schedule(60, 45).gap(), 15 * MINUTE);
        assert_eq!(ranges(schedule(60, 45), 60), (vec![(15, 60), (-45, 0)], 15));
        assert_eq!(schedule(60, 60).gap(), 0);
    }
}
