//! An alert as a block of lines for reading: what a row of the table has no
//! room for, the events behind it above all, and the exception that silences it.
//! Nothing in it is cut.

use std::fmt::Write;

use rareport::alert::Alert;
use rareport::evidence::Sample;

use super::{Details, subject};
use crate::anomaly::{shown_score, start};
use crate::snippet;
use crate::stamp::rfc3339;
use crate::text::{Inert, count};

/// The block of an alert, which begins with an empty line.
pub(super) fn details(alert: &Alert, wanted: Details) -> String {
    let Alert { rule, time, record, evidence, .. } = alert;
    let mut lines = vec![
        String::new(),
        format!("{}, score {}", subject(record), shown_score(record.record_score)),
        line("bucket", &format!("from {}", start(record))),
        line("alert", &format!("{} by the rule {}", rfc3339(*time), rule.rule_id)),
    ];
    if let Some(explanation) = &record.explanation {
        lines.push(line("why", &explanation.sentence));
    }
    for (name, field) in [("hosts", "host.name"), ("users", "user.name"), ("to", "destination.ip")]
    {
        let values = alert.values_of(field);
        if !values.is_empty() {
            lines.push(line(name, &values.join(", ")));
        }
    }
    lines.push(line("events", &events(alert)));
    lines.extend(evidence.samples.iter().flat_map(of_sample));
    lines.extend(match wanted {
        Details::WithException => exception(alert),
        Details::ExceptionAbove => {
            vec!["  if it is known, the same exception as above silences it".to_owned()]
        }
    });
    // A text from a log must not begin lines of its own.
    lines.iter().map(|line| format!("{}\n", Inert(line.as_bytes()))).collect()
}

/// The lines with the exception that silences the alert.
fn exception(alert: &Alert) -> Vec<String> {
    let silences = "  if it is known, this in a file for --rules silences it".to_owned();
    let exception = snippet::of_alert(alert);
    let exception = exception.lines().map(|part| format!("    {part}"));
    [silences].into_iter().chain(exception).collect()
}

/// A line of the block.
fn line(name: &str, text: &str) -> String {
    format!("  {name:<8}{text}")
}

/// How many events there were, and when.
fn events(alert: &Alert) -> String {
    let evidence = &alert.evidence;
    let mut text = count(evidence.events, "event", "events");
    if let (Some(first), Some(last)) = (evidence.first_seen, evidence.last_seen) {
        // Writing to memory cannot fail.
        let _ = match first == last {
            true => write!(text, ", at {}", rfc3339(first)),
            false => write!(text, ", from {} to {}", rfc3339(first), rfc3339(last)),
        };
    }
    let more = evidence.events.saturating_sub(evidence.samples.len() as u64);
    if more > 0 {
        let _ = write!(text, "; the first {} are", evidence.samples.len());
    }
    text
}

/// The lines of one event.
fn of_sample(sample: &Sample) -> Vec<String> {
    let whose = [&sample.host, &sample.user].map(|names| joined(names).unwrap_or("?".into()));
    let mut head = format!("  - {} on {} by {}", rfc3339(sample.millis), whose[0], whose[1]);
    if let Some(login) = joined(&sample.login_user) {
        let _ = write!(head, ", logged in as {login}");
    }
    if let Some(pid) = sample.pid {
        let _ = write!(head, ", pid {pid}");
    }
    if let Some(parent) = sample.parent_pid {
        let _ = write!(head, ", parent {parent}");
    }
    let program = joined(&sample.executable).or_else(|| joined(&sample.process));
    let inner = [
        ("to", joined(&sample.destination)),
        ("exe", program),
        ("ran", joined(&sample.title)),
        ("see", sample.command()),
        ("or", sample.records_command()),
    ];
    let lines = inner.into_iter().filter_map(|(name, text)| Some((name, text?)));
    [head].into_iter().chain(lines.map(|(name, text)| format!("    {name:<6}{text}"))).collect()
}

/// Texts as one; `None` without any.
fn joined(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| texts.join(", "))
}
