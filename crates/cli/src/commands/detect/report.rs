//! What is told at the end: how many alerts there were, how far to trust them,
//! and to those who ask what rules, exceptions and calendar windows left out.

use rareport::Detector;
use rareport::detection::{Detection, ExceptionReport, RuleReport, WindowReport};
use rareport::detector::Counts;
use rareport::exception::Action;
use rareport::explain::MATURE_AFTER;
use rareport::results::Record;

use super::alerts::Alerts;
use super::closest::{Closest, Named, score};
use super::crowd;
use crate::console::Console;
use crate::stamp::rfc3339;
use crate::text::{count, grouped};
use crate::unlearned;

/// What a report is about.
pub(super) struct Report<'a> {
    pub(super) alerts: &'a Alerts,
    pub(super) closest: &'a Closest,
    pub(super) detector: &'a Detector,
    pub(super) detection: &'a Detection,
    /// Number of buckets that had ended before the input did.
    pub(super) closed_by_time: u64,
    /// What earlier runs did, of which this one does not tell.
    pub(super) before: Before,
}

/// What a state that is carried on had counted before.
#[derive(Default)]
pub(super) struct Before {
    pub(super) counts: Counts,
    /// The rules, in the order in which they are executed.
    pub(super) rules: Vec<RuleReport>,
    /// Buckets that were learned.
    pub(super) buckets: u64,
}

impl Report<'_> {
    /// Tells everything. `is_whole` says whether the input goes on after the
    /// last bucket.
    pub(super) fn tell(&self, is_whole: bool, console: &Console) {
        let counts = unlearned::since(self.detector.counts(), self.before.counts);
        let late = counts.late;
        if late > 0 {
            console.warn(format_args!(
                "{} came after a bucket was closed and could not be counted; the log is not in \
                 order of time",
                count(late, "connect", "connects")
            ));
        }
        unlearned::tell(&counts, self.detector.job(), "connects", console);
        self.tell_maturity(console);
        if let Some((start, end)) = self.alerts.last
            && self.alerts.buckets > self.closed_by_time
            && !is_whole
        {
            console.detail(format_args!(
                "the last bucket, {} to {}, was closed with the input and may be incomplete",
                rfc3339(start),
                rfc3339(end)
            ));
        }
        self.tell_rules(console);
    }

    fn tell_maturity(&self, console: &Console) {
        let immature = self.alerts.immature;
        let buckets = self.before.buckets + self.alerts.buckets;
        let span = self.span();
        let pushed = self.detector.counts().pushed;
        if buckets == 0 && pushed > 0 {
            console.warn(format_args!(
                "what was read of the log spans less than one full bucket of {span} minutes: \
                 nothing was learned and nothing scored. Give more of the log, such as its \
                 rotations"
            ));
        } else if buckets < MATURE_AFTER && pushed > 0 {
            console.warn(format_args!(
                "only {} of {span} minutes to learn from: scores mean little before \
                 {MATURE_AFTER}. Give more of the log, such as its rotations",
                count(buckets, "bucket", "buckets")
            ));
        } else if immature > 0 {
            console.warn(format_args!(
                "{} from the time when the model had learned little yet",
                count(immature, "alert is", "alerts are")
            ));
        }
    }

    fn tell_rules(&self, console: &Console) {
        let mut report = self.detection.report();
        for rule in &mut report.rules {
            // Rules that were read anew in between may be others.
            let is_same = |before: &&RuleReport| before.rule.rule_id == rule.rule.rule_id;
            let Some(before) = self.before.rules.iter().find(is_same) else { continue };
            rule.alerts -= before.alerts;
            rule.hidden -= before.hidden;
            rule.suppressed -= before.suppressed;
            rule.cut -= before.cut;
            rule.missed -= before.missed;
        }
        for exception in &report.exceptions {
            tell_exception(exception, console);
        }
        for window in &report.calendar {
            tell_window(window, console);
        }
        let (executed, idle): (Vec<_>, Vec<_>) =
            report.rules.iter().partition(|rule| rule.idle.is_none());
        for rule in idle {
            let why = rule.idle.as_deref().unwrap_or_default();
            console.warn(format_args!("the rule {} was not executed: {why}", rule.rule.rule_id));
        }
        for rule in &executed {
            tell_losses(rule, console);
        }
        let thresholds = executed.iter().map(|rule| rule.rule.threshold);
        crowd::tell(self.detector, thresholds.fold(f64::INFINITY, f64::min), console);
        self.tell_found(&executed, console);
    }

    /// Tells how many alerts there were and, where there was none, what came
    /// closest.
    fn tell_found(&self, executed: &[&RuleReport], console: &Console) {
        let Alerts { buckets, background, .. } = *self.alerts;
        let of = format!(
            "{} of {} minutes",
            count(buckets - background, "bucket", "buckets"),
            self.span()
        );
        for (place, rule) in executed.iter().enumerate() {
            let closest = self.closest.record(place).filter(|_| rule.alerts == 0);
            if let Some(closest) = closest {
                tell_too_little(closest, console);
            }
            let name = match executed.len() {
                1 => String::new(),
                _ => format!("{}: ", rule.rule.rule_id),
            };
            console.note(format_args!(
                "{name}{} with a score of {} or more in {of}{}{}",
                count(rule.alerts, "alert", "alerts"),
                rule.rule.threshold,
                left_out(rule),
                highest_below(rule, closest)
            ));
        }
    }

    /// Length of a bucket in minutes.
    fn span(&self) -> u32 {
        self.detector.job().bucket_span / 60
    }
}

/// What came closest to being an alert, where there was none.
fn highest_below(rule: &RuleReport, closest: Option<&Record>) -> String {
    match closest {
        _ if rule.alerts > 0 => String::new(),
        Some(closest) => {
            let of = if rule.hidden > 0 { " of the rest" } else { "" };
            format!("; the highest{of} was {}: {}", score(closest), Named(closest))
        }
        None if rule.hidden > 0 => String::new(),
        None => "; no port was rare".to_owned(),
    }
}

/// Warns if not even a port that is new reached the threshold.
fn tell_too_little(closest: &Record, console: &Console) {
    let explanation = closest.anomaly_score_explanation.as_ref();
    if explanation.is_some_and(|it| it.by_field_first_occurrence) {
        console.warn(format_args!(
            "a port that was never seen before scored only {}: the model has learned from too \
             little; give more of the log",
            score(closest)
        ));
    }
}

/// What was left out of a rule's alerts on purpose.
fn left_out(rule: &RuleReport) -> String {
    let mut parts = Vec::new();
    if rule.hidden > 0 {
        parts.push(format!("{} more hidden by exceptions", grouped(rule.hidden)));
    }
    if rule.suppressed > 0 {
        parts.push(format!("{} more counted with these", grouped(rule.suppressed)));
    }
    if parts.is_empty() { String::new() } else { format!("; {}", parts.join(", ")) }
}

/// Tells what of a rule's alerts was lost.
fn tell_losses(report: &RuleReport, console: &Console) {
    let rule = &report.rule;
    if report.cut > 0 {
        console.warn(format_args!(
            "the rule {} lost {}: there were more than {} at a time; raise its max_alerts or \
             threshold",
            rule.rule_id,
            count(report.cut, "alert", "alerts"),
            rule.max_alerts
        ));
    }
    if report.missed > 0 {
        console.warn(format_args!(
            "the rule {} lost {}, which were too old by the time of an execution; raise its \
             look_back above {} seconds",
            rule.rule_id,
            count(report.missed, "alert", "alerts"),
            rule.look_back
        ));
    }
    if report.gap > 0 {
        console.warn(format_args!(
            "the rule {} leaves {} of every {} seconds without a look; make its look_back as long \
             as its interval, or longer",
            rule.rule_id,
            report.gap / 1000,
            rule.interval
        ));
    }
}

/// Tells what an exception did, or that it is of no use.
fn tell_exception(report: &ExceptionReport, console: &Console) {
    let name = &report.comment;
    if report.is_unused() {
        let ended = if report.expired { " and has expired" } else { "" };
        console.warn(format_args!(
            "the exception “{name}” matched nothing{ended}; is it still needed?"
        ));
        return;
    }
    let late = [
        (report.after_expiry, ["event", "events"]),
        (report.alerts_after_expiry, ["alert", "alerts"]),
    ];
    for (number, [one, many]) in late.into_iter().filter(|(number, _)| *number > 0) {
        console.warn(format_args!(
            "the exception “{name}” has expired; {} after that would have matched",
            count(number, one, many)
        ));
    }
    if report.events + report.hidden > 0 {
        tell_absent(&format!("the exception “{name}”"), &report.absent_fields, console);
    }
    let events = count(report.events, "event", "events");
    let ended = if report.expired { "; it has expired by the end of the log" } else { "" };
    match report.action {
        _ if report.events == 0 && report.hidden == 0 => {}
        Action::Ignore => console
            .detail(format_args!("the exception “{name}” kept {events} from being learned{ended}")),
        Action::Hide if report.events == 0 => console.detail(format_args!(
            "the exception “{name}” hid {}{ended}",
            count(report.hidden, "alert", "alerts")
        )),
        Action::Hide => console.detail(format_args!(
            "the exception “{name}” covered {events} and hid {}{ended}",
            count(report.hidden, "alert", "alerts")
        )),
    }
}

/// Warns of negated conditions that could not but hold.
fn tell_absent(whose: &str, fields: &[String], console: &Console) {
    for field in fields {
        console.warn(format_args!(
            "{whose} asks that {field} is not something, and nothing in the input has {field}: \
             that holds for everything. Is the name right? If so, ask for \
             {{ field = \"{field}\", exists = true }} as well"
        ));
    }
}

/// Tells what a calendar window did.
fn tell_window(report: &WindowReport, console: &Console) {
    let WindowReport { comment, events, absent_fields, .. } = report;
    if *events > 0 {
        tell_absent(&format!("the calendar window “{comment}”"), absent_fields, console);
    }
    match events {
        0 => console.detail(format_args!("no event lies in the calendar window “{comment}”")),
        _ => console.detail(format_args!(
            "{} in the calendar window “{comment}”, neither learned nor looked at",
            count(*events, "event lies", "events lie")
        )),
    }
}
