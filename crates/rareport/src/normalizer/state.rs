//! The state of a normaliser as plain data, from which it can be restored exactly.

use serde::{Deserialize, Serialize};

use super::high_scores::HighScores;
use super::maxima::{Maxima, Maximum};
use super::{AGEING_PERIOD, Normalizer, Rates, Scope};
use crate::digest::{DIGEST_SIZE, DigestError, Node, QuantileDigest};

/// The largest raw score there is (rare-model §7.1).
const LARGEST_RAW_SCORE: f64 = 100.0;

/// Everything a [`Normalizer`] remembers (rare-model §12).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NormalizerState {
    /// D: the nodes of the digest of all scores.
    pub scores: Vec<Node>,
    /// H: the nodes of the digest of the high scores.
    pub high_scores: Vec<Node>,
    /// h: the largest discretised score that is not high.
    pub high_threshold: u32,
    /// c_h: how many scores are not high.
    pub ordinary_count: u64,
    /// y: the largest raw score, 0–100, that has not entered the digests.
    pub pending_maximum: f64,
    /// k: how many raw scores have not entered the digests.
    pub pending_count: u32,
    /// A: what is left of the ageing period, at most 20.
    pub clock: f64,
    /// The maxima above 0, by scope in byte order.
    pub maxima: Vec<MaximumState>,
}

/// The maximum of one [`Scope`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaximumState {
    /// [`Scope::partition`].
    pub partition: Vec<u8>,
    /// [`Scope::value`].
    pub value: Vec<u8>,
    /// The largest raw score, faded; 0–100.
    pub raw_score: f64,
    /// Buckets since the scope was last fed.
    pub age: u32,
}

/// Why a state is not that of a normaliser.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NormalizerError {
    /// A list of digest nodes is not a digest.
    #[error("in the {which} of a normalizer: {source}")]
    Digest {
        /// Which of the two digests.
        which: &'static str,
        /// What is wrong with it.
        source: DigestError,
    },
    /// More raw scores are pending than are ever kept back.
    #[error("expected fewer than {limit} pending scores in a normalizer, found {found}")]
    Pending {
        /// The sampling interval for the bucket span.
        limit: u32,
        /// The number of pending scores.
        found: u32,
    },
    /// A number is outside its range.
    #[error("expected the {what} of a normalizer between 0 and {limit}, found {found}")]
    Range {
        /// Which number.
        what: &'static str,
        /// Its largest value.
        limit: f64,
        /// The number found.
        found: f64,
    },
}

impl Normalizer {
    /// The whole state, for [`from_state`](Self::from_state).
    pub fn state(&self) -> NormalizerState {
        let mut maxima: Vec<MaximumState> = self
            .maxima
            .iter()
            .map(|((partition, value), Maximum { raw_score, age })| MaximumState {
                partition,
                value,
                raw_score,
                age,
            })
            .collect();
        maxima.sort_unstable_by(|a, b| (&a.partition, &a.value).cmp(&(&b.partition, &b.value)));
        NormalizerState {
            scores: self.scores.nodes().to_vec(),
            high_scores: self.high.digest.nodes().to_vec(),
            high_threshold: self.high.threshold,
            ordinary_count: self.high.ordinary,
            pending_maximum: self.pending_maximum,
            pending_count: self.pending_count,
            clock: self.clock,
            maxima,
        }
    }

    /// The normaliser that was in this state, for buckets of `bucket_span` seconds.
    ///
    /// # Errors
    /// If no normaliser for this bucket span can be in the state.
    pub fn from_state(
        bucket_span: u32,
        state: &NormalizerState,
    ) -> Result<Normalizer, NormalizerError> {
        let rates = Rates::of(bucket_span);
        let digest = |which, nodes: &[Node]| {
            QuantileDigest::from_nodes(DIGEST_SIZE, rates.digest_decay, nodes.to_vec())
                .map_err(|source| NormalizerError::Digest { which, source })
        };
        if state.pending_count >= rates.sampling_interval {
            return Err(NormalizerError::Pending {
                limit: rates.sampling_interval,
                found: state.pending_count,
            });
        }
        in_range("pending score", state.pending_maximum, LARGEST_RAW_SCORE)?;
        in_range("ageing clock", state.clock, AGEING_PERIOD)?;
        let mut maxima = Maxima::default();
        for MaximumState { partition, value, raw_score, age } in &state.maxima {
            in_range("maximum", *raw_score, LARGEST_RAW_SCORE)?;
            maxima.insert(Scope { partition, value }, Maximum { raw_score: *raw_score, age: *age });
        }
        Ok(Normalizer {
            rates,
            scores: digest("scores", &state.scores)?,
            high: HighScores {
                digest: digest("high scores", &state.high_scores)?,
                threshold: state.high_threshold,
                ordinary: state.ordinary_count,
            },
            maxima,
            pending_maximum: state.pending_maximum,
            pending_count: state.pending_count,
            clock: state.clock,
        })
    }
}

/// Refuses a number outside 0 … `limit`, or not a number.
fn in_range(what: &'static str, found: f64, limit: f64) -> Result<(), NormalizerError> {
    if (0.0..=limit).contains(&found) {
        Ok(())
    } else {
        Err(NormalizerError::Range { what, limit, found })
    }
}
