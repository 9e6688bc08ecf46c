//! The numbers of `docs/model.md` that are not checked elsewhere.

#![allow(clippy::unwrap_used)]

use liblzma::read::XzDecoder;
use rareport::normalizer::{Normalizer, Scope};
use rareport::results::BucketResults;
use rareport::score::probability_score;
use rareport::{Detector, JobConfig, Observation};
use serde_json::Value;
use std::io::Read;
use std::path::Path;

const MODEL: &str = include_str!("../../../docs/model.md");

/// The numbers in the cells of the table rows that start with `first`.
fn row(first: &str) -> Vec<f64> {
    let start = format!("| {first} |");
    let row = MODEL.lines().find(|line| line.starts_with(&start)).unwrap();
    let cells = row.trim_matches('|').split('|').map(str::trim);
    cells.filter_map(|cell| cell.trim_end_matches(" %").parse().ok()).collect()
}

/// The last of some buckets with `steady` ports from host web-1; port 4444 from db-1 is in that one
/// alone.
fn last_of(buckets: i64, steady: u32) -> BucketResults {
    let mut job = JobConfig::rare("port");
    job.influencers = vec!["host".into()];
    let mut detector = Detector::new(job).unwrap();
    let mut push = |bucket: i64, port: &str, host: &[u8]| {
        let influencers = [Some(host)];
        let observation = Observation::new(bucket * 900, port).with_influencers(&influencers);
        detector.push(&observation).unwrap();
    };
    for bucket in 0..buckets {
        (0..steady).for_each(|port| push(bucket, &port.to_string(), b"web-1"));
    }
    push(buckets - 1, "4444", b"db-1");
    detector.finish().last().unwrap()
}

#[test]
fn how_long_it_takes() {
    for before in [50, 100, 500, 2000, 5000] {
        let results = last_of(before + 1, 4);
        let record = &results.records[0];
        let documented = row(&before.to_string());
        let [_, probability, score] = documented[..] else { panic!("{documented:?}") };
        let found = (100.0 * record.probability, record.record_score);
        assert!((found.0 - probability).abs() <= 0.0005, "{before}: {found:?}");
        assert!((found.1 - score).abs() <= 0.05, "{before}: {found:?}");
    }
    let among_many = 100.0 * last_of(11, 1000).records[0].probability;
    assert!((among_many - 0.510).abs() <= 0.0005, "{among_many}");
    assert!(MODEL.contains("a new one has 0.510 % after 10 buckets"));
}

#[test]
fn how_it_forgets() {
    let kept = |buckets: f64| (-0.00025 * buckets).exp();
    assert!((1.0 - kept(1.0) - 1.0 / 4000.0).abs() < 1e-6);
    assert!((kept(30.0 * 96.0) - 0.49).abs() < 0.005);
    assert_eq!((16_000.0 * 0.25f64 / 24.0).round(), 167.0);
}

#[test]
fn what_a_probability_earns_by_itself() {
    let scores = [0.035, 0.01, 0.001, 0.0001].map(probability_score);
    for (score, documented) in scores.into_iter().zip([10.5, 29.6, 64.8, 100.0]) {
        assert!((score - documented).abs() < 0.05, "{score} is not {documented}");
    }
}

/// Scored records of the test streams, and those among them that score what their probability
/// earns by itself.
#[test]
fn the_first_ceiling_decides_most_scores() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden");
    let (mut scored, mut by_probability) = (0, 0);
    for stream in std::fs::read_dir(golden).unwrap() {
        let folder = stream.unwrap().path();
        let documents = documents(&folder);
        let scores = documents.iter().filter_map(|document| {
            let score = document["initial_record_score"].as_f64().filter(|&score| score > 0.0)?;
            Some((score, document["probability"].as_f64()?))
        });
        for (score, probability) in scores {
            scored += 1;
            let own = (5.0 + 95.0 * (probability / 0.05).ln() / 0.002f64.ln()).min(100.0);
            by_probability += u32::from((score - own).abs() < 1e-6);
        }
    }
    let documented = format!("{by_probability} of the {scored} scored records");
    assert!(MODEL.contains(&documented), "{documented}");
}

/// The documents expected of a test stream.
fn documents(folder: &Path) -> Vec<Value> {
    let mut text = String::new();
    match std::fs::File::open(folder.join("expected.ndjson.xz")) {
        Ok(file) => XzDecoder::new(file).read_to_string(&mut text).unwrap(),
        Err(_) => {
            text = std::fs::read_to_string(folder.join("expected.ndjson")).unwrap();
            text.len()
        }
    };
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_aggregate_of_one_port_scores_lower_than_the_port() {
    let results = last_of(101, 4);
    let (record, influencer) = (&results.records[0], &results.influencers[0]);
    assert_eq!(influencer.influencer_field_value, "db-1");
    assert!(influencer.probability > record.probability);
    assert!(influencer.influencer_score < record.record_score);
}

/// The noise ceiling as the share of zeros in the history grows; the others are 0.02, whose raw
/// score is (1/0.02 − 20)/9980 and thus 3 in the digest.
#[test]
fn zeros_raise_the_noise_ceiling_from_a_quarter_to_a_half() {
    for (zeros, extra) in [(25, 0.0), (30, 20.0), (45, 80.0), (49, 96.0), (51, 100.0), (90, 100.0)]
    {
        // Buckets of an hour enter every value.
        let mut normalizer = Normalizer::new(3600);
        for index in 0..100 {
            let probability = if index < zeros { 1.0 } else { 0.02 };
            normalizer.feed(Scope::default(), probability);
        }
        let median = if zeros >= 50 { 0.0 } else { 3.0 };
        let ceilings = normalizer.scorer().ceilings(Scope::default(), 0.02).unwrap();
        let expected = 1.0 + (3.0 - median) / 100.0 + extra;
        assert!((ceilings.noise - expected).abs() < 1e-9, "{zeros}: {}", ceilings.noise);
    }
}
