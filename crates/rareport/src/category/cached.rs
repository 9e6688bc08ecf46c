//! A rarity of which each probability is worked out once, however often it is asked for.

use super::{CategoryModel, Rarity};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::cell::RefCell;

/// The rarity of the categories of a model that is asked for many of them: those that tie have the
/// same.
#[derive(Clone, Debug)]
pub(crate) struct CachedRarity<'a> {
    rarity: Rarity<'a>,
    /// P̂ by the bits of the concentration.
    known: RefCell<HashMap<u64, f64, RandomState>>,
}

impl<'a> CachedRarity<'a> {
    pub(crate) fn of(model: &'a CategoryModel) -> Self {
        CachedRarity { rarity: model.rarity(), known: RefCell::default() }
    }

    /// [`Rarity::probability`].
    pub(crate) fn probability(&self, id: u32) -> f64 {
        let Some(concentration) = self.rarity.concentration(id) else {
            return 1.0;
        };
        let mut known = self.known.borrow_mut();
        let probability = || self.rarity.probability_at(concentration);
        *known.entry(concentration.to_bits()).or_insert_with(probability)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_the_rarity_and_ties_are_worked_out_once() {
        let mut model = CategoryModel::new(0.00025);
        model.learn(&[0, 1, 2]);
        model.learn(&[0, 3]);
        let (rarity, cached) = (model.rarity(), CachedRarity::of(&model));
        for id in [0, 1, 2, 3, 9, 1, 3] {
            assert_eq!(cached.probability(id), rarity.probability(id), "{id}");
        }
        // That of 0, that of 1 and 2, and that of 3; an unknown id has that of the rarest.
        assert_eq!(cached.known.borrow().len(), 3);
        assert_eq!(CachedRarity::of(&CategoryModel::new(0.1)).probability(0), 1.0);
    }
}
