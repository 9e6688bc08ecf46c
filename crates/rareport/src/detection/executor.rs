//! One rule being executed: records wait until an execution looks at them, and alert once.

mod state;

pub(super) use state::RuleState;

use super::report::RuleReport;
use crate::alert::Alert;
use crate::evidence::Evidence;
use crate::moment::SECOND;
use crate::results::Record;
use crate::rule::{Profile, Rule};
use crate::schedule::Schedule;
use crate::suppression::Suppressor;
use std::cmp::Ordering;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// How many times [`Rule::max_alerts`] records are looked at if alerts are suppressed.
const SUPPRESSION_FACTOR: usize = 5;

/// A rule, and the records that its executions may still look at: those of the time that it looks
/// back on, which bounds their number.
#[derive(Clone, Debug)]
pub(super) struct Executor {
    rule: Arc<Rule>,
    profile: Profile,
    schedule: Schedule,
    candidates: Vec<Candidate>,
    suppressor: Option<Suppressor>,
    /// When the results of the last bucket were there, in milliseconds since 1970.
    available: i64,
    previous: Option<i64>,
    report: RuleReport,
}

#[derive(Clone, Debug)]
struct Candidate {
    record: Record,
    evidence: Evidence,
    /// From when on it is there for executions.
    available: i64,
    /// Whether an execution has had it in its time.
    seen: bool,
    alerted: bool,
}

impl Executor {
    pub(super) fn new(rule: Rule, profile: Profile) -> Executor {
        let rule = Arc::new(rule);
        Executor {
            profile,
            schedule: Schedule::of(&rule),
            candidates: Vec::new(),
            suppressor: rule.suppression.clone().map(Suppressor::new),
            available: i64::MIN,
            previous: None,
            report: RuleReport::of(Arc::clone(&rule)),
            rule,
        }
    }

    pub(super) fn rule(&self) -> &Rule {
        &self.rule
    }

    pub(super) fn report(&self) -> RuleReport {
        let suppressed = self.suppressor.as_ref().map_or(0, |suppressor| suppressor.suppressed);
        RuleReport { suppressed, gap: self.schedule.gap(), ..self.report.clone() }
    }

    /// A record was hidden by exceptions.
    pub(super) fn hidden(&mut self) {
        self.report.hidden += 1;
    }

    /// Does the executions that are due before there are results of a bucket with this end, in
    /// milliseconds since 1970.
    pub(super) fn run_until_results_of(&mut self, end: i64) -> Vec<Alert> {
        let available = end.saturating_add(i64::from(self.rule.query_delay) * SECOND);
        let mut alerts = Vec::new();
        while let Some(next) = self.next().filter(|next| *next < available) {
            alerts.extend(self.execute(next));
        }
        if let Some(suppressor) = &mut self.suppressor {
            alerts.extend(suppressor.release(self.schedule.first_from(available) - 1));
        }
        self.available = available;
        alerts
    }

    /// Adds a record of the bucket whose results are there now.
    pub(super) fn add(&mut self, record: Record, evidence: Evidence) {
        let available = self.available;
        let new = Candidate { record, evidence, available, seen: false, alerted: false };
        self.candidates.push(new);
    }

    /// Does the executions that are left.
    pub(super) fn finish(&mut self) -> Vec<Alert> {
        let mut alerts = Vec::new();
        while let Some(next) = self.next() {
            alerts.extend(self.execute(next));
        }
        alerts.extend(self.suppressor.as_mut().map(Suppressor::finish).unwrap_or_default());
        alerts
    }

    /// The next execution that may have something to do.
    fn next(&self) -> Option<i64> {
        let waiting = self.candidates.iter().filter(|candidate| !candidate.alerted);
        let first = self.schedule.first_from(waiting.map(|waiting| waiting.available).min()?);
        Some(self.previous.map_or(first, |previous| first.max(self.schedule.after(previous))))
    }

    /// Executes the rule at `now`. Executions that had nothing to do were left out, so the one
    /// before is always an interval earlier.
    fn execute(&mut self, now: i64) -> Vec<Alert> {
        let before = self.schedule.after(now).saturating_sub(now);
        let previous = self.previous.map(|_| now.saturating_sub(before));
        let mut alerts = Vec::new();
        for window in self.schedule.ranges(previous, now).windows {
            alerts.extend(self.search(now, &window));
        }
        self.previous = Some(now);
        self.forget(self.schedule.earliest_after(now));
        match &mut self.suppressor {
            Some(suppressor) => suppressor.release(now),
            None => alerts,
        }
    }

    /// Alerts of the best records in a window; with suppression they go to the suppressor.
    fn search(&mut self, now: i64, window: &RangeInclusive<i64>) -> Vec<Alert> {
        let places = self.rule.max_alerts;
        let looked_at = match (&self.suppressor, self.profile) {
            (None, Profile::Elastic) => places,
            (Some(_), Profile::Elastic) => places.saturating_mul(SUPPRESSION_FACTOR),
            (_, Profile::Rareport) => usize::MAX,
        };
        let (mut alerts, mut given) = (Vec::new(), 0);
        let found = found(&mut self.candidates, now, window);
        for candidate in found.into_iter().take(looked_at).filter(|found| !found.alerted) {
            if given == places && self.suppressor.is_none() {
                break;
            }
            let alert = candidate.alert(&self.rule, now);
            if self.suppressor.as_mut().is_some_and(|suppressor| suppressor.counts(&alert)) {
                candidate.alerted = true;
            } else if given < places {
                candidate.alerted = true;
                given += 1;
                match &mut self.suppressor {
                    Some(suppressor) => suppressor.hold(alert),
                    None => alerts.push(alert),
                }
            }
        }
        self.report.alerts += given as u64;
        alerts
    }

    /// Forgets records that no execution will look at any more; counts those that never alerted.
    fn forget(&mut self, earliest: i64) {
        let report = &mut self.report;
        self.candidates.retain(|candidate| {
            let keep = candidate.record.timestamp >= earliest;
            if !keep && !candidate.alerted {
                let count = if candidate.seen { &mut report.cut } else { &mut report.missed };
                *count += 1;
            }
            keep
        });
    }
}

impl Candidate {
    fn alert(&self, rule: &Arc<Rule>, time: i64) -> Alert {
        Alert {
            rule: Arc::clone(rule),
            time,
            record: self.record.clone(),
            evidence: self.evidence.clone(),
            suppression: None,
        }
    }
}

/// The records in a window that are there at `now`, the best first.
fn found<'a>(
    candidates: &'a mut [Candidate],
    now: i64,
    window: &RangeInclusive<i64>,
) -> Vec<&'a mut Candidate> {
    let in_window = |candidate: &&mut Candidate| {
        candidate.available <= now && window.contains(&candidate.record.timestamp)
    };
    let mut found: Vec<_> = candidates.iter_mut().filter(in_window).collect();
    found.iter_mut().for_each(|candidate| candidate.seen = true);
    found.sort_by(|x, y| by_score(&x.record, &y.record));
    found
}

/// The order in which records are looked at: the highest score first, then the earliest bucket, then
/// values as numbers, then as texts.
fn by_score(x: &Record, y: &Record) -> Ordering {
    let number = |record: &Record| record.value().parse::<u64>().unwrap_or(u64::MAX);
    y.record_score
        .total_cmp(&x.record_score)
        .then(x.timestamp.cmp(&y.timestamp))
        .then_with(|| number(x).cmp(&number(y)))
        .then_with(|| x.value().cmp(y.value()))
}
