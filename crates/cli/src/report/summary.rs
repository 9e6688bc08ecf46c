//! What stands out, in plain sentences.

use rareport::detection::RuleReport;
use rareport::explain::MATURE_AFTER;

use super::collect::{Collector, Shown};
use super::cut::Cut;
use crate::anomaly::shown_score;
use crate::stamp::rfc3339;
use crate::study::{PORT, StudiedJob};
use crate::text::{count, length};

/// Most alerts that have a sentence.
const MOST_TOLD: usize = 5;

/// Most characters of a sentence: what logs call things may be long.
const MOST_CHARS: usize = 1000;

/// The sentences of a report on values of the field `by`, the most important first; its records
/// are sorted.
pub(super) fn sentences(
    collected: &Collector,
    executed: &[&RuleReport],
    by: &str,
    job: &StudiedJob,
) -> Vec<String> {
    let StudiedJob { buckets_before, cut_short, .. } = *job;
    let mut sentences = Vec::new();
    let alerted: Vec<&Shown> =
        collected.records.values().filter(|shown| !shown.alerts.is_empty()).collect();
    let number = alerts(collected.alerts, executed);
    match alerted.as_slice() {
        [] if collected.alerts > 0 => sentences.push(format!("{number}.")),
        [] if collected.buckets + buckets_before == 0 => {}
        [] => sentences.extend(quiet(collected, executed, by)),
        _ => {
            let (first, last) = span(&alerted);
            let when = match last - first {
                0 => format!("at {}", minute(first)),
                length_of_it => format!(
                    "within {}, from {}",
                    length(length_of_it.unsigned_abs()),
                    minute(first)
                ),
            };
            sentences.push(format!("{number} {when}."));
            sentences.extend(common(&alerted, "host.name", "host"));
            sentences.extend(common(&alerted, "destination.ip", "destination"));
        }
    }
    if collected.hidden > 0 {
        sentences.push(format!(
            "{} hidden by exceptions.",
            count(collected.hidden, "more alert is", "more alerts are")
        ));
    }
    match collected.buckets + buckets_before {
        0 if collected.events == 0 => {
            sentences.push("Nothing in the log is what this job looks at.".to_owned());
        }
        0 => sentences.push(
            "The log spans less than one full bucket: nothing was learned and nothing scored."
                .to_owned(),
        ),
        buckets if buckets < MATURE_AFTER => sentences.push(format!(
            "The log has only {} to learn from: scores mean little before {MATURE_AFTER}.",
            count(buckets, "bucket", "buckets"),
        )),
        _ => {}
    }
    sentences.extend(without_rarity(job).map(|why| format!("{why}.")));
    sentences.extend(cut_short.map(|start| {
        format!(
            "The last bucket, from {}, was closed with the log and may be incomplete.",
            minute(start)
        )
    }));
    sentences.into_iter().map(shortened).collect()
}

/// That a report has no values by rarity, and why, if it has not.
pub(crate) fn without_rarity(job: &StudiedJob) -> Option<String> {
    let partition = job.detector.job().detector.partition_field.as_ref()?;
    Some(format!(
        "Values by rarity are left out, as each value of {partition} has a model of its own"
    ))
}

/// The highest alerts: the ids of their records, and a sentence on each.
pub(super) fn highest(collected: &Collector, by: &str) -> Vec<(String, String)> {
    let alerted = collected.records.values().filter(|shown| !shown.alerts.is_empty());
    let told = alerted.take(MOST_TOLD);
    told.map(|shown| (shown.record.id.clone(), shortened(of_record(shown, by)))).collect()
}

/// A sentence that is not too long.
fn shortened(sentence: String) -> String {
    match sentence.char_indices().nth(MOST_CHARS) {
        None => sentence,
        Some((end, _)) => format!("{}…", &sentence[..end]),
    }
}

/// A number of alerts, and what the rules ask for.
pub(super) fn alerts(number: u64, executed: &[&RuleReport]) -> String {
    let alerts = count(number, "alert", "alerts");
    match executed {
        [rule] => format!("{alerts} with a score of {} or more", rule.rule.threshold),
        rules => format!("{alerts} of {}", count(rules.len() as u64, "rule", "rules")),
    }
}

/// What there is no room for, in words, if anything.
pub(super) fn left_out(cut: &Cut, is_port: bool) -> Option<String> {
    let [one, many] = if is_port { ["port", "ports"] } else { ["value", "values"] };
    let parts = [
        (cut.records, "record with a low score", "records with low scores"),
        (cut.evidence, "record's events", "records' events"),
        (cut.users, &*format!("{one}'s users"), &*format!("{many}' users")),
        (
            cut.on_map_only,
            &*format!("common {one}'s history"),
            &*format!("common {many}' histories"),
        ),
        (cut.ports, &*format!("common {one}"), &*format!("common {many}")),
        (cut.lanes, "lane with low scores", "lanes with low scores"),
        (cut.rules, "rule or exception", "rules and exceptions"),
    ];
    let parts = parts.into_iter().filter(|(number, ..)| *number > 0);
    let mut parts: Vec<String> =
        parts.map(|(number, one, many)| count(number, one, many)).collect();
    if let Some(bin) = cut.bin {
        parts.push(format!("times finer than {}", length(bin.unsigned_abs())));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What is said when there is no alert.
fn quiet(collected: &Collector, executed: &[&RuleReport], by: &str) -> Vec<String> {
    let thresholds = executed.iter().map(|rule| rule.rule.threshold);
    let what = if by == PORT { "port" } else { by };
    let mut sentences = vec![format!(
        "Nothing stands out: no {what} has an alert, which takes a score of {}.",
        thresholds.fold(f64::INFINITY, f64::min)
    )];
    if let Some(highest) = collected.records.values().next() {
        sentences.push(format!("The highest: {}", of_record(highest, by)));
    }
    sentences
}

/// A record in a sentence.
fn of_record(Shown { record, .. }: &Shown, by: &str) -> String {
    let first = |field: &str| record.values_of(field).first().copied();
    let user = first("user.name").map_or(String::new(), |user| format!(" ({user})"));
    let host = first("host.name").map_or(String::new(), |host| format!(" on {host}"));
    let to = first("destination.ip").map_or(String::new(), |ip| format!(" of {ip}"));
    let what = match (by, record.value()) {
        (PORT, port) => {
            let who = first("process.name").unwrap_or("a process");
            format!("{who}{user}{host} connected to port {port}{to}")
        }
        (_, value) => format!("{by} {value}{user}{host}"),
    };
    let why = match &record.explanation {
        Some(it) if it.buckets_seen == 0 => {
            format!(", never seen in {} before", count(it.buckets_learned, "bucket", "buckets"))
        }
        Some(it) => format!(
            ", seen in {} of {} before",
            it.buckets_seen,
            count(it.buckets_learned, "bucket", "buckets")
        ),
        None => String::new(),
    };
    format!(
        "Score {}: {what} at {}{why}.",
        shown_score(record.record_score),
        minute(record.timestamp)
    )
}

/// A sentence about the value of a field that most of the alerts have in common.
fn common(alerts: &[&Shown], field: &str, what: &str) -> Option<String> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for Shown { record, .. } in alerts {
        for value in record.values_of(field) {
            match counts.iter_mut().find(|(known, _)| *known == value) {
                Some((_, alerts)) => *alerts += 1,
                None => counts.push((value, 1)),
            }
        }
    }
    let (value, of) = counts.into_iter().rev().max_by_key(|&(_, alerts)| alerts)?;
    (of > 1).then(|| format!("The {what} {value} is in {of} of {} alerts.", alerts.len()))
}

/// Start of the earliest and of the latest record.
fn span(alerts: &[&Shown]) -> (i64, i64) {
    let times = || alerts.iter().map(|shown| shown.record.timestamp);
    (times().min().unwrap_or(0), times().max().unwrap_or(0))
}

/// A time to the minute.
fn minute(millis: i64) -> String {
    let stamp = rfc3339(millis);
    match (stamp.get(..10), stamp.get(11..16)) {
        (Some(date), Some(time)) => format!("{date} {time} UTC"),
        _ => stamp,
    }
}
