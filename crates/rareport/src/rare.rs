//! Leaves of a job without an over field: one per by-field value, as rare as its category.

use crate::bucket::Gathered;
use crate::category::CachedRarity;
use crate::constants::SMALLEST_PROBABILITY;
use crate::tree::Leaves;
use crate::visit_order::visit_order;
use std::ops::Range;

/// Adds a leaf for every subject of `range`, in visiting order (rare-model §5.4, §6).
///
/// A value for which `skips` holds gets the probability 1 and no influences (rare-model §13).
pub(crate) fn judge(
    rarity: &CachedRarity<'_>,
    gathered: &Gathered<'_>,
    range: Range<usize>,
    skips: impl Fn(u32) -> bool,
    leaves: &mut Leaves,
) {
    let ids: Vec<u32> =
        gathered.subjects[range.clone()].iter().map(|(subject, _)| subject.by).collect();
    let probabilities = rarity.probabilities(&ids);
    for position in visit_order(&ids) {
        let position = position as usize;
        let id = ids[position];
        if skips(id) {
            leaves.push_attribute(id, 1.0, &[]);
            continue;
        }
        let probability = probabilities[position].clamp(SMALLEST_PROBABILITY, 1.0);
        leaves.push_attribute(id, probability, gathered.influences.get(range.start + position));
    }
}
