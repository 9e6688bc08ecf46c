//! The state of the evidence of open buckets as plain data.

use super::{Behind, Gatherer, Values, write_key};
use crate::evidence::{Evidence, EvidenceState};
use crate::snapshot::{SnapshotError, impossible};
use serde::{Deserialize, Serialize};

/// Everything a [`Gatherer`] has in mind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct GathererState {
    closed_until: Option<i64>,
    /// By start.
    open: Vec<OpenState>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct OpenState {
    start: i64,
    /// By key.
    values: Vec<BehindState>,
}

/// What lies behind a value of an open bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BehindState {
    partition: String,
    value: String,
    evidence: EvidenceState,
    /// Events that each exception covers.
    pub(crate) covered_by: Vec<u64>,
    /// Events that no exception for a rule covers, for each rule.
    pub(crate) uncovered: Vec<u64>,
}

impl Gatherer {
    /// The whole state, for [`resumed`](Self::resumed).
    pub(crate) fn state(&self) -> GathererState {
        let open = self.open.iter().map(|(start, values)| {
            let mut sorted: Vec<(&String, &Behind)> = values.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            let values = sorted.into_iter().map(|(key, behind)| BehindState::of(key, behind));
            OpenState { start: *start, values: values.collect() }
        });
        GathererState { closed_until: self.closed_until, open: open.collect() }
    }

    /// This gatherer in a state; `adapt` makes what was counted for exceptions and rules fit those
    /// that there are now.
    pub(crate) fn resumed(
        mut self,
        state: &GathererState,
        adapt: impl Fn(&BehindState, Evidence) -> Result<Behind, SnapshotError>,
    ) -> Result<Gatherer, SnapshotError> {
        self.closed_until = state.closed_until;
        for OpenState { start, values } in &state.open {
            let before = self.open.back().map(|(start, _)| *start).or(state.closed_until);
            let is_next = match self.open.back() {
                Some((last, _)) => start > last,
                None => before.is_none_or(|end| *start >= end),
            };
            if !is_next || start.rem_euclid(self.span) != 0 {
                return Err(impossible("buckets with evidence are not in order"));
            }
            self.open.push_back((*start, kept_values(values, &adapt)?));
        }
        Ok(self)
    }
}

fn kept_values(
    states: &[BehindState],
    adapt: impl Fn(&BehindState, Evidence) -> Result<Behind, SnapshotError>,
) -> Result<Values, SnapshotError> {
    let mut values = Values::default();
    for state in states {
        let mut key = String::new();
        write_key(&mut key, &state.partition, &state.value);
        let evidence = Evidence::from_state(&state.evidence)?;
        if values.insert(key, adapt(state, evidence)?).is_some() {
            return Err(impossible(format!("there is evidence of {} twice", state.value)));
        }
    }
    Ok(values)
}

impl BehindState {
    fn of(key: &str, behind: &Behind) -> BehindState {
        let (partition, value) = split_key(key);
        BehindState {
            partition: partition.to_owned(),
            value: value.to_owned(),
            evidence: behind.evidence.state(),
            covered_by: behind.covered_by.clone(),
            uncovered: behind.uncovered.clone(),
        }
    }
}

/// The partition and the value that a key was [written](write_key) of.
fn split_key(key: &str) -> (&str, &str) {
    let (length, rest) = key.split_once(' ').unwrap_or(("", key));
    rest.split_at_checked(length.parse().unwrap_or(0)).unwrap_or(("", rest))
}
