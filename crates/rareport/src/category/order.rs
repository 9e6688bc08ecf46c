//! Ids in ascending order of the weights that they have, with the sums of the weights.
//!
//! To add to a weight, to find the id at a place, and to sum all weights up to a limit each take
//! time that goes with the logarithm of the number of ids. What the weights mean is decided
//! elsewhere.

mod balance;
mod places;
mod table;

pub(super) use places::Place;

/// Ids by ascending weight; those of equal weight by ascending id.
///
/// They are held in a balanced search tree.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// The node of an id at the place after it; at the first place a node that stands for none.
    nodes: Vec<Node>,
    root: Link,
}

/// Place of a node among all.
type Link = u32;

/// Place of the node that stands for none.
const NONE: Link = 0;

/// Depth that few orders exceed.
const MOST_USUAL_DEPTH: usize = 32;

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    weight: f64,
    /// Of the weights of the node and of all below it.
    sum: f64,
    /// Number of the node and of all below it; 0 if it is not in the tree.
    count: u32,
    left: Link,
    right: Link,
}

/// Where a limit divides the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Division {
    /// Number of weights below the limit.
    pub(super) count: usize,
    /// Sum of the weights below the limit.
    pub(super) sum: f64,
    /// The largest weight below the limit.
    pub(super) last: Option<f64>,
    /// The smallest weight that is not below the limit.
    pub(super) next: Option<f64>,
}

/// Weights in ascending order with their sums, to be divided by limits.
pub(super) trait Weights {
    /// Where the weights are divided into those that are below something and those, no smaller, that
    /// are not.
    fn divide(&self, is_below: impl Fn(f64) -> bool) -> Division;

    /// Where the weights are divided by a limit, below which are those that are less.
    fn divide_below(&self, limit: f64) -> Division {
        self.divide(|weight| weight < limit)
    }

    /// Where the weights are divided by a limit, below which are those that are not greater.
    fn divide_above(&self, limit: f64) -> Division {
        self.divide(|weight| weight <= limit)
    }
}

impl Default for Order {
    fn default() -> Self {
        Order { nodes: vec![Node::default()], root: NONE }
    }
}

impl Order {
    /// The ids 0, 1, 2, … whose weight, given in that order, is not 0.
    pub(super) fn of(weights: impl Iterator<Item = f64>) -> Self {
        let mut order = Order::default();
        order.nodes.extend(weights.map(|weight| Node { weight, ..Node::default() }));
        let mut links: Vec<Link> =
            (1..order.nodes.len() as u32).filter(|&link| order.node(link).weight > 0.0).collect();
        links.sort_by(|&x, &y| order.compare(x, y));
        order.root = order.grow(&links);
        order
    }

    /// Number of ids.
    pub(super) fn len(&self) -> usize {
        self.node(self.root).count as usize
    }

    /// Sum of all weights.
    pub(super) fn sum(&self) -> f64 {
        self.node(self.root).sum
    }

    /// The largest weight.
    pub(super) fn largest(&self) -> Option<f64> {
        let last = self.len().checked_sub(1)?;
        self.ids_from(last).next().and_then(|id| self.weight(id))
    }

    /// The weight of an id.
    pub(super) fn weight(&self, id: u32) -> Option<f64> {
        let node = self.nodes.get(id as usize + 1).filter(|node| node.count > 0);
        node.map(|node| node.weight)
    }

    /// The weights by ascending id.
    pub(super) fn weights_by_id(&self) -> impl Iterator<Item = f64> + '_ {
        self.nodes.iter().filter(|node| node.count > 0).map(|node| node.weight)
    }

    /// The ids in order, from that at a place on, counted from 0.
    pub(super) fn ids_from(&self, place: usize) -> impl Iterator<Item = u32> + '_ {
        Links::from(self, place).map(|link| link - 1)
    }

    /// Adds to the weights of `ids`, which are ascending and each there once. A new one had 0.
    pub(super) fn add(&mut self, ids: &[u32], weight: f64) {
        let Some(&largest) = ids.last() else {
            return;
        };
        if self.nodes.len() <= largest as usize + 1 {
            self.nodes.resize(largest as usize + 2, Node::default());
        }
        if self.is_mostly(ids.len()) {
            self.add_and_grow_anew(ids, weight);
        } else {
            self.add_and_move(ids, weight);
        }
    }

    /// Whether it takes less time to go through all ids than to go down to so many of them one by one:
    /// a level takes about as long as the next id.
    pub(super) fn is_mostly(&self, ids: usize) -> bool {
        let depth = self.len().checked_ilog2().unwrap_or(0) as usize;
        ids.saturating_mul(depth) >= self.len()
    }

    /// [`Order::add`] for few ids.
    fn add_and_move(&mut self, ids: &[u32], weight: f64) {
        for &id in ids {
            let link = id + 1;
            if self.node(link).count > 0 {
                self.root = self.remove_below(self.root, link);
            }
            let weight = self.node(link).weight + weight;
            self.nodes[link as usize] = Node { weight, sum: weight, count: 1, ..Node::default() };
            self.root = self.insert_below(self.root, link);
        }
    }

    /// [`Order::add`] for so many ids that going through all is quicker than to move each.
    fn add_and_grow_anew(&mut self, ids: &[u32], weight: f64) {
        let mut has_grown = vec![false; self.nodes.len()];
        for &id in ids {
            has_grown[id as usize + 1] = true;
        }
        let (grown, others): (Vec<Link>, Vec<Link>) =
            Links::from(self, 0).partition(|&link| has_grown[link as usize]);
        let new = ids.iter().map(|&id| id + 1).filter(|&link| self.node(link).count == 0);
        let mut links = others;
        links.extend(grown);
        links.extend(new);
        for &id in ids {
            self.nodes[id as usize + 1].weight += weight;
        }
        // Weights are not negative, so their bits are in the order of the weights; and the sort is of
        // the kind that makes use of what is in order: the others are, and so are, but for new ties,
        // those that have grown, for all have by the same.
        let key =
            |link: Link| u128::from(self.node(link).weight.to_bits()) << 32 | u128::from(link);
        let mut keys: Vec<u128> = links.iter().map(|&link| key(link)).collect();
        keys.sort();
        for (link, key) in links.iter_mut().zip(keys) {
            *link = key as Link;
        }
        self.root = self.grow(&links);
    }

    /// Removes ids; those that are not there make no difference.
    pub(super) fn remove(&mut self, ids: &[u32]) {
        for &id in ids {
            if self.weight(id).is_some() {
                self.root = self.remove_below(self.root, id + 1);
                self.nodes[id as usize + 1] = Node::default();
            }
        }
    }

    /// Multiplies all weights by a power of two, which rounds nothing and so keeps their order and
    /// their ties.
    pub(super) fn scale(&mut self, power: f64) {
        for node in self.nodes.iter_mut().filter(|node| node.count > 0) {
            // What would underflow is nothing beside the rest, but remains.
            node.weight = (node.weight * power).max(f64::MIN_POSITIVE);
            node.sum *= power;
        }
    }

    fn node(&self, link: Link) -> &Node {
        &self.nodes[link as usize]
    }

    fn compare(&self, x: Link, y: Link) -> std::cmp::Ordering {
        self.node(x).weight.total_cmp(&self.node(y).weight).then(x.cmp(&y))
    }
}

impl Weights for Order {
    fn divide(&self, is_below: impl Fn(f64) -> bool) -> Division {
        let mut division = Division::default();
        let mut top = self.root;
        while top != NONE {
            let node = self.node(top);
            if is_below(node.weight) {
                let left = self.node(node.left);
                division.count += left.count as usize + 1;
                division.sum += left.sum + node.weight;
                division.last = Some(node.weight);
                top = node.right;
            } else {
                division.next = Some(node.weight);
                top = node.left;
            }
        }
        division
    }
}

/// The nodes of an order, in order.
#[derive(Debug)]
struct Links<'a> {
    order: &'a Order,
    /// The next node, and above it those that come after what is below them on their right.
    path: Vec<Link>,
}

impl<'a> Links<'a> {
    /// From the node at a place on.
    fn from(order: &'a Order, place: usize) -> Self {
        let mut links = Links { order, path: Vec::with_capacity(MOST_USUAL_DEPTH) };
        let mut top = order.root;
        let mut skipped = 0;
        while top != NONE {
            let node = order.node(top);
            let end = skipped + order.node(node.left).count as usize + 1;
            if place < end {
                links.path.push(top);
                top = node.left;
            } else {
                skipped = end;
                top = node.right;
            }
        }
        links
    }

    /// Goes to the first node of a tree.
    fn descend(&mut self, mut top: Link) {
        while top != NONE {
            self.path.push(top);
            top = self.order.node(top).left;
        }
    }
}

impl Iterator for Links<'_> {
    type Item = Link;

    fn next(&mut self) -> Option<Link> {
        let link = self.path.pop()?;
        self.descend(self.order.node(link).right);
        Some(link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Checks what every node says of those below it, and that it is balanced; gives its count and
    /// its sum.
    fn check(order: &Order, top: Link) -> (u32, f64) {
        if top == NONE {
            return (0, 0.0);
        }
        let node = order.node(top);
        let (left, right) = (check(order, node.left), check(order, node.right));
        let (lighter, heavier) = (left.0.min(right.0) + 1, left.0.max(right.0) + 1);
        assert!(heavier <= 3 * lighter);
        let (count, sum) = (left.0 + 1 + right.0, left.1 + node.weight + right.1);
        assert_eq!((node.count, node.sum), (count, sum));
        (count, sum)
    }

    /// The ids with weights as a sorted list.
    fn sorted(weights: &[f64]) -> Vec<(f64, u32)> {
        let all = weights.iter().copied().zip(0..);
        let mut sorted: Vec<(f64, u32)> = all.filter(|&(weight, _)| weight > 0.0).collect();
        sorted.sort_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
        sorted
    }

    fn compare(order: &Order, weights: &[f64]) {
        check(order, order.root);
        let sorted = sorted(weights);
        assert_eq!(order.len(), sorted.len());
        assert!(order.ids_from(0).eq(sorted.iter().map(|&(_, id)| id)));
        for (place, &(limit, id)) in sorted.iter().enumerate() {
            assert_eq!((order.ids_from(place).next(), order.weight(id)), (Some(id), Some(limit)));
            let below: Vec<f64> = sorted.iter().map(|s| s.0).filter(|&w| w < limit).collect();
            let expected = Division {
                count: below.len(),
                // Whole numbers, whose sums are exact in any order.
                sum: below.iter().sum(),
                last: below.last().copied(),
                next: Some(limit),
            };
            assert_eq!(order.divide_below(limit), expected);
            let above = order.divide_above(limit - 1.0);
            assert_eq!((above.count, above.next), (expected.count, expected.next));
        }
        let all = order.divide_above(f64::INFINITY);
        assert_eq!((all.count, all.sum, all.next), (order.len(), order.sum(), None));
        assert_eq!(order.ids_from(order.len()).next(), None);
    }

    #[derive(Clone, Debug)]
    enum Change {
        Add(Vec<u32>, u32),
        Remove(Vec<u32>),
    }

    fn change() -> impl Strategy<Value = Change> {
        let ids = |most| {
            prop::collection::btree_set(0..120u32, 0..most)
                .prop_map(|ids| ids.into_iter().collect::<Vec<_>>())
        };
        prop_oneof![
            4 => (ids(4), 1..5u32).prop_map(|(ids, weight)| Change::Add(ids, weight)),
            1 => (ids(120), 1..5u32).prop_map(|(ids, weight)| Change::Add(ids, weight)),
            1 => ids(30).prop_map(Change::Remove),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_sorted_list(changes in prop::collection::vec(change(), 0..30)) {
            let (mut order, mut weights) = (Order::default(), [0.0; 120]);
            for change in changes {
                match change {
                    Change::Add(ids, weight) => {
                        // Of so few ids as there are here, `add` would move none.
                        if ids.len() < 4 && !order.nodes.is_empty() {
                            order.nodes.resize(weights.len() + 1, Node::default());
                            order.add_and_move(&ids, f64::from(weight));
                        } else {
                            order.add(&ids, f64::from(weight));
                        }
                        ids.iter().for_each(|&id| weights[id as usize] += f64::from(weight));
                    }
                    Change::Remove(ids) => {
                        order.remove(&ids);
                        ids.iter().for_each(|&id| weights[id as usize] = 0.0);
                    }
                }
                compare(&order, &weights);
            }
            compare(&Order::of(weights.into_iter()), &weights);
        }
    }

    #[test]
    fn sorted_input_keeps_it_balanced() {
        let mut order = Order::default();
        for id in 0..5000 {
            order.add(&[id], f64::from(id + 1));
        }
        assert_eq!(check(&order, order.root).0, 5000);
        for id in 0..4000 {
            order.remove(&[id]);
        }
        assert_eq!(check(&order, order.root).0, 1000);
        assert!(order.ids_from(0).eq(4000..5000));
    }

    #[test]
    fn scaling_keeps_order_and_ties() {
        let mut order = Order::of([3.0, 1e-300, 3.0, 0.0, 2e-300].into_iter());
        let before: Vec<u32> = order.ids_from(0).collect();
        order.scale(0.5f64.powi(100));
        assert_eq!(order.ids_from(0).collect::<Vec<_>>(), before);
        assert_eq!(order.weight(0), order.weight(2));
        assert_eq!(order.weight(0), Some(3.0 * 0.5f64.powi(100)));
        assert!(order.weight(1) > Some(0.0));
        order.add(&[1], 1.0);
        assert_eq!(order.ids_from(0).collect::<Vec<_>>(), [4, 0, 2, 1]);
    }
}
