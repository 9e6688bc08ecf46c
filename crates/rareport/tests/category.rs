//! Concentrations and rarity of categories against the reference library's values.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use rareport::category::CategoryModel;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    rate: f64,
    buckets: Vec<Vec<u32>>,
    expect: Vec<Expectation>,
}

#[derive(Deserialize)]
struct Expectation {
    after_bucket: usize,
    total: f64,
    ids: Vec<u32>,
    conc: Vec<f64>,
    p_hat: Vec<f64>,
}

#[test]
fn concentrations_to_thirteen_and_rarity_to_eleven_digits() {
    let vectors: Vectors = serde_json::from_str(include_str!("data/category_model.json")).unwrap();
    for case in vectors.cases {
        let mut model = CategoryModel::new(case.rate);
        let mut expectations = case.expect.iter().peekable();
        for (index, bucket) in case.buckets.iter().enumerate() {
            let mut present = bucket.clone();
            present.sort_unstable();
            model.learn(&present);
            if let Some(expected) = expectations.next_if(|e| e.after_bucket == index) {
                check(&model, expected);
            }
        }
        assert!(expectations.next().is_none());
    }
}

fn check(model: &CategoryModel, expected: &Expectation) {
    assert_eq!(model.total(), expected.total);
    assert_eq!(model.len(), expected.ids.len());
    let rarity = model.rarity();
    for ((&id, &concentration), &p_hat) in
        expected.ids.iter().zip(&expected.conc).zip(&expected.p_hat)
    {
        let error = (model.concentration(id).unwrap() / concentration - 1.0).abs();
        assert!(error < 4e-15, "id {id}: concentration off by {error:e} relative");
        let error = (rarity.probability(id) / p_hat - 1.0).abs();
        assert!(error < 1e-11, "id {id}: off by {error:e} relative");
    }
    // Ties are exact, and so is the order.
    let mut order: Vec<(u32, f64)> =
        expected.ids.iter().copied().zip(expected.conc.iter().copied()).collect();
    order.sort_by(|x, y| x.1.total_cmp(&y.1).then(x.0.cmp(&y.0)));
    let actual: Vec<u32> = model.rarest_first().collect();
    assert_eq!(actual, order.iter().map(|&(id, _)| id).collect::<Vec<_>>());
    for pair in order.windows(2) {
        let concentration = |index: usize| model.concentration(pair[index].0);
        assert_eq!(concentration(0) == concentration(1), pair[0].1 == pair[1].1);
    }
}
