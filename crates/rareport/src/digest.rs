//! The quantile digest: a bounded summary of a stream of non-negative integers.
//!
//! This module owns the q-digest of rare-model §8.2: adding, compressing, ageing, and the
//! questions asked of it (quantile, cumulative distribution, density, summary). It does not know
//! what the integers mean; the normaliser feeds it scaled scores.
//!
//! A digest is a set of *dyadic* intervals (the span is a power of two and the lower end a
//! multiple of it), each with a count. Such intervals are nested or disjoint, so the set alone
//! determines the tree: the parent of a node is the smallest present interval that encloses it.
//! The nodes are kept in one vector in post-order, by upper end and then by span; a node's
//! parent is the first later node that reaches as far down, and the root is the last node.

mod compression;
mod node;

pub use node::Node;

/// The size parameter K of every digest of the model (rare-model §2): a digest holds a few times
/// this many nodes and its ranks are exact to about N/K.
pub const DIGEST_SIZE: u64 = 201;

/// The largest total an imported digest may have: the largest range of integers that binary64
/// holds exactly, since counts are scaled and divided as reals.
const MAX_TOTAL: u64 = 1 << f64::MANTISSA_DIGITS;

/// A lower and an upper bound: compression leaves open where in its interval a value lay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The smallest the quantity can be.
    pub lower: f64,
    /// The largest the quantity can be.
    pub upper: f64,
}

/// One step of a [summary](QuantileDigest::summary): `count` values are at most `value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Upper end of an interval of the digest.
    pub value: u32,
    /// Number of values counted to nodes that end at or below `value`.
    pub count: u64,
}

/// Why a list of nodes is not a digest.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DigestError {
    /// The size parameter is zero.
    #[error("expected a digest size of at least 1, found 0")]
    Size,
    /// The decay rate is not a finite non-negative number.
    #[error("expected a finite digest decay rate of at least 0, found {0}")]
    DecayRate(f64),
    /// The last node is not an interval that starts at 0 and holds all others.
    #[error("expected the last digest node to be the root, an interval [0, 2^k - 1] with k >= 1")]
    Root,
    /// A node is not an aligned interval whose span is a power of two.
    #[error(
        "expected digest node {index} to span an aligned power of two, found [{}, {}]",
        .node.lo,
        .node.hi
    )]
    NotDyadic {
        /// Position in the list.
        index: usize,
        /// The node found there.
        node: Node,
    },
    /// A node does not follow the one before it in post-order.
    #[error(
        "expected digest nodes by upper end and then span, each once, found [{}, {}] at {index}",
        .node.lo,
        .node.hi
    )]
    OutOfOrder {
        /// Position in the list.
        index: usize,
        /// The node found there.
        node: Node,
    },
    /// The counts add up to more than 2^53.
    #[error("expected digest counts of at most 2^53 in all, found more")]
    Total,
}

/// A q-digest of non-negative 32-bit integers (rare-model §8.2).
///
/// ```
/// use rareport::digest::{DIGEST_SIZE, QuantileDigest};
///
/// let mut digest = QuantileDigest::new(DIGEST_SIZE, 0.00025);
/// for value in 1..=100 {
///     digest.add(value, 1);
/// }
/// assert_eq!(digest.len(), 100);
/// assert_eq!(digest.quantile(0.5), 50);
/// assert_eq!(digest.cdf(10).upper, 0.1);
///
/// // The nodes are the whole state.
/// let nodes = digest.nodes().to_vec();
/// assert_eq!(QuantileDigest::from_nodes(DIGEST_SIZE, 0.00025, nodes), Ok(digest));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct QuantileDigest {
    size: u64,
    decay_rate: f64,
    /// Sum of the counts of `nodes`.
    total: u64,
    /// In post-order; never empty, the last is the root.
    nodes: Vec<Node>,
}

impl QuantileDigest {
    /// An empty digest with size parameter `size` (K, at least 1) and decay rate `decay_rate`
    /// (λ, per unit of [age](Self::age)).
    #[must_use]
    pub fn new(size: u64, decay_rate: f64) -> QuantileDigest {
        let root = Node { lo: 0, hi: 1, count: 0 };
        QuantileDigest { size: size.max(1), decay_rate, total: 0, nodes: vec![root] }
    }

    /// The digest whose [nodes](Self::nodes) are `nodes`.
    ///
    /// # Errors
    /// If `nodes` is not a list that [`nodes`](Self::nodes) can have returned.
    pub fn from_nodes(
        size: u64,
        decay_rate: f64,
        nodes: Vec<Node>,
    ) -> Result<QuantileDigest, DigestError> {
        if size == 0 {
            return Err(DigestError::Size);
        }
        if !(decay_rate.is_finite() && decay_rate >= 0.0) {
            return Err(DigestError::DecayRate(decay_rate));
        }
        for (index, &node) in nodes.iter().enumerate() {
            if !node.is_dyadic() {
                return Err(DigestError::NotDyadic { index, node });
            }
            if index > 0 && nodes[index - 1].key() >= node.key() {
                return Err(DigestError::OutOfOrder { index, node });
            }
        }
        if !nodes.last().is_some_and(|root| root.lo == 0 && root.hi > 0) {
            return Err(DigestError::Root);
        }
        let total = nodes
            .iter()
            .try_fold(0_u64, |sum, node| sum.checked_add(node.count))
            .filter(|&total| total <= MAX_TOTAL)
            .ok_or(DigestError::Total)?;
        Ok(QuantileDigest { size, decay_rate, total, nodes })
    }

    /// The nodes in post-order, the root last: the exact state, for
    /// [`from_nodes`](Self::from_nodes).
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// N, the number of values counted (after ageing, what is left of it).
    #[must_use]
    pub fn len(&self) -> u64 {
        self.total
    }

    /// Whether nothing is counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Counts `value` `count` times. Nothing changes if `count` is 0.
    pub fn add(&mut self, value: u32, count: u64) {
        if count == 0 {
            return;
        }
        // The totals from here on have another merge threshold.
        let next = (self.merge_threshold() + 1).saturating_mul(self.size);
        self.total = self.total.saturating_add(count);
        let grown = self.grow_root(value);
        let leaf = Node { lo: value, hi: value, count };
        let whole = grown || self.total >= next;
        match self.find(&leaf) {
            Ok(index) => {
                let node = &mut self.nodes[index];
                node.count = node.count.saturating_add(count);
            }
            Err(index) if whole => self.nodes.insert(index, leaf),
            Err(_) => self.add_merged(leaf),
        }
        if whole {
            self.compress();
        }
    }

    /// Ages the digest by `time`: counts shrink by the factor exp(−λ·time), to the nearest
    /// integer but never below 1.
    pub fn age(&mut self, time: f64) {
        let factor = (-self.decay_rate * time).exp();
        for node in self.nodes.iter_mut().filter(|node| node.count > 0) {
            node.count = (node.count as f64 * factor + 0.5).max(1.0) as u64;
        }
        self.total = self.nodes.iter().fold(0, |sum, node| sum.saturating_add(node.count));
        self.compress();
    }

    /// The smallest interval end below which about the fraction `q` (0–1) of the values lie;
    /// 0 for an empty digest.
    #[must_use]
    pub fn quantile(&self, q: f64) -> u32 {
        if self.is_empty() {
            return 0;
        }
        let rank = (q * self.total as f64 + 0.5) as u64;
        let mut count = 0;
        // In post-order a node is preceded by all that lies left of it or inside it, so the
        // descent from the root ends at the first node whose running count reaches the rank.
        for node in &self.nodes {
            count += node.count;
            if count >= rank {
                return node.hi;
            }
        }
        self.root().hi
    }

    /// Bounds of the fraction of values that are at most `value`; 0 for an empty digest.
    #[must_use]
    pub fn cdf(&self, value: u32) -> Bounds {
        if self.is_empty() {
            return Bounds { lower: 0.0, upper: 0.0 };
        }
        let sum = |count, node: &Node| count + node.count;
        let ended = self.nodes[..self.ending_by(value)].iter().fold(0, sum);
        let begun = self.nodes.iter().filter(|node| node.lo <= value).fold(0, sum);
        let total = self.total as f64;
        Bounds { lower: ended as f64 / total, upper: begun as f64 / total }
    }

    /// Bounds of the density (fraction of the values per unit) around `value`.
    #[must_use]
    pub fn pdf(&self, value: u32) -> Bounds {
        let infimum = self.infimum(value);
        let supremum = self.supremum(value);
        let width = f64::from(supremum.saturating_sub(infimum).max(1));
        let (below, above) = (self.cdf(infimum), self.cdf(supremum));
        Bounds {
            lower: (above.lower - below.upper).max(0.0) / width,
            upper: (above.upper - below.lower).max(0.0) / width,
        }
    }

    /// The cumulative counts at every interval end where they change, ascending in both; the last
    /// step has the number of all values. Empty for an empty digest.
    #[must_use]
    pub fn summary(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::with_capacity(self.nodes.len());
        let mut count = 0;
        for node in self.nodes.iter().filter(|node| node.count > 0) {
            count += node.count;
            match steps.last_mut() {
                Some(step) if step.value == node.hi => step.count = count,
                _ => steps.push(Step { value: node.hi, count }),
            }
        }
        steps
    }

    fn root(&self) -> &Node {
        &self.nodes[self.nodes.len() - 1]
    }

    /// The position of the interval, or where it would be inserted.
    fn find(&self, interval: &Node) -> Result<usize, usize> {
        self.nodes.binary_search_by_key(&interval.key(), Node::key)
    }

    /// How many nodes end at or below `value`: they are the first in post-order.
    fn ending_by(&self, value: u32) -> usize {
        self.nodes.partition_point(|node| node.hi <= value)
    }

    /// How many nodes end below `value`.
    fn ending_below(&self, value: u32) -> usize {
        self.nodes.partition_point(|node| node.hi < value)
    }

    /// The nearest interval end below `value`, or 0. An empty root does not count.
    fn infimum(&self, value: u32) -> u32 {
        let below = &self.nodes[..self.ending_below(value)];
        let occupied = match below.split_last() {
            Some((root, rest)) if below.len() == self.nodes.len() && root.count == 0 => rest,
            _ => below,
        };
        occupied.last().map_or(0, |node| node.hi)
    }

    /// The nearest end above `value` of the root's children, or of the root if it has a count;
    /// otherwise the largest 32-bit integer. Deeper nodes are not looked at, by definition.
    fn supremum(&self, value: u32) -> u32 {
        let Some((root, inner)) = self.nodes.split_last() else {
            return u32::MAX;
        };
        let after = &inner[self.ending_by(value).min(inner.len())..];
        let wider = |child: Node, node: Node| if node.lo <= child.lo { node } else { child };
        let child = after.iter().copied().reduce(wider);
        match child {
            Some(child) => child.hi,
            None if root.hi > value && root.count > 0 => root.hi,
            None => u32::MAX,
        }
    }

    /// Makes the root enclose `value`; whether it had to grow.
    fn grow_root(&mut self, value: u32) -> bool {
        let last = self.nodes.len() - 1;
        let root = &mut self.nodes[last];
        if value <= root.hi {
            return false;
        }
        let hi = u32::MAX >> value.leading_zeros();
        if root.count == 0 {
            root.hi = hi;
        } else {
            self.nodes.push(Node { lo: 0, hi, count: 0 });
        }
        true
    }
}
