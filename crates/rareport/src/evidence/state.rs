//! The state of evidence as plain data. A sample is serialised as a document elsewhere, which cannot
//! be read back; here it has all its fields.

use super::{Evidence, List, LogFiles, MOST_LISTS, MOST_SAMPLES, Sample};
use crate::snapshot::{SnapshotError, impossible};
use crate::summary::MOST_EVENTS;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// All of an [`Evidence`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct EvidenceState {
    events: u64,
    first_seen: Option<i64>,
    last_seen: Option<i64>,
    samples: Vec<KeptSample>,
    lists: Vec<List>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptSample(#[serde(with = "SampleState")] Sample);

/// All fields of a [`Sample`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "Sample")]
struct SampleState {
    millis: i64,
    serial: Option<u32>,
    #[serde(with = "log")]
    log: Option<Arc<LogFiles>>,
    node: Option<String>,
    host: Vec<String>,
    pid: Option<u32>,
    parent_pid: Option<u32>,
    process: Vec<String>,
    executable: Vec<String>,
    title: Vec<String>,
    user: Vec<String>,
    login_user: Vec<String>,
    destination: Vec<String>,
}

/// The files of a log, which samples share while they are in memory.
mod log {
    use super::{Arc, LogFiles};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        log: &Option<Arc<LogFiles>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        log.as_deref().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<LogFiles>>, D::Error> {
        Ok(Option::<LogFiles>::deserialize(deserializer)?.map(Arc::new))
    }
}

impl Evidence {
    /// The whole evidence, for [`from_state`](Self::from_state).
    pub(crate) fn state(&self) -> EvidenceState {
        let Evidence { events, first_seen, last_seen, samples, lists } = self.clone();
        let samples = samples.into_iter().map(KeptSample).collect();
        EvidenceState { events, first_seen, last_seen, samples, lists }
    }

    /// The evidence that was kept.
    pub(crate) fn from_state(state: &EvidenceState) -> Result<Evidence, SnapshotError> {
        let EvidenceState { events, first_seen, last_seen, samples, lists } = state.clone();
        let is_counted = samples.len() <= MOST_SAMPLES && samples.len() as u64 <= events;
        if !is_counted || events > MOST_EVENTS || lists.len() > MOST_LISTS {
            return Err(impossible("the events behind a value are miscounted"));
        }
        if first_seen > last_seen || first_seen.is_some() != (events > 0) {
            return Err(impossible("the events behind a value end before they begin"));
        }
        let samples = samples.into_iter().map(|KeptSample(sample)| sample).collect();
        Ok(Evidence { events, first_seen, last_seen, samples, lists })
    }
}
