//! The state of a category model as plain data, from which it can be restored exactly.

use super::order::{Order, Place};
use super::{CategoryModel, SMALLEST_SCALE};
use crate::snapshot::{SnapshotError, impossible};
use serde::{Deserialize, Serialize};

/// How far the total, which is kept by its own additions and multiplications, may be from the sum
/// of the concentrations, as a part of it. Rounding alone leaves it within 1e-9 for centuries.
const TOTAL_TOLERANCE: f64 = 1e-6;

/// Everything a [`CategoryModel`] remembers (rare-model §12).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CategoryState {
    /// What times the weight of a category is its concentration; above 0 and at most 1.
    scale: f64,
    /// Sum of all concentrations, T.
    total: f64,
    /// The categories with their weights, in the tree that they are summed in: the rounding of sums
    /// depends on it.
    tree: Vec<Place>,
}

impl CategoryState {
    /// The ids of the categories, in no particular order.
    pub(crate) fn ids(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.tree.iter().map(|place| place.id)
    }

    /// Checks the concentrations of an order, which are at most what a category comes to that is in
    /// every bucket.
    fn check(&self, order: &Order, decay_rate: f32) -> Result<(), SnapshotError> {
        let CategoryState { scale, total, .. } = *self;
        if !(SMALLEST_SCALE..=1.0).contains(&scale) {
            return Err(impossible(format!("the scale of concentrations is {scale}")));
        }
        let sum = order.sum() * scale;
        if !total.is_finite() || (total - sum).abs() > TOTAL_TOLERANCE * sum {
            return Err(impossible(format!("concentrations of {sum} in all have the sum {total}")));
        }
        let largest = order.largest().unwrap_or(0.0) * scale;
        if largest * f64::from(decay_rate) > 1.0 + TOTAL_TOLERANCE {
            return Err(impossible(format!("a concentration is {largest}")));
        }
        Ok(())
    }
}

impl CategoryModel {
    /// The whole state, for [`from_state`](Self::from_state).
    pub(crate) fn state(&self) -> CategoryState {
        CategoryState { scale: self.scale, total: self.total, tree: self.order.places() }
    }

    /// The model that was in a state, forgetting at `decay_rate`, of categories with ids below `ids`.
    pub(crate) fn from_state(
        state: &CategoryState,
        decay_rate: f64,
        ids: usize,
    ) -> Result<Self, SnapshotError> {
        let order = Order::of_places(&state.tree, ids)?;
        let empty = CategoryModel::new(decay_rate);
        state.check(&order, empty.decay_rate)?;
        Ok(CategoryModel { order, scale: state.scale, total: state.total, ..empty })
    }
}
