//! Alerts held back while others may still be counted with them.

mod state;

pub(crate) use state::HeldState;

use super::{MissingFields, Suppressed, Suppression, Term};
use crate::alert::Alert;
use crate::moment::SECOND;
use std::collections::VecDeque;

/// Groups the alerts of a rule.
///
/// An alert is held back until no other can be counted with it any more, and then given in the
/// order in which alerts came. What is held is bounded by the alerts of one duration.
#[derive(Clone, Debug)]
pub(crate) struct Suppressor {
    suppression: Suppression,
    held: VecDeque<Held>,
    /// Alerts that were counted with others.
    pub(crate) suppressed: u64,
}

#[derive(Clone, Debug)]
struct Held {
    alert: Alert,
    /// Last execution whose alerts are counted with it; `None` if none are.
    until: Option<i64>,
}

impl Suppressor {
    pub(crate) fn new(suppression: Suppression) -> Suppressor {
        Suppressor { suppression, held: VecDeque::new(), suppressed: 0 }
    }

    /// Counts an alert with one that is like it, if there is one; whether there was.
    pub(crate) fn counts(&mut self, alert: &Alert) -> bool {
        let terms = self.terms(alert);
        if self.stands_alone(&terms) {
            return false;
        }
        let timestamp = alert.record.timestamp;
        let mut open =
            self.held.iter_mut().filter(|held| held.until.is_some_and(|end| alert.time <= end));
        let group = open
            .find_map(|held| held.alert.suppression.as_mut().filter(|group| group.terms == terms));
        let Some(group) = group else { return false };
        group.docs_count += 1;
        group.start = group.start.min(timestamp);
        group.end = group.end.max(timestamp);
        self.suppressed += 1;
        true
    }

    /// Holds an alert that was not counted with another.
    pub(crate) fn hold(&mut self, mut alert: Alert) {
        let terms = self.terms(&alert);
        let mut until = None;
        if !self.stands_alone(&terms) {
            let length = self.suppression.duration.map_or(0, |seconds| i64::from(seconds) * SECOND);
            until = Some(alert.time.saturating_add(length));
            let start = alert.record.timestamp;
            alert.suppression = Some(Suppressed { terms, start, end: start, docs_count: 0 });
        }
        self.held.push_back(Held { alert, until });
    }

    /// Whether an alert with these terms is like no other.
    fn stands_alone(&self, terms: &[Term]) -> bool {
        self.suppression.missing_fields == MissingFields::DoNotSuppress
            && terms.iter().any(|term| term.value.is_empty())
    }

    /// The alerts that nothing can be counted with any more once the execution at `now` is over.
    pub(crate) fn release(&mut self, now: i64) -> Vec<Alert> {
        let is_over = |held: &Held| held.until.is_none_or(|until| until <= now);
        let ready = self.held.iter().take_while(|held| is_over(held)).count();
        self.held.drain(..ready).map(|held| held.alert).collect()
    }

    /// All alerts that are left.
    pub(crate) fn finish(&mut self) -> Vec<Alert> {
        self.held.drain(..).map(|held| held.alert).collect()
    }

    fn terms(&self, alert: &Alert) -> Vec<Term> {
        let term = |field: &String| {
            let mut value: Vec<String> =
                alert.values_of(field).into_iter().map(str::to_owned).collect();
            value.sort();
            Term { field: field.clone(), value }
        };
        self.suppression.by.iter().map(term).collect()
    }
}
