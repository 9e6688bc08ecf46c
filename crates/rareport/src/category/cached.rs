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

    /// [`Rarity::probability`] of several ids.
    pub(crate) fn probabilities(&self, ids: &[u32]) -> Vec<f64> {
        if self.rarity.model.order.is_mostly(ids.len()) {
            self.probabilities_in_order(ids)
        } else {
            ids.iter().map(|&id| self.probability(id)).collect()
        }
    }

    /// [`probabilities`](Self::probabilities), worked out for one category after the other in order of
    /// their concentrations: what is looked up for one is then near that for the next.
    fn probabilities_in_order(&self, ids: &[u32]) -> Vec<f64> {
        let table = self.rarity.model.order.table();
        let mut places = vec![None; ids.iter().max().map_or(0, |&largest| largest as usize + 1)];
        for (place, &id) in ids.iter().enumerate() {
            places[id as usize] = Some(place as u32);
        }
        let mut probabilities = vec![self.rarity.smallest(); ids.len()];
        let mut last = None;
        for (id, weight) in table.iter() {
            let Some(&Some(place)) = places.get(id as usize) else { continue };
            let probability = match last {
                Some((tying, probability)) if tying == weight => probability,
                _ => self.rarity.probability_by(&table, weight * self.rarity.model.scale),
            };
            probabilities[place as usize] = probability;
            last = Some((weight, probability));
        }
        probabilities
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

    #[test]
    fn probabilities_of_many_are_those_of_each() {
        let mut model = CategoryModel::new(0.00025);
        for bucket in 0..200u32 {
            // From samples of seven to samples of three, and to means alone.
            let present: Vec<u32> =
                (0..300).filter(|id| (id * id + bucket) % 7 < bucket % 5).collect();
            model.learn(&present);
            let ids: Vec<u32> = (0..310).rev().filter(|id| id % 3 > 0).collect();
            let rarity = model.rarity();
            let expected: Vec<f64> = ids.iter().map(|&id| rarity.probability(id)).collect();
            assert_eq!(CachedRarity::of(&model).probabilities_in_order(&ids), expected);
            assert_eq!(CachedRarity::of(&model).probabilities(&ids[..2]), expected[..2]);
        }
        assert!(model.total() > 10_000.0);
        assert_eq!(CachedRarity::of(&CategoryModel::new(0.1)).probabilities(&[0]), [1.0]);
    }
}
