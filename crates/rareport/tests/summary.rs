//! The input counted in parts gives the same bytes as one pass; so does shuffling it within
//! buckets once all values are known.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use rareport::job::Function;
use rareport::summary::{BucketSummary, Position, Summarizer, SummaryError, merge};
use rareport::{Detector, DetectorError, JobConfig, Observation};

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
    fn observe<T>(&self, then: impl FnOnce(&Observation<'_>) -> T) -> T {
        // Some values are missing and some are not UTF-8.
        let port = if self.port == 0 { vec![] } else { vec![b'p', self.port] };
        let host = if self.host == 0 { vec![] } else { format!("host-{}", self.host).into_bytes() };
        let user = vec![0x80 | self.user];
        let influencers = [Some(host.as_slice()), Some(user.as_slice())];
        then(&Observation {
            time: START + self.time,
            by: Some(&port),
            over: Some(&user),
            partition: Some(&host),
            influencers: &influencers,
        })
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (0..20 * SPAN, 0..12u8, 0..4u8, 0..3u8);
    let event = event.prop_map(|(time, port, host, user)| Event { time, port, host, user });
    prop::collection::vec(event, 1..150).prop_map(|mut events| {
        events.sort_by_key(|event| (START + event.time).div_euclid(SPAN));
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn parts_in_any_order_are_the_whole(
        events in events(),
        job in jobs(),
        split in prop::collection::vec(0..4usize, 150),
        order in any::<prop::sample::Index>(),
    ) {
        let mut parts = vec![Summarizer::new(&job).unwrap(); 4];
        for (index, event) in events.iter().enumerate() {
            let position = Position(7, index as u64);
            event.observe(|observation| parts[split[index]].push(observation, position));
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
        prop_assert_eq!((lines(all), detector.counts()), one_pass(&job, &events));
    }

    #[test]
    fn merging_is_associative_and_commutative(events in events(), job in jobs()) {
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
        seed in prop::collection::vec(any::<u32>(), 150),
    ) {
        let everything = (0..12).flat_map(|port| (0..4).map(move |host| (port, host)));
        let first: Vec<Event> = everything
            .flat_map(|(port, host)| (0..3).map(move |user| Event { time: 0, port, host, user }))
            .collect();
        let bucket = |event: &Event| (START + event.time).div_euclid(SPAN);
        let later = events.iter().cloned().map(|mut event| {
            event.time += 2 * SPAN;
            event
        });
        let mut shuffled: Vec<(u32, Event)> = seed.into_iter().zip(later.clone()).collect();
        shuffled.sort_by_key(|(key, event)| (bucket(event), *key));
        let whole: Vec<Event> = first.iter().cloned().chain(later).collect();
        let mixed: Vec<Event> =
            first.into_iter().chain(shuffled.into_iter().map(|(_, event)| event)).collect();
        prop_assert_eq!(one_pass(&job, &whole), one_pass(&job, &mixed));
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
