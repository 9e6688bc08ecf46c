//! What stands out, in plain sentences.

use super::collect::{Collector, Shown};
use crate::anomaly::influencer;
use crate::stamp::rfc3339;
use crate::text::{count, length};

/// The sentences of a report, the most important first; its records are sorted.
pub(super) fn sentences(collected: &Collector, threshold: f64) -> Vec<String> {
    let mut sentences = Vec::new();
    let alerts: Vec<&Shown> =
        collected.records.values().filter(|shown| shown.record.record_score >= threshold).collect();
    match alerts.as_slice() {
        [] => sentences.push(quiet(collected, threshold)),
        [highest, ..] => {
            let (first, last) = span(&alerts);
            let when = match last - first {
                0 => format!("at {}", minute(first)),
                length_of_it => format!(
                    "within {}, from {}",
                    length(length_of_it.unsigned_abs()),
                    minute(first)
                ),
            };
            sentences.push(format!(
                "{} with a score of {threshold} or more {when}.",
                count(collected.alerts, "alert", "alerts"),
            ));
            sentences.push(of_record(highest));
            sentences.extend(common(&alerts, "host.name", "host"));
            sentences.extend(common(&alerts, "destination.ip", "destination"));
        }
    }
    if collected.buckets < rareport::explain::MATURE_AFTER {
        sentences.push(format!(
            "The log has only {} to learn from: scores mean little before {}.",
            count(collected.buckets, "bucket", "buckets"),
            rareport::explain::MATURE_AFTER
        ));
    }
    sentences
}

fn quiet(collected: &Collector, threshold: f64) -> String {
    match collected.records.values().next() {
        None => format!("Nothing stands out: no port reached a score of {threshold}."),
        Some(highest) => format!(
            "Nothing stands out: no port reached a score of {threshold}. The highest: {}",
            of_record(highest)
        ),
    }
}

/// A record in a sentence.
fn of_record(Shown { record, .. }: &Shown) -> String {
    let first = |field: &str| influencer(record, field).first().map(String::as_str);
    let who = first("process.name").unwrap_or("a process");
    let user = first("user.name").map_or(String::new(), |user| format!(" ({user})"));
    let host = first("host.name").map_or(String::new(), |host| format!(" on {host}"));
    let to = first("destination.ip").map_or(String::new(), |ip| format!(" of {ip}"));
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
        "Score {:.1}: {who}{user}{host} connected to port {}{to} at {}{why}.",
        record.record_score,
        record.value(),
        minute(record.timestamp)
    )
}

/// A sentence about the value of a field that most of the alerts have in common.
fn common(alerts: &[&Shown], field: &str, what: &str) -> Option<String> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for Shown { record, .. } in alerts {
        for value in influencer(record, field) {
            match counts.iter_mut().find(|(known, _)| known == value) {
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
