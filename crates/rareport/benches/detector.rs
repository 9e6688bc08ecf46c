//! How fast observations are taken and buckets are closed.
//!
//! `push` is counted in observations, the others in buckets. In the streams made up here, few ports
//! and hosts have most of the events, as on a real fleet; a port on a host belongs to one process
//! and one user, and goes to some 250 addresses.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rareport::{Detector, JobConfig, Observation};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Bucket length in seconds.
const SPAN: i64 = 900;

/// Numbers of known ports and of events at random ports among them in the bucket to be closed.
/// Both grow eightfold, one with the other left as it is and both together.
const SIZES: [(u64, u64); 13] = [
    (1000, 1),
    (1000, 50),
    (1000, 500),
    (1000, 1000),
    (8192, 1),
    (8192, 50),
    (8192, 1000),
    (8192, 8192),
    (65_536, 1),
    (65_536, 50),
    (65_536, 1000),
    (65_536, 8192),
    (65_536, 65_536),
];

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

/// A detector that has seen `known` ports in 30 buckets, some often and some once.
fn about_to_close(known: u64) -> Detector {
    let mut random = Random(known);
    let mut detector = detector();
    for bucket in 0..30 {
        for port in 0..known {
            if bucket == 0 || port % 97 < 3 * bucket {
                Event::random(&mut random, bucket as i64 * SPAN, port).push(&mut detector, 0);
            }
        }
    }
    black_box(detector.finish().count());
    detector
}

/// Observations into an open bucket: 50,000 events of 500 ports.
fn push(criterion: &mut Criterion) {
    const EVENTS: u64 = 50_000;
    let mut random = Random(1);
    let events: Vec<Event> = (0..EVENTS)
        .map(|_| {
            let port = random.heavy_tailed(500);
            Event::random(&mut random, SPAN, port)
        })
        .collect();
    let mut group = criterion.benchmark_group("push");
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("500 ports", |bencher| {
        let mut detector = detector();
        let mut shift = 0;
        bencher.iter_custom(|rounds| {
            let mut taken = Duration::ZERO;
            for _ in 0..rounds {
                let start = Instant::now();
                events.iter().for_each(|event| event.push(&mut detector, shift));
                taken += start.elapsed();
                black_box(detector.finish().count());
                shift += SPAN;
            }
            taken
        });
    });
    group.finish();
}

/// Closing a bucket, by number of known ports and of events at ports among them.
fn close(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("close");
    group.sample_size(20);
    for (known, present) in SIZES {
        let mut detector = about_to_close(known);
        let mut random = Random(present);
        let mut start = 30 * SPAN;
        let name = BenchmarkId::new(format!("{known} known"), present);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| {
                let mut taken = Duration::ZERO;
                for _ in 0..rounds {
                    for _ in 0..present {
                        let port = random.below(known);
                        Event::random(&mut random, start, port).push(&mut detector, 0);
                    }
                    let begin = Instant::now();
                    black_box(detector.finish().count());
                    taken += begin.elapsed();
                    start += SPAN;
                }
                taken
            });
        });
    }
    group.finish();
}

/// Closing the empty buckets of a year, the longest gap that a job allows unless it says otherwise.
fn gap(criterion: &mut Criterion) {
    const YEAR: i64 = 366 * 96;
    let mut group = criterion.benchmark_group("gap");
    group.sample_size(10);
    group.throughput(Throughput::Elements(YEAR as u64));
    group.bench_function("a year", |bencher| {
        let detector = about_to_close(1000);
        bencher.iter_batched(
            || detector.clone(),
            |mut detector| {
                let observation = Observation::new((30 + YEAR) * SPAN, "443");
                black_box(detector.push(&observation).map(Iterator::count).is_ok());
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// Closing a bucket of a population job with records for some of its persons, each with causes.
fn population(criterion: &mut Criterion) {
    const PERSONS: u64 = 2000;
    const RARE: u64 = 20;
    let mut job = JobConfig::rare("process.name");
    job.detector.over_field = Some("host.name".to_owned());
    let mut detector = match Detector::new(job) {
        Ok(detector) => detector,
        Err(error) => panic!("{error}"),
    };
    let mut start = 0;
    let mut fill = |detector: &mut Detector, rare: bool| {
        for person in 0..PERSONS {
            let host = format!("host-{person:04}");
            let of_its_own = format!("process-{person}-{start}");
            let other = if rare && person < RARE { of_its_own.as_str() } else { "sshd" };
            for process in ["cron", other] {
                let observation =
                    Observation { over: Some(host.as_bytes()), ..Observation::new(start, process) };
                black_box(detector.push(&observation).is_ok());
            }
        }
        start += SPAN;
    };
    for _ in 0..30 {
        fill(&mut detector, false);
        black_box(detector.finish().count());
    }
    let mut group = criterion.benchmark_group("population");
    group.sample_size(10);
    group.bench_function("20 rare of 2000", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut taken = Duration::ZERO;
            for _ in 0..rounds {
                let mut detector = detector.clone();
                fill(&mut detector, true);
                let begin = Instant::now();
                black_box(detector.finish().count());
                taken += begin.elapsed();
            }
            taken
        });
    });
    group.finish();
}

criterion_group!(benches, push, close, gap, population);
criterion_main!(benches);
