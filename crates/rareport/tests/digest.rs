//! The quantile digest against operation lists whose outcomes come from the reference
//! implementation of the model (rare-model §8.2), and against its own invariants.

use proptest::prelude::*;
use rareport::digest::{Bounds, DigestError, Node, QuantileDigest, Step};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(rename = "K")]
    size: u64,
    rate: f64,
    ops: Vec<serde_json::Value>,
    checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Check {
    nodes_post_order: Vec<(u32, u32, u64)>,
    summary: Vec<(u32, u64)>,
    quantile: Vec<(f64, u32)>,
    cdf_pdf: Vec<(u32, f64, f64, f64, f64)>,
}

impl Check {
    fn compare(&self, digest: &QuantileDigest, place: &str) {
        let nodes: Vec<_> = digest.nodes().iter().map(|n| (n.lo, n.hi, n.count)).collect();
        assert_eq!(nodes, self.nodes_post_order, "{place}: nodes");
        let summary: Vec<_> =
            digest.summary().iter().map(|Step { value, count }| (*value, *count)).collect();
        assert_eq!(summary, self.summary, "{place}: summary");
        for &(q, value) in &self.quantile {
            assert_eq!(digest.quantile(q), value, "{place}: quantile {q}");
        }
        for &(value, cdf_lower, cdf_upper, pdf_lower, pdf_upper) in &self.cdf_pdf {
            close(digest.cdf(value), cdf_lower, cdf_upper, &format!("{place}: cdf {value}"));
            close(digest.pdf(value), pdf_lower, pdf_upper, &format!("{place}: pdf {value}"));
        }
    }
}

fn close(found: Bounds, lower: f64, upper: f64, place: &str) {
    assert!(
        (found.lower - lower).abs() <= 1e-15 && (found.upper - upper).abs() <= 1e-15,
        "{place}: expected ({lower}, {upper}), found {found:?}"
    );
}

#[test]
fn operation_lists_give_the_reference_digests() {
    let vectors: Vectors = serde_json::from_str(include_str!("data/digest.json")).unwrap();
    assert!(!vectors.cases.is_empty());
    for (number, case) in vectors.cases.iter().enumerate() {
        let mut digest = QuantileDigest::new(case.size, case.rate);
        let mut checked = 0;
        for op in &case.ops {
            let argument = |at: usize| op[at].as_u64().unwrap();
            match op[0].as_str().unwrap() {
                "add" => digest.add(u32::try_from(argument(1)).unwrap(), argument(2)),
                "age" => digest.age(op[1].as_f64().unwrap()),
                "check" => {
                    let index = usize::try_from(argument(1)).unwrap();
                    case.checks[index].compare(&digest, &format!("case {number}, check {index}"));
                    checked += 1;
                }
                other => panic!("unknown operation {other}"),
            }
        }
        assert_eq!(checked, case.checks.len());
    }
}

#[test]
fn an_empty_digest_answers_zero() {
    let digest = QuantileDigest::new(201, 0.0);
    assert!(digest.is_empty());
    assert_eq!(digest.quantile(0.5), 0);
    assert_eq!(digest.cdf(7), Bounds { lower: 0.0, upper: 0.0 });
    assert_eq!(digest.pdf(7), Bounds { lower: 0.0, upper: 0.0 });
    assert_eq!(digest.summary(), []);
}

#[test]
fn the_whole_range_of_values_is_accepted() {
    let mut digest = QuantileDigest::new(2, 0.0);
    for value in [0, u32::MAX, 1, u32::MAX - 1, u32::MAX] {
        digest.add(value, 1);
    }
    assert_eq!(digest.len(), 5);
    assert_eq!(digest.quantile(1.0), u32::MAX);
}

#[test]
fn lists_that_are_no_digest_are_refused() {
    let node = |lo, hi, count| Node { lo, hi, count };
    let refuse = |nodes| QuantileDigest::from_nodes(201, 0.0, nodes).unwrap_err();
    assert_eq!(refuse(vec![]), DigestError::Root);
    assert_eq!(refuse(vec![node(0, 0, 1)]), DigestError::Root);
    assert_eq!(refuse(vec![node(2, 3, 1)]), DigestError::Root);
    assert_eq!(
        refuse(vec![node(1, 2, 1), node(0, 3, 0)]),
        DigestError::NotDyadic { index: 0, node: node(1, 2, 1) }
    );
    assert_eq!(
        refuse(vec![node(3, 1, 1), node(0, 3, 0)]),
        DigestError::NotDyadic { index: 0, node: node(3, 1, 1) }
    );
    assert_eq!(
        refuse(vec![node(0, 1, 0), node(1, 1, 1)]),
        DigestError::OutOfOrder { index: 1, node: node(1, 1, 1) }
    );
    assert_eq!(refuse(vec![node(0, 0, u64::MAX), node(0, 1, 1)]), DigestError::Total);
    let root = vec![node(0, 1, 0)];
    assert_eq!(QuantileDigest::from_nodes(0, 0.0, root.clone()), Err(DigestError::Size));
    assert_eq!(QuantileDigest::from_nodes(1, -1.0, root), Err(DigestError::DecayRate(-1.0)));
}

/// Small values, values up to the largest scaled score, and any.
fn value() -> impl Strategy<Value = u32> {
    prop_oneof![0_u32..40, 0_u32..=100_000, any::<u32>()]
}

proptest! {
    #[test]
    fn ranks_are_as_exact_as_the_size_promises(
        values in prop::collection::vec(value(), 1..150),
        size in 5_u64..60,
    ) {
        let mut digest = QuantileDigest::new(size, 0.0);
        for &value in &values {
            digest.add(value, 1);
        }
        prop_assert_eq!(digest.len(), values.len() as u64);
        // A node holds fewer than N/K values that may lie elsewhere in its interval, and at most
        // 32 nested nodes can hold a value.
        let slack = 32.0 / size as f64;
        for &value in &values {
            let exact = values.iter().filter(|&&v| v <= value).count() as f64 / values.len() as f64;
            let Bounds { lower, upper } = digest.cdf(value);
            prop_assert!(lower <= exact && exact <= upper);
            prop_assert!(upper - lower <= slack);
        }
    }

    #[test]
    fn nodes_carry_on_to_the_same_digest(
        before in prop::collection::vec((value(), 1_u64..5), 0..200),
        after in prop::collection::vec((value(), 1_u64..5), 0..200),
        size in 1_u64..60,
    ) {
        let mut digest = QuantileDigest::new(size, 0.02);
        for &(value, count) in &before {
            digest.add(value, count);
        }
        digest.age(3.0);
        let text = serde_json::to_string(digest.nodes()).unwrap();
        let nodes: Vec<Node> = serde_json::from_str(&text).unwrap();
        let mut restored = QuantileDigest::from_nodes(size, 0.02, nodes).unwrap();
        prop_assert_eq!(&restored, &digest);
        for &(value, count) in &after {
            digest.add(value, count);
            restored.add(value, count);
        }
        prop_assert_eq!(restored, digest);
    }
}
