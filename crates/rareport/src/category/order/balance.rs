//! The tree of an order, and how it is kept balanced.
//!
//! It is weight-balanced: of two siblings, counted with one more than the ids below them, neither has
//! more than [`MOST_TIMES_HEAVIER`] times the other's, so it is no deeper than 2.5 times the logarithm to
//! base 2 of their number, whatever the weights (Hirai and Yamamoto, *Balancing weight-balanced
//! trees*, 2011).

use super::{Link, NONE, Node, Order};
use std::cmp::Ordering;

/// How much heavier than its sibling a node may be.
pub(super) const MOST_TIMES_HEAVIER: u32 = 3;

/// How much heavier than the outer the inner child of a node that is too heavy is for it to be
/// divided.
const TIMES_HEAVIER_INSIDE: u32 = 2;

impl Order {
    /// Makes a tree of nodes that are in order, and gives its top.
    pub(super) fn grow(&mut self, links: &[Link]) -> Link {
        if links.is_empty() {
            return NONE;
        }
        let (left, rest) = links.split_at(links.len() / 2);
        let (left, right) = (self.grow(left), self.grow(&rest[1..]));
        self.join(rest[0], left, right)
    }

    /// Puts two trees below a node, and gives it.
    pub(super) fn join(&mut self, top: Link, left: Link, right: Link) -> Link {
        let (before, after) = (self.node(left), self.node(right));
        let count = before.count + 1 + after.count;
        let (sum_before, sum_after) = (before.sum, after.sum);
        let node = &mut self.nodes[top as usize];
        let sum = sum_before + node.weight + sum_after;
        *node = Node { weight: node.weight, sum, count, left, right };
        top
    }

    /// Puts a node that stands alone into a tree in its order, and gives the top of it.
    pub(super) fn insert_below(&mut self, top: Link, new: Link) -> Link {
        if top == NONE {
            return new;
        }
        let Node { left, right, .. } = *self.node(top);
        if self.compare(new, top).is_lt() {
            let left = self.insert_below(left, new);
            self.join_balanced(top, left, right)
        } else {
            let right = self.insert_below(right, new);
            self.join_balanced(top, left, right)
        }
    }

    /// Takes a node out of a tree, and gives the top of the rest.
    pub(super) fn remove_below(&mut self, top: Link, old: Link) -> Link {
        if top == NONE {
            return NONE;
        }
        let Node { left, right, .. } = *self.node(top);
        match self.compare(old, top) {
            Ordering::Less => {
                let left = self.remove_below(left, old);
                self.join_balanced(top, left, right)
            }
            Ordering::Greater => {
                let right = self.remove_below(right, old);
                self.join_balanced(top, left, right)
            }
            Ordering::Equal if right == NONE => left,
            Ordering::Equal => {
                let (first, rest) = self.take_first(right);
                self.join_balanced(first, left, rest)
            }
        }
    }

    /// Takes the first node out of a tree that is not empty; gives it, and the top of the rest.
    fn take_first(&mut self, top: Link) -> (Link, Link) {
        let Node { left, right, .. } = *self.node(top);
        if left == NONE {
            return (top, right);
        }
        let (first, left) = self.take_first(left);
        (first, self.join_balanced(top, left, right))
    }

    /// Puts two trees below a node, of which one may have become too heavy by one node, and gives
    /// the top of the tree of all.
    fn join_balanced(&mut self, top: Link, left: Link, right: Link) -> Link {
        if self.is_too_heavy(right, left) {
            let Node { left: inner, right: outer, .. } = *self.node(right);
            if self.heaviness(inner) < TIMES_HEAVIER_INSIDE * self.heaviness(outer) {
                let top = self.join(top, left, inner);
                return self.join(right, top, outer);
            }
            let middle = *self.node(inner);
            let top = self.join(top, left, middle.left);
            let right = self.join(right, middle.right, outer);
            return self.join(inner, top, right);
        }
        if self.is_too_heavy(left, right) {
            let Node { left: outer, right: inner, .. } = *self.node(left);
            if self.heaviness(inner) < TIMES_HEAVIER_INSIDE * self.heaviness(outer) {
                let top = self.join(top, inner, right);
                return self.join(left, outer, top);
            }
            let middle = *self.node(inner);
            let left = self.join(left, outer, middle.left);
            let top = self.join(top, middle.right, right);
            return self.join(inner, left, top);
        }
        self.join(top, left, right)
    }

    fn is_too_heavy(&self, link: Link, sibling: Link) -> bool {
        self.heaviness(link) > MOST_TIMES_HEAVIER * self.heaviness(sibling)
    }

    /// One more than the number of nodes of a tree.
    fn heaviness(&self, top: Link) -> u32 {
        self.node(top).count + 1
    }
}
