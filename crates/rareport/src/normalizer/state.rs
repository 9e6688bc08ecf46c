//! The state of a normaliser as plain data, from which it can be restored exactly.

use serde::{Deserialize, Serialize};

use super::high_scores::HighScores;
use super::maxima::{MEMORY, Maxima, Maximum};
use super::{AGEING_PERIOD, Normalizer, Rates, Scope};
use crate::constants::FULL_SCORE;
use crate::digest::{DIGEST_SIZE, DigestError, Node, QuantileDigest};

/// Everything a [`Normalizer`] remembers (rare-model §12).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NormalizerState {
    /// D: the nodes of the digest of all scores.
    pub scores: Vec<Node>,
    /// H: the nodes of the digest of the high scores.
    pub high_scores: Vec<Node>,
    /// h: the largest discretised score that is not high.
    pub high_threshold: u32,
    /// c_h: how many scores are not high, of those in `scores`.
    pub ordinary_count: u64,
    /// y: the largest raw score, 0–100, that has not entered the digests; 0 if there is none.
    pub pending_maximum: f64,
    /// k: how many raw scores have not entered the digests.
    pub pending_count: u32,
    /// A: what is left of the ageing period, above 0 and at most 20.
    pub clock: f64,
    /// The maxima, by scope in byte order, each scope once.
    pub maxima: Vec<MaximumState>,
}

/// The maximum of one [`Scope`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaximumState {
    /// [`Scope::partition`].
    pub partition: Vec<u8>,
    /// [`Scope::value`].
    pub value: Vec<u8>,
    /// The largest raw score, faded; above 0 and at most 100.
    pub raw_score: f64,
    /// Buckets since the scope was last fed, at most 50.
    pub age: u32,
}

/// Why a state is not that of a normaliser.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
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
    /// A number is zero that never is.
    #[error("expected the {what} of a normalizer above 0, found 0")]
    Zero {
        /// Which number.
        what: &'static str,
    },
    /// A score is pending though none was fed.
    #[error("expected no pending score in a normalizer without pending scores, found {found}")]
    PendingScore {
        /// The score.
        found: f64,
    },
    /// A maximum does not follow the one before it.
    #[error("expected the maxima of a normalizer by scope, each once, found another at {index}")]
    OutOfOrder {
        /// Position in the list.
        index: usize,
    },
}

impl Normalizer {
    /// The whole state, for [`from_state`](Self::from_state).
    #[must_use]
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
        maxima.sort_unstable_by(|x, y| x.scope().cmp(&y.scope()));
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
        state.check(rates)?;
        let scores = digest("scores", &state.scores)?;
        in_range("count of ordinary scores", state.ordinary_count as f64, scores.len() as f64)?;
        let mut maxima = Maxima::default();
        for MaximumState { partition, value, raw_score, age } in &state.maxima {
            maxima.insert(Scope { partition, value }, Maximum { raw_score: *raw_score, age: *age });
        }
        Ok(Normalizer {
            rates,
            scores,
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

impl NormalizerState {
    /// Checks all but the digests.
    fn check(&self, rates: Rates) -> Result<(), NormalizerError> {
        let limit = rates.sampling_interval;
        if self.pending_count >= limit {
            return Err(NormalizerError::Pending { limit, found: self.pending_count });
        }
        in_range("pending score", self.pending_maximum, FULL_SCORE)?;
        if self.pending_count == 0 && self.pending_maximum > 0.0 {
            return Err(NormalizerError::PendingScore { found: self.pending_maximum });
        }
        above_zero("ageing clock", self.clock, AGEING_PERIOD)?;
        for (index, maximum) in self.maxima.iter().enumerate() {
            above_zero("maximum", maximum.raw_score, FULL_SCORE)?;
            in_range("age of a maximum", f64::from(maximum.age), f64::from(MEMORY))?;
            if index > 0 && self.maxima[index - 1].scope() >= maximum.scope() {
                return Err(NormalizerError::OutOfOrder { index });
            }
        }
        Ok(())
    }
}

impl MaximumState {
    fn scope(&self) -> (&[u8], &[u8]) {
        (&self.partition, &self.value)
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

/// Refuses a number that is not above 0 and at most `limit`.
fn above_zero(what: &'static str, found: f64, limit: f64) -> Result<(), NormalizerError> {
    in_range(what, found, limit)?;
    if found == 0.0 { Err(NormalizerError::Zero { what }) } else { Ok(()) }
}
