//! The state of alerts that are held back as plain data.

use super::{Held, Suppressor};
use crate::alert::Alert;
use crate::evidence::{Evidence, EvidenceState};
use crate::results::Record;
use crate::rule::Rule;
use crate::snapshot::{SnapshotError, as_json, impossible};
use crate::summary::MOST_EVENTS;
use crate::suppression::{Suppressed, Term};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An alert that is held back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct HeldState {
    time: i64,
    #[serde(with = "as_json")]
    record: Record,
    evidence: EvidenceState,
    group: Option<GroupState>,
    /// Last execution whose alerts are counted with it.
    until: Option<i64>,
}

/// What was counted with an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct GroupState {
    /// Fields and the values that the alerts have in common.
    terms: Vec<(String, Vec<String>)>,
    start: i64,
    end: i64,
    docs_count: u64,
}

impl HeldState {
    fn of(Held { alert, until }: &Held) -> HeldState {
        HeldState {
            time: alert.time,
            record: alert.record.clone(),
            evidence: alert.evidence.state(),
            group: alert.suppression.as_ref().map(GroupState::of),
            until: *until,
        }
    }

    /// The fields that the alert is grouped by, if it is.
    pub(crate) fn fields(&self) -> Option<Vec<&str>> {
        let group = self.group.as_ref()?;
        Some(group.terms.iter().map(|(field, _)| field.as_str()).collect())
    }

    fn held(&self, rule: &Arc<Rule>) -> Result<Held, SnapshotError> {
        let HeldState { time, record, evidence, group, until } = self;
        if until.is_some_and(|until| until < *time) {
            return Err(impossible("an alert is held back until before it was found"));
        }
        let alert = Alert {
            rule: Arc::clone(rule),
            time: *time,
            record: record.clone(),
            evidence: Evidence::from_state(evidence)?,
            suppression: group.as_ref().map(GroupState::suppressed).transpose()?,
        };
        Ok(Held { alert, until: *until })
    }
}

impl GroupState {
    fn of(Suppressed { terms, start, end, docs_count }: &Suppressed) -> GroupState {
        let term = |Term { field, value }: &Term| (field.clone(), value.clone());
        GroupState {
            terms: terms.iter().map(term).collect(),
            start: *start,
            end: *end,
            docs_count: *docs_count,
        }
    }

    fn suppressed(&self) -> Result<Suppressed, SnapshotError> {
        let GroupState { terms, start, end, docs_count } = self;
        if start > end || *docs_count > MOST_EVENTS {
            return Err(impossible("alerts that were suppressed are miscounted"));
        }
        let term = |(field, value): &(String, Vec<String>)| Term {
            field: field.clone(),
            value: value.clone(),
        };
        let terms = terms.iter().map(term).collect();
        Ok(Suppressed { terms, start: *start, end: *end, docs_count: *docs_count })
    }
}

impl Suppressor {
    /// The alerts that are held back, for [`hold_again`](Self::hold_again).
    pub(crate) fn held(&self) -> Vec<HeldState> {
        self.held.iter().map(HeldState::of).collect()
    }

    /// Holds alerts of a rule back that were held before.
    pub(crate) fn hold_again(
        &mut self,
        rule: &Arc<Rule>,
        states: &[HeldState],
        suppressed: u64,
    ) -> Result<(), SnapshotError> {
        self.suppressed = suppressed;
        self.held = states.iter().map(|state| state.held(rule)).collect::<Result<_, _>>()?;
        Ok(())
    }
}
