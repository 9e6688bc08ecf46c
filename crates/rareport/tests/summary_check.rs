//! Summaries that no observations can have given, that are of another job or that count too much
//! are refused, however they came about.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use rareport::summary::{BucketSummary, Position, Summarizer, SummaryError};
use rareport::{Detector, DetectorError, JobConfig, Observation};
use serde_json::{Value, json};

/// A job with everything that a summary can have.
fn job() -> JobConfig {
    let mut job = JobConfig::rare("destination.port");
    job.detector.over_field = Some("user.name".into());
    job.detector.partition_field = Some("host.name".into());
    job.influencers = vec!["process.name".into(), "destination.ip".into()];
    job
}

fn summary_of(job: &JobConfig) -> BucketSummary {
    let mut summarizer = Summarizer::new(job).unwrap();
    let influencers = [Some(b"nc".as_slice()), Some(b"203.0.113.7".as_slice())];
    let event = Observation {
        time: 1000,
        by: Some(b"4444"),
        over: Some(b"root"),
        partition: Some(b"web01"),
        influencers: &influencers,
    };
    summarizer.push(&event, Position(1, 7));
    summarizer.push(&Observation { by: None, ..event }, Position(1, 8));
    summarizer.into_summaries().next().unwrap()
}

fn read(json: Value) -> Result<BucketSummary, String> {
    serde_json::from_value(json).map_err(|error| error.to_string())
}

#[test]
fn what_was_written_can_be_read() {
    let summary = summary_of(&job());
    assert_eq!(read(serde_json::to_value(&summary).unwrap()).as_ref(), Ok(&summary));
    let written = postcard::to_allocvec(&summary).unwrap();
    assert_eq!(postcard::from_bytes(&written), Ok(summary));
}

#[test]
fn a_summary_is_written_with_the_values_themselves() {
    let expected = json!({
        "start": 900,
        "job": {
            "bucket_span": 900,
            "by_field": "destination.port",
            "over_field": "user.name",
            "partition_field": "host.name",
            "use_null": false,
            "influencers": ["destination.ip", "process.name"],
        },
        "event_count": 2,
        "without_value": 1,
        "first": {"position": [1, 7], "time": 1000},
        "partitions": [["web01", {
            "first": {"position": [1, 7], "time": 1000},
            "by": [["4444", [1, 7]]],
            "over": [["root", [1, 7]]],
            "subjects": [[["root", "4444"], {
                "event_count": 1,
                "influences": [[0, "203.0.113.7"], [1, "nc"]],
            }]],
        }]],
    });
    assert_eq!(serde_json::to_value(summary_of(&job())).unwrap(), expected);
}

#[test]
fn what_no_observations_can_have_given_is_refused() {
    let whole = serde_json::to_value(summary_of(&job())).unwrap();
    let partition = "/partitions/0/1";
    let in_partition = |path: &str| format!("{partition}{path}");
    let subject = in_partition("/subjects/0/1");
    let of_subject = |path: &str| format!("{subject}{path}");
    let twice = |path: &str| {
        let only = whole.pointer(path).unwrap()[0].clone();
        json!([only, only])
    };
    let first = |time: i64, position: u64| json!({"position": [1, position], "time": time});
    let cases = [
        ("/start", json!(901), "first event is not in it"),
        ("/start", json!(-i64::MAX), "first event is not in it"),
        ("/start", json!(1800), "first event is not in it"),
        ("/first", first(1800, 7), "first event is not in it"),
        ("/first", first(i64::MAX, 7), "first event is not in it"),
        ("/first", first(1001, 7), "not that of its first partition"),
        ("/partitions/0/1/first", first(899, 7), "partition whose first event is not in it"),
        ("/partitions", json!([]), "not that of its first partition"),
        ("/job/bucket_span", json!(0), "a bucket span of 0"),
        ("/job/influencers", json!(["process.name", "destination.ip"]), "byte order"),
        ("/job/influencers", json!(["process.name"]), "influencer that the job does not have"),
        ("/job/over_field", json!(null), "over field that the job does not have"),
        ("/job/partition_field", json!(null), "partition field that the job does not have"),
        ("/event_count", json!(3), "do not add up"),
        ("/event_count", json!(u64::MAX), "more events than can be counted"),
        ("/without_value", json!(u64::MAX), "do not add up"),
        (&of_subject("/event_count"), json!(u64::MAX), "do not add up"),
        (&of_subject("/influences/0/0"), json!(2), "influencer that the job does not have"),
        (&of_subject("/influences/0/1"), json!(""), "values that no event had"),
        (&in_partition("/by/0/0"), json!("80"), "the first appearance are missing"),
        (&in_partition("/by/0/1"), json!([1, 6]), "appeared before the first event"),
        (&in_partition("/over"), json!([]), "the first appearance are missing"),
        (&in_partition("/subjects/0/0/1"), json!(""), "empty value of the by field"),
        (&in_partition("/subjects/0/0/0"), json!(""), "empty value of the over field"),
        ("/partitions", twice("/partitions"), "each value once"),
        (&in_partition("/by"), twice(&in_partition("/by")), "each value once"),
        (&in_partition("/subjects"), twice(&in_partition("/subjects")), "each value once"),
    ];
    for (path, value, expected) in cases {
        let mut corrupt = whole.clone();
        *corrupt.pointer_mut(path).unwrap() = value.clone();
        let message = read(corrupt).expect_err(&format!("{path} = {value}"));
        assert!(message.contains(expected), "{path} = {value}: {message}");
    }
}

/// A summary of one value with this many events.
fn large(events: u64) -> BucketSummary {
    let job = JobConfig::rare("destination.port");
    let mut summarizer = Summarizer::new(&job).unwrap();
    summarizer.push(&Observation::new(900, "443"), Position(0, 0));
    let summary = summarizer.into_summaries().next().unwrap();
    let mut json = serde_json::to_value(summary).unwrap();
    json["event_count"] = json!(events);
    json["partitions"][0][1]["subjects"][0][1]["event_count"] = json!(events);
    read(json).unwrap()
}

#[test]
fn counts_have_an_end() {
    let half = large(1 << 52);
    let mut whole = half.clone();
    whole.merge(half.clone()).unwrap();
    let full = whole.clone();
    assert_eq!(whole.merge(large(1)), Err(SummaryError::TooManyEvents));
    assert_eq!(whole, full);
    let mut detector = Detector::new(JobConfig::rare("destination.port")).unwrap();
    assert_eq!(detector.push_summary(&whole).map(Iterator::count), Ok(0));
    let refused = detector.push_summary(&half).map(Iterator::count);
    assert_eq!(refused, Err(DetectorError::Summary(SummaryError::TooManyEvents)));
    let results: Vec<_> = detector.finish().collect();
    assert_eq!(results[0].bucket.event_count, 1 << 53);
}

#[test]
fn a_summary_of_another_job_is_refused_and_told_apart() {
    type Change = fn(&mut JobConfig);
    let cases: [(Change, &str, &str); 7] = [
        (|job| job.bucket_span = 300, "a bucket span of 900 s", "a bucket span of 300 s"),
        (
            |job| job.detector.by_field = "source.port".into(),
            r#"the by field "destination.port""#,
            r#"the by field "source.port""#,
        ),
        (|job| job.detector.over_field = None, r#"the over field "user.name""#, "no over field"),
        (
            |job| job.detector.over_field = Some("user.id".into()),
            r#"the over field "user.name""#,
            r#"the over field "user.id""#,
        ),
        (
            |job| job.detector.partition_field = None,
            r#"the partition field "host.name""#,
            "no partition field",
        ),
        (|job| job.detector.use_null = true, "use_null = false", "use_null = true"),
        (
            |job| job.influencers[0] = "host.ip".into(),
            r#"the influencers ["destination.ip", "process.name"]"#,
            r#"the influencers ["destination.ip", "host.ip"]"#,
        ),
    ];
    for (change, expected, found) in cases {
        let mut other_job = job();
        change(&mut other_job);
        let other = summary_of(&other_job);
        let error =
            SummaryError::OtherJob { expected: expected.to_owned(), found: found.to_owned() };
        let mut summary = summary_of(&job());
        assert_eq!(summary.merge(other.clone()), Err(error.clone()));
        assert_eq!(
            error.to_string(),
            format!(
                "expected a summary for a job with {expected}, found one for a job with {found}; \
                 summarise with the same job"
            )
        );
        let mut detector = Detector::new(job()).unwrap();
        let outcome = detector.push_summary(&other).map(Iterator::count);
        assert_eq!(outcome, Err(DetectorError::Summary(error)));
        assert_eq!(detector.counts().pushed, 0);
    }
}

#[test]
fn what_does_not_change_the_counts_may_differ() {
    let mut other = job();
    other.job_id = "another".into();
    other.latency = 60;
    other.influencers.reverse();
    other.limits.results_per_bucket = Some(1);
    let mut detector = Detector::new(other).unwrap();
    assert_eq!(detector.push_summary(&summary_of(&job())).map(Iterator::count), Ok(0));
}
