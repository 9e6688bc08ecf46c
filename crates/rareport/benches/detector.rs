//! How fast observations are taken and buckets are closed.
//!
//! `push` is counted in observations, the others in buckets. In the streams made up here, few ports
//! and hosts have most of the events, as on a real fleet; a port on a host belongs to one process
//! and one user, and goes to some 250 addresses.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rareport::{Detector, JobConfig, Observation};
use std::hint::black_box;

/// Bucket length in seconds.
const SPAN: i64 = 900;

const PROCESSES: [&str; 10] = [
    "nginx",
    "sshd",
    "curl",
    "java",
    "postgres",
    "python3",
    "rsync",
    "node",
    "chronyd",
    "systemd-resolve",
];

const USERS: [&str; 8] =
    ["root", "www-data", "alice", "bob", "svc-backup", "postgres", "deploy", "nobody"];

/// A linear congruential generator: the same stream every time, everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A number below `limit`, with a weight that falls off as its inverse.
    fn heavy_tailed(&mut self, limit: u64) -> u64 {
        let share = self.below(1 << 24) as f64 / f64::from(1 << 24);
        ((limit as f64 + 1.0).powf(share) - 1.0) as u64
    }
}

/// An event: its time in the stream, its port, and four influencer values.
struct Event {
    time: i64,
    port: String,
    influencers: [String; 4],
}

impl Event {
    fn random(random: &mut Random, time: i64, port: u64) -> Event {
        let host = random.heavy_tailed(200);
        let kind = (port * 31 + host) % 1_000_003;
        Event {
            time,
            port: (port * 97 % 65_537).to_string(),
            influencers: [
                format!("host-{host:04}"),
                PROCESSES[kind as usize % 10].to_owned(),
                USERS[kind as usize / 10 % 8].to_owned(),
                format!("10.{}.{}.{}", port % 4, kind % 250, 1 + random.below(254)),
            ],
        }
    }

    fn push(&self, detector: &mut Detector, shift: i64) {
        let values = self.influencers.each_ref().map(|value| Some(value.as_bytes()));
        let time = self.time + shift;
        let observation = Observation::new(time, &self.port).with_influencers(&values);
        let closed = detector.push(&observation);
        black_box(closed.is_ok());
    }
}

fn detector() -> Detector {
    let mut job = JobConfig::rare("destination.port");
    job.influencers =
        ["host.name", "process.name", "user.name", "destination.ip"].map(str::to_owned).to_vec();
    match Detector::new(job) {
        Ok(detector) => detector,
        Err(error) => panic!("{error}"),
    }
}

/// A detector that knows `known` ports, of which every tenth bucket has them all, with an open
/// bucket of `present` of them.
fn about_to_close(known: u64, present: u64) -> Detector {
    let mut random = Random(known);
    let mut detector = detector();
    for bucket in 0..30 {
        for port in 0..known {
            if bucket % 10 == 0 || port % 97 < 20 + bucket as u64 {
                Event::random(&mut random, bucket * SPAN, port).push(&mut detector, 0);
            }
        }
    }
    for _ in 0..present {
        let port = random.below(known);
        Event::random(&mut random, 30 * SPAN, port).push(&mut detector, 0);
    }
    detector
}

/// Observations into buckets: 200,000 events of 500 ports over 4 buckets, closing included.
fn push(criterion: &mut Criterion) {
    const EVENTS: u64 = 200_000;
    let mut random = Random(1);
    let events: Vec<Event> = (0..EVENTS)
        .map(|index| {
            let time = (index * 4 * SPAN as u64 / EVENTS) as i64;
            let port = random.heavy_tailed(500);
            Event::random(&mut random, time, port)
        })
        .collect();
    let mut detector = detector();
    let mut shift = 0;
    let mut group = criterion.benchmark_group("push");
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("500 ports", |bencher| {
        bencher.iter(|| {
            events.iter().for_each(|event| event.push(&mut detector, shift));
            shift += 4 * SPAN;
        });
    });
    group.finish();
}

/// Closing a bucket, by number of known ports and of ports present.
fn close(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("close");
    group.sample_size(10);
    for (known, present) in
        [(1000, 50), (1000, 1000), (65_536, 50), (65_536, 1000), (65_536, 65_536)]
    {
        let detector = about_to_close(known, present);
        let name = BenchmarkId::new(format!("{known} known"), present);
        group.bench_with_input(name, &detector, |bencher, detector| {
            bencher.iter_batched_ref(
                || detector.clone(),
                |detector| black_box(detector.advance_to(31 * SPAN).count()),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, push, close);
criterion_main!(benches);
