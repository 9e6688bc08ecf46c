//! Forgetting values that have been absent for very long (rare-model §10): when that is done, and
//! which values it is.

use super::Detector;
use crate::bucket::Kind;
use crate::constants::prune_window;
use std::collections::HashSet;

/// When values are forgotten that have been absent for more than four decay times of the model, 167
/// days with buckets of 15 minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pruning {
    /// When a bucket is closed: what is saved, and how often, makes no difference to results.
    #[default]
    AtClose,
    /// When [`Detector::prune`] is called, which Elastic does whenever it saves the state; so its
    /// results depend on when that is.
    WhenSaved,
}

impl Detector {
    /// This detector with values forgotten at other times.
    #[must_use]
    pub fn with_pruning(mut self, pruning: Pruning) -> Self {
        self.pruning = pruning;
        self
    }

    /// Forgets the values that have been absent for very long, but not those that an open bucket
    /// has.
    ///
    /// With [`Pruning::WhenSaved`] this is to be done before a [snapshot](Self::snapshot) is taken,
    /// and changes later results in which such a value is present again.
    pub fn prune(&mut self) {
        let Some(closed_until) = self.closed_until else {
            return;
        };
        let oldest_kept = self.oldest_kept(closed_until - i64::from(self.job.bucket_span));
        let in_use = self.values_in_use();
        self.known_values -= self.partitions.prune_all(oldest_kept, &in_use);
    }

    /// Does what is to be done when the bucket that starts at `start` has been closed. Of a value
    /// that an open bucket has everything is forgotten but its id, so that the order of events makes
    /// no difference.
    pub(super) fn prune_at_close(&mut self, start: i64) {
        let oldest_kept = self.oldest_kept(start);
        if self.pruning == Pruning::AtClose && self.partitions.may_be_unseen_since(oldest_kept) {
            let in_use = self.values_in_use();
            self.known_values -= self.partitions.prune_due(oldest_kept, &in_use);
        }
    }

    /// Start of the first bucket whose values are remembered, the last one that is closed starting
    /// at `last`.
    fn oldest_kept(&self, last: i64) -> i64 {
        last - prune_window(self.job.bucket_span) * i64::from(self.job.bucket_span)
    }

    /// Partition, sort and id of the values that open buckets have.
    fn values_in_use(&self) -> HashSet<(u32, Kind, u32)> {
        self.open.iter().flat_map(|(_, bucket)| bucket.values_in_use()).collect()
    }
}
