//! What the model was given and did not learn from, told in one sentence, to
//! all only if it should not have been given it.
//! Events that came too late are not in it: what to do about them depends on
//! the command. Those that came too far ahead have a sentence of their own.

use rareport::detector::Counts;
use rareport::job::DetectorConfig;
use rareport::{Detector, JobConfig};

use crate::console::Console;
use crate::text::{count, grouped};

/// What became of the observations since the counts were what they were before.
pub(crate) fn since(now: Counts, before: Counts) -> Counts {
    Counts {
        pushed: now.pushed - before.pushed,
        late: now.late - before.late,
        outside_calendar: now.outside_calendar - before.outside_calendar,
        too_far_ahead: now.too_far_ahead - before.too_far_ahead,
        before_first_complete: now.before_first_complete - before.before_first_complete,
        before_partition_complete: now.before_partition_complete - before.before_partition_complete,
        without_value: now.without_value - before.without_value,
        records_cut: now.records_cut - before.records_cut,
    }
}

/// Tells how many `events`, a word for several of them, were not learned from.
pub(crate) fn tell(counts: &Counts, job: &JobConfig, events: &str, console: &Console) {
    let reasons = reasons(counts, &job.detector);
    if !reasons.is_empty() {
        let told = format_args!("{events} not learned from: {}", reasons.join(", "));
        match counts.outside_calendar {
            0 => console.detail(told),
            _ => console.note(told),
        }
    }
    let ahead = counts.too_far_ahead;
    if let Some(gap) = job.limits.largest_gap
        && ahead > 0
    {
        console.warn(format_args!(
            "{} of the {events} came more than {} after those before and could not be learned \
             from: a clock may have been wrong. Leave out what has a wrong time with --from or \
             --to, or give the job a larger limits.largest_gap",
            grouped(ahead),
            duration(gap)
        ));
    }
}

/// Number of events so far that the detector dropped at once, as their time cannot be.
pub(crate) fn dropped(detector: &Detector) -> u64 {
    let Counts { late, outside_calendar, too_far_ahead, .. } = detector.counts();
    late + outside_calendar + too_far_ahead
}

/// A length of time, in days if they are whole.
fn duration(seconds: u32) -> String {
    const DAY: u32 = 86_400;
    match seconds % DAY {
        0 => count(u64::from(seconds / DAY), "day", "days"),
        _ => count(u64::from(seconds), "second", "seconds"),
    }
}

fn reasons(counts: &Counts, config: &DetectorConfig) -> Vec<String> {
    let needed = [Some(&config.by_field), config.over_field.as_ref()];
    let needed: Vec<&str> = needed.into_iter().flatten().map(String::as_str).collect();
    let without_value = format!("without a value of {}", needed.join(" or "));
    [
        (counts.before_first_complete, "before the first whole bucket"),
        (counts.before_partition_complete, "before the first whole bucket of their partition"),
        (counts.without_value, &without_value),
        (counts.outside_calendar, "outside the years 1 to 9999"),
    ]
    .into_iter()
    .filter(|&(events, _)| events > 0)
    .map(|(events, words)| format!("{} {words}", grouped(events)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_told() {
        let counts = Counts {
            pushed: 20,
            late: 1,
            too_far_ahead: 6,
            outside_calendar: 2,
            before_first_complete: 3,
            before_partition_complete: 4,
            without_value: 5,
            ..Counts::default()
        };
        let config = JobConfig::rare("destination.port").detector;
        assert_eq!(
            reasons(&counts, &config),
            [
                "3 before the first whole bucket",
                "4 before the first whole bucket of their partition",
                "5 without a value of destination.port",
                "2 outside the years 1 to 9999",
            ]
        );
        assert!(reasons(&Counts::default(), &config).is_empty());
    }
}
