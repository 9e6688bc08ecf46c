//! Combination of probabilities against values from the reference implementation of the model
//! (rare-model §7.2–7.3).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rareport::aggregate::{Combined, Style, combine, ln_extreme, ln_joint};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    p: Vec<f64>,
    #[serde(rename = "J")]
    ln_joint: f64,
    #[serde(rename = "E_calibrated")]
    ln_extreme: [f64; 5],
    people: (f64, f64),
    attributes: (f64, f64),
    detectors: (f64, f64),
}

fn vectors() -> Vec<Case> {
    let vectors: Vectors = serde_json::from_str(include_str!("data/combine.json")).unwrap();
    assert!(!vectors.cases.is_empty());
    vectors.cases
}

#[test]
fn joint_probabilities_agree_with_the_reference() {
    for Case { p, ln_joint: expected, .. } in vectors() {
        let found = ln_joint(&p);
        assert!((found - expected).abs() <= 1e-10, "{p:?}: expected {expected}, found {found}");
    }
}

#[test]
fn extreme_probabilities_agree_with_the_reference() {
    for Case { p, ln_extreme: expected, .. } in vectors() {
        for (m, expected) in (1..).zip(expected) {
            let found = ln_extreme(m, &p);
            assert!(
                (found - expected).abs() <= 1e-7,
                "{m} smallest of {p:?}: expected {expected}, found {found}"
            );
        }
    }
}

#[test]
fn combinations_agree_with_the_reference() {
    for Case { p, people, attributes, detectors, .. } in vectors() {
        for (style, (score, probability)) in [
            (Style::People, people),
            (Style::Attributes, attributes),
            (Style::Detectors, detectors),
        ] {
            let found = combine(style, &p);
            assert!(
                close(found.raw_score, score) && close(found.probability, probability),
                "{style:?} of {p:?}: expected ({score}, {probability}), found {found:?}"
            );
        }
    }
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs()
}

#[test]
fn the_order_of_the_probabilities_does_not_matter_for_the_extreme() {
    for Case { mut p, .. } in vectors() {
        let forwards = ln_extreme(5, &p);
        p.reverse();
        assert_eq!(ln_extreme(5, &p), forwards);
    }
}

#[test]
fn of_one_probability_every_style_gives_the_probability() {
    for p in [0.03_f64, 1e-3, 1e-60, 1e-300] {
        for style in [Style::People, Style::Attributes, Style::Detectors] {
            let found = combine(style, &[p]).probability;
            assert!(
                (found.ln() - p.ln()).abs() <= 1e-9 * p.ln().abs(),
                "{style:?} of {p}: {found}"
            );
        }
    }
}

#[test]
fn nothing_is_unsurprising() {
    for style in [Style::People, Style::Attributes, Style::Detectors] {
        assert_eq!(combine(style, &[]), Combined { raw_score: 0.0, probability: 1.0 });
    }
}

#[test]
fn impossible_probabilities_do_not_fail() {
    for p in [vec![0.0, 0.0], vec![0.0; 3000], vec![1.0; 3000], vec![f64::MIN_POSITIVE; 7]] {
        for style in [Style::People, Style::Attributes, Style::Detectors] {
            let found = combine(style, &p);
            assert!((0.0..=100.0).contains(&found.raw_score), "{style:?}: {found:?}");
            assert!((0.0..=1.0).contains(&found.probability), "{style:?}: {found:?}");
        }
    }
}

#[test]
fn the_two_smallest_have_a_closed_form() {
    // P(U₁ ≤ y₁, U₂ ≤ y₂) of n ordered uniforms = 1 − (1 − y₁)ⁿ − n·y₁·(1 − y₂)ⁿ⁻¹.
    for (y1, y2, n) in [(0.1_f64, 0.2_f64, 2_u8), (0.03, 0.3, 5), (0.05, 0.06, 20), (0.3, 0.9, 3)] {
        let mut p = vec![0.95; usize::from(n)];
        p[0] = y2;
        p[1] = y1;
        let n = i32::from(n);
        let exact = 1.0 - (1.0 - y1).powi(n) - f64::from(n) * y1 * (1.0 - y2).powi(n - 1);
        let calibration = 1.0 + 2.0_f64.ln() / 2.1;
        let found = ln_extreme(2, &p) * calibration;
        assert!(
            (found - exact.ln()).abs() <= 1e-8,
            "{p:?}: expected {}, found {found}",
            exact.ln()
        );
    }
}
