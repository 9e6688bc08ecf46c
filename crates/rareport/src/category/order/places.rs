//! An order as a list from which it can be made again with the same tree, whose shape the rounding of
//! its sums depends on.

use super::balance::MOST_TIMES_HEAVIER;
use super::{Link, Links, NONE, Node, Order};
use crate::snapshot::{SnapshotError, impossible};
use serde::{Deserialize, Serialize};

/// An id in the list of a tree, in which a node comes before those below it, and those on its left
/// before those on its right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::category) struct Place {
    pub(in crate::category) id: u32,
    /// Its weight, above 0.
    weight: f64,
    /// How many ids are below it on its left.
    left: u32,
}

impl Order {
    /// All ids, for [`of_places`](Self::of_places).
    pub(in crate::category) fn places(&self) -> Vec<Place> {
        let mut places = Vec::with_capacity(self.len());
        let mut waiting = vec![self.root];
        while let Some(top) = waiting.pop() {
            if top != NONE {
                let node = self.node(top);
                let left = self.node(node.left).count;
                places.push(Place { id: top - 1, weight: node.weight, left });
                waiting.extend([node.right, node.left]);
            }
        }
        places
    }

    /// The order that has these places, of ids below `ids`.
    pub(in crate::category) fn of_places(
        places: &[Place],
        ids: usize,
    ) -> Result<Order, SnapshotError> {
        let mut order = Order::default();
        order.nodes.resize(ids.saturating_add(1), Node::default());
        for &Place { id, weight, .. } in places {
            let known = order.nodes.get_mut((id as usize).saturating_add(1));
            let Some(node) = known.filter(|node| node.count == 0) else {
                return Err(impossible(format!("category {id} is there twice, or has no value")));
            };
            if !weight.is_normal() || weight < 0.0 {
                return Err(impossible(format!("category {id} has the weight {weight}")));
            }
            *node = Node { weight, count: 1, ..Node::default() };
        }
        order.root = order.plant(places)?;
        let links: Vec<Link> = Links::from(&order, 0).collect();
        if links.is_sorted_by(|&x, &y| order.compare(x, y).is_lt()) {
            Ok(order)
        } else {
            Err(impossible("the categories are not in order of their weights"))
        }
    }

    /// Makes the tree that has these places, and gives its top. It is balanced, so it is not deep.
    fn plant(&mut self, places: &[Place]) -> Result<Link, SnapshotError> {
        let Some((top, below)) = places.split_first() else {
            return Ok(NONE);
        };
        let Some((left, right)) = below.split_at_checked(top.left as usize) else {
            return Err(impossible(format!("more are below category {} than there are", top.id)));
        };
        let (lighter, heavier) = (left.len().min(right.len()), left.len().max(right.len()));
        if heavier + 1 > MOST_TIMES_HEAVIER as usize * (lighter + 1) {
            return Err(impossible(format!("the tree is not balanced at category {}", top.id)));
        }
        let (left, right) = (self.plant(left)?, self.plant(right)?);
        Ok(self.join(top.id + 1, left, right))
    }
}
