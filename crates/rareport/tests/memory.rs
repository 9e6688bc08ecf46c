//! What a detector holds, and that taking an observation of known values allocates nothing.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use rareport::{Detector, DetectorError, JobConfig, Observation};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST_HELD: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counted.
struct Counting;

fn grown(bytes: usize) {
    ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
    let held = HELD.fetch_add(bytes, Ordering::Relaxed) + bytes;
    MOST_HELD.fetch_max(held, Ordering::Relaxed);
}

// SAFETY: every call is passed on as it is to the system's allocator, whose contract is that of
// `GlobalAlloc`; counting neither allocates nor touches the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's promises about `layout` are handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `memory` was allocated by `System` with this layout.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grown(size);
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `memory` was allocated by `System` with this layout; `size` is handed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const PORTS: u32 = 65_536;

/// Pushes an event of every port, with hosts, processes, users and addresses as a fleet has them.
fn push_all_ports(detector: &mut Detector, time: i64) {
    for port in 0..PORTS {
        let port_text = port.to_string();
        let values = [
            format!("host-{:04}", port % 200),
            format!("process-{}", port % 50),
            format!("user-{}", port % 20),
            format!("10.0.{}.{}", port % 16, port % 251),
        ];
        let influencers = values.each_ref().map(|value| Some(value.as_bytes()));
        let observation = Observation::new(time, &port_text).with_influencers(&influencers);
        assert_eq!(detector.push(&observation).unwrap().count(), 0);
    }
}

/// One test, as the counters are of the whole process.
#[test]
fn memory_and_allocations() {
    ports_with_influencers();
    a_million_values();
}

/// What was held at most while `run` ran, beyond what was held before, in bytes.
fn most_held(run: impl FnOnce()) -> usize {
    let before = HELD.load(Ordering::Relaxed);
    MOST_HELD.store(before, Ordering::Relaxed);
    run();
    MOST_HELD.load(Ordering::Relaxed) - before
}

/// A million values in one bucket are learned, and known when some come again; one more than the limit
/// is refused.
fn a_million_values() {
    const VALUES: usize = 1_000_000;
    let mut job = JobConfig::rare("process.name");
    job.influencers = vec!["host.name".into()];
    job.limits.values = Some(VALUES);
    let start = Instant::now();
    let most = most_held(|| {
        let mut detector = Detector::new(job).unwrap();
        for (bucket, step) in [(0, 1), (1, 1000)] {
            for value in (0..VALUES).step_by(step) {
                let (value, host) =
                    (format!("process-{value}"), format!("host-{:03}", value % 200));
                let influencers = [Some(host.as_bytes())];
                let observation = Observation::new(bucket * 900, &value);
                let observation = observation.with_influencers(&influencers);
                assert_eq!(detector.push(&observation).unwrap().count(), 0);
            }
            let results = detector.finish().next().unwrap();
            assert_eq!(results.bucket.event_count, (VALUES / step) as u64);
        }
        let seen = |buckets| detector.known(b"").filter(|it| it.buckets_seen == buckets).count();
        assert_eq!((seen(1), seen(2)), (VALUES - VALUES / 1000, VALUES / 1000));
        let outcome = detector.push(&Observation::new(1800, "another")).map(Iterator::count);
        assert_eq!(outcome, Err(DetectorError::TooManyValues { limit: VALUES }));
    });
    println!("at most {:.0} MB with {VALUES} values, {:.1?}", most as f64 / 1e6, start.elapsed());
    assert!(most < 500_000_000, "{most}");
}

fn ports_with_influencers() {
    let mut job = JobConfig::rare("destination.port");
    job.influencers =
        ["host.name", "process.name", "user.name", "destination.ip"].map(str::to_owned).to_vec();
    let before = HELD.load(Ordering::Relaxed);
    MOST_HELD.store(before, Ordering::Relaxed);
    let mut detector = Detector::new(job).unwrap();
    for bucket in 0..3 {
        push_all_ports(&mut detector, bucket * 900);
        assert_eq!(detector.finish().count(), 1);
    }
    let most = MOST_HELD.load(Ordering::Relaxed) - before;
    println!("at most {:.1} MB with {PORTS} ports", most as f64 / 1e6);
    assert!(most < 64_000_000);

    let influencers =
        [b"host-0001".as_slice(), b"a process with a long name", b"root", b"10.0.0.1"];
    let influencers = influencers.map(Some);
    let push = |detector: &mut Detector, second: i64| {
        let observation = Observation::new(2700 + second, "443").with_influencers(&influencers);
        assert_eq!(detector.push(&observation).unwrap().count(), 0);
    };
    push(&mut detector, 0);
    let allocations = ALLOCATIONS.load(Ordering::Relaxed);
    (1..900).for_each(|second| push(&mut detector, second));
    assert_eq!(ALLOCATIONS.load(Ordering::Relaxed), allocations);
}
