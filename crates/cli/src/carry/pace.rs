//! When to save while there is more to read: seldom enough that it costs
//! little, often enough that little is learned again after a crash.

use std::time::{Duration, Instant};

/// Least time between two saves, if nothing else is said.
const LEAST_INTERVAL: Duration = Duration::from_secs(10);

/// So many times as long as a save takes is waited for the next, which bounds
/// what saving costs to a twentieth.
const INTERVAL_OF_COST: u32 = 20;

/// The pace of saving.
#[derive(Debug)]
pub(super) struct Pace {
    /// Whether it is done at all before the end.
    pub(super) is_allowed: bool,
    /// Whether there is anything to save.
    pub(super) is_changed: bool,
    /// Least time between two saves.
    pub(super) least_interval: Duration,
    last: Instant,
    cost: Duration,
}

impl Pace {
    /// A pace that begins now.
    pub(super) fn new() -> Pace {
        Pace {
            is_allowed: true,
            is_changed: false,
            least_interval: LEAST_INTERVAL,
            last: Instant::now(),
            cost: Duration::ZERO,
        }
    }

    /// Whether it is time to save.
    pub(super) fn is_due(&self) -> bool {
        self.is_allowed && self.is_changed && self.last.elapsed() >= self.interval()
    }

    /// A try to save that began then has just ended.
    pub(super) fn tried(&mut self, begun: Instant, is_saved: bool) {
        self.is_changed &= !is_saved;
        self.cost = begun.elapsed();
        self.last = Instant::now();
    }

    fn interval(&self) -> Duration {
        self.least_interval.max(self.cost.saturating_mul(INTERVAL_OF_COST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds_ago(seconds: u64) -> Instant {
        Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn a_save_is_due_when_there_is_something_and_time_has_passed() {
        let mut pace = Pace::new();
        pace.is_changed = true;
        assert!(!pace.is_due());
        pace.last = seconds_ago(10);
        assert!(pace.is_due());
        assert!(!Pace { is_allowed: false, ..pace }.is_due());
    }

    #[test]
    fn what_takes_long_is_done_seldom() {
        let mut pace = Pace::new();
        pace.is_changed = true;
        pace.tried(seconds_ago(2), true);
        assert!(!pace.is_changed);
        pace.is_changed = true;
        pace.last = seconds_ago(39);
        assert!(!pace.is_due());
        pace.last = seconds_ago(42);
        assert!(pace.is_due());
        pace.is_changed = false;
        assert!(!pace.is_due());
    }
    #[test]
    fn what_could_not_be_saved_is_tried_again() {
        let mut pace = Pace { least_interval: Duration::ZERO, ..Pace::new() };
        pace.is_changed = true;
        pace.tried(Instant::now(), false);
        pace.last = seconds_ago(1);
        assert!(pace.is_due());
    }
}
