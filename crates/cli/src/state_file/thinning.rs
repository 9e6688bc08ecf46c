//! Which snapshots are kept: all of the last hour, one for each hour of the
//! last day, and one for each day of the last ten.
//!
//! Time is that of the log, up to which a snapshot has learned: a log of weeks
//! that is read in a minute is thinned as one that was followed for weeks.

/// Seconds in an hour and in a day.
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// How many days are remembered.
const DAYS: i64 = 10;

/// Most snapshots of the last hour, for jobs with very short buckets.
const MOST_OF_AN_HOUR: usize = 60;

/// Which of the snapshots at `times` are kept, when the state is at `now`. All
/// are in seconds since 1970, `times` ascending.
pub(super) fn kept(times: &[i64], now: i64) -> Vec<bool> {
    let mut kept = vec![false; times.len()];
    let mut of_hour = 0;
    let (mut last_hour, mut last_day) = (None, None);
    for (place, &time) in times.iter().enumerate().rev() {
        let age = now.saturating_sub(time);
        kept[place] = if age <= HOUR {
            of_hour += 1;
            of_hour <= MOST_OF_AN_HOUR
        } else if age <= DAY {
            is_another(&mut last_hour, time.div_euclid(HOUR))
        } else {
            age <= DAYS * DAY && is_another(&mut last_day, time.div_euclid(DAY))
        };
    }
    kept
}

/// Whether a period is not the one before, which it becomes.
fn is_another(last: &mut Option<i64>, period: i64) -> bool {
    last.replace(period) != Some(period)
}

#[cfg(test)]
mod tests {
    use crate::when::instant;

    use super::*;

    fn seconds(text: &str) -> i64 {
        instant(text).unwrap() / 1000
    }

    #[test]
    fn an_hour_whole_a_day_by_hours_ten_days_by_days() {
        // Time, and whether a snapshot of it is kept at 2026-06-12T09:45.
        let table = [
            ("2026-06-02T00:00", false), // more than ten days ago
            ("2026-06-02T09:30", false),
            ("2026-06-02T09:45", false), // ten days ago, but not the last of its day
            ("2026-06-02T23:45", true),
            ("2026-06-03T00:00", false),
            ("2026-06-03T12:00", true),
            ("2026-06-11T00:15", false),
            ("2026-06-11T09:30", true), // the last of this day that is more than a day ago
            ("2026-06-11T09:45", true), // a day ago, the last of its hour
            ("2026-06-11T10:00", false),
            ("2026-06-11T10:15", true),
            ("2026-06-12T07:00", false),
            ("2026-06-12T07:59:59", true),
            ("2026-06-12T08:00", false),
            ("2026-06-12T08:30", true), // the last of its hour that is more than an hour ago
            ("2026-06-12T08:45", true), // the last hour
            ("2026-06-12T09:00", true),
            ("2026-06-12T09:15", true),
            ("2026-06-12T09:30", true),
        ];
        let times: Vec<i64> = table.iter().map(|(time, _)| seconds(time)).collect();
        let kept = kept(&times, seconds("2026-06-12T09:45"));
        for ((time, expected), kept) in table.iter().zip(kept) {
            assert_eq!(kept, *expected, "{time}");
        }
    }

    #[test]
    fn thinning_at_every_save_keeps_a_bounded_number() {
        let start = seconds("2026-06-01");
        let mut times: Vec<i64> = Vec::new();
        for bucket in 0..30 * 96 {
            let now = start + bucket * 900;
            let mut keep = kept(&times, now).into_iter();
            times.retain(|_| keep.next().unwrap());
            times.push(now);
            // 4 and the one of now, 24 hours begun, 11 days begun.
            assert!(times.len() <= 5 + 24 + 11, "{}", times.len());
        }
        let newest = *times.last().unwrap();
        let older_than =
            |days: i64| times.iter().filter(|time| newest - **time > days * DAY).count();
        assert_eq!(older_than(1), 10);
        assert_eq!(older_than(10), 0);
    }

    #[test]
    fn buckets_of_a_second_are_bounded_too() {
        let times: Vec<i64> = (0..3000).collect();
        assert_eq!(kept(&times, 3000).into_iter().filter(|kept| *kept).count(), MOST_OF_AN_HOUR);
    }
}
