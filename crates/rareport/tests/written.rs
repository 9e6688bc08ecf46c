//! Which documents of a bucket are written, and in which order, when there are ties or too many.

#![allow(clippy::unwrap_used)]

use rareport::results::BucketResults;
use rareport::{Detector, JobConfig, Observation};

/// The last bucket of a stream with four steady ports from one host in 100 buckets; in the last
/// one there are also `new` ports with their hosts.
fn last_bucket(job: &JobConfig, hosts: &[&str], new: &[(&str, &str)]) -> BucketResults {
    let mut detector = Detector::new(job.clone()).unwrap();
    let mut push = |bucket: i64, port: &str, host: &str| {
        let influencers = [Some(host.as_bytes()), Some(b"one".as_slice())];
        let observation = Observation {
            partition: Some(host.as_bytes()),
            ..Observation::new(bucket * 900, port).with_influencers(&influencers)
        };
        detector.push(&observation).unwrap();
    };
    for bucket in 0..=100 {
        for port in ["443", "80", "22", "53"] {
            hosts.iter().for_each(|host| push(bucket, port, host));
        }
    }
    new.iter().for_each(|(port, host)| push(100, port, host));
    detector.finish().last().unwrap()
}

fn job(limit: Option<usize>) -> JobConfig {
    let mut job = JobConfig::rare("port");
    job.influencers = vec!["host".into(), "all".into()];
    job.limits.results_per_bucket = limit;
    job
}

fn values(results: &BucketResults) -> Vec<String> {
    let value = |r: &rareport::results::Record| {
        format!("{}{}", r.value(), r.partition_field_value.as_deref().unwrap_or_default())
    };
    results.records.iter().map(value).collect()
}

#[test]
fn equal_records_are_in_byte_order_of_value_and_then_partition() {
    let mut job = job(None);
    job.detector.partition_field = Some("host".into());
    // Neither the order of the events nor that of numbers.
    let new = [("9", "b"), ("10", "b"), ("9", "a"), ("10", "a"), ("7", "c"), ("8", "c")];
    let results = last_bucket(&job, &["c", "b", "a"], &new);
    let probabilities: Vec<f64> = results.records.iter().map(|r| r.probability).collect();
    assert!(probabilities.iter().all(|&p| p == probabilities[0] && p < 0.035));
    assert_eq!(values(&results), ["10a", "10b", "7c", "8c", "9a", "9b"]);
    job.limits.results_per_bucket = Some(3);
    assert_eq!(values(&last_bucket(&job, &["c", "b", "a"], &new)), ["10a", "10b", "7c"]);
}

#[test]
fn the_limit_keeps_the_smallest_probabilities() {
    let mut job = job(None);
    job.detector.partition_field = Some("host".into());
    // Two new ports in a partition are less remarkable than a single one.
    let new = [("1", "a"), ("2", "a"), ("3", "b")];
    let results = last_bucket(&job, &["a", "b"], &new);
    assert_eq!(values(&results), ["3b", "1a", "2a"]);
    assert!(results.records[0].probability < results.records[1].probability);
    for limit in 1..3 {
        job.limits.results_per_bucket = Some(limit);
        assert_eq!(values(&last_bucket(&job, &["a", "b"], &new)), ["3b", "1a", "2a"][..limit]);
    }
}

#[test]
fn the_limit_keeps_the_influencers_with_the_highest_scores() {
    // Host z has both new ports, which together are rarer than one; a and m tie.
    let new = [("4444", "m"), ("4444", "z"), ("5555", "z"), ("5555", "a")];
    let hosts = |limit: Option<usize>| {
        let results = last_bucket(&job(limit), &["web"], &new);
        let mut influencers = results.influencers;
        influencers.retain(|influencer| influencer.influencer_field_name == "host");
        let of = |i: &rareport::results::Influencer| {
            (i.influencer_field_value.clone(), i.influencer_score)
        };
        influencers.iter().map(of).collect::<Vec<_>>()
    };
    let all = hosts(None);
    let names = |limit| hosts(limit).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(None), ["a", "m", "z"]);
    assert!(all[0].1 == all[1].1 && all[1].1 < all[2].1 && all[0].1 > 0.0, "{all:?}");
    assert_eq!(names(Some(3)), ["a", "m", "z"]);
    assert_eq!(names(Some(2)), ["a", "z"], "the higher score, then the first of the tie");
    assert_eq!(names(Some(1)), ["z"]);
}

#[test]
fn the_limit_keeps_the_bucket_influencers_with_the_highest_scores() {
    let fields = |limit: Option<usize>| {
        let bucket = last_bucket(&job(limit), &["web"], &[("4444", "db")]).bucket;
        let of = |i: &rareport::results::BucketInfluencer| {
            (i.influencer_field_name.clone(), i.anomaly_score)
        };
        (bucket.bucket_influencers.iter().map(of).collect::<Vec<_>>(), bucket.anomaly_score)
    };
    let (all, score) = fields(None);
    let names = |limit| fields(limit).0.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(None), ["all", "host", "bucket_time"]);
    assert_eq!((all[1].1, true), (score, all[0].1 < score && all[2].1 < score));
    assert_eq!(names(Some(1)), ["host"]);
    assert_eq!(fields(Some(1)).1, score);
}
