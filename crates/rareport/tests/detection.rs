//! Whatever the records and the rule: every record that is bad enough becomes an alert once, or is
//! counted as something else.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use proptest::prelude::*;
use rareport::JobConfig;
use rareport::alert::Alert;
use rareport::detection::Detection;
use rareport::results::{Bucket, BucketResults, Record, ResultType};
use rareport::rule::{Profile, RuleSet};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const SPAN: i64 = 900_000;

fn record(timestamp: i64, port: u16, score: f64) -> Record {
    serde_json::from_value(json!({
        "job_id": "ports", "id": format!("{timestamp}-{port}"), "result_type": "record",
        "probability": 0.001, "record_score": score, "initial_record_score": score,
        "bucket_span": 900, "detector_index": 0, "timestamp": timestamp,
        "by_field_name": "destination.port", "by_field_value": port.to_string(),
        "function": "rare", "function_description": "rare", "influencers": [],
    }))
    .unwrap()
}

/// Results of a bucket with these ports and scores.
fn results(timestamp: i64, records: &BTreeMap<u16, u8>) -> BucketResults {
    let record = |(port, score): (&u16, &u8)| record(timestamp, *port, f64::from(*score));
    BucketResults {
        records: records.iter().map(record).collect(),
        influencers: Vec::new(),
        bucket: Bucket {
            result_type: ResultType::Bucket,
            job_id: "ports".to_owned(),
            id: String::new(),
            timestamp,
            bucket_span: 900,
            is_interim: false,
            event_count: 0,
            anomaly_score: 0.0,
            initial_anomaly_score: 0.0,
            bucket_influencers: Vec::new(),
        },
    }
}

#[derive(Clone, Debug)]
struct Rule {
    interval: u32,
    look_back: u32,
    query_delay: u32,
    max_alerts: usize,
    suppression: Option<u32>,
    profile: Profile,
}

impl Rule {
    fn detection(&self) -> Detection {
        let Rule { interval, look_back, query_delay, max_alerts, suppression, profile } = self;
        let suppression = suppression.map_or(String::new(), |duration| {
            format!("suppression = {{ by = [\"destination.port\"], duration = {duration} }}\n")
        });
        let text = format!(
            "[[rule]]\nname = \"n\"\nrule_id = \"r\"\njob_ids = [\"ports\"]\nthreshold = 50\n\
             interval = {interval}\nlook_back = {look_back}\nquery_delay = {query_delay}\n\
             max_alerts = {max_alerts}\n{suppression}"
        );
        let mut job = JobConfig::rare("destination.port");
        job.job_id = "ports".to_owned();
        Detection::new(RuleSet::from_toml(&text).unwrap(), &job, *profile).unwrap()
    }
}

fn rules() -> impl Strategy<Value = Rule> {
    let profile = prop_oneof![Just(Profile::Rareport), Just(Profile::Elastic)];
    let suppression = proptest::option::of(0..20_000_u32);
    (60..5000_u32, 1..10_000_u32, 0..2000_u32, 1..6_usize, suppression, profile).prop_map(
        |(interval, look_back, query_delay, max_alerts, suppression, profile)| Rule {
            interval,
            look_back,
            query_delay,
            max_alerts,
            suppression,
            profile,
        },
    )
}

/// Records of buckets: how many buckets to skip before each, and its ports with their scores.
fn buckets() -> impl Strategy<Value = Vec<(u8, BTreeMap<u16, u8>)>> {
    let records = proptest::collection::btree_map(1..20_u16, 40..100_u8, 0..8);
    proptest::collection::vec((0..12_u8, records), 1..30)
}

proptest! {
    #[test]
    fn every_record_is_accounted_for(rule in rules(), buckets in buckets()) {
        let mut detection = rule.detection();
        let mut alerts: Vec<Alert> = Vec::new();
        let (mut timestamp, mut bad) = (1_780_272_000_000, 0);
        for (skipped, records) in &buckets {
            timestamp += (i64::from(*skipped) + 1) * SPAN;
            bad += records.values().filter(|score| **score >= 50).count() as u64;
            alerts.extend(detection.bucket(&results(timestamp, records)));
        }
        alerts.extend(detection.finish());

        let report = &detection.report().rules[0];
        prop_assert_eq!(report.alerts, alerts.len() as u64);
        let told = report.alerts + report.suppressed + report.cut + report.missed + report.hidden;
        prop_assert_eq!(told, bad);
        let counted = alerts.iter().filter_map(|alert| alert.suppression.as_ref());
        prop_assert_eq!(report.suppressed, counted.map(|group| group.docs_count).sum::<u64>());
        let ids: BTreeSet<String> = alerts.iter().map(Alert::id).collect();
        prop_assert_eq!(ids.len(), alerts.len());
        prop_assert!(alerts.is_sorted_by_key(|alert| alert.time));
        for alert in &alerts {
            prop_assert!(alert.record.record_score >= 50.0);
            prop_assert_eq!(alert.time % (i64::from(rule.interval) * 1000), 0);
            let delay = SPAN + i64::from(rule.query_delay) * 1000;
            prop_assert!(alert.time >= alert.record.timestamp + delay);
        }
    }

    /// With a look-back that reaches from one execution past the results of a bucket to the next,
    /// nothing is missed, and without a limit all of it alerts.
    #[test]
    fn an_ample_look_back_misses_nothing(mut rule in rules(), buckets in buckets()) {
        rule.look_back = rule.interval + 900 + rule.query_delay;
        rule.max_alerts = 1000;
        rule.suppression = None;
        let mut detection = rule.detection();
        let (mut timestamp, mut bad, mut alerts) = (1_780_272_000_000, 0, 0);
        for (skipped, records) in &buckets {
            timestamp += (i64::from(*skipped) + 1) * SPAN;
            bad += records.values().filter(|score| **score >= 50).count();
            alerts += detection.bucket(&results(timestamp, records)).len();
        }
        alerts += detection.finish().len();
        prop_assert_eq!(alerts, bad);
    }
}
