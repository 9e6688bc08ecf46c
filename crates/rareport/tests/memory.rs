//! What a detector holds, and that taking an observation of known values allocates nothing.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use rareport::{Detector, JobConfig, Observation};

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
