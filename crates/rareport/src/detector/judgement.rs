//! What a bucket comes to: its leaves, the tree over them, and what of it is written.

use crate::bucket::Gathered;
use crate::category::CachedRarity;
use crate::custom_rule::CustomRules;
use crate::fields::{Fields, Source};
use crate::normalizer::Scope;
use crate::normalizers::LeafScope;
use crate::partition::{Model, Partitions};
use crate::tree::{Influencers, LeafKind, Leaves, Tree, Written};
use std::collections::BTreeMap;
use std::ops::Range;

/// What a bucket comes to.
#[derive(Debug)]
pub(super) struct Judgement<'a> {
    pub(super) gathered: &'a Gathered<'a>,
    /// The partitions present, in byte order of their values, with their subjects.
    pub(super) present: &'a [(u32, Range<usize>)],
    /// How rare by-field values are in each of them.
    pub(super) rarities: Vec<CachedRarity<'a>>,
    /// Influencer fields and values that influence a leaf, ascending.
    pub(super) values: Vec<(u16, &'a [u8])>,
    pub(super) leaves: Leaves,
    /// By partition, the by-field values present that it has not learned, by ascending id: only a
    /// bucket that is still open has some.
    pub(super) unlearned: BTreeMap<u32, Vec<u32>>,
    pub(super) tree: Tree,
    pub(super) written: Written,
    /// How each leaf is scored.
    pub(super) leaf_scopes: Vec<LeafScope<'a>>,
    /// Influencer field of each influencer value, and how it is scored.
    pub(super) value_scopes: Vec<(usize, Scope<'a>)>,
}

impl<'a> Judgement<'a> {
    /// Judges what was gathered by what the partitions have learned, from it too.
    pub(super) fn of(
        partitions: &'a Partitions,
        fields: &Fields,
        rules: &CustomRules,
        gathered: &'a Gathered<'a>,
        present: &'a [(u32, Range<usize>)],
    ) -> Self {
        let kind = if fields.has_over { LeafKind::Person } else { LeafKind::Attribute };
        let mut leaves = Leaves::new(kind);
        let mut rarities = Vec::with_capacity(present.len());
        for (id, range) in present {
            let value = partitions.value(*id);
            let partition = partitions.get(*id);
            rarities.push(partition.judge(gathered, range.clone(), rules, value, &mut leaves));
            leaves.end_partition(*id);
        }
        let kept = leaves.compact_values(gathered.values.len()).into_iter();
        let values: Vec<_> = kept.map(|value| gathered.values[value as usize]).collect();
        let value_fields: Vec<u16> = values.iter().map(|(field, _)| *field).collect();
        let influencers = Influencers {
            value_fields: &value_fields,
            field_count: fields.influencers.len(),
            partition_field: fields.partition_influencer,
        };
        let tree = Tree::grow(&leaves, &influencers);
        let written = Written::of(&tree, &leaves, &value_fields);
        let leaf_scopes = leaf_scopes(partitions, rules, &leaves);
        let value_scopes = value_scopes(fields, &values);
        Judgement {
            gathered,
            present,
            rarities,
            values,
            unlearned: BTreeMap::new(),
            leaves,
            tree,
            written,
            leaf_scopes,
            value_scopes,
        }
    }

    /// The same of a bucket from which the partitions have not learned.
    pub(super) fn with_unlearned(mut self, partitions: &Partitions) -> Self {
        let of_partition = |(id, range): &(u32, Range<usize>)| match &partitions.get(*id).model {
            Model::Rare(model) => {
                let subjects = self.gathered.subjects[range.clone()].iter();
                let by = subjects.map(|(subject, _)| subject.by);
                Some((*id, by.filter(|&by| model.concentration(by).is_none()).collect()))
            }
            Model::Population(_) => None,
        };
        self.unlearned = self.present.iter().filter_map(of_partition).collect();
        self
    }
}

/// Leaves have a maximum score of their own, persons share one (rare-model §8.1, §14.2).
fn leaf_scopes<'a>(
    partitions: &'a Partitions,
    rules: &CustomRules,
    leaves: &Leaves,
) -> Vec<LeafScope<'a>> {
    let mut scopes = Vec::with_capacity(leaves.len());
    for (id, range) in leaves.partitions() {
        let partition = partitions.value(id);
        for leaf in range {
            scopes.push(match leaves.kind {
                LeafKind::Person => LeafScope { scope: Scope::default(), is_fed: true },
                LeafKind::Attribute => {
                    let value = partitions.get(id).by.value(leaves.id(leaf));
                    let is_fed = !rules.verdict(value, partition).skip_model_update;
                    LeafScope { scope: Scope { partition, value }, is_fed }
                }
            });
        }
    }
    scopes
}

/// Influencer values have a maximum score of their own, but those of an over field share one.
fn value_scopes<'a>(fields: &Fields, values: &[(u16, &'a [u8])]) -> Vec<(usize, Scope<'a>)> {
    let scope = |&(field, value): &(u16, &'a [u8])| {
        let field = usize::from(field);
        let is_shared = fields.influencers[field].source == Source::Over;
        (field, if is_shared { Scope::default() } else { Scope { partition: b"", value } })
    };
    values.iter().map(scope).collect()
}
