//! Exceptions and calendar windows at work: which events and records they are for, and what they
//! did.
//!
//! What follows for an alert is decided by the [detection](super).

use super::report::{ExceptionReport, WindowReport};
use crate::calendar::Window;
use crate::condition::Condition;
use crate::evidence::LogEvent;
use crate::exception::{Action, Exception};
use crate::results::Record;
use crate::rule::Profile;
use serde::{Deserialize, Serialize};

/// An exception, and what it did.
#[derive(Clone, Debug)]
pub(super) struct WatchedException {
    exception: Exception,
    /// Whether it is held against records, as Elastic does it, and not against events.
    is_by_record: bool,
    absent: Absent,
    report: ExceptionReport,
}

/// A calendar window, and what it did.
#[derive(Clone, Debug)]
pub(super) struct WatchedWindow {
    window: Window,
    absent: Absent,
    events: u64,
}

/// What an exception did, as plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ExceptionState {
    pub(super) comment: String,
    events: u64,
    hidden: u64,
    after_expiry: u64,
    alerts_after_expiry: u64,
    absent_fields: Vec<String>,
}

impl ExceptionState {
    /// Everything that is counted.
    pub(super) fn counts(&self) -> [u64; 4] {
        [self.events, self.hidden, self.after_expiry, self.alerts_after_expiry]
    }
}

/// What a calendar window did, as plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WindowState {
    pub(super) comment: String,
    pub(super) events: u64,
    absent_fields: Vec<String>,
}

/// Fields of negated conditions that nothing has had yet: such a condition holds for everything.
#[derive(Clone, Debug)]
struct Absent(Vec<String>);

impl Absent {
    fn of(conditions: &[Condition]) -> Absent {
        let negated = conditions.iter().filter(|condition| condition.not);
        let mut fields: Vec<String> = negated.map(|condition| condition.field.clone()).collect();
        fields.sort();
        fields.dedup();
        Absent(fields)
    }

    fn note(&mut self, has: impl Fn(&str) -> bool) {
        self.0.retain(|field| !has(field));
    }

    /// Leaves out the fields that something had before.
    fn resume(&mut self, absent_before: &[String]) {
        self.0.retain(|field| absent_before.contains(field));
    }
}

fn has(event: &impl LogEvent, field: &str) -> bool {
    event.value(field).is_some_and(|value| !value.is_empty())
}

impl WatchedException {
    pub(super) fn new(exception: Exception, profile: Profile) -> WatchedException {
        WatchedException {
            is_by_record: profile == Profile::Elastic && exception.action == Action::Hide,
            absent: Absent::of(&exception.conditions),
            report: ExceptionReport::of(&exception),
            exception,
        }
    }

    pub(super) fn is_for(&self, rule_id: &str) -> bool {
        self.exception.is_for(rule_id)
    }

    pub(super) fn comment(&self) -> &str {
        &self.exception.comment
    }

    pub(super) fn action(&self) -> Action {
        self.exception.action
    }

    /// Whether it covers an event; counts it if so, or if it has expired.
    pub(super) fn covers(&mut self, event: &impl LogEvent) -> bool {
        if self.is_by_record {
            return false;
        }
        self.absent.note(|field| has(event, field));
        if !self.exception.covers(|field| event.values(field)) {
            return false;
        }
        let has_expired = self.exception.has_expired(event.millis());
        if has_expired {
            self.report.after_expiry += 1;
        } else {
            self.report.events += 1;
        }
        !has_expired
    }

    /// Whether it covers an event, without counting it.
    pub(super) fn would_cover(&self, event: &impl LogEvent) -> bool {
        !self.exception.has_expired(event.millis())
            && self.exception.covers(|field| event.values(field))
    }

    /// Whether it matches a record that would alert, as Elastic has it; counts it if it would, had
    /// it not expired.
    pub(super) fn matches(&mut self, record: &Record) -> bool {
        if !self.is_by_record {
            return false;
        }
        self.absent.note(|field| !record.values_of(field).is_empty());
        let values = |field: &str| record.values_of(field).into_iter().map(str::as_bytes);
        if !self.exception.covers(|field| values(field).collect::<Vec<_>>()) {
            return false;
        }
        let has_expired = self.exception.has_expired(record.timestamp);
        self.report.alerts_after_expiry += u64::from(has_expired);
        !has_expired
    }

    /// It hid an alert.
    pub(super) fn hid(&mut self) {
        self.report.hidden += 1;
    }

    pub(super) fn state(&self) -> ExceptionState {
        ExceptionState {
            comment: self.exception.comment.clone(),
            events: self.report.events,
            hidden: self.report.hidden,
            after_expiry: self.report.after_expiry,
            alerts_after_expiry: self.report.alerts_after_expiry,
            absent_fields: self.absent.0.clone(),
        }
    }

    /// Carries on from what it did before.
    pub(super) fn resume(&mut self, state: &ExceptionState) {
        self.report.events = state.events;
        self.report.hidden = state.hidden;
        self.report.after_expiry = state.after_expiry;
        self.report.alerts_after_expiry = state.alerts_after_expiry;
        self.absent.resume(&state.absent_fields);
    }

    /// What it did up to a time, in milliseconds since 1970.
    pub(super) fn report(&self, end: Option<i64>) -> ExceptionReport {
        ExceptionReport {
            expired: end.is_some_and(|end| self.exception.has_expired(end)),
            absent_fields: self.absent.0.clone(),
            ..self.report.clone()
        }
    }
}

impl WatchedWindow {
    pub(super) fn new(window: Window) -> WatchedWindow {
        WatchedWindow { absent: Absent::of(&window.conditions), window, events: 0 }
    }

    /// Whether an event is left out; counts it if so.
    pub(super) fn covers(&mut self, event: &impl LogEvent) -> bool {
        self.absent.note(|field| has(event, field));
        let covers = self.window.covers(event.millis(), |field| event.values(field));
        self.events += u64::from(covers);
        covers
    }

    /// Whether an event is left out, without counting it.
    pub(super) fn would_cover(&self, event: &impl LogEvent) -> bool {
        self.window.covers(event.millis(), |field| event.values(field))
    }

    pub(super) fn comment(&self) -> &str {
        &self.window.comment
    }

    pub(super) fn state(&self) -> WindowState {
        WindowState {
            comment: self.window.comment.clone(),
            events: self.events,
            absent_fields: self.absent.0.clone(),
        }
    }

    /// Carries on from what it did before.
    pub(super) fn resume(&mut self, state: &WindowState) {
        self.events = state.events;
        self.absent.resume(&state.absent_fields);
    }

    pub(super) fn report(&self) -> WindowReport {
        WindowReport {
            comment: self.window.comment.clone(),
            events: self.events,
            absent_fields: self.absent.0.clone(),
        }
    }
}
