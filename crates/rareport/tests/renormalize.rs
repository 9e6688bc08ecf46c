//! Scoring stored results anew.

#![allow(clippy::unwrap_used)]

use rareport::results::{BucketResults, Influencer, Record};
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

/// The scores of a probability of 0.03 by two ceilings (rare-model §8.6): that of a scope with the
/// maximum that belongs to `largest`, one bucket old, and that of the probability alone, which is
/// what a scope without a maximum is left with.
fn ceilings(largest: f64) -> [f64; 2] {
    let raw_score = |probability: f64| (1.0 / probability - 20.0) / 9980.0;
    let maximum = raw_score(largest) * (-2.0 * 0.00025f64).exp();
    let probability = 5.0 + 95.0 * (0.03f64 / 0.05).ln() / 0.002f64.ln();
    [150.0 * raw_score(0.03) / maximum, probability]
}

/// A detector after 301 buckets in which 1204 users connected from web-1 to four ports, one in
/// which user mallory connected from db-1 to port 4444, and another one.
fn after_mallory(over: bool, partition: bool) -> (Detector, BucketResults) {
    after_user(b"mallory", over, partition)
}

/// The same with a user of another name.
fn after_user(mallory: &[u8], over: bool, partition: bool) -> (Detector, BucketResults) {
    let mut job = JobConfig::rare("destination.port");
    job.influencers = vec!["host.name".into(), "user.name".into()];
    job.detector.over_field = over.then(|| "user.name".into());
    job.detector.partition_field = partition.then(|| "host.name".into());
    let mut detector = Detector::new(job).unwrap();
    let mut push = |bucket: i64, port: &str, host: &str, user: &[u8]| {
        let observation = Observation {
            over: Some(user),
            partition: Some(host.as_bytes()),
            influencers: &[Some(host.as_bytes()), Some(user)],
            ..Observation::new(bucket * 900, port)
        };
        detector.push(&observation).unwrap().last()
    };
    for bucket in 0..=300 {
        for user in 0..4 {
            let user = format!("user-{}", 4 * bucket + user);
            for port in ["443", "80", "22", "53"] {
                push(bucket, port, "web-1", user.as_bytes());
                push(bucket, port, "db-1", user.as_bytes());
            }
        }
    }
    push(301, "443", "web-1", b"user-0");
    push(301, "4444", "db-1", mallory);
    let results = detector.finish().last().unwrap();
    assert_eq!(detector.advance_to(303 * 900).unwrap().count(), 1);
    (detector, results)
}

fn assert_score(score: f64, expected: f64) {
    assert!((score - expected).abs() < 1e-5 * expected, "{score} instead of {expected}");
}

/// Scores records that differ from `record` by their probability, and as `change` says.
fn record_score(detector: &Detector, record: &Record, change: impl Fn(&mut Record)) -> f64 {
    let mut record = Record { probability: 0.03, record_score: 0.0, ..record.clone() };
    change(&mut record);
    assert!(detector.renormalizer().record(&mut record));
    record.record_score
}

#[test]
fn a_by_field_value_is_held_against_its_own_maximum() {
    let (detector, results) = after_mallory(false, false);
    let record = results.records.iter().find(|record| record.value() == "4444").unwrap();
    let [own, alone] = ceilings(record.probability);
    assert!(own < alone);
    assert_score(record_score(&detector, record, |_| ()), own);
    let other = |record: &mut Record| record.by_field_value = Some("5555".into());
    assert_score(record_score(&detector, record, other), alone);
}

#[test]
fn a_partition_has_maxima_of_its_own() {
    let (detector, results) = after_mallory(false, true);
    let record = results.records.iter().find(|record| record.value() == "4444").unwrap();
    let [own, alone] = ceilings(record.probability);
    assert_score(record_score(&detector, record, |_| ()), own);
    let other = |record: &mut Record| record.partition_field_value = Some("web-1".into());
    assert_score(record_score(&detector, record, other), alone);
}

#[test]
fn all_members_of_a_population_share_one_maximum() {
    let (detector, results) = after_mallory(true, false);
    let record = results.records.iter().find(|record| record.value() == "mallory").unwrap();
    let [shared, alone] = ceilings(record.probability);
    assert!(shared < alone);
    let other = |record: &mut Record| record.over_field_value = Some("trent".into());
    assert_score(record_score(&detector, record, |_| ()), shared);
    assert_score(record_score(&detector, record, other), shared);
}

#[test]
fn influencer_values_have_maxima_of_their_own_but_for_those_of_an_over_field() {
    for over in [false, true] {
        let (detector, results) = after_mallory(over, false);
        let found = results.influencers.iter().find(|i| i.influencer_field_value == "mallory");
        let mallory = found.unwrap();
        let [own, alone] = ceilings(mallory.probability);
        assert!(own < alone);
        let score = |field: &str, value: &str| {
            let mut influencer = mallory.clone();
            influencer.influencer_field_name = field.into();
            influencer.influencer_field_value = value.into();
            (influencer.probability, influencer.influencer_score) = (0.03, 0.0);
            assert!(detector.renormalizer().influencer(&mut influencer));
            influencer.influencer_score
        };
        assert_score(score("user.name", "mallory"), own);
        assert_score(score("user.name", "trent"), if over { own } else { alone });
        assert_score(score("host.name", "backup-1"), alone);
        let mut unknown = mallory.clone();
        unknown.influencer_field_name = "process.name".into();
        unknown.influencer_score = 0.0;
        assert!(!detector.renormalizer().influencer(&mut unknown), "not a field of the job");
    }
}

/// Documents show such a value with a replacement character, and its maximum is found by that.
#[test]
fn an_influencer_value_that_is_not_utf_8_has_a_maximum_of_its_own_too() {
    for user in [&b"mallory\xff"[..], b"mallory\xff, longer than what is packed"] {
        let (detector, mut results) = after_user(user, false, false);
        let shown = String::from_utf8_lossy(user);
        let is_shown = |i: &&mut Influencer| i.influencer_field_value == shown;
        let influencer = results.influencers.iter_mut().find(is_shown).unwrap();
        let [own, alone] = ceilings(influencer.probability);
        assert!(own < alone);
        (influencer.probability, influencer.influencer_score) = (0.03, 0.0);
        assert!(detector.renormalizer().influencer(influencer));
        assert_score(influencer.influencer_score, own);
    }
}

#[test]
fn the_root_and_the_fields_have_a_maximum_each() {
    let (detector, results) = after_mallory(false, false);
    let mut bucket = results.bucket;
    let mut expected = Vec::new();
    for influencer in &mut bucket.bucket_influencers {
        let [own, alone] = ceilings(influencer.probability);
        expected.push((influencer.influencer_field_name.clone(), own.min(alone)));
        (influencer.probability, influencer.anomaly_score) = (0.03, 0.0);
    }
    let names: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["host.name", "user.name", "bucket_time"]);
    assert!((expected[1].1 - expected[2].1).abs() > 1.0, "{expected:?}");
    detector.renormalizer().bucket(&mut bucket);
    for (influencer, (_, score)) in bucket.bucket_influencers.iter().zip(expected) {
        assert_score(influencer.anomaly_score, score);
    }
}

/// Times of results, in milliseconds before the last closed bucket, that a job covers.
fn assert_covered(bucket_span: u32, window_days: Option<u32>, longest: i64) {
    let mut job = JobConfig::rare("destination.port");
    job.bucket_span = bucket_span;
    job.renormalization_window_days = window_days;
    job.influencers = vec!["host.name".into()];
    let mut detector = Detector::new(job).unwrap();
    let span = i64::from(bucket_span);
    for bucket in 0..200 {
        let port = if bucket == 190 { "4444" } else { "443" };
        let influencers = [Some(b"web-1".as_slice())];
        let observation = Observation::new(bucket * span, port).with_influencers(&influencers);
        detector.push(&observation).unwrap();
    }
    let results = detector.advance_to(200 * span).unwrap().last().unwrap();
    let last = results.bucket.timestamp;
    assert_eq!(last, 199 * span * 1000);
    let (_, with_record) = after_mallory(false, false);
    let mut renormalizer = detector.renormalizer();
    // A probability that earns no score, where the score is 50.
    let mut is_covered = |age: i64| {
        let mut results = with_record.clone();
        results.records.truncate(1);
        results.influencers.truncate(1);
        (results.records[0].probability, results.records[0].record_score) = (0.5, 50.0);
        (results.influencers[0].probability, results.influencers[0].influencer_score) = (0.5, 50.0);
        results.bucket.anomaly_score = 50.0;
        results.bucket.bucket_influencers.clear();
        let timestamps = [
            &mut results.records[0].timestamp,
            &mut results.influencers[0].timestamp,
            &mut results.bucket.timestamp,
        ];
        timestamps.into_iter().for_each(|timestamp| *timestamp = last - age);
        let mut interim = results.clone();
        interim.records[0].is_interim = true;
        interim.influencers[0].is_interim = true;
        interim.bucket.is_interim = true;
        assert_eq!(renormalizer.rescore(&mut interim), 0);
        match renormalizer.rescore(&mut results) {
            0 => false,
            3 => true,
            some => panic!("{some} of the three documents are covered at {age}"),
        }
    };
    let day = 86_400_000;
    assert_eq!([-1, 0, 1].map(&mut is_covered), [false, false, longest > 0]);
    let ends = [longest * day - 1, longest * day, longest * day + 1];
    assert_eq!(ends.map(&mut is_covered), [longest > 0, false, false]);
}

/// The window is open at both ends; by default it is the longer of 30 days and 100 buckets.
#[test]
fn the_window() {
    assert_covered(900, None, 30);
    assert_covered(86_400, None, 100);
    assert_covered(900, Some(2), 2);
    assert_covered(86_400, Some(7), 7);
}

/// The scores of a value of port and host that comes back every now and then, scored anew.
fn scores_of_one_that_comes_back(value: &[u8]) -> Vec<f64> {
    let mut job = JobConfig::rare("destination.port");
    job.influencers = vec!["host.name".into()];
    let mut detector = Detector::new(job).unwrap();
    let mut stored = Vec::new();
    for bucket in 0..400 {
        for port in ["443", "80", "22", "53"] {
            let observation = Observation::new(bucket * 900, port);
            let observation = observation.with_influencers(&[Some(b"web-1")]);
            stored.extend(detector.push(&observation).unwrap());
        }
        if bucket >= 300 && bucket % 12 == 0 {
            let observation = Observation::new(bucket * 900 + 1, value);
            let influencers = [Some(value)];
            let observation = observation.with_influencers(&influencers);
            stored.extend(detector.push(&observation).unwrap());
        }
    }
    stored.extend(detector.finish());
    let mut renormalizer = detector.renormalizer();
    stored.iter_mut().for_each(|results| {
        renormalizer.rescore(results);
    });
    let scores = |results: &BucketResults| {
        let records = results.records.iter().map(|record| record.record_score);
        let influencers = results.influencers.iter().map(|i| i.influencer_score);
        records.chain(influencers).collect::<Vec<_>>()
    };
    stored.iter().flat_map(scores).collect()
}

/// Documents show such a value with a replacement character, and its largest score is found by that.
#[test]
fn a_value_that_is_not_utf_8_is_scored_like_any_other() {
    for value in [&b"\xff4444"[..], b"\xff, longer than what is packed"] {
        let mut plain = value.to_vec();
        plain[0] = b'x';
        let scores = scores_of_one_that_comes_back(value);
        assert!(scores.len() > 4);
        assert_eq!(scores, scores_of_one_that_comes_back(&plain));
    }
}
