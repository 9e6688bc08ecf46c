//! Concentrations and rarity of categories against the reference library's values.

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
fn concentrations_exactly_and_rarity_to_eleven_digits() {
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
        assert_eq!(model.concentration(id), Some(concentration), "id {id}");
        let error = (rarity.probability(id) / p_hat - 1.0).abs();
        assert!(error < 1e-11, "id {id}: off by {error:e} relative");
    }
}
