//! The largest raw score of each scope, which fades and is forgotten.

use crate::packed::Packed;
use foldhash::fast::RandomState;
use hashbrown::{Equivalent, HashMap};

/// For how many buckets a maximum is remembered without being fed again (rare-model §2).
pub(super) const MEMORY: u32 = 50;

/// Growth of a maximum that counts as a big change (rare-model §2).
const BIG_CHANGE: f64 = 1.1;

/// What a maximum is kept for within one normaliser (rare-model §8.1).
///
/// The leaves of a detector have one each, by partition value and by-field value; the values of
/// an influencer one each, by value. Where all nodes share one maximum (root, influencer
/// fields) the scope is the empty `Scope::default()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope<'a> {
    /// Value of the partition field; empty for everything but leaves.
    pub partition: &'a [u8],
    /// Value of the by field or of the influencer.
    pub value: &'a [u8],
}

/// A [`Scope`] by which a maximum is found. One with a short value and no partition, which most
/// are, is held in the table itself, so that looking it up touches no other memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Short(Packed),
    Long { partition: Box<[u8]>, value: Box<[u8]> },
}

impl Key {
    fn scope(&self) -> (Vec<u8>, Vec<u8>) {
        match self {
            Key::Short(packed) => (Vec::new(), packed.value().to_vec()),
            Key::Long { partition, value } => (partition.to_vec(), value.to_vec()),
        }
    }
}

/// A borrowed [`Key`]; hashes like it.
#[derive(Clone, Copy, Debug, Hash)]
enum Wanted<'a> {
    Short(Packed),
    Long { partition: &'a [u8], value: &'a [u8] },
}

impl<'a> Wanted<'a> {
    fn of(Scope { partition, value }: Scope<'a>) -> Self {
        let packed = if partition.is_empty() { Packed::of(0, value) } else { None };
        packed.map_or(Wanted::Long { partition, value }, Wanted::Short)
    }
}

impl Equivalent<Key> for Wanted<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        match (self, key) {
            (Wanted::Short(wanted), Key::Short(packed)) => wanted == packed,
            (Wanted::Long { partition, value }, Key::Long { partition: p, value: v }) => {
                **partition == **p && **value == **v
            }
            _ => false,
        }
    }
}

impl From<Wanted<'_>> for Key {
    fn from(wanted: Wanted<'_>) -> Self {
        match wanted {
            Wanted::Short(packed) => Key::Short(packed),
            Wanted::Long { partition, value } => {
                Key::Long { partition: partition.into(), value: value.into() }
            }
        }
    }
}

/// A largest raw score and its age.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Maximum {
    /// Raw score, above 0.
    pub(super) raw_score: f64,
    /// Buckets since the scope was last fed.
    pub(super) age: u32,
}

/// The maxima of one normaliser. A maximum of 0 has no effect and is not kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Maxima {
    by_scope: HashMap<Key, Maximum, RandomState>,
}

impl Maxima {
    /// The maximum of a scope if there is one.
    pub(super) fn get(&self, scope: Scope<'_>) -> Option<f64> {
        self.by_scope.get(&Wanted::of(scope)).map(|maximum| maximum.raw_score)
    }

    /// The scope that is not UTF-8 and shows as this one, if there is none of just these bytes; of
    /// several, which then cannot be told apart, that with the largest maximum.
    pub(super) fn shown_as(&self, shown: Scope<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
        let replacement = char::REPLACEMENT_CHARACTER.to_string();
        let is_replaced = |text: &[u8]| {
            text.windows(replacement.len()).any(|bytes| bytes == replacement.as_bytes())
        };
        if !is_replaced(shown.partition) && !is_replaced(shown.value) || self.get(shown).is_some() {
            return None;
        }
        let shows_as =
            |bytes: &[u8], text: &[u8]| String::from_utf8_lossy(bytes).as_bytes() == text;
        let alike = self.iter().filter(|((partition, value), _)| {
            shows_as(partition, shown.partition) && shows_as(value, shown.value)
        });
        let largest = alike.max_by(|(_, x), (_, y)| x.raw_score.total_cmp(&y.raw_score));
        largest.map(|(scope, _)| scope)
    }

    /// Feeds a raw score (rare-model §8.3); whether the maximum changed a lot.
    pub(super) fn raise(&mut self, scope: Scope<'_>, raw_score: f64) -> bool {
        if let Some(maximum) = self.by_scope.get_mut(&Wanted::of(scope)) {
            let before = maximum.raw_score;
            *maximum = Maximum { raw_score: before.max(raw_score), age: 0 };
            return maximum.raw_score > BIG_CHANGE * before;
        }
        if raw_score > 0.0 {
            self.insert(scope, Maximum { raw_score, age: 0 });
        }
        raw_score > 0.0
    }

    /// Ages all maxima by one bucket (rare-model §8.5 (25)).
    pub(super) fn age(&mut self, decay: f64) {
        let factor = (-decay).exp();
        self.by_scope.retain(|_, maximum| {
            maximum.raw_score *= factor;
            maximum.age += 1;
            maximum.age <= MEMORY
        });
    }

    pub(super) fn insert(&mut self, scope: Scope<'_>, maximum: Maximum) {
        self.by_scope.insert(Wanted::of(scope).into(), maximum);
    }

    /// The maxima with the partition and the value of their scopes, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = ((Vec<u8>, Vec<u8>), Maximum)> {
        self.by_scope.iter().map(|(key, maximum)| (key.scope(), *maximum))
    }
}
