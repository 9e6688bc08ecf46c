//! One node of a digest: a dyadic interval with a count. It owns the arithmetic of such
//! intervals, not their arrangement in a tree.

use serde::{Deserialize, Serialize};

/// A dyadic interval `[lo, hi]` of values and how many values were counted to it.
///
/// Values inside the intervals of other, smaller nodes may be counted to this one: a node stands
/// for values that compression no longer tells apart.
///
/// Serialised as the triple of its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, u32, u64)", into = "(u32, u32, u64)")]
pub struct Node {
    /// Smallest value of the interval.
    pub lo: u32,
    /// Largest value of the interval.
    pub hi: u32,
    /// Number of values counted to this node itself, without the nodes inside it.
    pub count: u64,
}

impl From<(u32, u32, u64)> for Node {
    fn from((lo, hi, count): (u32, u32, u64)) -> Node {
        Node { lo, hi, count }
    }
}

impl From<Node> for (u32, u32, u64) {
    fn from(node: Node) -> (u32, u32, u64) {
        (node.lo, node.hi, node.count)
    }
}

impl Node {
    /// The number of values in the interval, less one.
    pub(super) fn width(&self) -> u32 {
        self.hi - self.lo
    }

    /// Position in post-order: by upper end, the smaller interval first.
    pub(super) fn key(&self) -> (u32, u32) {
        (self.hi, self.width())
    }

    /// Whether the interval is an aligned power of two.
    pub(super) fn is_dyadic(&self) -> bool {
        self.lo <= self.hi && {
            let width = self.width();
            width & width.wrapping_add(1) == 0 && self.lo & width == 0
        }
    }

    /// The interval of twice the span that encloses this one, without a count.
    pub(super) fn dyadic_parent(&self) -> Node {
        let width = self.width() << 1 | 1;
        Node { lo: self.lo & !width, hi: self.hi | width, count: 0 }
    }

    /// The other half of the dyadic parent, without a count.
    pub(super) fn dyadic_sibling(&self) -> Node {
        let bit = self.width() + 1;
        Node { lo: self.lo ^ bit, hi: self.hi ^ bit, count: 0 }
    }

    pub(super) fn encloses(&self, other: &Node) -> bool {
        self.lo <= other.lo && other.hi <= self.hi
    }
}
