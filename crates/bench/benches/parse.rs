//! Passes over a generated log of 64 MB, and over smaller ones at several rates of events.

#![allow(clippy::expect_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rareport_bench::{PASSES, connections, generated_log};

/// Event rates between which the cost must not differ: events per second of log time.
const RATES: [u32; 4] = [50, 400, 5_000, 10_000];

fn passes(criterion: &mut Criterion) {
    let log = read("mixed", 64, 400);
    let mut group = criterion.benchmark_group("mixed");
    group.throughput(Throughput::Bytes(log.len() as u64)).sample_size(10);
    for (name, pass) in PASSES {
        group.bench_function(name, |bencher| bencher.iter(|| pass(&log)));
    }
    group.finish();
}

fn rates(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("connections-by-rate");
    group.sample_size(20);
    for rate in RATES {
        let log = read("mixed", 8, rate);
        group.throughput(Throughput::Bytes(log.len() as u64));
        group.bench_function(rate.to_string(), |bencher| bencher.iter(|| connections(&log)));
    }
    group.finish();
}

fn read(profile: &str, megabytes: u32, rate: u32) -> Vec<u8> {
    let path = generated_log(profile, megabytes, rate).expect("python3 runs gen_audit.py");
    std::fs::read(path).expect("the generated log is readable")
}

criterion_group!(benches, passes, rates);
criterion_main!(benches);
