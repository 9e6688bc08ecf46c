//! Special functions against the reference library's values and against values computed with 160
//! bits and more (`data/special/make.py`).

#![allow(clippy::unwrap_used)]

use rareport::special::{Beta, gamma_q, ln_gamma, normal_upper_tail_quantile};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors<T> {
    cases: Vec<T>,
}

#[derive(Deserialize)]
struct Slices {
    a: f64,
    b: f64,
    q: usize,
    x: Vec<f64>,
    #[serde(rename = "F")]
    cdf: Vec<f64>,
}

fn error(actual: f64, expected: f64) -> f64 {
    if actual == expected { 0.0 } else { ((actual - expected) / expected).abs() }
}

#[test]
fn quantiles_and_cdf_of_the_slices() {
    let vectors: Vectors<Slices> =
        serde_json::from_str(include_str!("data/beta_slices.json")).unwrap();
    for case in vectors.cases {
        let step = 1.0 / case.q as f64;
        let mut level = 0.0;
        let (beta, above) = (Beta::new(case.a, case.b), Beta::new(case.a + 1.0, case.b));
        for (&x, &cdf) in case.x.iter().zip(&case.cdf) {
            level += step;
            let errors = (error(beta.quantile(level), x), error(above.cdf(x), cdf));
            assert!(errors.0 < 1e-12 && errors.1 < 1e-12, "{} {}: {errors:?}", case.a, case.b);
        }
    }
}

#[test]
fn quantiles_of_the_normaliser() {
    let vectors: Vectors<(f64, f64, f64, f64)> =
        serde_json::from_str(include_str!("data/cdf_quantile.json")).unwrap();
    for (n, x, level, expected) in vectors.cases {
        let beta = Beta::new(n * x + 1.0 / 3.0, n * (1.0 - x) + 1.0 / 3.0);
        let error = error(beta.quantile(level), expected);
        assert!(error < 1e-12, "n {n}, x {x}, level {level}: {error:e}");
    }
}

/// The largest relative error of a function over its part of the table, and where it is.
fn worst(name: &str, function: impl Fn(&[f64]) -> f64) -> (f64, Vec<f64>) {
    let mut worst = (0.0, Vec::new());
    let mut count = 0;
    for line in include_str!("data/special/reference.tsv").lines() {
        let Some(numbers) = line.strip_prefix(name).and_then(|rest| rest.strip_prefix('\t')) else {
            continue;
        };
        let numbers: Vec<f64> = numbers.split('\t').map(|n| n.parse().unwrap()).collect();
        let (expected, arguments) = numbers.split_last().unwrap();
        let error = error(function(arguments), *expected);
        if error > worst.0 {
            worst = (error, arguments.to_vec());
        }
        count += 1;
    }
    assert!(count > 0, "no values of {name}");
    println!("{name}: {:.2e} at {:?}", worst.0, worst.1);
    worst
}

#[test]
fn errors_over_the_reference_table() {
    let bounds = [
        (worst("ln_gamma", |x| ln_gamma(x[0])), 1e-15),
        (worst("normal_tail", |p| normal_upper_tail_quantile(p[0])), 1e-15),
        (worst("gamma_q", |x| gamma_q(x[0], x[1])), 2e-13),
        (worst("beta_cdf", |x| Beta::new(x[0], x[1]).cdf(x[2])), 5e-13),
        (worst("beta_quantile", |x| Beta::new(x[0], x[1]).quantile(x[2])), 1e-12),
    ];
    for ((error, arguments), bound) in bounds {
        assert!(error < bound, "{error:e} at {arguments:?}");
    }
}
