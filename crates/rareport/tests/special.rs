//! Special functions against the reference library's values and values made with 50 digits.

use rareport::special::Beta;
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
    let mut worst = (0.0f64, 0.0f64);
    for case in vectors.cases {
        let step = 1.0 / case.q as f64;
        let mut level = 0.0;
        let (beta, above) = (Beta::new(case.a, case.b), Beta::new(case.a + 1.0, case.b));
        for (&x, &cdf) in case.x.iter().zip(&case.cdf) {
            level += step;
            worst.0 = worst.0.max(error(beta.quantile(level), x));
            worst.1 = worst.1.max(error(above.cdf(x), cdf));
        }
    }
    println!("quantile {:e}, cdf {:e}", worst.0, worst.1);
    assert!(worst.0 < 1e-12 && worst.1 < 1e-12, "{worst:?}");
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
