//! Which nodes are written (rare-model §9 (31)).

use super::{Leaves, Tree};
use crate::constants::LARGEST_SIGNIFICANT;

/// How much larger than the smallest probability of a written parent that of a node may be for it
/// to be written along (rare-model §2).
const TOLERANCE: f64 = 1.2;

/// Which nodes of a tree are written.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) leaves: Vec<bool>,
    pub(crate) values: Vec<bool>,
    pub(crate) fields: Vec<bool>,
}

impl Written {
    pub(crate) fn of(tree: &Tree, leaves: &Leaves, value_fields: &[u16]) -> Written {
        let fields: Vec<bool> =
            tree.fields.iter().map(|field| field.decisive() < LARGEST_SIGNIFICANT).collect();
        let values: Vec<bool> = tree
            .values
            .iter()
            .zip(value_fields)
            .map(|(value, &field)| {
                let field = usize::from(field);
                value.decisive() < LARGEST_SIGNIFICANT
                    || fields[field] && value.decisive() <= TOLERANCE * tree.fields[field].smallest
            })
            .collect();
        let root_shows = tree.root.decisive() < LARGEST_SIGNIFICANT;
        let leaf_is_written = |leaf: usize| {
            let decisive = tree.leaves[leaf].decisive();
            decisive < LARGEST_SIGNIFICANT
                || root_shows && decisive <= TOLERANCE * tree.root.smallest
                || leaves.values(leaf).iter().any(|&value| {
                    let value = value as usize;
                    values[value] && decisive <= TOLERANCE * tree.values[value].smallest
                })
        };
        Written { leaves: (0..tree.leaves.len()).map(leaf_is_written).collect(), values, fields }
    }
}
