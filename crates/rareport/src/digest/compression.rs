//! Compression of a digest (rare-model §8.2): which nodes are merged, and in what order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::{Node, QuantileDigest};

impl QuantileDigest {
    /// θ: a node, its dyadic sibling and its dyadic parent are merged while they count fewer.
    pub(super) fn merge_threshold(&self) -> u64 {
        self.total / self.size
    }

    /// Compresses the whole tree: passes over all nodes, each in order of span and then of upper
    /// end, until a pass merges nothing.
    ///
    /// A merge can make only two kinds of node mergeable: the merged one, which is queued at
    /// once, and the children it takes over, which are smaller and therefore wait for the next
    /// pass. So a pass may start from the nodes that are mergeable at its beginning.
    pub(super) fn compress(&mut self) {
        let threshold = self.merge_threshold();
        if threshold == 0 {
            return;
        }
        loop {
            let mut queue = self.mergeable(threshold);
            if queue.is_empty() {
                return;
            }
            while let Some(Reverse((width, hi))) = queue.pop() {
                let node = Node { lo: hi - width, hi, count: 0 };
                let Ok(index) = self.find(&node) else {
                    continue;
                };
                if let Some(merged) = self.merge(index, threshold) {
                    let merged = self.nodes[merged];
                    queue.push(Reverse((merged.width(), merged.hi)));
                }
            }
        }
    }

    /// Adds a node that is not there yet and compresses along the path from it upwards.
    ///
    /// The node is merged, as by [`merge`](Self::merge), before it is put in its place: most new
    /// leaves end up in a node that is there already.
    pub(super) fn add_merged(&mut self, mut node: Node) {
        let threshold = self.merge_threshold();
        let mut at = self.find(&node).unwrap_or_else(|at| at);
        let mut parent = self.parent_of(&node, at);
        let first = self.ending_below(self.nodes[parent].lo);
        loop {
            let sibling = self.sibling(&node, first..parent);
            let count = self.family_count(&node, sibling, parent);
            if count >= threshold {
                at = first + self.nodes[first..parent].partition_point(|n| n.key() < node.key());
                self.nodes.insert(at, node);
                return;
            }
            if let Some(sibling) = sibling {
                self.nodes.remove(sibling);
                parent -= 1;
            }
            node = Node { count, ..node.dyadic_parent() };
            if self.nodes[parent].key() == node.key() {
                self.nodes[parent] = node;
                break;
            }
        }
        let mut next = Some(parent);
        while let Some(index) = next {
            next = self.merge(index, threshold);
        }
    }

    /// The nodes that [`merge`](Self::merge) would merge now, as (width, upper end).
    fn mergeable(&self, threshold: u64) -> BinaryHeap<Reverse<(u32, u32)>> {
        let mut found = Vec::new();
        // Walking post-order backwards visits every parent before its children.
        let mut ancestors: Vec<usize> = Vec::new();
        for (index, node) in self.nodes.iter().enumerate().rev() {
            while ancestors.last().is_some_and(|&above| !self.nodes[above].encloses(node)) {
                ancestors.pop();
            }
            if let Some(&parent) = ancestors.last() {
                let sibling = self.sibling(node, 0..parent);
                if self.family_count(node, sibling, parent) < threshold {
                    found.push(Reverse((node.width(), node.hi)));
                }
            }
            ancestors.push(index);
        }
        BinaryHeap::from(found)
    }

    /// The position of the tree parent of a node below the root, which is or would be just before
    /// the position `after`: the first later node that reaches as far down.
    fn parent_of(&self, node: &Node, after: usize) -> usize {
        let reaching = |other: &Node| other.lo <= node.lo;
        after + self.nodes[after..].iter().position(reaching).unwrap_or_default()
    }

    /// The position of the dyadic sibling of a node if it is there, looked for among the nodes
    /// `within`.
    fn sibling(&self, node: &Node, within: Range<usize>) -> Option<usize> {
        let key = node.dyadic_sibling().key();
        let found = self.nodes[within.clone()].binary_search_by_key(&key, Node::key);
        found.ok().map(|offset| within.start + offset)
    }

    /// The joint count of a node, its dyadic sibling and its dyadic parent, as far as they are
    /// there; `parent` is the position of its tree parent.
    fn family_count(&self, node: &Node, sibling: Option<usize>, parent: usize) -> u64 {
        let parent = &self.nodes[parent];
        let shared = if parent.width() >> 1 == node.width() { parent.count } else { 0 };
        node.count + shared + sibling.map_or(0, |sibling| self.nodes[sibling].count)
    }

    /// Merges the node at `index` with its dyadic sibling into its dyadic parent if together they
    /// count less than `threshold`; the position of the merged node.
    fn merge(&mut self, index: usize, threshold: u64) -> Option<usize> {
        let node = self.nodes[index];
        if index + 1 == self.nodes.len() {
            return None;
        }
        let parent = self.parent_of(&node, index + 1);
        let sibling = self.sibling(&node, 0..parent);
        let count = self.family_count(&node, sibling, parent);
        if count >= threshold {
            return None;
        }
        let merged = Node { count, ..node.dyadic_parent() };
        let mut position = parent;
        if self.nodes[parent].key() == merged.key() {
            self.nodes[parent] = merged;
        } else {
            position = self.find(&merged).unwrap_or_else(|position| position);
            self.nodes.insert(position, merged);
        }
        // Both lie inside the merged interval and so before it.
        self.nodes.remove(index);
        position -= 1;
        if let Some(sibling) = sibling {
            self.nodes.remove(if sibling > index { sibling - 1 } else { sibling });
            position -= 1;
        }
        Some(position)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// §8.2 to the letter: every pass queues all nodes.
    fn compress_by_the_letter(digest: &mut QuantileDigest) {
        let threshold = digest.merge_threshold();
        let by_size = |node: &Node| (node.width(), node.hi);
        loop {
            let before = digest.nodes.clone();
            let mut queue: BTreeSet<_> = digest.nodes.iter().map(by_size).collect();
            while let Some((width, hi)) = queue.pop_first() {
                let lo = hi - width;
                if let Ok(index) = digest.find(&Node { lo, hi, count: 0 })
                    && let Some(merged) = digest.merge(index, threshold)
                {
                    queue.insert(by_size(&digest.nodes[merged]));
                }
            }
            if digest.nodes == before {
                return;
            }
        }
    }

    /// §8.2 to the letter: a new leaf is put in its place and then merged upwards.
    fn add_by_the_letter(digest: &mut QuantileDigest, value: u32) {
        let threshold = digest.merge_threshold();
        digest.total += 1;
        let grown = digest.grow_root(value);
        let leaf = Node { lo: value, hi: value, count: 1 };
        let mut next = None;
        match digest.find(&leaf) {
            Ok(index) => digest.nodes[index].count += 1,
            Err(index) => {
                digest.nodes.insert(index, leaf);
                next = Some(index);
            }
        }
        if grown || digest.merge_threshold() != threshold {
            compress_by_the_letter(digest);
        } else {
            while let Some(index) = next {
                next = digest.merge(index, threshold);
            }
        }
    }

    proptest! {
        #[test]
        fn merging_a_leaf_before_placing_it_changes_nothing(
            values in prop::collection::vec(0_u32..5000, 1..300),
            size in 1_u64..40,
        ) {
            let mut digest = QuantileDigest::new(size, 0.0);
            let mut literal = digest.clone();
            for value in values {
                digest.add(value, 1);
                add_by_the_letter(&mut literal, value);
                prop_assert_eq!(&digest, &literal);
            }
        }

        #[test]
        fn starting_a_pass_from_the_mergeable_nodes_changes_nothing(
            counts in prop::collection::vec((0_u32..300, 1_u64..9), 1..120),
            sizes in (1_u64..400, 1_u64..60),
        ) {
            let mut digest = QuantileDigest::new(sizes.0, 0.0);
            for (value, count) in counts {
                digest.add(value, count);
            }
            digest.size = sizes.1;
            let mut literal = digest.clone();
            compress_by_the_letter(&mut literal);
            digest.compress();
            prop_assert_eq!(digest, literal);
        }
    }
}
