//! An order as a table, for many questions at once.

use super::{Division, Link, NONE, Order, Weights};
use std::cell::Cell;

/// The ids of an order with their weights, and the sums of the weights below each place; the sums are
/// those that the order itself gives.
///
/// A question takes little time if its limit is near that of the one before.
#[derive(Clone, Debug)]
pub(in crate::category) struct Table {
    ids: Vec<u32>,
    weights: Vec<f64>,
    /// Sum of the weights before each place, and at the end that of all.
    sums: Vec<f64>,
    /// Place at which the last limit divided the weights.
    last_place: Cell<usize>,
}

impl Order {
    /// The order as a table.
    pub(in crate::category) fn table(&self) -> Table {
        let count = self.len();
        let mut table = Table {
            ids: Vec::with_capacity(count),
            weights: Vec::with_capacity(count),
            sums: Vec::with_capacity(count + 1),
            last_place: Cell::new(0),
        };
        self.tabulate(self.root, 0.0, &mut table);
        table
    }

    /// Adds the nodes below `top` to a table; `sum` is what [`Order::divide`] has summed up on the way
    /// to it.
    fn tabulate(&self, top: Link, sum: f64, table: &mut Table) {
        if top == NONE {
            table.sums.push(sum);
            return;
        }
        let node = self.node(top);
        self.tabulate(node.left, sum, table);
        table.ids.push(top - 1);
        table.weights.push(node.weight);
        self.tabulate(node.right, sum + (self.node(node.left).sum + node.weight), table);
    }
}

impl Table {
    /// The ids with their weights, in order.
    pub(in crate::category) fn iter(&self) -> impl Iterator<Item = (u32, f64)> {
        self.ids.iter().copied().zip(self.weights.iter().copied())
    }

    /// Number of weights that are below a limit: looked for from the last place, in steps that double.
    fn place(&self, is_below: impl Fn(f64) -> bool) -> usize {
        let weights = &self.weights;
        let (mut low, mut high) = (self.last_place.get(), self.last_place.get());
        let mut step = 1;
        while low > 0 && !is_below(weights[low - 1]) {
            (low, high) = (low.saturating_sub(step), low - 1);
            step *= 2;
        }
        while high < weights.len() && is_below(weights[high]) {
            (low, high) = (high + 1, weights.len().min(high + step));
            step *= 2;
        }
        low + weights[low..high].partition_point(|&weight| is_below(weight))
    }
}

impl Weights for Table {
    fn divide(&self, is_below: impl Fn(f64) -> bool) -> Division {
        let place = self.place(is_below);
        self.last_place.set(place);
        Division {
            count: place,
            sum: self.sums[place],
            last: place.checked_sub(1).map(|last| self.weights[last]),
            next: self.weights.get(place).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_says_what_the_order_says_to_the_bit(
            changes in prop::collection::vec((prop::collection::btree_set(0..60u32, 1..40), 1..9u32), 1..12),
            limits in prop::collection::vec(0..60usize, 1..40),
        ) {
            let mut order = Order::default();
            for (ids, weight) in changes {
                let ids: Vec<u32> = ids.into_iter().collect();
                // Thirds, whose sums are not exact, so that the order of summing shows.
                order.add(&ids, f64::from(weight) / 3.0);
            }
            let table = order.table();
            let ids: Vec<u32> = table.iter().map(|(id, _)| id).collect();
            prop_assert!(ids.iter().copied().eq(order.ids_from(0)));
            for (id, weight) in table.iter() {
                prop_assert_eq!(order.weight(id), Some(weight));
            }
            for limit in limits {
                let weight = order.weight(ids[limit % ids.len()]).unwrap_or(0.0);
                for limit in [weight, weight * 0.99, weight * 1.01, 0.0, f64::INFINITY] {
                    prop_assert_eq!(table.divide_below(limit), order.divide_below(limit));
                    prop_assert_eq!(table.divide_above(limit), order.divide_above(limit));
                }
            }
        }
    }

    #[test]
    fn an_empty_order_is_an_empty_table() {
        let table = Order::default().table();
        assert_eq!(table.iter().count(), 0);
        assert_eq!(table.divide_below(1.0), Division::default());
    }
}
