//! What the limits of a job refuse, and what they leave alone.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use rareport::job::{JobError, Limits};
use rareport::results::BucketResults;
use rareport::summary::{Position, Summarizer};
use rareport::{Detector, DetectorError, JobConfig, Observation};

const SPAN: i64 = 900;

/// Thirty days, in seconds and in buckets.
const GAP: i64 = 30 * 86_400;
const GAP_BUCKETS: usize = 30 * 96;

fn job(latency: u32) -> JobConfig {
    let mut job = JobConfig::rare("destination.port");
    job.latency = latency;
    job.limits.largest_gap = Some(GAP as u32);
    job
}

fn push(detector: &mut Detector, time: i64, port: &str) -> Vec<BucketResults> {
    detector.push(&Observation::new(time, port)).unwrap().collect()
}

#[test]
fn one_observation_from_a_wrong_clock_is_dropped_and_counted() {
    let run = |wrong: bool| {
        let mut detector = Detector::new(job(0)).unwrap();
        let mut results = Vec::new();
        for bucket in 0..60 {
            results.extend(push(&mut detector, bucket * SPAN, "443"));
            if bucket == 30 && wrong {
                results.extend(push(&mut detector, 253_402_300_799, "443"));
            }
        }
        results.extend(push(&mut detector, 59 * SPAN, "4444"));
        results.extend(detector.finish());
        let lines: Vec<String> =
            results.iter().flat_map(|results| results.to_json_lines().unwrap()).collect();
        (lines, detector.counts())
    };
    let (with, with_counts) = run(true);
    let (without, without_counts) = run(false);
    assert_eq!(with, without);
    assert_eq!((with_counts.too_far_ahead, with_counts.pushed), (1, 62));
    assert_eq!((without_counts.too_far_ahead, without_counts.pushed), (0, 61));
}

/// A machine without a battery boots in 1970 and learns the time a little later.
#[test]
fn a_clock_that_was_wrong_at_first_is_not_believed_for_ever() {
    const NOW: i64 = 1_700_000_100;
    let mut detector = Detector::new(job(0)).unwrap();
    for second in 0..3 {
        assert!(push(&mut detector, second, "443").is_empty());
    }
    for second in 0..100 {
        assert!(push(&mut detector, NOW + second, "443").is_empty());
    }
    assert_eq!(detector.counts().too_far_ahead, 100);
    assert!(!push(&mut detector, NOW + 100, "443").is_empty());
    push(&mut detector, NOW + SPAN, "443");
    assert_eq!(detector.closed_until(), Some(NOW + SPAN));
    assert_eq!(detector.counts().too_far_ahead, 100);
}

#[test]
fn a_gap_of_just_the_limit_is_a_gap_like_any_other() {
    for latency in [0, 1800] {
        let mut detector = Detector::new(job(latency)).unwrap();
        assert!(push(&mut detector, 0, "443").is_empty());
        assert!(push(&mut detector, GAP + SPAN, "443").is_empty());
        assert_eq!(detector.counts().too_far_ahead, 1, "latency {latency}");
        let closed = push(&mut detector, GAP + SPAN - 1, "443");
        // Those before the first whole bucket have no results.
        let without_results = latency as usize / SPAN as usize;
        assert_eq!(closed.len(), GAP_BUCKETS - without_results, "latency {latency}");
        assert_eq!(detector.closed_until(), Some(GAP - i64::from(latency)));
        assert_eq!(detector.counts().too_far_ahead, 1);
    }
}

#[test]
fn a_bucket_longer_than_the_limit_can_be_closed() {
    let mut job = job(0);
    job.bucket_span = 2 * GAP as u32;
    let mut detector = Detector::new(job).unwrap();
    assert!(push(&mut detector, 0, "443").is_empty());
    assert_eq!(push(&mut detector, 2 * GAP, "443").len(), 1);
}

#[test]
fn without_the_limit_any_gap_is_closed() {
    let mut job = job(0);
    job.limits.largest_gap = None;
    let mut detector = Detector::new(job).unwrap();
    push(&mut detector, 0, "443");
    assert_eq!(push(&mut detector, 3 * GAP, "443").len(), 3 * GAP_BUCKETS);
}

#[test]
fn by_default_a_year_may_pass() {
    let mut detector = Detector::new(JobConfig::rare("destination.port")).unwrap();
    push(&mut detector, 0, "443");
    assert_eq!(push(&mut detector, 366 * 86_400, "443").len(), 366 * 96);
    push(&mut detector, 2 * 366 * 86_400 + SPAN, "443");
    assert_eq!(detector.counts().too_far_ahead, 1);
}

#[test]
fn a_summary_too_far_ahead_is_dropped_and_counted() {
    let summary = |time: i64| {
        let mut summarizer = Summarizer::new(&job(0)).unwrap();
        summarizer.push(&Observation::new(time, "443"), Position(0, 0));
        summarizer.push(&Observation::new(time, "80"), Position(0, 1));
        summarizer.into_summaries().next().unwrap()
    };
    let mut detector = Detector::new(job(0)).unwrap();
    detector.push_summary(&summary(0)).unwrap();
    assert_eq!(detector.push_summary(&summary(GAP + SPAN)).unwrap().count(), 0);
    assert_eq!(detector.counts().too_far_ahead, 2);
    assert_eq!(detector.push_summary(&summary(GAP)).unwrap().count(), GAP_BUCKETS);
}

#[test]
fn time_is_not_advanced_too_far() {
    let mut detector = Detector::new(job(0)).unwrap();
    // Before the first observation nothing can be closed.
    assert_eq!(detector.advance_to(100 * GAP).unwrap().count(), 0);
    push(&mut detector, 0, "443");
    let outcome = detector.advance_to(GAP + SPAN).map(Iterator::count);
    let error = DetectorError::TooFarAhead { limit: GAP, closed_until: 0, time: GAP + SPAN };
    assert_eq!(outcome, Err(error));
    for time in [i64::MIN, i64::MAX] {
        let outcome = detector.advance_to(time).map(Iterator::count);
        assert_eq!(outcome, Err(DetectorError::OutsideCalendar { time }));
    }
    assert_eq!(detector.closed_until(), Some(0));
    assert_eq!(detector.advance_to(GAP).unwrap().count(), GAP_BUCKETS);
}

/// What becomes of an observation with these hosts and processes.
fn outcomes(pairs: &[(&str, &str)], values: usize) -> Vec<Result<usize, DetectorError>> {
    let mut job = JobConfig::rare("destination.port");
    job.influencers = vec!["host.name".into(), "process.name".into()];
    job.limits.values = Some(values);
    let mut detector = Detector::new(job).unwrap();
    let outcome = |(host, process): &(&str, &str)| {
        let influencers = [Some(host.as_bytes()), Some(process.as_bytes())];
        let observation = Observation::new(900, "443").with_influencers(&influencers);
        detector.push(&observation).map(Iterator::count)
    };
    pairs.iter().map(outcome).collect()
}

#[test]
fn only_new_influencer_values_count() {
    let long = "a process with a long name";
    let pairs = [("a", "x"), ("b", long), ("a", long), ("b", "x"), ("a", "x"), ("c", "x")];
    let refused = Err(DetectorError::TooManyInfluencerValues { limit: 4 });
    assert_eq!(
        outcomes(&pairs, 4),
        [Ok(0), Ok(0), Ok(0), Ok(0), Ok(0), refused.clone()],
        "four distinct values, then a fifth"
    );
    assert_eq!(
        outcomes(&[("a", "x"), ("b", "y"), ("c", "z"), ("a", "y")], 4)[2..],
        [refused, Ok(0)]
    );
}

#[test]
fn influencer_values_of_a_summary_are_counted_once() {
    let mut job = JobConfig::rare("destination.port");
    job.influencers = vec!["host.name".into()];
    job.limits.values = Some(2);
    let summary = |hosts: &[&str], ports: &[&str]| {
        let mut summarizer = Summarizer::new(&job).unwrap();
        for port in ports {
            for host in hosts {
                let influencers = [Some(host.as_bytes())];
                let event = Observation::new(900, port).with_influencers(&influencers);
                summarizer.push(&event, Position(0, 0));
            }
        }
        summarizer.into_summaries().next().unwrap()
    };
    let mut detector = Detector::new(job.clone()).unwrap();
    for _ in 0..2 {
        let outcome = detector.push_summary(&summary(&["a", "b"], &["22", "443"]));
        assert_eq!(outcome.map(Iterator::count), Ok(0));
    }
    let refused = detector.push_summary(&summary(&["a", "c"], &["22"])).map(Iterator::count);
    assert_eq!(refused, Err(DetectorError::TooManyInfluencerValues { limit: 2 }));
    let results: Vec<_> = detector.finish().collect();
    assert_eq!(results[0].bucket.event_count, 8, "nothing of what was refused is counted");
}

#[test]
fn a_job_without_partitions_may_have_as_many_values_as_the_limit_says() {
    let mut job = JobConfig::rare("destination.port");
    job.limits.values = Some(2);
    let mut detector = Detector::new(job).unwrap();
    let mut push = |port| detector.push(&Observation::new(900, port)).map(Iterator::count);
    assert_eq!([push("22"), push("443"), push("22")], [Ok(0), Ok(0), Ok(0)]);
    assert_eq!(push("80"), Err(DetectorError::TooManyValues { limit: 2 }));
}

#[test]
fn bucket_influencers_are_limited_to_those_with_the_highest_scores() {
    let run = |limit: Option<usize>| {
        let mut job = JobConfig::rare("destination.port");
        job.influencers = ["host.name", "process.name", "user.name"].map(str::to_owned).into();
        job.limits.results_per_bucket = limit;
        let mut detector = Detector::new(job).unwrap();
        for bucket in 0..200 {
            for port in ["22", "53", "80", "443"] {
                let influencers = [Some(b"web01".as_slice()), Some(b"nginx"), Some(b"www")];
                let event = Observation::new(bucket * SPAN, port).with_influencers(&influencers);
                detector.push(&event).unwrap();
            }
        }
        // Two hosts were never seen before: their field is less likely than the others.
        for (port, host) in [("4444", "db01"), ("4445", "db02")] {
            let influencers = [Some(host.as_bytes()), Some(b"nc".as_slice()), Some(b"mallory")];
            let event = Observation::new(199 * SPAN, port).with_influencers(&influencers);
            detector.push(&event).unwrap();
        }
        detector.finish().last().unwrap().bucket
    };
    let (all, limited) = (run(None), run(Some(2)));
    assert_eq!(all.bucket_influencers.len(), 4);
    assert_eq!(limited.bucket_influencers.len(), 2);
    let mut scores: Vec<f64> =
        all.bucket_influencers.iter().map(|influencer| influencer.anomaly_score).collect();
    scores.sort_by(|x, y| y.total_cmp(x));
    let kept = limited.bucket_influencers.iter().map(|influencer| influencer.anomaly_score);
    assert!(kept.clone().all(|score| score >= scores[1]), "{scores:?}, kept {kept:?}");
    assert_eq!(limited.anomaly_score, all.anomaly_score);
}

#[test]
fn zero_in_a_text_is_no_limit() {
    let text = "job_id = \"x\"\ndetector = { by_field = \"p\" }\n[limits]\nvalues = 0\n\
                results_per_bucket = 0\nlargest_gap = \"0s\"";
    let job = JobConfig::from_toml(text).unwrap();
    let none = Limits { results_per_bucket: None, values: None, largest_gap: None };
    assert_eq!(job.limits, none);
    let read_again = JobConfig::from_toml(&toml::to_string(&job).unwrap()).unwrap();
    assert_eq!(read_again, job);
}

#[test]
fn a_limit_of_zero_in_code_is_refused() {
    let with = |limits: Limits| {
        let mut job = JobConfig::rare("destination.port");
        job.limits = limits;
        Detector::new(job).unwrap_err().to_string()
    };
    let limits = Limits::default;
    let messages = [
        with(Limits { results_per_bucket: Some(0), ..limits() }),
        with(Limits { values: Some(0), ..limits() }),
        with(Limits { largest_gap: Some(0), ..limits() }),
    ];
    for (message, name) in messages.iter().zip(["results_per_bucket", "values", "largest_gap"]) {
        let error = JobError::ZeroLimit { limit: name }.to_string();
        assert_eq!(*message, error);
    }
}
