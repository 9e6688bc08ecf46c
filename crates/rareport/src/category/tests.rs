//! The model against the worked example, and against its formulas taken literally.

use super::*;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

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
    let distinct: BTreeSet<u64> =
        model.rarest_first().map(|id| model.concentration(id).unwrap().to_bits()).collect();
    assert_eq!(distinct.len(), expected.knots.len());
    let knots = distinct.into_iter().map(|bits| f64::from_bits(bits) / model.total());
    for (knot, (&at, &mass)) in knots.zip(expected.knots.iter().zip(&expected.cums)) {
        assert_close(knot, at);
        assert_close(rarity.mass_up_to(&model.order, knot), mass);
    }
    for (id, port) in (0..).zip(["443", "80", "22", "53", "4444"]) {
        let Some(&concentration) = expected.conc.get(port) else {
            continue;
        };
        assert_close(model.concentration(id).unwrap(), concentration);
        let samples = rarity.samples(concentration);
        assert_eq!(samples.len(), expected.slices[port].len());
        for (index, &sample) in samples.iter().enumerate() {
            assert_close(sample, expected.slices[port][index]);
            let mass = rarity.mass_up_to(&model.order, SAMPLE_FACTOR * sample);
            assert_close(mass, expected.masses[port][index]);
        }
    }
}

#[test]
fn worked_example() {
    let text = include_str!("../../tests/data/worked_example.json");
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
        let present: Vec<u32> = (0..40).filter(|id| bucket.is_multiple_of(id / 2 + 1)).collect();
        model.learn(&present);
    }
    let concentrations: Vec<f64> =
        model.rarest_first().map(|id| model.concentration(id).unwrap()).collect();
    assert!(concentrations.is_sorted());
    for pair in 0..20 {
        assert_eq!(model.concentration(2 * pair), model.concentration(2 * pair + 1));
    }
}

/// Total, and the categories by ascending concentration.
fn parts(model: &CategoryModel) -> (f64, Vec<(u32, Option<f64>)>) {
    (model.total(), model.rarest_first().map(|id| (id, model.concentration(id))).collect())
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
    assert_eq!(parts(&model), parts(&ordered));
}

#[test]
fn an_empty_bucket_changes_nothing() {
    let mut model = CategoryModel::new(0.00025);
    model.learn(&[0, 1]);
    let before = model.total();
    model.learn(&[]);
    assert_eq!(model.total(), before);
}

/// The formulas (1) to (8) as they stand: every bucket goes through all categories.
struct Plain {
    concentrations: BTreeMap<u32, f64>,
    total: f64,
    factor: f64,
}

impl Plain {
    fn new(rate: f64) -> Self {
        let factor = (-f64::from(rate as f32)).exp();
        Plain { concentrations: BTreeMap::new(), total: 0.0, factor }
    }

    fn learn(&mut self, present: &BTreeSet<u32>) {
        if present.is_empty() {
            return;
        }
        for &id in present {
            self.total += 1.0;
            *self.concentrations.entry(id).or_default() += 1.0;
        }
        let factor = (self.factor * self.total / self.total).min(1.0);
        self.concentrations.values_mut().for_each(|c| *c *= factor);
        self.total *= factor;
    }

    fn remove(&mut self, ids: &[u32]) {
        self.concentrations.retain(|id, _| !ids.contains(id));
        self.total = self.concentrations.values().sum();
    }

    /// The distinct shares with the masses up to them.
    fn knots(&self) -> Vec<(f64, f64)> {
        let mut shares: Vec<f64> = self.concentrations.values().map(|c| c / self.total).collect();
        shares.sort_by(f64::total_cmp);
        let (mut knots, mut mass) = (vec![(0.0, 0.0)], 0.0);
        for share in shares {
            mass += share;
            match knots.last_mut() {
                Some((at, known)) if *at == share => *known = mass,
                _ => knots.push((share, mass)),
            }
        }
        knots
    }

    /// G of (6), and how far off one may be that is made of other roundings: by 1e-12 of its own,
    /// and, as the line between near knots is steep, by what it rises over 1e-14 of `x`.
    fn mass_up_to(knots: &[(f64, f64)], x: f64) -> (f64, f64) {
        let Some(pair) = knots.windows(2).find(|pair| pair[1].0 >= x) else {
            let mass = knots[knots.len() - 1].1;
            return (mass, 1e-12 * mass);
        };
        let (width, rise) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let part = ((x - pair[0].0) / width).min(1.0);
        let mass = (1.0 - part) * pair[0].1 + part * pair[1].1;
        (mass, 1e-12 * mass + 1e-14 * x * rise / width)
    }

    fn median(&self) -> f64 {
        let mut all: Vec<f64> = self.concentrations.values().copied().collect();
        all.sort_by(f64::total_cmp);
        (all[(all.len() - 1) / 2] + all[all.len() / 2]) / 2.0
    }

    fn compare(&self, model: &CategoryModel) {
        let close = |actual: f64, expected: f64, what: &str| {
            let error = (actual / expected - 1.0).abs();
            assert!(error <= 1e-12, "{what}: {actual} instead of {expected}, off by {error:e}");
        };
        assert_eq!(model.len(), self.concentrations.len());
        close(model.total(), self.total, "total");
        close(model.median().unwrap(), self.median(), "median");
        let mut order: Vec<(u32, f64)> = self.concentrations.clone().into_iter().collect();
        order.sort_by(|x, y| x.1.total_cmp(&y.1).then(x.0.cmp(&y.0)));
        assert!(model.rarest_first().eq(order.iter().map(|&(id, _)| id)), "order and ties");
        let (rarity, knots) = (model.rarity(), self.knots());
        for (id, concentration) in order {
            close(model.concentration(id).unwrap(), concentration, "concentration");
            let own = concentration / self.total;
            for factor in [0.0, 0.3, 0.99, 1.01, 1.5, 7.0] {
                let (expected, tolerance) = Plain::mass_up_to(&knots, factor * own);
                let actual = rarity.mass_up_to(&model.order, factor * own);
                assert!((actual - expected).abs() <= tolerance, "{actual}, {expected}");
            }
            let samples = rarity.samples(concentration);
            let masses = samples.iter().map(|s| Plain::mass_up_to(&knots, 1.05 * s));
            let (mass, tolerance) = masses.fold((0.0, 0.0), |s, m| (s.0 + m.0, s.1 + m.1));
            let off = (rarity.probability(id) - mass / samples.len() as f64).abs();
            assert!(off <= tolerance / samples.len() as f64, "probability of {id} off by {off:e}");
        }
    }
}

/// A linear congruential generator: the same streams every time, everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32 % limit
    }

    /// Few ids of `limit`, or many, of which low ones are the most frequent.
    fn present(&mut self, limit: u32) -> BTreeSet<u32> {
        let most = [2, 2, 3, 2 * limit][self.below(4) as usize];
        (0..self.below(most))
            .map(|_| {
                let up_to = self.below(limit) + 1;
                self.below(up_to)
            })
            .collect()
    }
}

#[test]
fn it_does_what_the_formulas_say() {
    for seed in 0..60 {
        let mut random = Random(seed);
        let rate = [0.00025, 0.0005, 0.00001][seed as usize % 3];
        let limit = 1 + random.below(90);
        let (mut model, mut plain) = (CategoryModel::new(rate), Plain::new(rate));
        for bucket in 1..=400 {
            let present = random.present(limit);
            plain.learn(&present);
            model.learn(&present.into_iter().collect::<Vec<_>>());
            if bucket % 150 == 0 {
                let gone = [random.below(limit), random.below(limit)];
                plain.remove(&gone);
                model.remove(&gone);
            }
            if bucket % 50 == 0 && !model.is_empty() {
                plain.compare(&model);
            }
        }
    }
}

/// The common factor falls by half in every bucket, so that it must be brought back again and
/// again.
#[test]
fn the_common_factor_never_runs_out() {
    let rate = std::f64::consts::LN_2;
    let (mut model, mut plain) = (CategoryModel::new(rate), Plain::new(rate));
    for bucket in 0..3000u32 {
        let present = BTreeSet::from([0, 1, 2 + bucket % 5]);
        plain.learn(&present);
        model.learn(&present.into_iter().collect::<Vec<_>>());
        plain.compare(&model);
        assert_eq!(model.concentration(0), model.concentration(1));
    }
}

#[test]
fn nothing_is_learned_of_what_fades_at_once() {
    for rate in [1e300, f64::INFINITY, -1.0, f64::NAN] {
        let mut model = CategoryModel::new(rate);
        for bucket in 0..2000 {
            model.learn(&[0, 1 + bucket % 2]);
        }
        assert!(model.rarity().probability(1) < model.rarity().probability(0), "{rate}");
    }
}
