//! Raw scores and their inverse against reference values.

#![allow(clippy::unwrap_used)]

use serde_json::Value;

fn pairs(key: &str) -> Vec<(f64, f64)> {
    let vectors: Value = serde_json::from_str(include_str!("data/score.json")).unwrap();
    serde_json::from_value(vectors["cases"][key].clone()).unwrap()
}

fn assert_close(actual: f64, expected: f64, input: f64) {
    let error = (actual - expected).abs();
    assert!(error <= 1e-14 * expected.abs(), "{input}: {actual} instead of {expected}");
}

#[test]
fn raw_scores_of_probabilities() {
    for (probability, expected) in pairs("score") {
        assert_close(rareport::score::raw_score(probability), expected, probability);
    }
}

#[test]
fn probabilities_of_raw_scores() {
    for (score, expected) in pairs("prob") {
        assert_close(rareport::score::probability(score), expected, score);
    }
}
