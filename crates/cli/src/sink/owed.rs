//! Alerts that a command is still owed: those whose command has not ended well yet.
//! How a command is run is not known here.
//!
//! Bounded: those under way are as many as commands run and wait for their turn;
//! of those that failed at most [`MOST_WAITING`] bytes are kept.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::MOST_WAITING;

/// Alerts that are named when their commands have failed.
const NAMED: usize = 3;

/// Letters of a name that are enough to find an alert.
const OF_NAME: usize = 12;

/// An alert that is owed, in a state as well.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Owed {
    /// What it is called where it is told that it failed.
    pub(crate) name: String,
    /// The document, a line of JSON without its end.
    pub(crate) document: String,
}

/// What is owed, in the order in which it was given.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    alerts: BTreeMap<u64, (Arc<Owed>, Standing)>,
    /// Alerts that were given, now and by earlier runs.
    given: u64,
    /// Bytes of those that failed.
    failed_bytes: usize,
    /// Alerts that failed and for which there was no room.
    lost: u64,
    /// How many of them it was asked for.
    lost_before: u64,
    /// Names of the first of them.
    lost_names: Vec<String>,
    /// Further tries that were needed.
    pub(super) retried: u64,
    /// Alerts that failed and were taken later.
    recovered: u64,
    failure: Option<Failure>,
    /// Whether those that failed are being tried again.
    pub(super) is_trying_again: bool,
    is_changed: bool,
}

/// How far an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    UnderWay,
    /// It failed before, and is being tried again.
    Again,
    Failed,
}

/// That a command failed.
#[derive(Debug)]
struct Failure {
    reason: String,
    /// When it was noted; `None` once another command has ended well.
    at: Option<Instant>,
}

impl Ledger {
    /// What earlier runs still owe.
    pub(super) fn carried_on(owed: Vec<Owed>) -> Ledger {
        let mut ledger = Ledger::default();
        for alert in owed {
            ledger.failed_bytes += alert.document.len();
            ledger.alerts.insert(ledger.given, (Arc::new(alert), Standing::Failed));
            ledger.given += 1;
        }
        ledger
    }

    /// Adds an alert whose command is to be run; its number.
    pub(super) fn add(&mut self, alert: Arc<Owed>) -> u64 {
        let number = self.given;
        self.given += 1;
        self.is_changed = true;
        self.alerts.insert(number, (alert, Standing::UnderWay));
        number
    }

    /// An alert that failed, to be tried again: the first behind this number.
    pub(super) fn next_failed(&mut self, behind: Option<u64>) -> Option<(u64, Arc<Owed>)> {
        let from = behind.map_or(0, |number| number + 1);
        let mut alerts = self.alerts.range_mut(from..);
        let (number, (alert, standing)) =
            alerts.find(|(_, (_, standing))| *standing == Standing::Failed)?;
        *standing = Standing::Again;
        Some((*number, Arc::clone(alert)))
    }

    /// The command of an alert has ended well: it is not owed any more.
    pub(super) fn taken(&mut self, number: u64) {
        if let Some((alert, Standing::Again)) = self.alerts.remove(&number) {
            self.failed_bytes -= alert.document.len();
            self.recovered += 1;
        }
        self.is_changed = true;
        self.failure.iter_mut().for_each(|failure| failure.at = None);
    }

    /// The command of an alert has failed: it stays owed, if there is room.
    pub(super) fn failed(&mut self, number: u64, reason: String) {
        self.failure = Some(Failure { reason, at: Some(Instant::now()) });
        let Some((alert, standing)) = self.alerts.get_mut(&number) else { return };
        if std::mem::replace(standing, Standing::Failed) == Standing::Again {
            return;
        }
        if self.failed_bytes + alert.document.len() <= MOST_WAITING {
            self.failed_bytes += alert.document.len();
            return;
        }
        self.lost += 1;
        if self.lost_names.len() < NAMED {
            self.lost_names.push(alert.name.clone());
        }
        self.alerts.remove(&number);
        self.is_changed = true;
    }

    /// What is under way has failed, as nobody runs its command any more.
    pub(super) fn abandon(&mut self, reason: &str) {
        let under_way = self.alerts.iter().filter(|(_, (_, it))| *it != Standing::Failed);
        let numbers: Vec<u64> = under_way.map(|(number, _)| *number).collect();
        numbers.into_iter().for_each(|number| self.failed(number, reason.to_owned()));
    }

    /// Whether alerts that failed are to be tried again, so long after the last
    /// failure: at once when another command has ended well since.
    pub(super) fn is_due(&self, pause: Duration) -> bool {
        !self.is_trying_again
            && self.failed_at().is_none_or(|at| at.elapsed() >= pause)
            && self.alerts.values().any(|(_, standing)| *standing == Standing::Failed)
    }

    /// Whether the last command that ended has failed, and alerts wait for it.
    pub(super) fn is_failing(&self) -> bool {
        self.failed_at().is_some() && self.kept().next().is_some()
    }

    fn failed_at(&self) -> Option<Instant> {
        self.failure.as_ref().and_then(|failure| failure.at)
    }

    /// Everything that is owed, also what is under way.
    pub(super) fn owed(&self) -> Vec<Owed> {
        self.alerts.values().map(|(alert, _)| Owed::clone(alert)).collect()
    }

    /// Whether something was added or taken since this was asked last.
    pub(super) fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.is_changed)
    }

    /// Alerts that failed and were taken since this was asked last; none as long
    /// as there are others that failed.
    pub(super) fn take_recovered(&mut self) -> u64 {
        if self.kept().next().is_some() {
            return 0;
        }
        std::mem::take(&mut self.recovered)
    }

    /// Alerts for which there was no room since this was asked last.
    pub(super) fn take_lost(&mut self) -> u64 {
        self.lost - std::mem::replace(&mut self.lost_before, self.lost)
    }

    /// Alerts that failed and are kept.
    fn kept(&self) -> impl Iterator<Item = &Owed> + Clone {
        let failed = self.alerts.values().filter(|(_, standing)| *standing != Standing::UnderWay);
        failed.map(|(alert, _)| &**alert)
    }

    /// Why the last command failed that did.
    pub(super) fn reason(&self) -> Option<&str> {
        self.failure.as_ref().map(|failure| failure.reason.as_str())
    }

    /// Alerts that were given, now and by earlier runs.
    pub(super) fn given(&self) -> u64 {
        self.given
    }

    /// Alerts that failed and for which there was no room.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// Alerts whose commands failed, with the names of the first: those that are kept.
    pub(super) fn waiting(&self) -> (u64, String) {
        let names = self.kept().map(|alert| alert.name.as_str());
        let waiting = names.clone().count() as u64;
        (waiting, listed(waiting, names))
    }

    /// The same, with those for which there was no room.
    pub(super) fn failures(&self) -> (u64, String) {
        let lost = self.lost_names.iter().map(String::as_str);
        let names = self.kept().map(|alert| alert.name.as_str());
        let failed = self.lost + names.clone().count() as u64;
        (failed, listed(failed, lost.chain(names)))
    }
}

/// The first of the names of so many alerts.
fn listed<'a>(alerts: u64, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.take(NAMED).map(shortened).collect();
    let more = match alerts - names.len() as u64 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", names.join(", "))
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(OF_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(name: &str, bytes: usize) -> Arc<Owed> {
        Arc::new(Owed { name: name.to_owned(), document: "x".repeat(bytes) })
    }

    fn names(ledger: &Ledger) -> Vec<String> {
        ledger.owed().into_iter().map(|alert| alert.name).collect()
    }

    #[test]
    fn what_is_under_way_or_failed_is_owed_and_what_was_taken_is_not() {
        let mut ledger = Ledger::default();
        let [a, b, _] = ["a", "b", "c"].map(|name| ledger.add(alert(name, 1)));
        ledger.taken(a);
        ledger.failed(b, "no".to_owned());
        assert_eq!(names(&ledger), ["b", "c"]);
        assert_eq!(ledger.next_failed(None).unwrap().0, b);
        assert!(ledger.next_failed(None).is_none());
        assert_eq!(names(&ledger), ["b", "c"]);
        ledger.taken(b);
        assert_eq!((names(&ledger), ledger.take_recovered()), (vec!["c".to_owned()], 1));
        ledger.abandon("gone");
        assert_eq!((ledger.failures(), ledger.reason()), ((1, "c".to_owned()), Some("gone")));
    }

    #[test]
    fn after_a_failure_there_is_a_pause_and_after_a_success_none() {
        let pause = Duration::from_secs(3600);
        let mut ledger = Ledger::carried_on(vec![Owed::clone(&alert("a", 1))]);
        assert!(ledger.is_due(pause));
        let b = ledger.add(alert("b", 1));
        ledger.failed(b, "no".to_owned());
        assert!(!ledger.is_due(pause));
        assert!(ledger.is_due(Duration::ZERO));
        let c = ledger.add(alert("c", 1));
        ledger.taken(c);
        assert!(ledger.is_due(pause));
    }

    #[test]
    fn what_failed_is_bounded_and_what_finds_no_room_is_told() {
        let mut ledger = Ledger::default();
        for name in ["a", "b", "c", "d", "e"] {
            let number = ledger.add(alert(name, MOST_WAITING / 4));
            ledger.failed(number, "no".to_owned());
        }
        assert_eq!((names(&ledger).len(), ledger.lost()), (4, 1));
        assert_eq!(ledger.failures(), (5, "e, a, b and 2 more".to_owned()));
        // What was taken makes room.
        let (a, _) = ledger.next_failed(None).unwrap();
        ledger.taken(a);
        let f = ledger.add(alert("f", MOST_WAITING / 4));
        ledger.failed(f, "no".to_owned());
        assert_eq!((names(&ledger).concat(), ledger.lost()), ("bcdf".to_owned(), 1));
        // What is lost is told once, and hides not that the others were taken.
        assert_eq!((ledger.take_lost(), ledger.take_lost()), (1, 0));
        assert_eq!(ledger.take_recovered(), 0);
        let mut last = None;
        while let Some((number, _)) = ledger.next_failed(last) {
            ledger.taken(number);
            last = Some(number);
        }
        assert_eq!((ledger.take_recovered(), ledger.take_recovered()), (5, 0));
        assert_eq!(ledger.failures(), (1, "e".to_owned()));
    }
}
