//! One partition of a job: the values known in it, when they were seen, and its model.
//!
//! A job without a partition field has a single one (rare-model §14.1).

use crate::bucket::{Gathered, Subject};
use crate::category::{CachedRarity, CategoryModel};
use crate::constants::decay_rate;
use crate::custom_rule::CustomRules;
use crate::dictionary::Dictionary;
use crate::job::JobConfig;
use crate::population::Population;
use crate::rare;
use crate::tree::Leaves;
use std::ops::Range;

/// When a value was present, before the bucket being judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
pub(crate) struct Histories(Vec<Option<History>>);

impl Histories {
    pub(crate) fn get(&self, id: u32) -> Option<History> {
        self.0.get(id as usize).copied().flatten()
    }

    fn note(&mut self, id: u32, bucket: i64, remembered_since: Option<i64>) {
        let index = id as usize;
        if self.0.len() <= index {
            self.0.resize(index + 1, None);
        }
        let new = History { first: bucket, last: bucket, buckets: 0, remembered_since };
        let history = self.0[index].get_or_insert(new);
        history.last = bucket;
        history.buckets += 1;
    }

    fn forget(&mut self, id: u32) {
        self.0[id as usize] = None;
    }

    /// Ids last present in a bucket that starts before `start`.
    fn unseen_since(&self, start: i64) -> Vec<u32> {
        let unseen = |history: &Option<History>| history.is_some_and(|h| h.last < start);
        (0u32..).zip(&self.0).filter(|(_, history)| unseen(history)).map(|(id, _)| id).collect()
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
    pub(crate) fn remember(&mut self, subjects: &[(Subject, u64)], start: i64) {
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

    /// Forgets values that were last present in a bucket before `start` and that are not `kept`
    /// (rare-model §10).
    pub(crate) fn prune(&mut self, start: i64, kept: impl Fn(Kind, u32) -> bool) {
        let mut by = self.by_history.unseen_since(start);
        by.retain(|&id| !kept(Kind::By, id));
        let mut over = self.over_history.unseen_since(start);
        over.retain(|&id| !kept(Kind::Over, id));
        match &mut self.model {
            Model::Rare(model) if !by.is_empty() => model.remove(&by),
            Model::Rare(_) => {}
            Model::Population(population) => population.remove(&over, &by),
        }
        if !by.is_empty() {
            self.forgotten_before = Some(start);
        }
        for id in by {
            self.by.remove(id);
            self.by_history.forget(id);
        }
        for id in over {
            self.over.remove(id);
            self.over_history.forget(id);
        }
    }
}

/// All partitions of a job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partitions {
    /// Values of the partition field; the empty one alone if there is none.
    values: Dictionary,
    /// By id of their value.
    partitions: Vec<Partition>,
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

/// Which of a partition's two sorts of values an id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    By,
    Over,
}
