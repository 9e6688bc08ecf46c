//! The evidence and the sentence that come with a record.

#![allow(clippy::unwrap_used)]

use rareport::explain::{Explanation, Neighbor};
use rareport::results::Record;
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
fn a_record_of_a_population_is_explained_by_its_first_cause() {
    let mut job = JobConfig::rare("destination.port");
    job.detector.over_field = Some("user.name".to_owned());
    let mut detector = Detector::new(job).unwrap();
    let mut results = Vec::new();
    for bucket in 0..40 {
        for user in 0..200 {
            let user = format!("user{user}");
            let stands_out = bucket == 30 && user == "user7";
            let seen: &[&str] = if stands_out { &["4444"] } else { &["443", "80"] };
            for &port in seen {
                let mut observation = Observation::new(bucket * 900, port);
                observation.over = Some(user.as_bytes());
                results.extend(detector.push(&observation).unwrap());
            }
        }
    }
    results.extend(detector.finish());
    let records: Vec<Record> = results.into_iter().flat_map(|closed| closed.records).collect();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].value(), "user7");
    assert_eq!(records[0].causes.as_ref().unwrap()[0].by_field_value, "4444");
    let explanation = records[0].explanation.as_ref().unwrap();
    assert_eq!((explanation.buckets_seen, explanation.buckets_learned), (0, 30));
    assert_eq!((explanation.rank, explanation.known_values), (1, 3));
    assert!(
        explanation.sentence.starts_with("destination.port 4444 was never seen in 30 earlier"),
        "{}",
        explanation.sentence
    );
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

/// Buckets of half an hour, as their prune window is short: 8,000 of them.
const HALF_HOUR: i64 = 1800;

/// A detector that has closed the buckets before `end`, each with port 443 and with those of
/// `others` that are meant for it.
fn detector_until(end: i64, others: &[(i64, &str)]) -> Detector {
    let mut job = JobConfig::rare("destination.port");
    job.bucket_span = HALF_HOUR as u32;
    let mut detector = Detector::new(job).unwrap();
    feed(&mut detector, 0..end, others);
    assert_eq!(detector.closed_until(), Some(end * HALF_HOUR));
    detector
}

/// Feeds and closes buckets; the records of the last one.
fn feed(
    detector: &mut Detector,
    buckets: std::ops::Range<i64>,
    others: &[(i64, &str)],
) -> Vec<Record> {
    let mut last = Vec::new();
    for bucket in buckets {
        let extra = others.iter().filter(|(other, _)| *other == bucket).map(|(_, port)| *port);
        for port in ["443"].into_iter().chain(extra) {
            let observation = Observation::new(bucket * HALF_HOUR, port);
            assert_eq!(detector.push(&observation).unwrap().count(), 0);
        }
        last = detector.finish().flat_map(|results| results.records).collect();
    }
    last
}

fn explanation<'a>(records: &'a [Record], port: &str) -> &'a Explanation {
    let record = records.iter().find(|record| record.value() == port).unwrap();
    record.explanation.as_ref().unwrap()
}

/// What an interim result says of new values is what the final one says.
#[test]
fn an_open_bucket_is_explained_as_when_it_is_closed() {
    let others = [(240, "22"), (250, "22"), (100, "53"), (200, "53"), (250, "53")];
    let mut detector = detector_until(300, &others);
    // There is nothing to forget yet, so all stays certain.
    detector.prune();
    for port in ["443", "4444", "53", "31337"] {
        detector.push(&Observation::new(300 * HALF_HOUR, port)).unwrap();
    }
    let interim = detector.interim().unwrap().records;
    let of_new = explanation(&interim, "4444");
    assert_eq!((of_new.buckets_seen, of_new.buckets_learned), (0, 300));
    assert_eq!((of_new.first_seen_before, of_new.last_seen_before), (None, None));
    assert_eq!((of_new.rank, of_new.known_values, of_new.immature), (1, 5, false));
    let nearest = [("31337", 0), ("22", 2), ("53", 3)];
    let nearest =
        nearest.map(|(value, buckets_seen)| Neighbor { value: value.into(), buckets_seen });
    assert_eq!(of_new.nearest, nearest);
    assert_eq!(
        of_new.sentence,
        "destination.port 4444 was never seen in 300 earlier buckets of 30 minutes; it is the \
         rarest of 5 known values, nearest to 31337 (also new)."
    );
    let of_known = explanation(&interim, "53");
    assert_eq!((of_known.buckets_seen, of_known.rank), (3, 4));
    assert_eq!(of_known.first_seen_before, Some(100 * HALF_HOUR * 1000));
    assert_eq!(of_known.last_seen_before, Some(250 * HALF_HOUR * 1000));

    let records: Vec<Record> = detector.finish().flat_map(|results| results.records).collect();
    for port in ["4444", "31337"] {
        assert_eq!(explanation(&records, port), explanation(&interim, port));
    }
}

/// State is pruned after bucket 8,099: values last seen before bucket 99 are forgotten.
#[test]
fn what_may_be_forgotten_is_not_denied() {
    let others = [(10, "4444"), (98, "22"), (99, "53"), (500, "53")];
    let mut detector = detector_until(8100, &others);
    let forgotten = 99 * HALF_HOUR * 1000;
    detector.prune();

    let records = feed(&mut detector, 8100..8101, &[(8100, "4444")]);
    let back = explanation(&records, "4444");
    assert_eq!((back.buckets_seen, back.first_seen_before, back.last_seen_before), (0, None, None));
    assert_eq!((back.buckets_learned, back.remembered_since), (8100, Some(forgotten)));
    // 22 is forgotten too; 53 has faded to 2·e^(−0.0005·7600), less than a bucket is worth now.
    assert_eq!((back.rank, back.known_values), (2, 3));
    assert_eq!(back.nearest.len(), 2);
    assert_eq!(
        back.sentence,
        "destination.port 4444 was not seen in the 166 days before (earlier buckets with it may be \
         forgotten); it is number 2 in rarity of 3 known values, nearest to 53 (seen in 2 buckets)."
    );

    let records = feed(&mut detector, 8101..8111, &[(8110, "4444")]);
    let again = explanation(&records, "4444");
    assert_eq!((again.buckets_seen, again.remembered_since), (1, Some(forgotten)));
    assert_eq!(again.first_seen_before, Some(8100 * HALF_HOUR * 1000));
    assert!(again.sentence.starts_with(
        "destination.port 4444 was seen in 1 bucket of 30 minutes in the 166 days before, last 5 \
         hours before (earlier buckets with it may be forgotten);"
    ));

    let records = feed(&mut detector, 8111..8121, &[(8120, "53")]);
    let kept = explanation(&records, "53");
    assert_eq!((kept.buckets_seen, kept.remembered_since), (2, None));
    assert_eq!(kept.first_seen_before, Some(99 * HALF_HOUR * 1000));
    assert!(kept.sentence.starts_with("destination.port 53 was seen in 2 of 8120 earlier buckets"));

    // Pruning again makes nothing of what is still known uncertain.
    detector.prune();
    let records = feed(&mut detector, 8121..8131, &[(8130, "53")]);
    assert_eq!(explanation(&records, "53").remembered_since, None);
}
