//! Which bytes are a snapshot, and that no state, however it was changed, makes a detector panic,
//! go on for ever or grow.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use proptest::prelude::*;
use rareport::detection::Detection;
use rareport::evidence::{LogEvent, Sample};
use rareport::job::{DetectorConfig, Function};
use rareport::rule::{Profile, RuleSet};
use rareport::snapshot::{self, MAGIC, NEWEST_VERSION, Snapshot, SnapshotError};
use rareport::{Detector, JobConfig, Observation};
use serde_json::{Value, json};
use std::sync::LazyLock;
use xxhash_rust::xxh3::xxh3_64;

const SPAN: i64 = 900;

/// Length of what comes before the body.
const HEADER: usize = 28;

const RULES: &str = r#"
[[rule]]
name = "n"
threshold = 0
suppression = { by = ["host.name"], duration = "3h" }
[[exception]]
comment = "c"
conditions = [{ field = "user.name", is = "a-value-that-is-not-short4" }]
"#;

/// An event of a job in which everything may be there.
struct Event {
    time: i64,
    values: [String; 3],
}

impl Event {
    fn of(number: i64, start: i64) -> Event {
        let value = |name: &str, of: i64| format!("{name}{}", number * number % of);
        // The last ones are rare, so that alerts wait in the end.
        let port =
            if number > 360 && number % 7 == 0 { format!("new{number}") } else { value("p", 11) };
        Event {
            time: start + number * SPAN / 7,
            values: [port, value("h", 3), value("a-value-that-is-not-short", 5)],
        }
    }

    fn observe<T>(&self, then: impl FnOnce(&Observation<'_>) -> T) -> T {
        let [port, host, user] = self.values.each_ref().map(|value| Some(value.as_bytes()));
        let influencers = [host, user];
        let (time, partition) = (self.time, user);
        then(&Observation { time, by: port, over: host, partition, influencers: &influencers })
    }
}

impl LogEvent for Event {
    fn millis(&self) -> i64 {
        self.time * 1000
    }

    fn value(&self, field: &str) -> Option<&[u8]> {
        let fields = ["destination.port", "host.name", "user.name"];
        let place = fields.iter().position(|other| *other == field)?;
        Some(self.values[place].as_bytes())
    }

    fn sample(&self) -> Sample {
        Sample { millis: self.millis(), host: vec![self.values[1].clone()], ..Sample::default() }
    }
}

/// One job of each kind: plain, late and with partitions, and with a population.
fn jobs() -> [JobConfig; 3] {
    let mut plain = JobConfig::rare("destination.port");
    plain.influencers = vec!["host.name".into(), "user.name".into()];
    let mut partitioned = plain.clone();
    partitioned.latency = 2000;
    partitioned.detector.partition_field = Some("user.name".into());
    let mut population = plain.clone();
    let (function, over_field) = (Function::FreqRare, Some("host.name".into()));
    population.detector = DetectorConfig { function, over_field, ..population.detector };
    [plain, partitioned, population]
}

fn run(detector: &mut Detector, detection: &mut Detection, events: impl Iterator<Item = Event>) {
    for event in events {
        detection.is_to_be_learned(&event);
        let Ok(closed) = event.observe(|observation| detector.push(observation)) else { return };
        closed.for_each(|results| drop(detection.bucket(&results)));
    }
}

fn rules() -> RuleSet {
    RuleSet::from_toml(RULES).unwrap()
}

fn saved(job: &JobConfig) -> Snapshot {
    let mut detector = Detector::new(job.clone()).unwrap();
    let mut detection = Detection::new(rules(), job, Profile::Rareport).unwrap();
    run(&mut detector, &mut detection, (1..400).map(|number| Event::of(number, 0)));
    detector.prune();
    Snapshot { detector: detector.snapshot(), detection: Some(detection.snapshot()) }
}

static SAVED: LazyLock<[Snapshot; 3]> = LazyLock::new(|| jobs().each_ref().map(saved));

/// Carries on from a state, if it is one, and closes all.
fn carry_on(snapshot: &Snapshot, job: &JobConfig) -> bool {
    let Ok(mut detector) = Detector::restore(job.clone(), &snapshot.detector) else { return false };
    let state = snapshot.detection.as_ref();
    let restored = state.map(|state| Detection::restore(rules(), job, Profile::Rareport, state));
    let Some(Ok(mut detection)) = restored else { return false };
    let start = detector.closed_until().unwrap_or(0);
    run(&mut detector, &mut detection, (0..60).map(|number| Event::of(number * 3, start)));
    drop(detector.interim());
    for results in detector.finish() {
        detection.bucket(&results);
    }
    detection.finish();
    !detection.report().rules.is_empty()
}

/// Bytes with a header that fits them.
fn mended(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = (bytes.len() - HEADER) as u64;
    bytes[12..20].copy_from_slice(&length.to_le_bytes());
    let checked = [&bytes[8..20], &bytes[HEADER..]].concat();
    bytes[20..HEADER].copy_from_slice(&xxh3_64(&checked).to_le_bytes());
    bytes
}

#[test]
fn states_of_all_kinds_come_back() {
    for (snapshot, job) in SAVED.iter().zip(jobs()) {
        let bytes = snapshot::encode(snapshot).unwrap();
        assert_eq!(mended(bytes.clone()), bytes);
        assert_eq!(snapshot::decode(&bytes).unwrap(), *snapshot);
        let json = serde_json::to_string(snapshot).unwrap();
        assert_eq!(serde_json::from_str::<Snapshot>(&json).unwrap(), *snapshot);
        assert!(carry_on(snapshot, &job));
    }
}

/// What the tests below change has something in every part.
#[test]
fn states_have_everything_in_them() {
    let json = SAVED.each_ref().map(|snapshot| serde_json::to_string(snapshot).unwrap());
    for part in ["\"candidates\":[{", "\"held\":[{", "\"open\":[{", "\"maxima\":[{"] {
        assert!(json.iter().any(|json| json.contains(part)), "{part}");
    }
}

#[test]
fn a_detector_that_has_seen_nothing_comes_back() {
    for job in jobs() {
        let state = Detector::new(job.clone()).unwrap().snapshot();
        assert_eq!(Detector::restore(job, &state).unwrap().snapshot(), state);
        assert_eq!((state.closed_until(), state.value_count()), (None, 0));
    }
}

#[test]
fn a_state_says_what_is_in_it() {
    let state = &SAVED[1].detector;
    assert_eq!((state.job_id(), state.bucket_span()), ("rare_destination_port", 900));
    // 399 events, seven a bucket; the last buckets wait for late events.
    assert_eq!((state.first_complete(), state.closed_until()), (Some(900), Some(54 * SPAN)));
    assert_eq!((state.partition_count(), state.counts().pushed), (3, 399));
    assert!(state.is_mature());
}

#[test]
fn bytes_that_are_no_snapshot_are_told_apart() {
    let bytes = snapshot::encode(&SAVED[0]).unwrap();
    let error = |bytes: &[u8]| snapshot::decode(bytes).unwrap_err();
    for length in 0..bytes.len() {
        match error(&bytes[..length]) {
            SnapshotError::NotASnapshot if length == 0 => {}
            SnapshotError::Torn { found, .. } if found == length as u64 && length > 0 => {}
            other => panic!("{length} bytes: {other}"),
        }
    }
    assert!(matches!(error(&[&bytes[..], b"x"].concat()), SnapshotError::Torn { .. }));
    assert!(matches!(error(b"type=SYSCALL"), SnapshotError::NotASnapshot));
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match error(&flipped) {
            SnapshotError::NotASnapshot if bit < 64 => {}
            SnapshotError::Torn { .. } if (96..160).contains(&bit) => {}
            SnapshotError::Damaged { .. } if bit >= 64 => {}
            other => panic!("bit {bit}: {other}"),
        }
    }
    assert_eq!((bytes[..8].to_vec(), NEWEST_VERSION), (MAGIC.to_vec(), 1));
    for (version, expected) in [(2, "format 1 at most, found format 2"), (0, "found format 0")] {
        let mut other = bytes.clone();
        other[8] = version;
        let message = error(&mended(other)).to_string();
        assert!(message.contains(expected), "{message}");
    }
    let longer = mended([&bytes[..], b"x"].concat());
    assert!(error(&longer).to_string().contains("1 bytes are left over"));
}

#[test]
fn the_state_of_another_job_is_refused() {
    type Change = fn(&mut JobConfig);
    let changes: [(Change, &str); 6] = [
        (|job| job.job_id = "other".into(), "the id \"other\", found that of a job with the id"),
        (|job| job.bucket_span = 60, "a bucket span of 60 s"),
        (|job| job.detector.by_field = "url".into(), "the by field \"url\""),
        (|job| job.detector.over_field = Some("a".into()), "the over field \"a\""),
        (|job| job.detector.partition_field = None, "no partition field"),
        (|job| drop(job.influencers.pop()), "the influencers [\"host.name\"]"),
    ];
    for (change, expected) in changes {
        let mut job = jobs()[1].clone();
        change(&mut job);
        let error = Detector::restore(job, &SAVED[1].detector).unwrap_err();
        assert!(matches!(error, SnapshotError::OtherJob { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let mut rare = jobs()[2].clone();
    rare.detector.function = Function::Rare;
    let error = Detector::restore(rare.clone(), &SAVED[2].detector).unwrap_err().to_string();
    assert!(error.contains("the function rare, found that of a job with the function freq_rare"));
    let state = SAVED[2].detection.as_ref().unwrap();
    let restored = Detection::restore(rules(), &rare, Profile::Rareport, state);
    assert!(matches!(restored, Err(SnapshotError::OtherJob { .. })));
}

#[test]
fn limits_latency_and_custom_rules_may_change() {
    let mut job = jobs()[1].clone();
    job.latency = 0;
    job.limits.results_per_bucket = Some(1);
    assert!(carry_on(&SAVED[1], &job));
}

/// Why a state in which one thing is changed, given by its JSON pointer, cannot be restored.
fn refusal(which: usize, pointer: &str, change: &Value) -> String {
    let (job, mut document) = (&jobs()[which], serde_json::to_value(&SAVED[which]).unwrap());
    let found = document.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}"));
    *found = change.clone();
    let changed: Snapshot = serde_json::from_value(document).unwrap();
    let detector = Detector::restore(job.clone(), &changed.detector).map(drop);
    let state = changed.detection.as_ref().unwrap();
    let both = detector.and_then(|()| Detection::restore(rules(), job, Profile::Rareport, state));
    both.map_or_else(|error| error.to_string(), |_| "restored".to_owned())
}

#[test]
fn what_cannot_be_is_refused() {
    let cases = [
        (0, "/detector/started/closed_until", json!(1), "a bucket of 900 s starts at 1"),
        (0, "/detector/started/closed_until", json!(i64::MAX), "starts at 9223372036854775807"),
        (0, "/detector/started/first_complete", json!(-1), "a bucket of 900 s starts at -1"),
        (0, "/detector/started", json!(null), "before the first observation"),
        (0, "/detector/ahead_in_a_row", json!(101), "in a row were too far ahead"),
        (0, "/detector/counts/late", json!(u64::MAX), "observations are miscounted"),
        (0, "/detector/counts/pushed", json!(1u64 << 60), "observations are miscounted"),
        (0, "/detector/partitions/0/value", json!("x"), "partitions, but no partition field"),
        (0, "/detector/partitions/0/learned", json!(u64::MAX), "more than 2^53 buckets"),
        (0, "/detector/partitions/0/by/0", json!(null), "not the values that were present"),
        (0, "/detector/partitions/0/by/0/value", json!("p4"), "values 0 and 1 are the same"),
        (0, "/detector/partitions/0/by/0/history/first", json!(0), "not before 900 starts at 0"),
        (0, "/detector/partitions/0/by/0/history/last", json!(900_000), "starts at 900000"),
        (0, "/detector/partitions/0/by/0/history/buckets", json!(0), "was in 0 buckets"),
        (0, "/detector/partitions/0/by/0/history/buckets", json!(999), "was in 999 buckets"),
        (0, "/detector/partitions/0/over", json!([{"value": "x", "history": null}]), "no over"),
        (0, "/detector/partitions/0/model/Rare/scale", json!(2.0), "the scale of concentrations"),
        (0, "/detector/partitions/0/model/Rare/total", json!(1e9), "have the sum 1000000000"),
        (0, "/detector/partitions/0/model/Rare/tree/0/weight", json!(0.0), "has the weight 0"),
        (
            0,
            "/detector/partitions/0/model/Rare/tree/0/weight",
            json!(1e9),
            "order of their weights",
        ),
        (0, "/detector/partitions/0/model/Rare/tree/0/left", json!(999), "than there are"),
        (0, "/detector/partitions/0/model/Rare/tree/0/left", json!(0), "is not balanced"),
        (0, "/detector/partitions/0/model/Rare/tree/0/id", json!(u32::MAX), "not the values that"),
        (0, "/detector/partitions/0/model", json!({"Population": []}), "of another function"),
        (
            2,
            "/detector/partitions/0/model/Population/1",
            json!([0, 0]),
            "population are not in order",
        ),
        (2, "/detector/partitions/0/model/Population/0", json!([99, 0]), "are not in order"),
        (1, "/detector/partitions/1/value", json!("a-value-that-is-not-short1"), "are the same"),
        (0, "/detector/open/0/start", json!(900), "an open bucket starts -"),
        (0, "/detector/open/0/start", json!(90_000_000), "an open bucket starts "),
        (0, "/detector/open/0/gathered/event_count", json!(u64::MAX), "more than 2^53 events"),
        (1, "/detector/open/0/gathered/event_count", json!(1), "open bucket are miscounted"),
        (0, "/detector/open/0/gathered/subjects/0/by", json!(99), "that are not known"),
        (0, "/detector/open/0/gathered/subjects/0/over", json!(99), "that are not known"),
        (2, "/detector/open/0/gathered/subjects/0/partition", json!(9), "that are not known"),
        (0, "/detector/open/0/gathered/subjects/0/event_count", json!(0), "are miscounted"),
        (
            0,
            "/detector/open/0/gathered/subjects/0/influences",
            json!([99]),
            "influences in an open",
        ),
        (0, "/detector/open/0/gathered/values/0/0", json!(9), "values of an open bucket are not"),
        (0, "/detector/normalizers/values", json!([]), "one score history for each"),
        (0, "/detector/normalizers/root/clock", json!(-1.0), "ageing clock of a normalizer"),
        (0, "/detection/rules/0/alerts", json!(u64::MAX), "what rule n did is miscounted"),
        (0, "/detection/rules/0/previous", json!(i64::MIN), "at records of no time"),
        (0, "/detection/rules/0/candidates/0/available", json!(0), "at records of no time"),
        (0, "/detection/rules/0/held/0/until", json!(0), "until before it was found"),
        (
            0,
            "/detection/rules/0/held/0/group/docs_count",
            json!(u64::MAX),
            "suppressed are miscounted",
        ),
        (
            0,
            "/detection/calendar",
            json!([["x", u64::MAX, []]]),
            "calendar windows did is miscounted",
        ),
        (0, "/detection/exceptions/0/events", json!(u64::MAX), "did is miscounted"),
        (0, "/detection/evidence/open/0/start", json!(1), "with evidence are not in order"),
        (0, "/detection/evidence/open/0/values/0/covered_by", json!([]), "cover is miscounted"),
        (0, "/detection/evidence/open/0/values/0/uncovered/0", json!(99), "cover is miscounted"),
        (
            0,
            "/detection/evidence/open/0/values/0/evidence/events",
            json!(0),
            "value are miscounted",
        ),
        (
            0,
            "/detection/evidence/open/0/values/0/evidence/last_seen",
            json!(0),
            "before they begin",
        ),
    ];
    let others: Vec<String> = cases
        .into_iter()
        .map(|(which, pointer, change, expected)| {
            (format!("{pointer} {change}: "), refusal(which, pointer, &change), expected)
        })
        .filter(|(_, message, expected)| !message.contains(expected))
        .map(|(change, message, expected)| format!("{change}{message}, not {expected}"))
        .collect();
    assert!(others.is_empty(), "{others:#?}");
}

/// Numbers and texts within a document.
fn leaves<'a>(value: &'a mut Value, found: &mut Vec<&'a mut Value>) {
    match value {
        Value::Array(items) if items.is_empty() => {}
        Value::Array(items) => items.iter_mut().for_each(|item| leaves(item, found)),
        Value::Object(fields) => fields.values_mut().for_each(|field| leaves(field, found)),
        leaf => found.push(leaf),
    }
}

/// JSON pointers of the lists within a document that have items.
fn lists(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            found.push(pointer.to_owned());
            for (place, item) in items.iter().enumerate() {
                lists(item, &format!("{pointer}/{place}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                lists(field, &format!("{pointer}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// What a number may be changed to.
fn numbers() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::from(0)),
        Just(Value::from(1)),
        Just(Value::from(-1)),
        Just(Value::from(u32::MAX)),
        Just(Value::from(u64::MAX)),
        Just(Value::from(i64::MIN)),
        Just(Value::from(i64::MAX)),
        Just(Value::from(1e300)),
        Just(Value::from(-0.5)),
        Just(Value::from(5e-324)),
        Just(Value::Null),
        (0..2000i64).prop_map(Value::from),
        (-60..60i64).prop_map(|bucket| Value::from(bucket * SPAN)),
        (0.0..2.0).prop_map(Value::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn flipped_bytes_behind_a_mended_checksum_do_no_harm(
        which in 0..3usize,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), 1..=255u8), 1..6),
    ) {
        let mut bytes = snapshot::encode(&SAVED[which]).unwrap();
        for (place, flip) in flips {
            let place = HEADER + place.index(bytes.len() - HEADER);
            bytes[place] ^= flip;
        }
        if let Ok(changed) = snapshot::decode(&mended(bytes)) {
            carry_on(&changed, &jobs()[which]);
        }
    }

    #[test]
    fn changed_numbers_do_no_harm(
        which in 0..3usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), numbers()), 1..3),
    ) {
        let mut document = serde_json::to_value(&SAVED[which]).unwrap();
        let mut found = Vec::new();
        leaves(&mut document, &mut found);
        for (place, number) in changes {
            let place = place.index(found.len());
            *found[place] = number;
        }
        if let Ok(changed) = serde_json::from_value(document) {
            carry_on(&changed, &jobs()[which]);
        }
    }

    #[test]
    fn changed_lists_do_no_harm(
        which in 0..3usize,
        place in any::<prop::sample::Index>(),
        item in any::<prop::sample::Index>(),
        change in 0..3u8,
    ) {
        let mut document = serde_json::to_value(&SAVED[which]).unwrap();
        let mut found = Vec::new();
        lists(&document, "", &mut found);
        let list = document.pointer_mut(&found[place.index(found.len())]);
        let items = list.and_then(Value::as_array_mut).unwrap();
        let item = item.index(items.len());
        match change {
            0 => drop(items.remove(item)),
            1 => items.insert(item, items[item].clone()),
            _ => items.swap(0, item),
        }
        if let Ok(changed) = serde_json::from_value(document) {
            carry_on(&changed, &jobs()[which]);
        }
    }
}
