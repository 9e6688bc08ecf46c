//! Normalisers against the numbers of the worked example (rare-model §15) and the scores of a
//! month of buckets, and their state.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rareport::digest::{DigestError, Node};
use rareport::normalizer::{Normalizer, NormalizerError, NormalizerState, Scope};
use serde::Deserialize;

/// Seconds.
const BUCKET_SPAN: u32 = 900;

/// A probability that is too large to count, as all of the example are but those given.
const COMMON: f64 = 0.9;

#[derive(Deserialize)]
struct Bucket {
    leaves: Vec<Leaf>,
    root: Root,
    values: Vec<Influencer>,
    fields: Vec<Influencer>,
    leaf_norm: LeafState,
    root_norm: RootState,
    leaf_terms: Option<Terms>,
}

#[derive(Deserialize)]
struct Leaf {
    port: String,
    p: f64,
    norm: f64,
}

#[derive(Deserialize)]
struct Root {
    p: f64,
    norm: f64,
}

#[derive(Deserialize)]
struct Influencer {
    #[serde(default)]
    value: String,
    p: f64,
    norm: f64,
}

#[derive(Deserialize)]
struct LeafState {
    #[serde(rename = "H")]
    high: u64,
    h: u32,
    c_h: u64,
    #[serde(rename = "D")]
    scores: Vec<(u32, u32, u64)>,
    pending: f64,
    k: u32,
    clock: f64,
}

#[derive(Deserialize)]
struct RootState {
    h: u32,
    c_h: u64,
    #[serde(rename = "D")]
    scores: Vec<(u32, u32, u64)>,
}

#[derive(Deserialize)]
struct Terms {
    #[serde(rename = "C1")]
    noise: f64,
    #[serde(rename = "C2")]
    percentile: f64,
    #[serde(rename = "C3")]
    maximum: f64,
    #[serde(rename = "C4")]
    probability: f64,
    pct_low: f64,
    pct_high: f64,
}

/// A bucket of the example for which its numbers are given: 0, 1 or 100.
fn example(number: &str) -> Bucket {
    let text = include_str!("data/worked_example.json");
    let mut buckets: serde_json::Value = serde_json::from_str(text).unwrap();
    serde_json::from_value(buckets[number].take()).unwrap()
}

/// A normaliser after the buckets before `bucket`, each with `nodes` unremarkable nodes.
fn before(bucket: u32, nodes: usize) -> Normalizer {
    let mut normalizer = Normalizer::new(BUCKET_SPAN);
    for _ in 0..bucket {
        normalizer.age();
        for _ in 0..nodes {
            normalizer.feed(Scope::default(), COMMON);
        }
    }
    normalizer.age();
    normalizer
}

fn of(value: &str) -> Scope<'_> {
    Scope { partition: b"", value: value.as_bytes() }
}

/// The nodes of a digest as the example has them: an enclosing interval first.
fn triples(nodes: &[Node]) -> Vec<(u32, u32, u64)> {
    nodes.iter().rev().map(|&node| node.into()).collect()
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-6, "expected {expected}, found {found}");
}

#[test]
fn leaves_of_the_worked_example() {
    for number in [0, 1, 100] {
        let bucket = example(&number.to_string());
        let mut normalizer = before(number, 4);
        let mut grew = Vec::new();
        for leaf in &bucket.leaves {
            grew.push(normalizer.feed(of(&leaf.port), leaf.p));
        }
        assert_eq!(grew, bucket.leaves.iter().map(|leaf| leaf.p < 0.035).collect::<Vec<_>>());

        let (state, expected) = (normalizer.state(), bucket.leaf_norm);
        assert_eq!(triples(&state.scores), expected.scores);
        assert_eq!(state.high_scores.iter().map(|node| node.count).sum::<u64>(), expected.high);
        assert_eq!(state.high_threshold, expected.h);
        assert_eq!(state.ordinary_count, expected.c_h);
        assert_eq!(state.pending_count, expected.k);
        assert_eq!(state.clock, expected.clock);
        close(state.pending_maximum, expected.pending);

        let mut scorer = normalizer.scorer();
        for leaf in &bucket.leaves {
            close(scorer.score(of(&leaf.port), leaf.p), leaf.norm);
        }
        if let Some(expected) = bucket.leaf_terms {
            let rare = bucket.leaves.iter().find(|leaf| leaf.p < 0.035).unwrap();
            let found = scorer.ceilings(of(&rare.port), rare.p).unwrap();
            close(found.noise, expected.noise);
            close(found.percentile, expected.percentile);
            close(found.maximum.unwrap(), expected.maximum);
            close(found.probability, expected.probability);
            close(found.percentiles.0, expected.pct_low);
            close(found.percentiles.1, expected.pct_high);
        }
    }
}

#[test]
fn root_of_the_worked_example() {
    for number in [0, 1, 100] {
        let bucket = example(&number.to_string());
        let mut normalizer = before(number, 1);
        normalizer.feed(Scope::default(), bucket.root.p);
        let state = normalizer.state();
        assert_eq!(triples(&state.scores), bucket.root_norm.scores);
        assert_eq!(state.high_threshold, bucket.root_norm.h);
        assert_eq!(state.ordinary_count, bucket.root_norm.c_h);
        close(normalizer.scorer().score(Scope::default(), bucket.root.p), bucket.root.norm);
    }
}

#[test]
fn influencers_of_the_worked_example() {
    let bucket = example("100");
    for pair in bucket.values.chunks(2) {
        let mut normalizer = before(100, 1);
        for value in pair {
            normalizer.feed(of(&value.value), value.p);
        }
        for value in pair {
            close(normalizer.scorer().score(of(&value.value), value.p), value.norm);
        }
    }
    for field in bucket.fields {
        let mut normalizer = before(100, 1);
        normalizer.feed(Scope::default(), field.p);
        close(normalizer.scorer().score(Scope::default(), field.p), field.norm);
    }
}

#[test]
fn a_normalizer_without_history_scores_nothing() {
    let mut normalizer = Normalizer::new(BUCKET_SPAN);
    normalizer.age();
    normalizer.feed(Scope::default(), 1e-6);
    assert_eq!(normalizer.scorer().score(Scope::default(), 1e-6), 0.0, "one value is pending");
    normalizer.feed(Scope::default(), 1e-6);
    assert!(normalizer.scorer().score(Scope::default(), 1e-6) > 0.0);
}

#[test]
fn a_maximum_holds_lesser_scores_down_until_it_is_forgotten() {
    let mut normalizer = before(1000, 2);
    normalizer.feed(of("22"), 1e-9);
    let maximum = |normalizer: &Normalizer| {
        let ceilings = normalizer.scorer().ceilings(of("22"), 1e-3).unwrap();
        ceilings.maximum
    };
    assert!(maximum(&normalizer).unwrap() < 10.0);
    for _ in 0..50 {
        normalizer.age();
    }
    assert!(maximum(&normalizer).unwrap() < 10.0, "50 buckets old");
    normalizer.age();
    assert_eq!(maximum(&normalizer), None, "51 buckets old");
}

#[test]
fn only_growth_by_more_than_a_tenth_is_a_big_change() {
    let mut normalizer = Normalizer::new(BUCKET_SPAN);
    // Raw scores 1/p − 20, up to a factor: 80, 85, 93, 110.
    let grew = [0.01, 1.0 / 105.0, 1.0 / 113.0, 1.0 / 130.0]
        .map(|probability| normalizer.feed(of("22"), probability));
    assert_eq!(grew, [true, false, false, true]);
    assert!(!normalizer.feed(of("22"), COMMON));
}

/// A pseudo-random stream of probabilities, a third of them rare, fed bucket by bucket.
fn feed_at_random(normalizer: &mut Normalizer, buckets: std::ops::Range<u32>) {
    for bucket in buckets {
        normalizer.age();
        for node in 0..7_u32 {
            let noise = (bucket * 7 + node).wrapping_mul(2_654_435_761) >> 8;
            let probability = f64::from(noise % 10_000 + 1) / 1e5;
            normalizer.feed(of(&(noise % 13).to_string()), probability);
        }
    }
}

#[test]
fn a_restored_state_carries_on_to_the_same_state_and_scores() {
    for bucket_span in [60, 300, 900, 3600, 86_400] {
        let mut whole = Normalizer::new(bucket_span);
        feed_at_random(&mut whole, 0..150);
        let mut parts = Normalizer::from_state(bucket_span, &whole.state()).unwrap();
        assert_eq!(parts.state(), whole.state());
        feed_at_random(&mut whole, 150..300);
        feed_at_random(&mut parts, 150..300);
        assert_eq!(parts.state(), whole.state());
        for probability in [0.03, 0.01, 1e-3, 1e-5] {
            assert_eq!(
                parts.scorer().score(of("5"), probability),
                whole.scorer().score(of("5"), probability)
            );
        }
    }
}

#[test]
fn states_that_no_normalizer_can_be_in_are_refused() {
    let good = before(10, 1).state();
    let refuse = |change: fn(&mut NormalizerState)| {
        let mut state = good.clone();
        change(&mut state);
        Normalizer::from_state(BUCKET_SPAN, &state).unwrap_err()
    };
    assert_eq!(
        refuse(|state| state.high_scores.clear()),
        NormalizerError::Digest { which: "high scores", source: DigestError::Root }
    );
    assert_eq!(
        refuse(|state| state.pending_count = 2),
        NormalizerError::Pending { limit: 2, found: 2 }
    );
    assert_eq!(
        refuse(|state| state.clock = 21.0),
        NormalizerError::Range { what: "ageing clock", limit: 20.0, found: 21.0 }
    );
    assert!(matches!(
        refuse(|state| state.pending_maximum = f64::NAN),
        NormalizerError::Range { what: "pending score", .. }
    ));
}

#[test]
fn scores_stay_between_0_and_100() {
    let mut normalizer = Normalizer::new(BUCKET_SPAN);
    for bucket in 0..400 {
        feed_at_random(&mut normalizer, bucket..bucket + 1);
        let mut scorer = normalizer.scorer();
        for probability in [0.035, 0.02, 1e-4, 1e-60, 0.0] {
            let score = scorer.score(of("5"), probability);
            assert!((0.0..=100.0).contains(&score), "{probability}: {score}");
        }
    }
}

#[test]
fn digests_age_once_in_twenty_sampling_intervals() {
    let mut normalizer = Normalizer::new(BUCKET_SPAN);
    for _ in 0..20_000 {
        normalizer.feed(Scope::default(), COMMON);
    }
    let count = |normalizer: &Normalizer| normalizer.state().scores[0].count;
    for _ in 0..39 {
        normalizer.age();
    }
    assert_eq!(count(&normalizer), 10_000);
    normalizer.age();
    // 10000·exp(−0.00025) = 9997.50…
    assert_eq!(count(&normalizer), 9_998);
    assert_eq!(normalizer.state().ordinary_count, 9_998);
    assert_eq!(normalizer.state().clock, 20.0);
}

/// `data/bucket_influencers.csv` has the bucket influencers of 2879 buckets, from an independent
/// implementation of the model: all with a probability of at most 0.035. There is one node of
/// every field in every bucket, so a normaliser at field level needs to know no more.
#[test]
fn scores_of_a_month() {
    let rows: Vec<Vec<&str>> = include_str!("data/bucket_influencers.csv")
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let (mut compared, mut above_line) = (0, 0);
    for field in ["bucket_time", "destination.ip", "host.name", "process.name", "user.name"] {
        let mut normalizer = Normalizer::new(BUCKET_SPAN);
        for bucket in 0..2879 {
            let number = bucket.to_string();
            let row = rows.iter().find(|row| row[0] == number && row[1] == field);
            let probability = row.map_or(COMMON, |row| row[2].parse().unwrap());
            normalizer.age();
            normalizer.feed(Scope::default(), probability);
            if let Some(row) = row {
                close(
                    normalizer.scorer().score(Scope::default(), probability),
                    row[3].parse().unwrap(),
                );
                compared += 1;
            }
        }
        let state = normalizer.state();
        above_line += state.high_scores.iter().map(|node| node.count).sum::<u64>();
    }
    assert_eq!(compared, rows.len());
    assert!(above_line > 100, "the digest of the high scores had a part in it");
}
