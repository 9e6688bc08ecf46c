//! What rules, exceptions and calendar windows did, in numbers.

use super::names::places_in;
use crate::exception::{Action, Exception};
use crate::rule::Rule;
use std::sync::Arc;

/// What a detection did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The rules, first those that were executed.
    pub rules: Vec<RuleReport>,
    /// The exceptions, in the order of the file.
    pub exceptions: Vec<ExceptionReport>,
    /// The calendar windows, in the order of the file.
    pub calendar: Vec<WindowReport>,
}

/// What a rule did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RuleReport {
    /// The rule.
    pub rule: Arc<Rule>,
    /// Why it was not executed, if so.
    pub idle: Option<String>,
    /// Alerts given, in all executions.
    pub alerts: u64,
    /// Records that exceptions hid.
    pub hidden: u64,
    /// Alerts that were counted with others.
    pub suppressed: u64,
    /// Records that never alerted, as each execution that looked at them had better ones, as many
    /// as the rule's `max_alerts`.
    pub cut: u64,
    /// Records that no execution looked at, as they were too old when their results were there.
    pub missed: u64,
    /// Milliseconds of each interval that no execution looks at.
    pub gap: i64,
}

/// What an exception did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExceptionReport {
    /// Its comment.
    pub comment: String,
    /// What becomes of its events.
    pub action: Action,
    /// Events that it covered; none of those that are held against records, as Elastic does it.
    pub events: u64,
    /// Alerts that it hid, alone or with other exceptions.
    pub hidden: u64,
    /// Events that it would have covered, had it not expired.
    pub after_expiry: u64,
    /// Alerts that it would have hidden, had it not expired, if it is held against records.
    pub alerts_after_expiry: u64,
    /// Whether it had expired by the end of the log.
    pub expired: bool,
    /// Fields of its negated conditions that no event had, or no record that would alert if it is
    /// held against records: these conditions hold for everything.
    pub absent_fields: Vec<String>,
}

/// What a calendar window did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WindowReport {
    /// Its comment.
    pub comment: String,
    /// Events that lay in it.
    pub events: u64,
    /// Fields of its negated conditions that no event had: these conditions hold for everything.
    pub absent_fields: Vec<String>,
}

impl Report {
    /// What was done since an earlier report of the same detection, or of the state that it was
    /// restored from. Rules are known by their ids, exceptions and calendar windows by their comments;
    /// what was not there before, or began anew, has done all that it did since. That a condition holds
    /// for everything is said of all events, as it was.
    #[must_use]
    pub fn since(mut self, before: &Report) -> Report {
        fn less(now: &mut u64, before: u64) {
            *now = now.checked_sub(before).unwrap_or(*now);
        }
        let id = |rule: &RuleReport| rule.rule.rule_id.clone();
        for (now, before) in pairs(&mut self.rules, &before.rules, id) {
            less(&mut now.alerts, before.alerts);
            less(&mut now.hidden, before.hidden);
            less(&mut now.suppressed, before.suppressed);
            less(&mut now.cut, before.cut);
            less(&mut now.missed, before.missed);
        }
        let comment = |it: &ExceptionReport| it.comment.clone();
        for (now, before) in pairs(&mut self.exceptions, &before.exceptions, comment) {
            less(&mut now.events, before.events);
            less(&mut now.hidden, before.hidden);
            less(&mut now.after_expiry, before.after_expiry);
            less(&mut now.alerts_after_expiry, before.alerts_after_expiry);
        }
        let comment = |it: &WindowReport| it.comment.clone();
        for (now, before) in pairs(&mut self.calendar, &before.calendar, comment) {
            less(&mut now.events, before.events);
        }
        self
    }
}

/// Each of what there is now with what it was before, if it was there.
fn pairs<'a, T>(
    now: &'a mut [T],
    before: &'a [T],
    name: impl Fn(&T) -> String,
) -> impl Iterator<Item = (&'a mut T, &'a T)> {
    let names: [Vec<String>; 2] = [&*now, before].map(|all| all.iter().map(&name).collect());
    let [now_names, before_names] = &names;
    let before_names = before_names.iter().map(String::as_str).collect();
    let places = places_in(before_names, now_names.iter().map(String::as_str));
    now.iter_mut().zip(places).filter_map(|(now, place)| Some((now, &before[place?])))
}

impl RuleReport {
    /// That of a rule which is not executed.
    pub(super) fn idle(rule: Rule, why: String) -> RuleReport {
        RuleReport { idle: Some(why), ..RuleReport::of(Arc::new(rule)) }
    }

    /// That of a rule which has done nothing yet.
    pub(super) fn of(rule: Arc<Rule>) -> RuleReport {
        RuleReport {
            rule,
            idle: None,
            alerts: 0,
            hidden: 0,
            suppressed: 0,
            cut: 0,
            missed: 0,
            gap: 0,
        }
    }
}

impl ExceptionReport {
    /// That of an exception which has done nothing yet.
    pub(super) fn of(exception: &Exception) -> ExceptionReport {
        ExceptionReport {
            comment: exception.comment.clone(),
            action: exception.action,
            events: 0,
            hidden: 0,
            after_expiry: 0,
            alerts_after_expiry: 0,
            expired: false,
            absent_fields: Vec::new(),
        }
    }

    /// Whether it never had anything to do, expired or not.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        let after_expiry = self.after_expiry + self.alerts_after_expiry;
        self.events == 0 && self.hidden == 0 && after_expiry == 0
    }
}
