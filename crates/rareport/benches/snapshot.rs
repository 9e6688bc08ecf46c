//! How long it takes to save a state and to carry on from it, at 2,000 and at 65,536 known ports with
//! four influencers; the sizes are printed. Four days and a half of buckets of 15 minutes are learned,
//! the last of which is open and has one event for every fourth port.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rareport::snapshot::{self, Snapshot};
use rareport::{Detector, JobConfig, Observation};
use std::hint::black_box;

/// Numbers of known ports.
const PORTS: [u64; 2] = [2000, 65_536];

/// Number of buckets that have been learned.
const BUCKETS: u64 = 432;

fn job() -> JobConfig {
    let mut job = JobConfig::rare("destination.port");
    job.influencers =
        ["host.name", "process.name", "user.name", "destination.ip"].map(str::to_owned).to_vec();
    job
}

/// An event of a port, on one of 1,000 hosts and to one of 60,000 addresses.
fn push(detector: &mut Detector, bucket: u64, port: u64) {
    let mixed = (port * 31 + bucket).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    let values = [
        format!("host-{:04}", mixed % 1000),
        format!("process-{}", port % 50),
        format!("user-{}", port % 20),
        format!("10.{}.{}.{}", mixed % 4, mixed / 4 % 60, mixed / 240 % 250),
    ];
    let values = values.each_ref().map(|value| Some(value.as_bytes()));
    let port = port.to_string();
    let observation = Observation::new(bucket as i64 * 900, &port).with_influencers(&values);
    black_box(detector.push(&observation).is_ok());
}

/// A detector that knows so many ports, some of which come more often than others.
fn learned(ports: u64) -> Detector {
    let mut detector = Detector::new(job()).unwrap_or_else(|error| panic!("{error}"));
    for bucket in 0..BUCKETS {
        let step = if bucket == BUCKETS - 1 { 4 } else { 64 };
        (0..ports)
            .filter(|port| (port + bucket) % step == 0)
            .for_each(|port| push(&mut detector, bucket, port));
    }
    detector
}

fn snapshots(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("snapshot");
    group.sample_size(20);
    for ports in PORTS {
        let detector = learned(ports);
        let save =
            || snapshot::encode(&Snapshot { detector: detector.snapshot(), detection: None });
        let restore = |bytes: &[u8]| {
            snapshot::decode(bytes).and_then(|saved| Detector::restore(job(), &saved.detector))
        };
        let bytes = save().unwrap_or_else(|error| panic!("{error}"));
        println!("{ports} ports: {} bytes", bytes.len());
        group.bench_function(BenchmarkId::new("save", ports), |bencher| bencher.iter(save));
        group.bench_function(BenchmarkId::new("restore", ports), |bencher| {
            bencher.iter(|| restore(&bytes));
        });
    }
    group.finish();
}

criterion_group!(benches, snapshots);
criterion_main!(benches);
