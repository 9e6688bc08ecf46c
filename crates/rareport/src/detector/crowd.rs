//! The bucket that brought the most new values at once, such as the ports of a scan.
//!
//! Values that are equally rare make each other less remarkable (rare-model §5.3): after hundreds of
//! ports that came once, a further new port is one of many, and scores next to nothing until they have
//! faded. Scores stay as they are; here it is found out, so that it can be told.

use super::Detector;
use crate::bucket::Gathered;
use crate::explain::text;
use crate::partition::Model;
use crate::score::probability_score;
use crate::snapshot::{SnapshotError, Times, impossible};
use crate::summary::MOST_EVENTS;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// The bucket that brought the most new values at once, and what has become of them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Crowd {
    /// Start of the bucket, in milliseconds since 1970.
    pub timestamp: i64,
    /// The partition, of which each has a model of its own; empty without a partition field.
    pub partition: String,
    /// Values that were present for the first time.
    pub values: u64,
    /// Of these, those that were not present since and are still known.
    pub once: u64,
    /// Of each influencer field that has any, the value that most of the new values were seen with.
    pub with: Vec<CrowdInfluencer>,
    /// Share of the weight of all known values that those of `once` have, 0 to 1.
    pub share: f64,
    /// Probability that a value which is present for the first time would now have, about.
    pub new_probability: f64,
    /// The highest score that it could have by that probability, 0 to 100.
    pub new_score: f64,
}

/// A value of an influencer field that new values were seen with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CrowdInfluencer {
    /// The field.
    pub field: String,
    /// Its value.
    pub value: String,
    /// Number of new values that were seen with it.
    pub values: u64,
}

/// What is kept of the bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Newcomers {
    partition: u32,
    /// Start of the bucket, in seconds since the epoch.
    start: i64,
    values: u64,
    with: Vec<CrowdInfluencer>,
}

impl Newcomers {
    /// Whether a detector with so many partitions, whose first complete bucket starts at `first`, can
    /// have seen them.
    pub(super) fn check(
        &self,
        partitions: usize,
        times: Times,
        first: i64,
    ) -> Result<(), SnapshotError> {
        times.check_closed(self.start, first)?;
        let is_there = (self.partition as usize) < partitions && self.values <= MOST_EVENTS;
        if is_there { Ok(()) } else { Err(impossible("new values came to no partition")) }
    }
}

impl Detector {
    /// The bucket that brought the most new values at once, the first one if there are several;
    /// `None` before any is learned, and for population jobs.
    ///
    /// It takes time that goes with the number of known values.
    ///
    /// ```
    /// use rareport::{Detector, JobConfig, Observation};
    ///
    /// let mut detector = Detector::new(JobConfig::rare("destination.port"))?;
    /// for bucket in 0..100 {
    ///     for port in ["22", "53", "80", "443"] {
    ///         detector.push(&Observation::new(bucket * 900, port))?;
    ///     }
    /// }
    /// let scan = (10_000..11_000).map(|port| port.to_string());
    /// for port in scan {
    ///     detector.push(&Observation::new(99 * 900, &port))?;
    /// }
    /// detector.finish().for_each(drop);
    /// let crowd = detector.crowd().ok_or("there was one")?;
    /// assert_eq!((crowd.values, crowd.once), (1000, 1000));
    /// assert!(crowd.share > 0.7 && crowd.new_probability > 0.035);
    /// assert_eq!(crowd.new_score, 0.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn crowd(&self) -> Option<Crowd> {
        let Newcomers { partition: id, start, values, with } = self.newcomers.as_ref()?;
        let partition = self.partitions.get(*id);
        let Model::Rare(model) = &partition.model else { return None };
        let once = partition.by_history.present_only_in(*start);
        let weights: Vec<f64> = once.filter_map(|value| model.concentration(value)).collect();
        let new_probability = model.rarity().probability_at(1.0);
        Some(Crowd {
            timestamp: start * 1000,
            partition: text(self.partitions.value(*id)),
            values: *values,
            once: weights.len() as u64,
            with: with.clone(),
            share: weights.iter().fold(0.0, |sum, weight| sum + weight) / model.total(),
            new_probability,
            new_score: probability_score(new_probability),
        })
    }

    /// Notes the subjects of a partition, those of `range`, that are about to be remembered for the
    /// first time.
    pub(super) fn note_newcomers(
        &mut self,
        partition: u32,
        range: Range<usize>,
        gathered: &Gathered<'_>,
        start: i64,
    ) {
        if self.fields.has_over {
            return;
        }
        let known = &self.partitions.get(partition).by_history;
        let is_new = |&place: &usize| known.get(gathered.subjects[place].0.by).is_none();
        let values = range.clone().filter(is_new).count() as u64;
        if values > self.newcomers.as_ref().map_or(0, |most| most.values) {
            let with = self.most_seen_with(range.filter(is_new), gathered);
            self.newcomers = Some(Newcomers { partition, start, values, with });
        }
    }

    /// Of each influencer field the value that most of the subjects were seen with, of several the
    /// first in byte order.
    fn most_seen_with(
        &self,
        subjects: impl Iterator<Item = usize>,
        gathered: &Gathered<'_>,
    ) -> Vec<CrowdInfluencer> {
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        for &value in subjects.flat_map(|place| gathered.influences.get(place)) {
            *counts.entry(value).or_default() += 1;
        }
        let mut most: BTreeMap<u16, (u32, u64)> = BTreeMap::new();
        for (value, count) in counts {
            let field = gathered.values[value as usize].0;
            let highest = most.entry(field).or_insert((value, count));
            if count > highest.1 {
                *highest = (value, count);
            }
        }
        most.into_iter()
            .map(|(field, (value, values))| CrowdInfluencer {
                field: self.fields.influencers[usize::from(field)].name.clone(),
                value: text(gathered.values[value as usize].1),
                values,
            })
            .collect()
    }
}
