//! The evidence and the sentence that come with a record.

#![allow(clippy::unwrap_used)]

use rareport::explain::{Explanation, Neighbor};
use rareport::{Detector, JobConfig, Observation};

/// Explanations of the records of a stream with four steady ports and others in some buckets.
fn explanations(buckets: i64, others: &[(i64, &str)]) -> Vec<(i64, String, Explanation)> {
    let mut detector = Detector::new(JobConfig::rare("destination.port")).unwrap();
    let mut results = Vec::new();
    for bucket in 0..buckets {
        let extra = others.iter().filter(|(other, _)| *other == bucket).map(|(_, port)| *port);
        for port in ["443", "80", "22", "53"].into_iter().chain(extra) {
            results.extend(detector.push(&Observation::new(bucket * 900, port)).unwrap());
        }
    }
    results.extend(detector.finish());
    let records = results.into_iter().flat_map(|results| results.records);
    records
        .map(|record| {
            let bucket = record.timestamp / 900_000;
            (bucket, record.value().to_owned(), record.explanation.unwrap())
        })
        .collect()
}

#[test]
fn a_new_port_and_its_return() {
    let all = explanations(300, &[(100, "4444"), (148, "4444"), (299, "31337")]);
    let (bucket, port, first) = &all[0];
    assert_eq!((*bucket, port.as_str()), (100, "4444"));
    assert_eq!((first.buckets_seen, first.buckets_learned), (0, 100));
    assert_eq!((first.first_seen_before, first.last_seen_before), (None, None));
    assert_eq!((first.rank, first.known_values, first.immature), (1, 5, false));
    assert_eq!(
        first.sentence,
        "destination.port 4444 was never seen in 100 earlier buckets of 15 minutes; it is the \
         rarest of 5 known values, nearest to 443 (seen in 100 buckets)."
    );
    let (bucket, _, again) = &all[1];
    assert_eq!(*bucket, 148);
    assert_eq!((again.buckets_seen, again.last_seen_before), (1, Some(100 * 900_000)));
    assert!(again.sentence.starts_with(
        "destination.port 4444 was seen in 1 of 148 earlier buckets of 15 minutes, last 12 hours \
         before;"
    ));
    let (_, port, last) = all.last().unwrap();
    assert_eq!((port.as_str(), last.rank), ("31337", 1));
    assert_eq!(last.nearest[0], Neighbor { value: "4444".into(), buckets_seen: 2 });
}

#[test]
fn a_young_model_says_so() {
    // Eighteen buckets with a thousand ports make a new one rare at once.
    let mut detector = Detector::new(JobConfig::rare("destination.port")).unwrap();
    let mut results = Vec::new();
    for bucket in 0..18 {
        for port in 0..1000 {
            let port = port.to_string();
            results.extend(detector.push(&Observation::new(bucket * 900, &port)).unwrap());
        }
    }
    results.extend(detector.push(&Observation::new(17 * 900 + 1, "4444")).unwrap());
    results.extend(detector.finish());
    let record = &results.last().unwrap().records[0];
    let explanation = record.explanation.as_ref().unwrap();
    assert_eq!(record.value(), "4444");
    assert!(explanation.immature);
    assert!(explanation.sentence.ends_with("fewer than 20 buckets learned, this says little."));
}
