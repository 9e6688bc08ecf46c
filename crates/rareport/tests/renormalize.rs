//! Scoring stored results anew.

#![allow(clippy::unwrap_used)]

use rareport::results::BucketResults;
use rareport::{Detector, JobConfig, Observation};

/// Four ports in every bucket, and a new one in each bucket of `new`; then time goes on.
fn results(new: &[i64]) -> (Detector, Vec<BucketResults>) {
    let mut job = JobConfig::rare("destination.port");
    job.influencers = vec!["host.name".into()];
    let mut detector = Detector::new(job).unwrap();
    let mut results = Vec::new();
    for bucket in 0..400 {
        for port in ["443", "80", "22", "53"] {
            let observation = Observation::new(bucket * 900, port);
            let observation = observation.with_influencers(&[Some(b"web-1")]);
            results.extend(detector.push(&observation).unwrap());
        }
        if new.contains(&bucket) {
            let port = (4000 + bucket).to_string();
            let observation = Observation::new(bucket * 900 + 1, &port);
            let observation = observation.with_influencers(&[Some(b"db-1")]);
            results.extend(detector.push(&observation).unwrap());
        }
    }
    results.extend(detector.finish());
    (detector, results)
}

#[test]
fn initial_scores_and_probabilities_stay() {
    let (detector, mut stored) = results(&[60, 61, 200, 300, 350]);
    let before = stored.clone();
    let mut renormalizer = detector.renormalizer();
    let changed: usize = stored.iter_mut().map(|results| renormalizer.rescore(results)).sum();
    assert!(changed > 0);
    for (old, new) in before.iter().zip(&stored) {
        for (old, new) in old.records.iter().zip(&new.records) {
            assert_eq!(old.initial_record_score, new.initial_record_score);
            assert_eq!(old.probability, new.probability);
        }
        let scores = new.bucket.bucket_influencers.iter().map(|b| b.anomaly_score);
        assert_eq!(new.bucket.anomaly_score, scores.fold(0.0, f64::max));
    }
    let again: usize = stored.iter_mut().map(|results| renormalizer.rescore(results)).sum();
    assert_eq!(again, 0, "once done, there is nothing left to change");
}

#[test]
fn results_outside_the_window_are_left_alone() {
    let (detector, stored) = results(&[60, 399]);
    let mut renormalizer = detector.renormalizer();
    let mut last = stored.last().unwrap().clone();
    last.records[0].record_score = 1.0;
    assert!(!renormalizer.record(&mut last.records[0]), "the last closed bucket is excluded");
    let mut record = stored[60].records[0].clone();
    record.timestamp -= 31 * 86_400_000;
    record.record_score = 1.0;
    assert!(!renormalizer.record(&mut record));
    record.timestamp = stored[60].bucket.timestamp;
    record.is_interim = true;
    assert!(!renormalizer.record(&mut record));
    record.is_interim = false;
    assert!(renormalizer.record(&mut record));
}
