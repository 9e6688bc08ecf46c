//! How fast buckets that were counted in parts are put together, and given to a detector.
//!
//! All is counted in observations that the summaries stand for: 50,000 of one bucket, counted in four
//! parts. `count` makes the summaries of the parts, `merge` makes one of them, `take` gives that to a
//! detector; the bucket is closed off the clock.

mod stream;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rareport::summary::{BucketSummary, Position, Summarizer, merge};
use std::hint::black_box;
use std::time::{Duration, Instant};
use stream::{Event, SPAN, detector, job, streams};

const PARTS: usize = 4;

/// The summaries of the parts of a bucket that is `shift` seconds later.
fn parts(events: &[Event], shift: i64) -> Vec<BucketSummary> {
    let mut position = 0;
    let mut summary = |part: &[Event]| {
        let mut summarizer = match Summarizer::new(&job()) {
            Ok(summarizer) => summarizer,
            Err(error) => panic!("{error}"),
        };
        for event in part {
            position += 1;
            event.observe(shift, |it| summarizer.push(it, Position(0, position)));
        }
        summarizer.into_summaries()
    };
    events.chunks(events.len().div_ceil(PARTS)).flat_map(&mut summary).collect()
}

fn merged(parts: Vec<BucketSummary>) -> Vec<BucketSummary> {
    match merge(parts) {
        Ok(merged) => merged,
        Err(error) => panic!("{error}"),
    }
}

fn summaries(criterion: &mut Criterion) {
    for (name, events) in streams() {
        let mut group = criterion.benchmark_group(format!("summaries, {name}"));
        group.sample_size(20);
        group.throughput(Throughput::Elements(events.len() as u64));
        group.bench_function("count", |bencher| bencher.iter(|| parts(&events, 0)));
        group.bench_function("merge", |bencher| {
            let parts = parts(&events, 0);
            bencher.iter_batched(|| parts.clone(), merged, BatchSize::PerIteration);
        });
        group.bench_function("take", |bencher| {
            let mut detector = detector();
            let mut shift = 0;
            bencher.iter_custom(|rounds| {
                let mut taken = Duration::ZERO;
                for _ in 0..rounds {
                    let summaries = merged(parts(&events, shift));
                    let start = Instant::now();
                    for summary in &summaries {
                        black_box(detector.push_summary(summary).is_ok());
                    }
                    taken += start.elapsed();
                    black_box(detector.finish().count());
                    shift += SPAN;
                }
                taken
            });
        });
        group.finish();
    }
}

criterion_group!(benches, summaries);
criterion_main!(benches);
