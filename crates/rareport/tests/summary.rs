//! The input counted in parts gives the same bytes as one pass; so does shuffling it within
//! buckets once all values are known.
//!
//! The streams are long enough for records: steady ports teach the model, then come random events
//! and one that is sure to be rare.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use rareport::job::Function;
use rareport::summary::{BucketSummary, Position, Summarizer, SummaryError, merge};
use rareport::{Detector, DetectorError, JobConfig, Observation};
use serde_json::Value;

/// An event: its second in the stream, and small numbers that stand for its values.
#[derive(Clone, Debug)]
struct Event {
    time: i64,
    port: u8,
    host: u8,
    user: u8,
}

const SPAN: i64 = 60;

/// Start of the stream, within a bucket.
const START: i64 = 1_700_000_007;

impl Event {
    fn bucket(&self) -> i64 {
        (START + self.time).div_euclid(SPAN)
    }

    fn observe<T>(&self, then: impl FnOnce(&Observation<'_>) -> T) -> T {
        // Some values are missing and some are not UTF-8.
        let port = if self.port == 0 { vec![] } else { vec![b'p', self.port] };
        let host = if self.host == 0 { vec![] } else { format!("host-{}", self.host).into_bytes() };
        let user = vec![0x80 | self.user];
        let influencers = [Some(user.as_slice()), Some(host.as_slice())];
        then(&Observation {
            time: START + self.time,
            by: Some(&port),
            over: Some(&user),
            partition: Some(&host),
            influencers: &influencers,
        })
    }
}

/// Buckets with steady ports only.
const STEADY: i64 = 110;

/// Members of the population that take turns to use the steady ports.
const STEADY_USERS: i64 = 60;

/// A port and a user that are seen once, and thus rare in every job.
const RARE: Event = Event { time: (STEADY + 5) * SPAN, port: 13, host: 1, user: 100 };

/// Ports 1 to 4 on two hosts in every bucket, each in turn with all users.
fn steady() -> impl Iterator<Item = Event> {
    let everything = (0..STEADY).flat_map(|bucket| (1..=4u8).map(move |port| (bucket, port)));
    everything.flat_map(|(bucket, port)| {
        let user = ((7 * bucket + i64::from(port)) % STEADY_USERS) as u8;
        (1..=2u8).map(move |host| Event { time: bucket * SPAN, port, host, user })
    })
}

/// Random events in ten buckets, after the steady ones.
fn late_events() -> impl Strategy<Value = Vec<Event>> {
    let time = STEADY * SPAN..(STEADY + 10) * SPAN;
    let event = (time, 0..6u8, 0..4u8, 0..64u8);
    let event = event.prop_map(|(time, port, host, user)| Event { time, port, host, user });
    prop::collection::vec(event, 1..80)
}

/// Steady, random and rare events, bucket by bucket.
fn events() -> impl Strategy<Value = Vec<Event>> {
    late_events().prop_map(|late| {
        let mut events: Vec<Event> = steady().chain(late).chain([RARE]).collect();
        events.sort_by_key(Event::bucket);
        events
    })
}

fn jobs() -> impl Strategy<Value = JobConfig> {
    (any::<bool>(), 0..3u8, any::<bool>(), 0..3u32).prop_map(|(partition, over, null, latency)| {
        let mut job = JobConfig::rare("port");
        job.bucket_span = SPAN as u32;
        job.latency = latency * SPAN as u32;
        job.influencers = vec!["user".into(), "host".into()];
        job.detector.use_null = null;
        if partition {
            job.detector.partition_field = Some("host".into());
        }
        if over > 0 {
            job.detector.over_field = Some("user".into());
        }
        if over == 2 {
            job.detector.function = Function::FreqRare;
        }
        job
    })
}

fn lines(results: impl IntoIterator<Item = rareport::results::BucketResults>) -> Vec<String> {
    results.into_iter().flat_map(|results| results.to_json_lines().unwrap()).collect()
}

fn one_pass(job: &JobConfig, events: &[Event]) -> (Vec<String>, rareport::detector::Counts) {
    let mut detector = Detector::new(job.clone()).unwrap();
    let mut all = Vec::new();
    for event in events {
        event.observe(|observation| all.extend(detector.push(observation).unwrap()));
    }
    all.extend(detector.finish());
    (lines(all), detector.counts())
}

/// A number that depends on a seed and an index as if by chance.
fn mixed(seed: u64, index: usize) -> u64 {
    let number = (seed ^ index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (number ^ number >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 32
}

/// Whether the rare event has its record, and its user an influencer document.
fn tell_of_the_rare_event(lines: &[String], job: &JobConfig) -> bool {
    let user = String::from_utf8_lossy(&[0x80 | RARE.user]).into_owned();
    let (field, subject) = match job.detector.over_field {
        Some(_) => ("over_field_value", user.as_str()),
        None => ("by_field_value", "p\r"),
    };
    let at_its_time = |document: &Value| document["timestamp"] == RARE.bucket() * SPAN * 1000;
    let documents: Vec<Value> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).filter(at_its_time).collect();
    let has = |field: &str, value: &str| documents.iter().any(|document| document[field] == value);
    has(field, subject) && has("influencer_field_value", &user)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn parts_in_any_order_are_the_whole(
        events in events(),
        job in jobs(),
        split in any::<u64>(),
        order in any::<prop::sample::Index>(),
    ) {
        let mut parts = vec![Summarizer::new(&job).unwrap(); 4];
        for (index, event) in events.iter().enumerate() {
            let position = Position(7, index as u64);
            let part = (mixed(split, index) % 4) as usize;
            event.observe(|observation| parts[part].push(observation, position));
        }
        let mut summaries: Vec<BucketSummary> =
            parts.into_iter().flat_map(Summarizer::into_summaries).collect();
        let turn = order.index(summaries.len());
        summaries.rotate_left(turn);
        let json = serde_json::to_string(&summaries).unwrap();
        let summaries: Vec<BucketSummary> = serde_json::from_str(&json).unwrap();
        let mut detector = Detector::new(job.clone()).unwrap();
        let mut all = Vec::new();
        for summary in merge(summaries).unwrap() {
            all.extend(detector.push_summary(&summary).unwrap());
        }
        all.extend(detector.finish());
        let whole = one_pass(&job, &events);
        prop_assert!(tell_of_the_rare_event(&whole.0, &job));
        prop_assert_eq!((lines(all), detector.counts()), whole);
    }

    #[test]
    fn events_may_come_in_any_order(events in late_events(), job in jobs(), seed in any::<u64>()) {
        let count = |events: &[(usize, Event)]| {
            let mut summarizer = Summarizer::new(&job).unwrap();
            for (index, event) in events {
                event.observe(|o| summarizer.push(o, Position(0, *index as u64)));
            }
            summarizer.into_summaries().collect::<Vec<_>>()
        };
        let mut events: Vec<(usize, Event)> = events.into_iter().enumerate().collect();
        events.sort_by_key(|(_, event)| event.bucket());
        let in_order = count(&events);
        events.sort_by_key(|(index, _)| mixed(seed, *index));
        prop_assert_eq!(count(&events), in_order);
    }

    #[test]
    fn many_parts_merged_at_once_are_as_merged_one_by_one(
        events in late_events(),
        job in jobs(),
    ) {
        let parts: Vec<BucketSummary> = (0..events.len())
            .flat_map(|index| {
                let mut summarizer = Summarizer::new(&job).unwrap();
                // Parts of one event, of two and of four.
                for (place, event) in events.iter().enumerate().skip(index).take(1 << (index % 3)) {
                    let event = Event { time: event.time % (2 * SPAN), ..*event };
                    event.observe(|o| summarizer.push(o, Position(0, place as u64)));
                }
                summarizer.into_summaries()
            })
            .collect();
        let mut one_by_one: Vec<BucketSummary> = Vec::new();
        for part in parts.iter().cloned() {
            match one_by_one.iter_mut().find(|known| known.start() == part.start()) {
                Some(known) => known.merge(part).unwrap(),
                None => one_by_one.push(part),
            }
        }
        one_by_one.sort_by_key(BucketSummary::start);
        prop_assert_eq!(merge(parts).unwrap(), one_by_one);
    }

    #[test]
    fn merging_is_associative_and_commutative(events in late_events(), job in jobs()) {
        let parts: Vec<BucketSummary> = (0..3)
            .map(|part| {
                let mut summarizer = Summarizer::new(&job).unwrap();
                for (index, event) in events.iter().enumerate().filter(|(i, _)| i % 3 == part) {
                    let event = Event { time: event.time % 30, ..*event };
                    event.observe(|o| summarizer.push(o, Position(0, index as u64)));
                }
                summarizer.into_summaries().next()
            })
            .collect::<Option<_>>()
            .unwrap_or_default();
        prop_assume!(parts.len() == 3);
        let [a, b, c] = [&parts[0], &parts[1], &parts[2]];
        let merged = |x: &BucketSummary, y: &BucketSummary| {
            let mut x = x.clone();
            x.merge(y.clone()).map(|()| x)
        };
        prop_assert_eq!(merged(a, b).unwrap(), merged(b, a).unwrap());
        prop_assert_eq!(
            merged(&merged(a, b).unwrap(), c).unwrap(),
            merged(a, &merged(b, c).unwrap()).unwrap()
        );
    }

    #[test]
    fn order_within_a_bucket_does_not_matter_once_all_values_are_known(
        events in events(),
        job in jobs(),
        seed in any::<u64>(),
    ) {
        // The first bucket is incomplete: it gives ids to all values, and nothing is learned.
        let users = (0..64).chain([RARE.user]);
        let values = (0..6).chain([RARE.port]).map(|port| (port, 0)).chain(users.map(|u| (1, u)));
        let known: Vec<Event> = values
            .flat_map(|(port, user)| (0..4).map(move |host| Event { time: 0, port, host, user }))
            .collect();
        let in_order = events.iter().map(|event| Event { time: event.time + SPAN, ..*event });
        let mut shuffled: Vec<(u64, Event)> = in_order
            .clone()
            .enumerate()
            .map(|(index, event)| (mixed(seed, index), event))
            .collect();
        shuffled.sort_by_key(|(key, event)| (event.bucket(), *key));
        let whole: Vec<Event> = known.iter().cloned().chain(in_order).collect();
        let shuffled: Vec<Event> =
            known.into_iter().chain(shuffled.into_iter().map(|(_, event)| event)).collect();
        let whole = one_pass(&job, &whole);
        let records = whole.0.iter().filter(|line| line.contains(r#""result_type":"record""#));
        prop_assert!(records.count() > 0);
        prop_assert_eq!(whole, one_pass(&job, &shuffled));
    }
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let summary = |job: &JobConfig, time: i64| {
        let mut summarizer = Summarizer::new(job).unwrap();
        summarizer.push(&Observation::new(time, "443"), Position(0, 0));
        summarizer.into_summaries().next().unwrap()
    };
    let job = JobConfig::rare("destination.port");
    let mut other_job = job.clone();
    other_job.influencers.push("host.name".into());
    let mut first = summary(&job, 900);
    let other_bucket = first.merge(summary(&job, 1800));
    assert_eq!(other_bucket, Err(SummaryError::OtherBucket { expected: 900, found: 1800 }));
    assert!(matches!(first.merge(summary(&other_job, 900)), Err(SummaryError::OtherJob { .. })));
    let mut detector = Detector::new(job).unwrap();
    let outcome = detector.push_summary(&summary(&other_job, 900)).map(|closed| closed.count());
    assert!(matches!(outcome, Err(DetectorError::Summary(SummaryError::OtherJob { .. }))));
}

#[test]
fn too_many_values_are_refused_loudly() {
    let mut job = JobConfig::rare("destination.port");
    job.limits.values = Some(3);
    let mut detector = Detector::new(job.clone()).unwrap();
    let mut push = |port: &str| detector.push(&Observation::new(900, port)).map(|c| c.count());
    assert!(["1", "2", "1", "3"].into_iter().all(|port| push(port).is_ok()));
    assert_eq!(push("4"), Err(DetectorError::TooManyValues { limit: 3 }));
    assert_eq!(push("1"), Err(DetectorError::TooManyValues { limit: 3 }));
    job.influencers = vec!["host.name".into()];
    let mut detector = Detector::new(job).unwrap();
    let hosts = [b"a", b"b", b"c", b"d"];
    let outcomes = hosts.map(|host| {
        let influencers = [Some(host.as_slice())];
        let observation = Observation::new(900, "1").with_influencers(&influencers);
        detector.push(&observation).map(|closed| closed.count())
    });
    assert_eq!(outcomes[2], Ok(0));
    assert_eq!(outcomes[3], Err(DetectorError::TooManyInfluencerValues { limit: 3 }));
}
