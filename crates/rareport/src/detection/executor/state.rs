//! The state of a rule being executed as plain data.

use super::{Candidate, Executor};
use crate::detection::report::RuleReport;
use crate::detector::CALENDAR;
use crate::evidence::{Evidence, EvidenceState};
use crate::moment::SECOND;
use crate::results::Record;
use crate::snapshot::{SnapshotError, as_json, impossible};
use crate::summary::MOST_EVENTS;
use crate::suppression::HeldState;
use serde::{Deserialize, Serialize};

/// Everything an [`Executor`] remembers. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RuleState {
    pub(crate) rule_id: String,
    /// When the results of the last bucket were there; `None` before any.
    available: Option<i64>,
    /// The last execution.
    previous: Option<i64>,
    /// Records that executions may still look at.
    candidates: Vec<CandidateState>,
    /// Alerts that are held back.
    held: Vec<HeldState>,
    alerts: u64,
    hidden: u64,
    suppressed: u64,
    cut: u64,
    missed: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct CandidateState {
    #[serde(with = "as_json")]
    record: Record,
    evidence: EvidenceState,
    available: i64,
    seen: bool,
    alerted: bool,
}

impl RuleState {
    /// Whether there are alerts that were not given yet.
    pub(crate) fn waits(&self) -> bool {
        !self.held.is_empty() || self.candidates.iter().any(|candidate| !candidate.alerted)
    }

    fn check(&self) -> Result<(), SnapshotError> {
        let RuleState { alerts, hidden, suppressed, cut, missed, .. } = *self;
        if [alerts, hidden, suppressed, cut, missed].iter().any(|&count| count > MOST_EVENTS) {
            return Err(impossible(format!("what rule {} did is miscounted", self.rule_id)));
        }
        let of_candidates = self.candidates.iter().flat_map(|c| [c.available, c.record.timestamp]);
        let mut times = self.available.into_iter().chain(self.previous).chain(of_candidates);
        let is_late = |c: &CandidateState| c.record.timestamp > c.available;
        if !times.all(is_in_calendar) || self.candidates.iter().any(is_late) {
            return Err(impossible(format!("rule {} looks at records of no time", self.rule_id)));
        }
        Ok(())
    }
}

/// Whether a time is one of the calendar, or as long after it as a rule may look later.
fn is_in_calendar(millis: i64) -> bool {
    let margin = 4 * i64::from(u32::MAX);
    let (first, last) = (CALENDAR.start() - margin, CALENDAR.end() + margin);
    (first * SECOND..=last * SECOND).contains(&millis)
}

impl Executor {
    /// The whole state, for [`resume`](Self::resume).
    pub(crate) fn state(&self) -> RuleState {
        let RuleReport { alerts, hidden, suppressed, cut, missed, .. } = self.report();
        let candidate = |candidate: &Candidate| CandidateState {
            record: candidate.record.clone(),
            evidence: candidate.evidence.state(),
            available: candidate.available,
            seen: candidate.seen,
            alerted: candidate.alerted,
        };
        RuleState {
            rule_id: self.rule.rule_id.clone(),
            available: Some(self.available).filter(|&available| available != i64::MIN),
            previous: self.previous,
            candidates: self.candidates.iter().map(candidate).collect(),
            held: self.suppressor.as_ref().map(|it| it.held()).unwrap_or_default(),
            alerts,
            hidden,
            suppressed,
            cut,
            missed,
        }
    }

    /// Carries on from a state of the rule, of which everything but what alerts are grouped by may
    /// be other than it was.
    pub(crate) fn resume(&mut self, state: &RuleState) -> Result<(), SnapshotError> {
        state.check()?;
        self.check_groups(state)?;
        if let Some(suppressor) = &mut self.suppressor {
            suppressor.hold_again(&self.rule, &state.held, state.suppressed)?;
        }
        let candidate = |state: &CandidateState| {
            Ok::<_, SnapshotError>(Candidate {
                record: state.record.clone(),
                evidence: Evidence::from_state(&state.evidence)?,
                available: state.available,
                seen: state.seen,
                alerted: state.alerted,
            })
        };
        self.candidates = state.candidates.iter().map(candidate).collect::<Result<_, _>>()?;
        self.available = state.available.unwrap_or(i64::MIN);
        // Another interval has other times of execution.
        self.previous = state.previous.map(|previous| self.schedule.first_from(previous));
        let RuleState { alerts, hidden, cut, missed, .. } = *state;
        self.report = RuleReport { alerts, hidden, cut, missed, ..self.report.clone() };
        Ok(())
    }

    /// Refuses to carry on if alerts are held back that are grouped otherwise than the rule says.
    fn check_groups(&self, state: &RuleState) -> Result<(), SnapshotError> {
        let suppression = self.rule.suppression.as_ref();
        let by = suppression.map(|suppression| suppression.by.iter().collect::<Vec<_>>());
        let grouped = |fields: Option<Vec<&str>>| match fields {
            Some(fields) => format!("with suppression by {}", fields.join(", ")),
            None => "without suppression".to_owned(),
        };
        let is_other = |held: &&HeldState| {
            held.fields().map_or(by.is_none(), |fields| by.as_ref().is_none_or(|by| *by != fields))
        };
        match state.held.iter().find(is_other) {
            None => Ok(()),
            Some(held) => Err(SnapshotError::OtherRule {
                rule_id: state.rule_id.clone(),
                expected: grouped(held.fields()),
                found: grouped(by.map(|by| by.into_iter().map(String::as_str).collect())),
            }),
        }
    }
}
