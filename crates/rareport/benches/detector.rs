//! How fast observations are taken and buckets are closed.
//!
//! `push` is counted in observations, the others in buckets.

mod stream;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rareport::{Detector, JobConfig, Observation};
use std::hint::black_box;
use std::time::{Duration, Instant};
use stream::{Event, Random, SPAN, detector, streams};

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
    let mut group = criterion.benchmark_group("push");
    for (name, events) in streams() {
        group.throughput(Throughput::Elements(events.len() as u64));
        group.bench_function(name, |bencher| {
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
    }
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

/// A million distinct by-field values: a bucket of all, taken and closed, and the closing of a bucket
/// with a thousand of them.
fn million(criterion: &mut Criterion) {
    const VALUES: u64 = 1_000_000;
    const PRESENT: usize = 1000;
    let names: Vec<String> = (0..VALUES).map(|value| format!("process-{value}")).collect();
    let mut detector = detector();
    let mut start = 0;
    let mut push = |detector: &mut Detector, names: &mut dyn Iterator<Item = &String>| {
        for name in names {
            black_box(detector.push(&Observation::new(start, name)).is_ok());
        }
        start += SPAN;
    };
    let mut group = criterion.benchmark_group("million");
    group.sample_size(10);
    group.bench_function("all, taken and closed", |bencher| {
        bencher.iter(|| {
            push(&mut detector, &mut names.iter());
            black_box(detector.finish().count())
        });
    });
    let step = names.len() / PRESENT;
    group.bench_function("a thousand, closed", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut taken = Duration::ZERO;
            for round in 0..rounds as usize {
                let some = &mut names.iter().skip(round % step).step_by(step);
                push(&mut detector, some);
                let begin = Instant::now();
                black_box(detector.finish().count());
                taken += begin.elapsed();
            }
            taken
        });
    });
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

criterion_group!(benches, push, close, million, gap, population);
criterion_main!(benches);
