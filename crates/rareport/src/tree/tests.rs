//! The tree, its normalisation and what is written, against the reference library's values.

use super::*;
use crate::normalizer::Scope;
use crate::normalizers::{LeafScope, Normalizers, Scorers};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    bucket_span: u32,
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
struct Bucket {
    leaves: Vec<Leaf>,
    #[serde(default)]
    nodes: Vec<Expectation>,
}

/// Port, record probability, influencer fields and values.
type Leaf = (String, f64, Vec<(String, String)>);

/// Kind, field, value, probability, raw score, smallest, normalised score, written.
#[derive(Deserialize)]
struct Expectation(String, String, String, f64, f64, f64, f64, u8);

const FIELDS: [&str; 4] = ["destination.ip", "host.name", "process.name", "user.name"];

fn field_index(name: &str) -> u16 {
    FIELDS.iter().position(|field| *field == name).unwrap() as u16
}

fn vectors() -> Vectors {
    let compressed = include_bytes!("../../tests/data/tree_and_normaliser.json.xz");
    serde_json::from_reader(liblzma::read::XzDecoder::new(compressed.as_slice())).unwrap()
}

/// A bucket with everything that is made of it.
struct Grown<'a> {
    bucket: &'a Bucket,
    values: Vec<(u16, &'a str)>,
    tree: Tree,
    written: Written,
}

impl<'a> Grown<'a> {
    fn of(bucket: &'a Bucket) -> Self {
        let influences = bucket.leaves.iter().flat_map(|(_, _, influences)| influences);
        let values: BTreeSet<(u16, &str)> =
            influences.map(|(field, value)| (field_index(field), value.as_str())).collect();
        let values: Vec<_> = values.into_iter().collect();
        let mut leaves = Leaves::new(LeafKind::Attribute);
        for (id, (_, probability, influences)) in (0..).zip(&bucket.leaves) {
            let value = |(field, value): &(String, String)| {
                let key = (field_index(field), value.as_str());
                values.binary_search(&key).unwrap() as u32
            };
            let values: BTreeSet<u32> = influences.iter().map(value).collect();
            let values: Vec<u32> = values.into_iter().collect();
            leaves.push_attribute(id, *probability, &values);
        }
        if leaves.len() > 0 {
            leaves.end_partition(0);
        }
        let value_fields: Vec<u16> = values.iter().map(|(field, _)| *field).collect();
        let influencers = Influencers {
            value_fields: &value_fields,
            field_count: FIELDS.len(),
            partition_field: None,
        };
        let tree = Tree::grow(&leaves, &influencers);
        let written = Written::of(&tree, &leaves, &value_fields);
        Grown { bucket, values, tree, written }
    }

    fn feed(&self, normalizers: &mut Normalizers) {
        let leaf = |(port, _, _): &'a Leaf| LeafScope {
            scope: Scope { partition: b"", value: port.as_bytes() },
            is_fed: true,
        };
        let leaf_scopes: Vec<_> = self.bucket.leaves.iter().map(leaf).collect();
        let value = |&(field, value): &(u16, &'a str)| {
            (usize::from(field), Scope { partition: b"", value: value.as_bytes() })
        };
        let value_scopes: Vec<_> = self.values.iter().map(value).collect();
        normalizers.learn(&self.tree, &leaf_scopes, &value_scopes);
    }

    /// The node that is expected to be like this, its score, and whether it is written.
    fn find(&self, wanted: &Expectation, scorers: &mut Scorers<'_>) -> (Node, f64, Option<bool>) {
        let Expectation(kind, field, value, ..) = wanted;
        let scope = Scope { partition: b"", value: value.as_bytes() };
        match kind.as_str() {
            "leaf" => {
                let leaf = self.bucket.leaves.iter().position(|leaf| leaf.0 == *value).unwrap();
                let node = self.tree.leaves[leaf];
                let score = scorers.leaf(scope, node.probability);
                (node, score, Some(self.written.leaves[leaf]))
            }
            "pivot" => {
                let field = field_index(field);
                let index = self.values.binary_search(&(field, value)).unwrap();
                let node = self.tree.values[index];
                let score = scorers.value(usize::from(field), scope, node.probability);
                (node, score, Some(self.written.values[index]))
            }
            "proot" => {
                let field = usize::from(field_index(field));
                let node = self.tree.fields[field];
                let score = scorers.field(field, node.probability);
                (node, score, Some(self.written.fields[field]))
            }
            _ => (self.tree.root, scorers.root(self.tree.root.probability), None),
        }
    }
}

fn close(actual: f64, expected: f64) -> bool {
    (actual - expected).abs() <= 1e-9 * expected.abs()
}

#[test]
fn nodes_scores_and_what_is_written() {
    let mut compared = 0;
    for case in vectors().cases {
        let mut normalizers = Normalizers::new(case.bucket_span, FIELDS.len());
        for (index, bucket) in case.buckets.iter().enumerate() {
            let grown = Grown::of(bucket);
            grown.feed(&mut normalizers);
            let mut scorers = normalizers.scorers();
            for expected in &bucket.nodes {
                let (node, score, written) = grown.find(expected, &mut scorers);
                let Expectation(kind, field, value, probability, raw, smallest, norm, shown) =
                    expected;
                let place =
                    format!("bucket {index} of {}: {kind} {field} {value}", case.bucket_span);
                assert!(close(node.probability, *probability), "{place}: probability");
                assert!(close(node.raw_score, *raw), "{place}: raw score");
                assert!(close(node.smallest, *smallest), "{place}: smallest");
                assert!((score - norm).abs() <= 1e-6, "{place}: {score} instead of {norm}");
                assert!(written.is_none_or(|written| written == (*shown == 1)), "{place}: written");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 3169);
}
