//! What the rules, exceptions and calendar windows did, as the page shows it.

use rareport::detection::{ExceptionReport, Report, RuleReport, WindowReport};
use rareport::exception::Action;
use serde::Serialize;

use super::room::Room;

/// What is in force.
#[derive(Debug, Serialize)]
pub(super) struct InForce {
    rules: Vec<ShownRule>,
    exceptions: Vec<ShownException>,
    windows: Vec<ShownWindow>,
    /// Rules, exceptions and windows that are not shown.
    left_out: u64,
}

#[derive(Debug, Serialize)]
struct ShownRule {
    rule_id: String,
    name: String,
    threshold: f64,
    /// Why it was not executed, if so.
    idle: Option<String>,
    alerts: u64,
    hidden: u64,
    suppressed: u64,
    /// Records that never alerted, as there were too many at a time, or as they were too old.
    lost: u64,
}

#[derive(Debug, Serialize)]
struct ShownException {
    comment: String,
    /// Whether its events are not learned.
    ignores: bool,
    events: u64,
    hidden: u64,
    expired: bool,
}

#[derive(Debug, Serialize)]
struct ShownWindow {
    comment: String,
    events: u64,
}

impl InForce {
    /// What a report tells, as far as there is room.
    pub(super) fn of(report: &Report, room: &mut Room) -> InForce {
        let (rules, more_rules) = room.take(report.rules.iter().map(of_rule));
        let (exceptions, more) = room.take(report.exceptions.iter().map(of_exception));
        let (windows, more_windows) = room.take(report.calendar.iter().map(of_window));
        InForce { rules, exceptions, windows, left_out: more_rules + more + more_windows }
    }

    /// Number of rules, exceptions and windows that are not shown.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }
}

fn of_rule(report: &RuleReport) -> ShownRule {
    ShownRule {
        rule_id: report.rule.rule_id.clone(),
        name: report.rule.name.clone(),
        threshold: report.rule.threshold,
        idle: report.idle.clone(),
        alerts: report.alerts,
        hidden: report.hidden,
        suppressed: report.suppressed,
        lost: report.cut + report.missed,
    }
}

fn of_exception(report: &ExceptionReport) -> ShownException {
    ShownException {
        comment: report.comment.clone(),
        ignores: report.action == Action::Ignore,
        events: report.events,
        hidden: report.hidden,
        expired: report.expired,
    }
}

fn of_window(report: &WindowReport) -> ShownWindow {
    ShownWindow { comment: report.comment.clone(), events: report.events }
}
