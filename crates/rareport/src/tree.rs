//! The result tree of a bucket: from the probabilities of its leaves to those of everything above
//! them, and what of it is worth writing.
//!
//! Leaves are combined twice: by partition up to the root, and by influencer value up to the
//! influencer fields (rare-model §7.4, §14.1). Where the probabilities of leaves come from, and
//! how nodes are scored, is decided elsewhere.

mod aggregation;
mod leaves;
mod written;

#[cfg(test)]
mod tests;

pub(crate) use leaves::{Influence, LeafKind, Leaves};
pub(crate) use written::Written;

/// One node of the tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Node {
    /// Probability; that of an aggregate with a raw score is replaced in the end by the one that
    /// stands for the score (22).
    pub(crate) probability: f64,
    /// Raw score, R.
    pub(crate) raw_score: f64,
    /// Smallest probability below the node, d of (21).
    pub(crate) smallest: f64,
}

impl Node {
    /// A node with nothing to say.
    const UNREMARKABLE: Node = Node { probability: 1.0, raw_score: 0.0, smallest: 1.0 };

    /// What decides whether the node is written, p̃ of (31).
    fn decisive(&self) -> f64 {
        self.probability.min(self.smallest)
    }
}

/// The influencers of a bucket, as far as the tree is concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Influencers<'a> {
    /// Influencer field of each influencer value; the values of a field are side by side.
    pub(crate) value_fields: &'a [u16],
    /// Number of influencer fields.
    pub(crate) field_count: usize,
    /// The influencer field that is the partition field, if one is.
    pub(crate) partition_field: Option<u16>,
}

/// All nodes of a bucket.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    /// In visiting order.
    pub(crate) leaves: Vec<Node>,
    pub(crate) root: Node,
    /// Influencer values, by index.
    pub(crate) values: Vec<Node>,
    /// Influencer fields, by index; none if there are no leaves.
    pub(crate) fields: Vec<Node>,
}
