//! The category model: how often each category is present, with old buckets counting less, and
//! from that the probability of a category as rare as a given one.
//!
//! A category is known by its id; what the ids stand for, and which buckets are learned, is
//! decided elsewhere (rare-model §5).

mod cached;

pub(crate) use cached::CachedRarity;

use crate::special::Beta;
use std::borrow::Cow;

/// Factor on a sampled category probability before its rarity is looked up (rare-model §5.3 (8)).
const SAMPLE_FACTOR: f64 = 1.05;

/// Numbers of samples from the posterior of a category's probability, each up to a total
/// concentration (rare-model §2).
const SAMPLES_UP_TO: [(f64, usize); 3] = [(100.0, 7), (1000.0, 5), (10_000.0, 3)];

/// Categories with their concentrations.
///
/// ```
/// use rareport::category::CategoryModel;
///
/// let mut model = CategoryModel::new(0.00025);
/// for _ in 0..100 {
///     model.learn(&[0, 1, 2, 3]);
/// }
/// model.learn(&[0, 1, 2, 3, 4]);
/// let rarity = model.rarity();
/// assert!((rarity.probability(4) - 0.0057).abs() < 1e-5);
/// assert!(rarity.probability(0) > 0.9);
/// ```
#[derive(Clone, Debug)]
pub struct CategoryModel {
    /// Concentration by id; zero for an id without a category.
    concentrations: Vec<f64>,
    total: f64,
    decay_rate: f32,
    /// The categories by ascending concentration.
    ascending: Vec<u32>,
}

impl CategoryModel {
    /// A model without categories that forgets at `decay_rate` per bucket, which is rounded to
    /// binary32 (λc, rare-model §2).
    #[must_use]
    pub fn new(decay_rate: f64) -> Self {
        CategoryModel {
            concentrations: Vec::new(),
            total: 0.0,
            decay_rate: decay_rate as f32,
            ascending: Vec::new(),
        }
    }

    /// A model with given concentrations, by id; zero stands for no category (rare-model §14.2).
    #[must_use]
    pub fn of_counts(counts: &[u32]) -> Self {
        let mut ascending: Vec<u32> =
            (0..counts.len() as u32).filter(|&id| counts[id as usize] > 0).collect();
        ascending.sort_unstable_by_key(|&id| (counts[id as usize], id));
        CategoryModel {
            concentrations: counts.iter().map(|&count| f64::from(count)).collect(),
            total: counts.iter().fold(0.0, |total, &count| total + f64::from(count)),
            decay_rate: 0.0,
            ascending,
        }
    }

    /// Forgets categories; the total becomes the plain sum of what is left (rare-model §10).
    pub fn remove(&mut self, ids: &[u32]) {
        for &id in ids {
            if let Some(concentration) = self.concentrations.get_mut(id as usize) {
                *concentration = 0.0;
            }
        }
        self.ascending.retain(|&id| self.concentrations[id as usize] > 0.0);
        self.total = self.concentrations.iter().fold(0.0, |total, c| total + c);
    }

    /// Number of categories.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ascending.len()
    }

    /// Whether nothing has been learned yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ascending.is_empty()
    }

    /// Sum of all concentrations, T.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.total
    }

    /// Concentration of a category, c; `None` if there is no such category.
    #[must_use]
    pub fn concentration(&self, id: u32) -> Option<f64> {
        self.concentrations.get(id as usize).copied().filter(|&c| c > 0.0)
    }

    /// The categories by ascending concentration, rarest first.
    #[must_use]
    pub fn rarest_first(&self) -> &[u32] {
        &self.ascending
    }

    /// Median of the concentrations; the mean of the middle two if their number is even.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let at = |index: usize| self.concentrations[self.ascending[index] as usize];
        let middle = self.len() / 2;
        match self.len() {
            0 => None,
            n if n % 2 == 1 => Some(at(middle)),
            _ => Some((at(middle - 1) + at(middle)) / 2.0),
        }
    }

    /// Learns one bucket from the ids present in it (rare-model §5.2). Neither their order nor how
    /// often one is named makes a difference. Nothing happens if there are none.
    ///
    /// Memory goes with the largest id: ids are best numbered 0, 1, 2, ….
    pub fn learn(&mut self, present: &[u32]) {
        let present = &*ascending(present);
        let Some(&largest) = present.last() else {
            return;
        };
        if self.concentrations.len() <= largest as usize {
            self.concentrations.resize(largest as usize + 1, 0.0);
        }
        for &id in present {
            self.total += 1.0;
            self.concentrations[id as usize] += 1.0;
        }
        let kept = (-f64::from(self.decay_rate)).exp();
        let factor = (kept * self.total / self.total).min(1.0);
        for concentration in &mut self.concentrations {
            *concentration *= factor;
        }
        self.total *= factor;
        self.reorder(present);
    }

    /// Puts `present`, whose concentrations have grown, in its place in the ascending order.
    ///
    /// The others keep their order, for scaling is monotonic. So do, but for new ties, those that
    /// have grown, for all have by the same; a stable sort makes use of it. Then two sorted runs
    /// are merged.
    fn reorder(&mut self, present: &[u32]) {
        let mut is_present = vec![false; self.concentrations.len()];
        for &id in present {
            is_present[id as usize] = true;
        }
        let mut grown = Vec::with_capacity(present.len());
        let mut others = std::mem::take(&mut self.ascending);
        others.retain(|&id| {
            let has_grown = std::mem::take(&mut is_present[id as usize]);
            if has_grown {
                grown.push(id);
            }
            !has_grown
        });
        grown.extend(present.iter().filter(|&&id| is_present[id as usize]));
        let concentration = |id: u32| self.concentrations[id as usize];
        grown.sort_by(|&x, &y| concentration(x).total_cmp(&concentration(y)).then(x.cmp(&y)));
        let mut merged = Vec::with_capacity(others.len() + grown.len());
        let mut grown = grown.into_iter().peekable();
        for other in others {
            while let Some(id) = grown.next_if(|&id| concentration(id) < concentration(other)) {
                merged.push(id);
            }
            merged.push(other);
        }
        merged.extend(grown);
        self.ascending = merged;
    }

    /// The rarity of the categories as the model stands.
    #[must_use]
    pub fn rarity(&self) -> Rarity<'_> {
        let mut knots = Vec::new();
        let mut mass = 0.0;
        for &id in &self.ascending {
            let p = self.concentrations[id as usize] / self.total;
            mass += p;
            match knots.last_mut() {
                Some(Knot { at, mass: known }) if *at == p => *known = mass,
                _ => knots.push(Knot { at: p, mass }),
            }
        }
        let even = 1.0 / self.len() as f64;
        let known = self.concentrations.iter().filter(|&&c| c > 0.0);
        let overflowed = known.fold(0.0, |sum, c| sum + (even - c / self.total));
        Rarity { model: self, knots, overflowed }
    }
}

/// The ids in ascending order, each once.
fn ascending(ids: &[u32]) -> Cow<'_, [u32]> {
    if ids.is_sorted_by(|x, y| x < y) {
        return Cow::Borrowed(ids);
    }
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    Cow::Owned(ids)
}

/// How rare the categories of a model are, at one moment (rare-model §5.3).
#[derive(Clone, Debug)]
pub struct Rarity<'a> {
    model: &'a CategoryModel,
    knots: Vec<Knot>,
    /// Mass of categories beyond the greatest number of them, which there never are: rounding
    /// noise, U of (9).
    overflowed: f64,
}

/// A distinct category probability and the total probability of all categories up to it.
#[derive(Clone, Copy, Debug)]
struct Knot {
    at: f64,
    mass: f64,
}

impl Rarity<'_> {
    /// Expected probability of drawing a category at most about as likely as `id`, P̂; that of
    /// the rarest category for an id without one. 1 if there are no categories at all.
    #[must_use]
    pub fn probability(&self, id: u32) -> f64 {
        self.concentration(id).map_or(1.0, |concentration| self.probability_at(concentration))
    }

    /// The concentration that the rarity of `id` goes by: for an id without a category that of the
    /// rarest.
    fn concentration(&self, id: u32) -> Option<f64> {
        self.model.concentration(id).or_else(|| self.smallest_concentration())
    }

    fn smallest_concentration(&self) -> Option<f64> {
        self.model.concentration(*self.model.rarest_first().first()?)
    }

    /// P̂ of a category with a concentration, (7)–(10).
    ///
    /// It depends on nothing else, so one evaluation serves all categories that tie.
    #[must_use]
    pub fn probability_at(&self, concentration: f64) -> f64 {
        let samples = self.samples(concentration);
        let sum: f64 = samples.iter().map(|s| self.mass_up_to(SAMPLE_FACTOR * s)).sum();
        let mean = sum / samples.len() as f64;
        let overflowed = if mean >= self.overflowed { self.overflowed } else { 0.0 };
        ((mean + overflowed) + (mean + self.overflowed)) / 2.0
    }

    /// The smallest P̂ of all categories, that of the rarest.
    #[must_use]
    pub fn smallest(&self) -> f64 {
        let concentration = self.smallest_concentration();
        concentration.map_or(1.0, |concentration| self.probability_at(concentration))
    }

    /// Means of the slices of equal probability of the posterior of a category's probability,
    /// s of (7).
    fn samples(&self, concentration: f64) -> Vec<f64> {
        let (a, b) = (concentration, self.model.total - concentration);
        let total = self.model.total;
        let q = SAMPLES_UP_TO.iter().find(|(limit, _)| total <= *limit).map_or(1, |&(_, q)| q);
        let mean = a / (a + b);
        if q == 1 || a <= 0.0 || b <= 0.0 {
            return vec![mean];
        }
        let width = 1.0 / q as f64;
        let (posterior, weighted) = (Beta::new(a, b), Beta::new(a + 1.0, b));
        let mut level = 0.0;
        let mut below = 0.0;
        (1..=q)
            .map(|k| {
                level += width;
                let up_to = if k == q { 1.0 } else { weighted.cdf(posterior.quantile(level)) };
                let slice = mean / width * (up_to - below);
                below = up_to;
                slice
            })
            .collect()
    }

    /// Probability of all categories at most as likely as `x`, linear between knots, G of (6).
    fn mass_up_to(&self, x: f64) -> f64 {
        let next = self.knots.partition_point(|knot| knot.at < x);
        let Some(right) = self.knots.get(next) else {
            return self.knots.last().map_or(1.0, |knot| knot.mass);
        };
        let left = match next {
            0 => Knot { at: 0.0, mass: 0.0 },
            _ => self.knots[next - 1],
        };
        let share = ((x - left.at) / (right.at - left.at)).min(1.0);
        (1.0 - share) * left.mass + share * right.mass
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    /// One bucket of the worked example (rare-model §15).
    #[derive(Deserialize)]
    struct Example {
        #[serde(rename = "T")]
        total: f64,
        conc: BTreeMap<String, f64>,
        knots: Vec<f64>,
        cums: Vec<f64>,
        slices: BTreeMap<String, Vec<f64>>,
        #[serde(rename = "G")]
        masses: BTreeMap<String, Vec<f64>>,
    }

    fn assert_close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-9 * expected, "{actual} instead of {expected}");
    }

    fn check(model: &CategoryModel, expected: &Example) {
        assert_close(model.total(), expected.total);
        let rarity = model.rarity();
        assert_eq!(rarity.knots.len(), expected.knots.len());
        for (knot, (&at, &mass)) in
            rarity.knots.iter().zip(expected.knots.iter().zip(&expected.cums))
        {
            assert_close(knot.at, at);
            assert_close(knot.mass, mass);
        }
        for (id, port) in (0..).zip(["443", "80", "22", "53", "4444"]) {
            let Some(&concentration) = expected.conc.get(port) else {
                continue;
            };
            assert_eq!(model.concentration(id), Some(concentration));
            let samples = rarity.samples(concentration);
            assert_eq!(samples.len(), expected.slices[port].len());
            for (index, &sample) in samples.iter().enumerate() {
                assert_close(sample, expected.slices[port][index]);
                let mass = rarity.mass_up_to(SAMPLE_FACTOR * sample);
                assert_close(mass, expected.masses[port][index]);
            }
        }
    }

    #[test]
    fn worked_example() {
        let text = include_str!("../tests/data/worked_example.json");
        let expected: BTreeMap<String, Example> = serde_json::from_str(text).unwrap();
        let mut model = CategoryModel::new(0.00025);
        for bucket in 0..=100 {
            let present: &[u32] = if bucket == 100 { &[0, 1, 2, 3, 4] } else { &[0, 1, 2, 3] };
            model.learn(present);
            if let Some(expected) = expected.get(&bucket.to_string()) {
                check(&model, expected);
            }
        }
    }

    #[test]
    fn scaling_keeps_ties_and_order() {
        let mut model = CategoryModel::new(0.00025);
        for bucket in 0..1000u32 {
            let present: Vec<u32> =
                (0..40).filter(|id| bucket.is_multiple_of(id / 2 + 1)).collect();
            model.learn(&present);
        }
        let concentrations: Vec<f64> =
            model.rarest_first().iter().map(|&id| model.concentration(id).unwrap()).collect();
        assert!(concentrations.is_sorted());
        for pair in 0..20 {
            assert_eq!(model.concentration(2 * pair), model.concentration(2 * pair + 1));
        }
    }

    #[test]
    fn neither_order_nor_repetition_makes_a_difference() {
        let (mut model, mut ordered) = (CategoryModel::new(0.00025), CategoryModel::new(0.00025));
        for (ids, in_order) in
            [(&[3, 0, 3, 1][..], &[0, 1, 3][..]), (&[2, 2], &[2]), (&[1, 0], &[0, 1])]
        {
            model.learn(ids);
            ordered.learn(in_order);
        }
        assert_eq!(model.concentrations, ordered.concentrations);
        assert_eq!((model.total, model.ascending), (ordered.total, ordered.ascending));
    }

    #[test]
    fn an_empty_bucket_changes_nothing() {
        let mut model = CategoryModel::new(0.00025);
        model.learn(&[0, 1]);
        let before = model.total();
        model.learn(&[]);
        assert_eq!(model.total(), before);
    }
}
