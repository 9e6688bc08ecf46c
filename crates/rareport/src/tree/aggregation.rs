//! Building the tree from its leaves (rare-model §7.4, §7.5, §14.1).

use super::{Influencers, LeafKind, Leaves, Node, Tree};
use crate::aggregate::{Combined, Style, combine, combine_known, squared_z};
use crate::constants::{LARGEST_SIGNIFICANT, SMALLEST_PROBABILITY};
use crate::groups;
use crate::score;
use std::ops::Range;

/// Above this a probability by itself earns no raw score, whatever the rounding.
const UNSCORED: f64 = LARGEST_SIGNIFICANT * 1.01;

impl Tree {
    pub(crate) fn grow(leaves: &Leaves, influencers: &Influencers<'_>) -> Tree {
        let nodes: Vec<Node> = leaves.probabilities().iter().map(|&p| leaf(p)).collect();
        let mut groups = Groups::of(leaves, &nodes);
        let partitions: Vec<(Range<usize>, Node)> = leaves
            .partitions()
            .map(|(_, range)| (range.clone(), groups.partition(range)))
            .collect();
        let values = influencer_values(&mut groups, influencers, &partitions);
        let fields =
            if nodes.is_empty() { Vec::new() } else { influencer_fields(influencers, &values) };
        let mut tree = Tree { root: root(&partitions), leaves: nodes, values, fields };
        tree.rewrite_probabilities();
        tree
    }

    /// Replaces the probability of every node with a raw score by the one that stands for the
    /// score, (22).
    fn rewrite_probabilities(&mut self) {
        let below_root = self.leaves.iter_mut().chain(&mut self.values).chain(&mut self.fields);
        for node in below_root.chain([&mut self.root]) {
            if node.raw_score > 0.0 {
                node.probability = score::probability(node.raw_score);
            }
        }
    }
}

fn leaf(probability: f64) -> Node {
    let probability = probability.clamp(SMALLEST_PROBABILITY, 1.0);
    Node { probability, raw_score: score::raw_score(probability), smallest: probability }
}

/// The node above children whose probabilities combine to `combined`: steps B and d of (21).
fn above(combined: f64, smallest: f64) -> Node {
    let Combined { raw_score, probability } = if combined > UNSCORED {
        Combined { raw_score: 0.0, probability: combined }
    } else {
        combine(Style::Detectors, &[combined])
    };
    Node { probability, raw_score, smallest: smallest.clamp(SMALLEST_PROBABILITY, 1.0) }
}

fn root(partitions: &[(Range<usize>, Node)]) -> Node {
    match partitions {
        [] => Node::UNREMARKABLE,
        [(_, only)] => above(only.probability, only.smallest),
        several => {
            let nodes: Vec<Node> = several.iter().map(|(_, node)| *node).collect();
            let probabilities: Vec<f64> = nodes.iter().map(|node| node.probability).collect();
            let all = above(combined(Style::People, &probabilities), smallest(&nodes));
            above(all.probability, all.smallest)
        }
    }
}

fn smallest(nodes: &[Node]) -> f64 {
    nodes.iter().map(|node| node.smallest).fold(1.0, f64::min)
}

/// Step A of (21) for one group: a single probability stands as it is.
fn combined(style: Style, probabilities: &[f64]) -> f64 {
    match probabilities {
        [only] => *only,
        several => combine(style, several).probability,
    }
}

fn influencer_values(
    groups: &mut Groups<'_>,
    influencers: &Influencers<'_>,
    partitions: &[(Range<usize>, Node)],
) -> Vec<Node> {
    let members = members(groups.leaves, influencers.value_fields.len());
    (0u32..)
        .zip(influencers.value_fields)
        .map(|(value, &field)| {
            let members = members.get(value as usize);
            let is_partition = Some(field) == influencers.partition_field;
            match partition_of(members, partitions).filter(|_| is_partition) {
                Some(node) => above(node.probability, node.smallest),
                None => groups.influencer_value(value, members, partitions),
            }
        })
        .collect()
}

/// By influencer value, of which there are `values`, the leaves that it has an influence on.
fn members(leaves: &Leaves, values: usize) -> groups::Groups {
    let pairs = (0..leaves.len() as u32)
        .flat_map(|leaf| leaves.values(leaf as usize).iter().map(move |&value| (value, leaf)));
    groups::Groups::in_given_order(values, pairs)
}

/// The node of the partition that the leaves of a partition value belong to, unless it is a leaf.
fn partition_of<'a>(members: &[u32], partitions: &'a [(Range<usize>, Node)]) -> Option<&'a Node> {
    let first = *members.first()? as usize;
    let (range, node) = &partitions[partitions.partition_point(|(range, _)| range.end <= first)];
    (range.len() > 1).then_some(node)
}

/// The part of a leaf's probability that an influencer value with some strength accounts for
/// (rare-model §14.2).
fn attributed(probability: f64, strength: f64) -> f64 {
    if strength < 1.0 { (strength * probability.ln()).exp() } else { probability }
}

/// Leaves that are combined in many groups: each in that of its partition, and in that of each of its
/// influencer values.
struct Groups<'a> {
    leaves: &'a Leaves,
    nodes: &'a [Node],
    /// By leaf.
    probabilities: Vec<f64>,
    /// By leaf, if leaves are attributes; worked out once for all groups.
    squared_z: Vec<f64>,
    /// Probabilities and squared z-scores of the group at hand.
    group: (Vec<f64>, Vec<f64>),
}

impl<'a> Groups<'a> {
    fn of(leaves: &'a Leaves, nodes: &'a [Node]) -> Self {
        let probabilities: Vec<f64> = nodes.iter().map(|node| node.probability).collect();
        let squared_z = match leaves.kind {
            LeafKind::Attribute => probabilities.iter().map(|&p| squared_z(p)).collect(),
            LeafKind::Person => Vec::new(),
        };
        Groups { leaves, nodes, probabilities, squared_z, group: (Vec::new(), Vec::new()) }
    }

    /// The node of a partition: a by-field node over several leaves, or the only leaf.
    fn partition(&self, range: Range<usize>) -> Node {
        let nodes = &self.nodes[range.clone()];
        if let [only] = nodes {
            return *only;
        }
        let probabilities = &self.probabilities[range.clone()];
        let combined = match self.leaves.kind {
            LeafKind::Attribute => {
                combine_known(Style::Attributes, probabilities, &self.squared_z[range])
            }
            LeafKind::Person => combine(Style::People, probabilities),
        };
        above(combined.probability, smallest(nodes))
    }

    /// The node of an influencer value above its leaves.
    fn influencer_value(
        &mut self,
        value: u32,
        leaves: &[u32],
        partitions: &[(Range<usize>, Node)],
    ) -> Node {
        let combined = match self.leaves.kind {
            LeafKind::Attribute => self.combined_attributes(leaves, partitions),
            LeafKind::Person => self.combined_persons(leaves, value),
        };
        // Below a leaf there is nothing smaller.
        let below = leaves.iter().map(|&leaf| self.probabilities[leaf as usize]);
        above(combined, below.fold(1.0, f64::min))
    }

    /// Step A of (21) over what persons owe to an influencer value.
    fn combined_persons(&self, persons: &[u32], value: u32) -> f64 {
        let contribution = |&leaf: &u32| {
            let leaf = leaf as usize;
            attributed(self.probabilities[leaf], self.leaves.strength_of(leaf, value))
        };
        let probabilities: Vec<f64> = persons.iter().map(contribution).collect();
        combined(Style::People, &probabilities)
    }

    /// Step A of (21) over attributes of any partitions: first each partition's, then all together.
    fn combined_attributes(&mut self, leaves: &[u32], partitions: &[(Range<usize>, Node)]) -> f64 {
        if partitions.len() == 1 {
            return self.combined_in_partition(leaves);
        }
        let partition =
            |leaf: u32| partitions.partition_point(|(range, _)| range.end <= leaf as usize);
        let groups: Vec<f64> = leaves
            .chunk_by(|&x, &y| partition(x) == partition(y))
            .map(|group| self.combined_in_partition(group))
            .collect();
        combined(Style::People, &groups)
    }

    fn combined_in_partition(&mut self, leaves: &[u32]) -> f64 {
        if let [only] = leaves {
            return self.probabilities[*only as usize];
        }
        let (probabilities, squared_z) = &mut self.group;
        probabilities.clear();
        probabilities.extend(leaves.iter().map(|&leaf| self.probabilities[leaf as usize]));
        squared_z.clear();
        squared_z.extend(leaves.iter().map(|&leaf| self.squared_z[leaf as usize]));
        combine_known(Style::Attributes, probabilities, squared_z).probability
    }
}

fn influencer_fields(influencers: &Influencers<'_>, values: &[Node]) -> Vec<Node> {
    let mut start = 0;
    (0..influencers.field_count)
        .map(|field| {
            let rest = &influencers.value_fields[start..];
            let count = rest.iter().take_while(|&&f| usize::from(f) == field).count();
            let nodes = &values[start..start + count];
            start += count;
            if nodes.is_empty() {
                return Node::UNREMARKABLE;
            }
            let probabilities: Vec<f64> = nodes.iter().map(|node| node.probability).collect();
            let below = nodes.iter().map(|node| node.probability.min(node.smallest));
            above(combined(Style::People, &probabilities), below.fold(1.0, f64::min))
        })
        .collect()
}
