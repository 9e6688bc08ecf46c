//! The state of all normalisers of a job as plain data.

use super::Normalizers;
use crate::normalizer::{Normalizer, NormalizerError, NormalizerState};
use crate::snapshot::{SnapshotError, impossible};
use serde::{Deserialize, Serialize};

/// Everything that the [`Normalizers`] of a job remember (rare-model §12).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NormalizersState {
    root: NormalizerState,
    leaves: Option<NormalizerState>,
    /// By influencer field, for its values.
    values: Vec<Option<NormalizerState>>,
    /// By influencer field, for the field itself.
    fields: Vec<Option<NormalizerState>>,
}

impl Normalizers {
    /// The whole state, for [`from_state`](Self::from_state).
    pub(crate) fn state(&self) -> NormalizersState {
        let state = |normalizer: &Option<Normalizer>| normalizer.as_ref().map(Normalizer::state);
        NormalizersState {
            root: self.root.state(),
            leaves: state(&self.leaves),
            values: self.values.iter().map(state).collect(),
            fields: self.fields.iter().map(state).collect(),
        }
    }

    /// The normalisers that were in a state, of a job with so many influencer fields.
    pub(crate) fn from_state(
        bucket_span: u32,
        influencer_fields: usize,
        state: &NormalizersState,
    ) -> Result<Normalizers, SnapshotError> {
        let NormalizersState { root, leaves, values, fields } = state;
        if [values, fields].iter().any(|all| all.len() != influencer_fields) {
            return Err(impossible("there is not one score history for each influencer field"));
        }
        let one = |state: &NormalizerState| Normalizer::from_state(bucket_span, state);
        let optional = |state: &Option<NormalizerState>| state.as_ref().map(one).transpose();
        let all = |states: &[Option<NormalizerState>]| {
            states.iter().map(optional).collect::<Result<Vec<_>, NormalizerError>>()
        };
        Ok(Normalizers {
            bucket_span,
            root: one(root)?,
            leaves: optional(leaves)?,
            values: all(values)?,
            fields: all(fields)?,
        })
    }
}
