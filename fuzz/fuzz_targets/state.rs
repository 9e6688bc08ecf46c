//! State files and snapshots, as bytes, as bodies behind a repaired checksum, and good ones with some
//! bytes changed. What is read is the same when it is written and read back, whatever it was. A
//! detector or rules that are restored from it go on: they take observations and events, and close
//! their buckets.
#![no_main]

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use rareport::detection::Detection;
use rareport::rule::{Profile, RuleSet};
use rareport::snapshot::{self, Snapshot};
use rareport::{Detector, JobConfig, Observation};
use rareport_cli::probe::State;
use rareport_fuzz::rest;
use rareport_fuzz::stream::{BUCKET_STREAM, job};
use xxhash_rust::xxh3::Xxh3;

#[derive(Debug)]
enum Input<'a> {
    File(&'a [u8]),
    FileBody(&'a [u8]),
    Snapshot(&'a [u8]),
    SnapshotBody(&'a [u8]),
    Changed { which: u8, changes: Vec<Change> },
}

/// A change of a good snapshot.
#[derive(Arbitrary, Debug)]
struct Change {
    at: u16,
    bytes: [u8; 2],
    kind: u8,
}

impl<'a> Arbitrary<'a> for Input<'a> {
    /// The kind, and bytes or changes.
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Input<'a>> {
        let kind: u8 = bytes.arbitrary()?;
        Ok(match kind % 8 {
            0 => Input::File(rest(bytes)?),
            1 => Input::FileBody(rest(bytes)?),
            2 => Input::Snapshot(rest(bytes)?),
            3 => Input::SnapshotBody(rest(bytes)?),
            _ => Input::Changed { which: bytes.arbitrary()?, changes: bytes.arbitrary()? },
        })
    }
}

fuzz_target!(|input: Input<'_>| match input {
    Input::File(bytes) => check_file(bytes),
    Input::FileBody(body) => {
        let compressed = zstd::bulk::compress(body, 1).expect("memory");
        check_file(&sealed(b"rarestat", &compressed));
    }
    Input::Snapshot(bytes) => check_snapshot(bytes),
    Input::SnapshotBody(body) => check_snapshot(&sealed(b"rareport", body)),
    Input::Changed { which, changes } => {
        let mut body = GOOD[usize::from(which) % GOOD.len()].clone();
        changes.iter().for_each(|change| change.make(&mut body));
        check_snapshot(&sealed(b"rareport", &body));
    }
});

/// Bytes behind a header as both formats have it, in version 1, with the checksum that they need.
fn sealed(magic: &[u8; 8], rest: &[u8]) -> Vec<u8> {
    let (version, length) = (1_u32.to_le_bytes(), (rest.len() as u64).to_le_bytes());
    let mut hasher = Xxh3::new();
    [&version[..], &length, rest].iter().for_each(|part| hasher.update(part));
    [&magic[..], &version, &length, &hasher.digest().to_le_bytes(), rest].concat()
}

/// Length of that header.
const HEADER: usize = 28;

impl Change {
    fn make(&self, body: &mut Vec<u8>) {
        let at = usize::from(self.at) % body.len().max(1);
        match self.kind % 4 {
            0 => drop(body.splice(at..at, self.bytes)),
            1 => drop(body.drain(at..body.len().min(at + usize::from(self.bytes[0] % 4)))),
            2 => body.iter_mut().skip(at).take(1).for_each(|byte| *byte = self.bytes[0]),
            _ => body.iter_mut().skip(at).take(2).zip(self.bytes).for_each(|(old, new)| *old = new),
        }
    }
}

fn check_file(bytes: &[u8]) {
    let state = match State::from_bytes(bytes) {
        Ok(state) => state,
        Err(flaw) => return assert!(!flaw.is_empty()),
    };
    let written = state.to_bytes().expect("memory");
    let again = State::from_bytes(&written).expect("what was written");
    assert_eq!(again.about().expect("JSON"), state.about().expect("JSON"));
    assert_eq!(again.model(), state.model());
    check_snapshot(state.model());
}

fn check_snapshot(bytes: &[u8]) {
    let found = match snapshot::decode(bytes) {
        Ok(found) => found,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let written = snapshot::encode(&found).expect("plain data");
    let again = snapshot::decode(&written).expect("what was written");
    // Bytes are compared, for a number that is none is not the same as itself.
    assert_eq!(snapshot::encode(&again).expect("plain data"), written);
    for job in &*JOBS {
        if let Ok(detector) = Detector::restore(job.clone(), &found.detector) {
            go_on(detector, job);
        }
    }
    if let Some(state) = &found.detection {
        for profile in [Profile::Rareport, Profile::Elastic] {
            if let Ok(mut detection) = Detection::restore(rules(), &JOBS[0], profile, state) {
                for bucket in BUCKET_STREAM.iter().skip(BUCKETS_SEEN).take(4) {
                    for event in &bucket.events {
                        detection.is_to_be_learned(event);
                    }
                    bucket.closed.iter().for_each(|closed| drop(detection.bucket(closed)));
                }
                drop(detection.finish());
            }
        }
    }
}

fn go_on(mut detector: Detector, job: &JobConfig) {
    let snapshot = |detector: &Detector| {
        let snapshot = Snapshot { detector: detector.snapshot(), detection: None };
        snapshot::encode(&snapshot).expect("plain data")
    };
    let state = snapshot(&detector);
    let again = snapshot::decode(&state).expect("what was written").detector;
    let again = Detector::restore(job.clone(), &again).expect("a state that was restored");
    assert_eq!(snapshot(&again), state);
    let start = detector.closed_until().unwrap_or(0);
    for (step, port) in ["22", "4444", "22", "9"].into_iter().enumerate() {
        let time = start.saturating_add(step as i64 * i64::from(job.bucket_span));
        if let Ok(closed) = detector.push(&observation(job, time, port)) {
            closed.for_each(drop);
        }
    }
    detector.finish().for_each(drop);
    assert!(snapshot(&detector).len() > HEADER);
}

/// The jobs of the good snapshots: the stream's own, one with partitions, and a population.
static JOBS: LazyLock<Vec<JobConfig>> = LazyLock::new(|| {
    let mut parted = JobConfig::rare("destination.port");
    parted.detector.partition_field = Some("host.name".to_owned());
    let mut population = JobConfig::rare("destination.port");
    population.detector.over_field = Some("user.name".to_owned());
    vec![job(), parted, population]
});

fn rules() -> RuleSet {
    let text = "[[rule]]\nname = \"a\"\nthreshold = 1\n\n\
        [[exception]]\ncomment = \"b\"\nconditions = [{ field = \"host.name\", is = \"db01\" }]\n";
    RuleSet::from_toml(text).expect("rules")
}

/// Buckets that a good snapshot has seen.
const BUCKETS_SEEN: usize = 36;

/// Bodies of good snapshots.
static GOOD: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let rules = || Detection::new(rules(), &JOBS[0], Profile::Rareport).expect("rules");
    JOBS.iter().map(|job| good(job, rules())).collect()
});

fn good(job: &JobConfig, mut detection: Detection) -> Vec<u8> {
    let mut detector = Detector::new(job.clone()).expect("a job");
    for bucket in &BUCKET_STREAM[..BUCKETS_SEEN] {
        for event in &bucket.events {
            detection.is_to_be_learned(event);
            let pushed = detector.push(&observation(job, event.time, event.values[0]));
            pushed.expect("few values").for_each(drop);
        }
        bucket.closed.iter().for_each(|closed| drop(detection.bucket(closed)));
    }
    let snapshot =
        Snapshot { detector: detector.snapshot(), detection: Some(detection.snapshot()) };
    snapshot::encode(&snapshot).expect("plain data")[HEADER..].to_vec()
}

const INFLUENCERS: [Option<&[u8]>; 4] =
    [Some(b"web01"), Some(b"curl"), Some(b"root"), Some(b"192.0.2.7")];

fn observation<'a>(job: &JobConfig, time: i64, port: &'a str) -> Observation<'a> {
    Observation {
        over: job.detector.over_field.is_some().then_some(b"root"),
        partition: job.detector.partition_field.is_some().then_some(b"web01"),
        influencers: &INFLUENCERS[..job.influencers.len()],
        ..Observation::new(time, port)
    }
}
