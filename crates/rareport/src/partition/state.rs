//! The state of a partition as plain data.

use super::{Histories, History, Model, Partition, Partitions, due};
use crate::category::{CategoryModel, CategoryState};
use crate::constants::decay_rate;
use crate::dictionary::Dictionary;
use crate::job::JobConfig;
use crate::population::Population;
use crate::snapshot::{SnapshotError, Times, impossible};
use crate::summary::{Bytes, MOST_EVENTS};
use serde::{Deserialize, Serialize};

/// Everything a [`Partition`] remembers (rare-model §12).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PartitionState {
    /// Value of the partition field.
    value: Bytes,
    first_complete: i64,
    pub(crate) learned: u64,
    forgotten_before: Option<i64>,
    /// By-field values by id; `None` for ids that are free.
    by: Vec<Option<ValueState>>,
    /// Over-field values by id.
    over: Vec<Option<ValueState>>,
    model: ModelState,
}

/// A value, and when it was present.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ValueState {
    value: Bytes,
    /// `None` if no bucket with it has been learned.
    history: Option<History>,
}

/// What a partition has learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum ModelState {
    Rare(CategoryState),
    /// Ids of over-field and by-field values that were ever seen together, ascending.
    Population(Vec<(u32, u32)>),
}

impl PartitionState {
    /// Number of values of the by field and of the over field that are known.
    pub(crate) fn value_count(&self) -> usize {
        self.by.iter().chain(&self.over).flatten().count()
    }

    fn has_history(values: &[Option<ValueState>], id: u32) -> bool {
        let value = values.get(id as usize).and_then(Option::as_ref);
        value.is_some_and(|value| value.history.is_some())
    }

    fn check(&self, times: Times) -> Result<(), SnapshotError> {
        times.check_boundary(self.first_complete)?;
        if self.learned > MOST_EVENTS {
            return Err(impossible("more than 2^53 buckets were learned"));
        }
        let since = self.forgotten_before.into_iter();
        since.clone().try_for_each(|since| times.check_closed(since, self.first_complete))?;
        let values = self.by.iter().chain(&self.over).flatten();
        let mut histories = values.filter_map(|value| value.history);
        histories.try_for_each(|history| self.check_history(history, times))
    }

    fn check_history(&self, history: History, times: Times) -> Result<(), SnapshotError> {
        let History { first, last, buckets, remembered_since } = history;
        for start in [first, last].into_iter().chain(remembered_since) {
            times.check_closed(start, self.first_complete)?;
        }
        let most = self.learned.min(times.buckets(first, last.max(first)).unsigned_abs());
        if first <= last && (1..=most).contains(&buckets) {
            return Ok(());
        }
        Err(impossible(format!("a value was in {buckets} buckets from {first} to {last}")))
    }
}

impl ModelState {
    fn of(model: &Model) -> Self {
        match model {
            Model::Rare(model) => ModelState::Rare(model.state()),
            Model::Population(population) => ModelState::Population(population.pairs()),
        }
    }
}

impl Model {
    fn from_state(job: &JobConfig, state: &PartitionState) -> Result<Model, SnapshotError> {
        let PartitionState { by, over, model, .. } = state;
        match (model, job.detector.over_field.is_some()) {
            (ModelState::Rare(model), false) => {
                let present = by.iter().flatten().filter(|value| value.history.is_some());
                let ids = model.ids();
                if ids.len() != present.count()
                    || !model.ids().all(|id| PartitionState::has_history(by, id))
                {
                    return Err(impossible("the categories are not the values that were present"));
                }
                let rate = decay_rate(job.bucket_span);
                Ok(Model::Rare(CategoryModel::from_state(model, rate, by.len())?))
            }
            (ModelState::Population(pairs), true) => {
                let is_known = |&(person, attribute): &(u32, u32)| {
                    PartitionState::has_history(over, person)
                        && PartitionState::has_history(by, attribute)
                };
                if !pairs.iter().all(is_known) || !pairs.is_sorted_by(|x, y| x < y) {
                    return Err(impossible("the members of the population are not in order"));
                }
                Ok(Model::Population(Population::of_pairs(job.detector.function, pairs)))
            }
            _ => Err(impossible("the model is of another function")),
        }
    }
}

impl Partition {
    /// The whole state, for [`from_state`](Self::from_state).
    fn state(&self, value: &[u8]) -> PartitionState {
        PartitionState {
            value: value.into(),
            first_complete: self.first_complete,
            learned: self.learned,
            forgotten_before: self.forgotten_before,
            by: values_of(&self.by, &self.by_history),
            over: values_of(&self.over, &self.over_history),
            model: ModelState::of(&self.model),
        }
    }

    /// The partition that was in a state.
    fn from_state(
        job: &JobConfig,
        state: &PartitionState,
        times: Times,
    ) -> Result<Partition, SnapshotError> {
        state.check(times)?;
        if job.detector.over_field.is_none() && !state.over.is_empty() {
            return Err(impossible("there are members of a population, but no over field"));
        }
        Ok(Partition {
            by: dictionary_of(&state.by)?,
            over: dictionary_of(&state.over)?,
            by_history: histories_of(&state.by),
            over_history: histories_of(&state.over),
            learned: state.learned,
            forgotten_before: state.forgotten_before,
            ..Partition::new(state.first_complete, Model::from_state(job, state)?)
        })
    }
}

impl Partitions {
    /// The states of all partitions by id, for [`from_state`](Self::from_state).
    pub(crate) fn state(&self) -> Vec<PartitionState> {
        let partitions = (0u32..).zip(&self.partitions);
        partitions.map(|(id, partition)| partition.state(self.value(id))).collect()
    }

    /// The partitions that were in these states.
    pub(crate) fn from_state(
        job: &JobConfig,
        states: &[PartitionState],
        times: Times,
    ) -> Result<Partitions, SnapshotError> {
        if job.detector.partition_field.is_none() {
            let is_only = |state: &PartitionState| state.value == Bytes::default();
            if states.len() > 1 || !states.iter().all(is_only) {
                return Err(impossible("there are partitions, but no partition field"));
            }
        }
        let values = Dictionary::of(states.iter().map(|state| Some(&state.value)))?;
        let partition = |state| Partition::from_state(job, state, times);
        let partitions: Vec<Partition> = states.iter().map(partition).collect::<Result<_, _>>()?;
        Ok(Partitions { due: due(&partitions), values, partitions })
    }
}

fn values_of(dictionary: &Dictionary, histories: &Histories) -> Vec<Option<ValueState>> {
    let state = |(id, value): (u32, Option<&[u8]>)| {
        Some(ValueState { value: value?.into(), history: histories.get(id) })
    };
    (0u32..).zip(dictionary.by_id()).map(state).collect()
}

fn dictionary_of(values: &[Option<ValueState>]) -> Result<Dictionary, SnapshotError> {
    Dictionary::of(values.iter().map(|value| value.as_ref().map(|value| &value.value)))
}

fn histories_of(values: &[Option<ValueState>]) -> Histories {
    Histories::of(values.iter().map(|value| value.as_ref().and_then(|value| value.history)))
}
