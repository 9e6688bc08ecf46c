//! One partition of a job: the values known in it, when they were seen, and its model.
//!
//! A job without a partition field has a single one (rare-model §14.1).

mod state;

pub(crate) use state::PartitionState;

use crate::bucket::{Gathered, Kind, Subject};
use crate::category::{CachedRarity, CategoryModel};
use crate::constants::decay_rate;
use crate::custom_rule::CustomRules;
use crate::dictionary::Dictionary;
use crate::job::JobConfig;
use crate::population::Population;
use crate::rare;
use crate::tree::Leaves;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::ops::Range;

/// When a value was present, before the bucket being judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct History {
    /// Start of the first bucket that had the value.
    pub(crate) first: i64,
    /// Start of the last bucket that had the value.
    pub(crate) last: i64,
    /// Number of buckets that had the value.
    pub(crate) buckets: u64,
    /// Since when it is known whether the value was present; `None` if it always was known.
    pub(crate) remembered_since: Option<i64>,
}

/// Histories by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histories {
    by_id: Vec<Option<History>>,
    due: Due,
}

/// Ids with times at which each was last present or, if it has been since, was earlier: so those that
/// have been absent for long are found without a look at the others.
type Due = BinaryHeap<Reverse<(i64, u32)>>;

impl Histories {
    /// The histories of the ids 0, 1, 2, ….
    fn of(histories: impl Iterator<Item = Option<History>>) -> Self {
        let by_id: Vec<Option<History>> = histories.collect();
        let due = (0u32..)
            .zip(&by_id)
            .filter_map(|(id, history)| Some(Reverse((history.as_ref()?.last, id))));
        Histories { due: due.collect(), by_id }
    }

    pub(crate) fn get(&self, id: u32) -> Option<History> {
        self.by_id.get(id as usize).copied().flatten()
    }

    /// Ids that were present in the bucket that starts at `start` and in no other.
    pub(crate) fn present_only_in(&self, start: i64) -> impl Iterator<Item = u32> + '_ {
        let only = move |history: &Option<History>| {
            history.is_some_and(|history| history.first == start && history.buckets == 1)
        };
        let known = (0u32..).zip(&self.by_id).filter(move |(_, history)| only(history));
        known.map(|(id, _)| id)
    }

    fn note(&mut self, id: u32, bucket: i64, remembered_since: Option<i64>) {
        let index = id as usize;
        if self.by_id.len() <= index {
            self.by_id.resize(index + 1, None);
        }
        let new = History { first: bucket, last: bucket, buckets: 0, remembered_since };
        let due = &mut self.due;
        let history = self.by_id[index].get_or_insert_with(|| {
            due.push(Reverse((bucket, id)));
            new
        });
        history.last = bucket;
        history.buckets += 1;
    }

    /// A time before which no id was last present; `None` if there are none.
    fn oldest(&self) -> Option<i64> {
        self.due.peek().map(|&Reverse((seen, _))| seen)
    }

    /// Forgets the ids last present in a bucket that starts before `start` and gives them, ascending,
    /// but for those that are spared.
    fn forget_unseen_since(&mut self, start: i64, is_spared: impl Fn(u32) -> bool) -> Vec<u32> {
        let (mut forgotten, mut spared) = (Vec::new(), Vec::new());
        while let Some(&Reverse((seen, id))) = self.due.peek()
            && seen < start
        {
            self.due.pop();
            match self.get(id) {
                Some(history) if history.last >= start => {
                    self.due.push(Reverse((history.last, id)));
                }
                Some(history) if is_spared(id) => spared.push(Reverse((history.last, id))),
                _ => {
                    self.by_id[id as usize] = None;
                    forgotten.push(id);
                }
            }
        }
        self.due.extend(spared);
        forgotten.sort_unstable();
        forgotten
    }
}

/// What a partition has learned.
#[derive(Clone, Debug)]
pub(crate) enum Model {
    /// How often each by-field value is present.
    Rare(CategoryModel),
    /// How many over-field values have ever had each by-field value.
    Population(Population),
}

impl Model {
    /// The model of a partition of a job, before it learns anything.
    pub(crate) fn of(job: &JobConfig) -> Self {
        match job.detector.over_field {
            None => Model::Rare(CategoryModel::new(decay_rate(job.bucket_span))),
            Some(_) => Model::Population(Population::new(job.detector.function)),
        }
    }

    /// How rare by-field values are.
    fn rarity(&self) -> CachedRarity<'_> {
        CachedRarity::of(match self {
            Model::Rare(model) => model,
            Model::Population(population) => population.model(),
        })
    }
}

/// Values, histories and model of one partition.
#[derive(Clone, Debug)]
pub(crate) struct Partition {
    /// Start of the first bucket that is complete for this partition.
    pub(crate) first_complete: i64,
    pub(crate) by: Dictionary,
    pub(crate) over: Dictionary,
    pub(crate) by_history: Histories,
    pub(crate) over_history: Histories,
    pub(crate) model: Model,
    /// Number of buckets learned, those with at least one value.
    pub(crate) learned: u64,
    /// By-field values last present in a bucket before this time have been forgotten; `None` if
    /// none ever was.
    pub(crate) forgotten_before: Option<i64>,
}

impl Partition {
    pub(crate) fn new(first_complete: i64, model: Model) -> Self {
        Partition {
            first_complete,
            by: Dictionary::default(),
            over: Dictionary::default(),
            by_history: Histories::default(),
            over_history: Histories::default(),
            model,
            learned: 0,
            forgotten_before: None,
        }
    }

    /// Number of values known.
    pub(crate) fn value_count(&self) -> usize {
        self.by.len() + self.over.len()
    }

    /// Learns the subjects of this partition that are present in a bucket.
    pub(crate) fn learn(&mut self, subjects: &[(Subject, u64)]) {
        self.learned += 1;
        match &mut self.model {
            Model::Rare(model) => {
                let present: Vec<u32> = subjects.iter().map(|(subject, _)| subject.by).collect();
                model.learn(&present);
            }
            Model::Population(population) => population.learn(subjects),
        }
    }

    /// Adds the leaves of this partition's subjects, which are those of `range`, and gives the
    /// rarity that they were judged by.
    pub(crate) fn judge(
        &self,
        gathered: &Gathered<'_>,
        range: Range<usize>,
        rules: &CustomRules,
        value: &[u8],
        leaves: &mut Leaves,
    ) -> CachedRarity<'_> {
        let rarity = self.model.rarity();
        match &self.model {
            Model::Rare(_) => {
                let skips = |id: u32| rules.verdict(self.by.value(id), value).skip_result;
                rare::judge(&rarity, gathered, range, skips, leaves);
            }
            Model::Population(population) => population.judge(&rarity, gathered, range, leaves),
        }
        rarity
    }

    /// Remembers that the subjects were present in the bucket that starts at `start`.
    fn remember(&mut self, subjects: &[(Subject, u64)], start: i64) {
        let population = matches!(self.model, Model::Population(_));
        let mut by: Vec<u32> = subjects.iter().map(|(subject, _)| subject.by).collect();
        if population {
            by.sort_unstable();
            by.dedup();
            for person in subjects.chunk_by(|(x, _), (y, _)| x.over == y.over) {
                self.over_history.note(person[0].0.over, start, None);
            }
        }
        let since = self.forgotten_before;
        by.into_iter().for_each(|id| self.by_history.note(id, start, since));
    }

    /// Forgets values that were last present in a bucket before `start` (rare-model §10); those in
    /// use keep their ids, and if they are spared they are not forgotten at all. Gives the number of
    /// values that are not known any more.
    fn prune(&mut self, start: i64, is_used: impl Fn(Kind, u32) -> bool, spares: bool) -> usize {
        let is_spared = |kind| {
            let is_used = &is_used;
            move |id| spares && is_used(kind, id)
        };
        let by = self.by_history.forget_unseen_since(start, is_spared(Kind::By));
        let over = self.over_history.forget_unseen_since(start, is_spared(Kind::Over));
        if by.is_empty() && over.is_empty() {
            return 0;
        }
        match &mut self.model {
            Model::Rare(model) => model.remove(&by),
            Model::Population(population) => population.remove(&over, &by),
        }
        if !by.is_empty() {
            self.forgotten_before = Some(start);
        }
        let before = self.value_count();
        by.into_iter().filter(|&id| !is_used(Kind::By, id)).for_each(|id| self.by.remove(id));
        over.into_iter().filter(|&id| !is_used(Kind::Over, id)).for_each(|id| self.over.remove(id));
        before - self.value_count()
    }

    /// A time before which no value was last present; `None` if none ever was.
    fn oldest(&self) -> Option<i64> {
        self.by_history.oldest().into_iter().chain(self.over_history.oldest()).min()
    }
}

/// All partitions of a job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partitions {
    /// Values of the partition field; the empty one alone if there is none.
    values: Dictionary,
    /// By id of their value.
    partitions: Vec<Partition>,
    /// Those that remember values, each with a time before which none of these was last present.
    due: Due,
}

impl Partitions {
    /// The partition of a value, which is made if there is none.
    pub(crate) fn register(&mut self, value: &[u8], make: impl FnOnce() -> Partition) -> u32 {
        let id = self.values.register(value);
        if id as usize == self.partitions.len() {
            self.partitions.push(make());
        }
        id
    }

    pub(crate) fn len(&self) -> usize {
        self.partitions.len()
    }

    /// The partition of a value, if there is one.
    pub(crate) fn find(&self, value: &[u8]) -> Option<&Partition> {
        self.values.find(value).map(|id| self.get(id))
    }

    pub(crate) fn value(&self, id: u32) -> &[u8] {
        self.values.value(id)
    }

    pub(crate) fn get(&self, id: u32) -> &Partition {
        &self.partitions[id as usize]
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> &mut Partition {
        &mut self.partitions[id as usize]
    }

    /// Remembers that subjects of a partition were present in the bucket that starts at `start`.
    pub(crate) fn remember(&mut self, id: u32, subjects: &[(Subject, u64)], start: i64) {
        let partition = &mut self.partitions[id as usize];
        if partition.oldest().is_none() {
            self.due.push(Reverse((start, id)));
        }
        partition.remember(subjects, start);
    }

    /// Whether a value may have been present last in a bucket before `start`.
    pub(crate) fn may_be_unseen_since(&self, start: i64) -> bool {
        self.due.peek().is_some_and(|&Reverse((seen, _))| seen < start)
    }

    /// Forgets the values of all partitions that were last present in a bucket before `start`, those
    /// in use but for their ids; gives the number of values that are not known any more.
    pub(crate) fn prune_due(&mut self, start: i64, used: &HashSet<(u32, Kind, u32)>) -> usize {
        let mut removed = 0;
        while let Some(&Reverse((seen, id))) = self.due.peek()
            && seen < start
        {
            self.due.pop();
            let partition = &mut self.partitions[id as usize];
            removed +=
                partition.prune(start, |kind, value| used.contains(&(id, kind, value)), false);
            self.due.extend(partition.oldest().map(|seen| Reverse((seen, id))));
        }
        removed
    }

    /// The same, but values in use are not forgotten at all.
    pub(crate) fn prune_all(&mut self, start: i64, used: &HashSet<(u32, Kind, u32)>) -> usize {
        let mut removed = 0;
        for (id, partition) in (0u32..).zip(&mut self.partitions) {
            removed +=
                partition.prune(start, |kind, value| used.contains(&(id, kind, value)), true);
        }
        self.due = due(&self.partitions);
        removed
    }

    /// The partitions of what was gathered, in byte order of their values, with their subjects.
    pub(crate) fn present(&self, gathered: &Gathered<'_>) -> Vec<(u32, Range<usize>)> {
        let mut start = 0;
        let mut present: Vec<(u32, Range<usize>)> = gathered
            .subjects
            .chunk_by(|(x, _), (y, _)| x.partition == y.partition)
            .map(|subjects| {
                let range = start..start + subjects.len();
                start = range.end;
                (subjects[0].0.partition, range)
            })
            .collect();
        present.sort_by(|(x, _), (y, _)| self.value(*x).cmp(self.value(*y)));
        present
    }
}

/// When values of partitions are due to be forgotten at the earliest.
fn due(partitions: &[Partition]) -> Due {
    let partitions = (0u32..).zip(partitions);
    partitions.filter_map(|(id, partition)| Some(Reverse((partition.oldest()?, id)))).collect()
}
