//! What the detector knows of single values, for whoever asks: how often they were present, and how
//! the probability and the score of one come about, step by step.
//!
//! Nothing is learned from being asked. Population jobs have no such values.

use super::Detector;
use crate::category::{CategoryModel, Slice};
use crate::normalizer::{Ceilings, Scope};
use crate::partition::{Model, Partition};
use crate::score::raw_score;

/// A by-field value that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Known<'a> {
    /// The value.
    pub value: &'a [u8],
    /// Number of buckets that had it, as far as is remembered.
    pub buckets_seen: u64,
    /// Start of the first of them, in milliseconds since the epoch.
    pub first_seen: i64,
    /// Start of the last of them, in milliseconds since the epoch.
    pub last_seen: i64,
    /// What is left of the buckets with it after decay (c, rare-model §5.2).
    pub concentration: f64,
}

/// How the probability and the score of a by-field value come about, as things stand (rare-model
/// §5.3, §7.1, §8.6).
///
/// Asked of [`Closed::detector`](super::Closed::detector), these are the numbers of the bucket that
/// was given last, before renormalisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Calculation {
    /// What is left of the buckets with the value after decay, c; more than 0.
    pub concentration: f64,
    /// The same of all values together, T.
    pub total: f64,
    /// Number of known values.
    pub known_values: u64,
    /// The slices of the value's own share of the buckets, from the least to the greatest.
    pub slices: Vec<Slice>,
    /// Mean of what is as rare as each slice, 0 to 1.
    pub probability: f64,
    /// Raw score of the probability, 0 to 100.
    pub raw_score: f64,
    /// What limits the score; `None` if it is 0, as the probability is not small or there is no
    /// history.
    pub ceilings: Option<Ceilings>,
    /// The least of the ceilings and 100: the score, 0 to 100.
    pub score: f64,
}

impl Detector {
    /// The values that a partition knows, the rarest first; those that tie in the order in which
    /// they first appeared. In a job without a partition field the partition is empty.
    pub fn known<'a>(&'a self, partition: &[u8]) -> impl Iterator<Item = Known<'a>> {
        let found = self.partitions.find(partition);
        let modelled = found.and_then(|found| Some((found, model_of(found)?)));
        modelled.into_iter().flat_map(|(partition, model)| {
            model.rarest_first().filter_map(move |id| known(partition, model, id))
        })
    }

    /// How the numbers of a value come about; `None` if the partition has not learned it.
    #[must_use]
    pub fn calculation(&self, partition: &[u8], value: &[u8]) -> Option<Calculation> {
        let found = self.partitions.find(partition)?;
        let (model, id) = (model_of(found)?, found.by.find(value)?);
        let concentration = model.concentration(id)?;
        let rarity = model.rarity();
        let probability = rarity.probability(id);
        let ceilings = self.normalizers.leaf_ceilings(Scope { partition, value }, probability);
        Some(Calculation {
            concentration,
            total: model.total(),
            known_values: model.len() as u64,
            slices: rarity.slices(id),
            probability,
            raw_score: raw_score(probability),
            ceilings,
            score: ceilings.map_or(0.0, |ceilings| ceilings.score()),
        })
    }
}

fn model_of(partition: &Partition) -> Option<&CategoryModel> {
    match &partition.model {
        Model::Rare(model) => Some(model),
        Model::Population(_) => None,
    }
}

fn known<'a>(partition: &'a Partition, model: &CategoryModel, id: u32) -> Option<Known<'a>> {
    let history = partition.by_history.get(id)?;
    Some(Known {
        value: partition.by.value(id),
        buckets_seen: history.buckets,
        first_seen: history.first * 1000,
        last_seen: history.last * 1000,
        concentration: model.concentration(id)?,
    })
}
