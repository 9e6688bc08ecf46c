//! The category model: how often each category is present, with old buckets counting less, and
//! from that the probability of a category as rare as a given one.
//!
//! A category is known by its id; what the ids stand for, and which buckets are learned, is
//! decided elsewhere (rare-model §5).

mod cached;
mod order;
mod state;

pub(crate) use cached::CachedRarity;
pub(crate) use state::CategoryState;

use crate::special::Beta;
use order::{Order, Weights};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::ops::Range;

/// What the common factor of the concentrations is not to fall below, a power of two, 2⁻²⁵⁴. With
/// the decay of buckets of 15 minutes it takes 700,000 of them, and so 20 years.
const SMALLEST_SCALE: f64 = 1.0 / (1u128 << 127) as f64 / (1u128 << 127) as f64;

/// Factor on a sampled category probability before its rarity is looked up (rare-model §5.3 (8)).
const SAMPLE_FACTOR: f64 = 1.05;

/// Numbers of samples from the posterior of a category's probability, each up to a total
/// concentration (rare-model §2).
const SAMPLES_UP_TO: [(f64, usize); 3] = [(100.0, 7), (1000.0, 5), (10_000.0, 3)];

/// Samples from the posterior of one category.
type Samples = SmallVec<[f64; SAMPLES_UP_TO[0].1]>;

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
    /// The categories by ascending weight, which times `scale` is their concentration.
    order: Order,
    /// What the decay of all buckets so far has made of a concentration of 1: so a bucket need not
    /// touch the categories that are not present. At least [`SMALLEST_SCALE`].
    scale: f64,
    total: f64,
    decay_rate: f32,
}

impl CategoryModel {
    /// A model without categories that forgets at `decay_rate` per bucket, at most 1, which is
    /// rounded to binary32 (λc, rare-model §2).
    #[must_use]
    pub fn new(decay_rate: f64) -> Self {
        CategoryModel {
            order: Order::default(),
            scale: 1.0,
            total: 0.0,
            decay_rate: decay_rate.min(1.0) as f32,
        }
    }

    /// A model with given concentrations, by id; zero stands for no category (rare-model §14.2).
    #[must_use]
    pub fn of_counts(counts: &[u32]) -> Self {
        CategoryModel {
            order: Order::of(counts.iter().map(|&count| f64::from(count))),
            scale: 1.0,
            total: counts.iter().fold(0.0, |total, &count| total + f64::from(count)),
            decay_rate: 0.0,
        }
    }

    /// Adds as much to the concentration of each category as its id is named, to a model of
    /// [counts](CategoryModel::of_counts), which do not fade.
    pub(crate) fn count(&mut self, mut ids: Vec<u32>) {
        ids.sort_unstable();
        let mut named: Vec<&[u32]> = ids.chunk_by(|x, y| x == y).collect();
        for times in 1.. {
            named.retain(|ids| ids.len() >= times);
            if named.is_empty() {
                return;
            }
            let present: Vec<u32> = named.iter().map(|ids| ids[0]).collect();
            self.learn(&present);
        }
    }

    /// Forgets categories; the total becomes the plain sum of what is left (rare-model §10).
    pub fn remove(&mut self, ids: &[u32]) {
        self.order.remove(ids);
        let left = self.order.weights_by_id().map(|weight| weight * self.scale);
        self.total = left.fold(0.0, |total, concentration| total + concentration);
    }

    /// Number of categories.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether nothing has been learned yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sum of all concentrations, T.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.total
    }

    /// Concentration of a category, c; `None` if there is no such category.
    #[must_use]
    pub fn concentration(&self, id: u32) -> Option<f64> {
        self.order.weight(id).map(|weight| weight * self.scale)
    }

    /// The categories by ascending concentration, rarest first; those that tie by id.
    pub fn rarest_first(&self) -> impl Iterator<Item = u32> + '_ {
        self.order.ids_from(0)
    }

    /// The categories at certain places of [`CategoryModel::rarest_first`], as far as there are
    /// any.
    pub(crate) fn at_places(&self, places: Range<usize>) -> impl Iterator<Item = u32> + '_ {
        self.order.ids_from(places.start).take(places.len())
    }

    /// The places among [`CategoryModel::rarest_first`] of a category and of those that tie with
    /// it; none, before all others, if there is no such category.
    pub(crate) fn places(&self, id: u32) -> Range<usize> {
        let weight = self.order.weight(id).unwrap_or(0.0);
        self.order.divide_below(weight).count..self.order.divide_above(weight).count
    }

    /// Median of the concentrations; the mean of the middle two if their number is even.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let (before, after) = (self.len().checked_sub(1)? / 2, self.len() / 2);
        let mut middle = self.at_places(before..after + 1).filter_map(|id| self.concentration(id));
        let lower = middle.next()?;
        Some(middle.next().map_or(lower, |upper| (lower + upper) / 2.0))
    }

    /// Learns one bucket from the ids present in it (rare-model §5.2). Neither their order nor how
    /// often one is named makes a difference. Nothing happens if there are none.
    ///
    /// It takes time that goes with their number and the logarithm of the number of categories.
    /// Memory goes with the largest id: ids are best numbered 0, 1, 2, ….
    pub fn learn(&mut self, present: &[u32]) {
        let present = &*ascending(present);
        if present.is_empty() {
            return;
        }
        self.total = present.iter().fold(self.total, |total, _| total + 1.0);
        self.order.add(present, 1.0 / self.scale);
        let kept = (-f64::from(self.decay_rate)).exp();
        let factor = (kept * self.total / self.total).min(1.0);
        self.scale *= factor;
        self.total *= factor;
        if self.scale < SMALLEST_SCALE {
            self.order.scale(SMALLEST_SCALE);
            self.scale /= SMALLEST_SCALE;
        }
    }

    /// The rarity of the categories as the model stands.
    #[must_use]
    pub fn rarity(&self) -> Rarity<'_> {
        Rarity { model: self }
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

/// A share of the buckets that a category may have, and what is as rare (rare-model §5.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slice {
    /// Mean of a slice of equal probability of the category's own, 0 to 1: s of (7).
    pub share: f64,
    /// Probability of all categories at most 1.05 times as likely as that, 0 to 1: G of (6).
    pub rarer: f64,
}

/// How rare the categories of a model are, at one moment (rare-model §5.3).
///
/// A probability takes time that goes with the logarithm of the number of categories.
#[derive(Clone, Copy, Debug)]
pub struct Rarity<'a> {
    model: &'a CategoryModel,
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
        self.model.concentration(self.model.rarest_first().next()?)
    }

    /// P̂ of a category with a concentration, (7)–(10).
    ///
    /// It depends on nothing else, so one evaluation serves all categories that tie. U of (9), the
    /// mass of categories beyond the greatest number of them, is 0, as there never are any.
    #[must_use]
    pub fn probability_at(&self, concentration: f64) -> f64 {
        self.probability_by(&self.model.order, concentration)
    }

    /// [`probability_at`](Rarity::probability_at), asking for the weights of the model.
    fn probability_by(&self, weights: &impl Weights, concentration: f64) -> f64 {
        let samples = self.samples(concentration);
        let sum: f64 = samples.iter().map(|s| self.mass_up_to(weights, SAMPLE_FACTOR * s)).sum();
        sum / samples.len() as f64
    }

    /// The slices whose mean [`rarer`](Slice::rarer) is the [probability](Rarity::probability) of
    /// `id`: from the least to the greatest share that the category may have. None if there are no
    /// categories at all.
    #[must_use]
    pub fn slices(&self, id: u32) -> Vec<Slice> {
        let Some(concentration) = self.concentration(id) else { return Vec::new() };
        let rarer = |share| self.mass_up_to(&self.model.order, SAMPLE_FACTOR * share);
        let slice = |share: f64| Slice { share, rarer: rarer(share) };
        self.samples(concentration).into_iter().map(slice).collect()
    }

    /// The smallest P̂ of all categories, that of the rarest.
    #[must_use]
    pub fn smallest(&self) -> f64 {
        let concentration = self.smallest_concentration();
        concentration.map_or(1.0, |concentration| self.probability_at(concentration))
    }

    /// Means of the slices of equal probability of the posterior of a category's probability,
    /// s of (7).
    fn samples(&self, concentration: f64) -> Samples {
        let (a, b) = (concentration, self.model.total - concentration);
        let total = self.model.total;
        let q = SAMPLES_UP_TO.iter().find(|(limit, _)| total <= *limit).map_or(1, |&(_, q)| q);
        let mean = a / (a + b);
        if q == 1 || a <= 0.0 || b <= 0.0 {
            return Samples::from_slice(&[mean]);
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
    ///
    /// Only the knots on either side of `x` are looked up.
    fn mass_up_to(&self, weights: &impl Weights, x: f64) -> f64 {
        let CategoryModel { order, scale, total, .. } = self.model;
        if self.model.is_empty() {
            return 1.0;
        }
        let limit = x * total / scale;
        let below = weights.divide_below(limit);
        let weight = match below.next {
            None => order.sum(),
            Some(right) => {
                let left = below.last.unwrap_or(0.0);
                let part = ((limit - left) / (right - left)).min(1.0);
                (1.0 - part) * below.sum + part * weights.divide_above(right).sum
            }
        };
        weight * scale / total
    }
}

#[cfg(test)]
mod tests;
