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

/// The numbers are those of the worked example in `docs/model.md`, as written with seven digits
/// (rare-model §15, §8.8): an empty bucket after it changes none of its ceilings that hold.
#[test]
fn scores_follow_from_probabilities_and_normalisers() {
    let mut job = JobConfig::rare("destination.port");
    job.influencers = vec!["host.name".into()];
    let mut detector = Detector::new(job).unwrap();
    let mut push = |bucket: i64, port: &str, host: &[u8]| {
        let influencers = [Some(host)];
        let observation = Observation::new(bucket * 900, port).with_influencers(&influencers);
        detector.push(&observation).unwrap().last()
    };
    for bucket in 0..=100 {
        for port in ["443", "80", "22", "53"] {
            push(bucket, port, b"web-1");
        }
    }
    push(100, "4444", b"db-1");
    let mut stored = detector.finish().last().unwrap();
    assert_eq!(detector.advance_to(102 * 900).unwrap().count(), 1);
    stored.records[0].record_score = 0.0;
    stored.influencers[0].influencer_score = 0.0;
    stored.bucket.bucket_influencers[0].anomaly_score = 0.0;
    let mut renormalizer = detector.renormalizer();
    // The bucket itself counts, as its score follows that of its influencer.
    assert_eq!(renormalizer.rescore(&mut stored), 4);
    assert_eq!(stored.records[0].record_score, 38.197_33);
    assert_eq!(stored.influencers[0].influencer_score, 35.215_76);
    assert_eq!(stored.bucket.bucket_influencers[0].anomaly_score, 25.078_99);
    assert_eq!(stored.bucket.anomaly_score, 25.078_99);

    let record = &mut stored.records[0];
    record.record_score = 39.6;
    assert!(!renormalizer.record(record), "less than 1.5 away, in the same quarter");
    record.record_score = 39.8;
    assert!(renormalizer.record(record));
    assert_eq!(record.record_score, 38.197_33);
}
