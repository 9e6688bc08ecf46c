//! Reading from a slice allocates nothing per record: three times the log, the same allocations.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::{BTreeSet, HashMap};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use auditparse::{Connections, Records};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counted.
struct Counting;

// SAFETY: every call is passed on as it is to the system's allocator, whose contract is that of
// `GlobalAlloc`; counting neither allocates nor touches the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises about `layout` are handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: `memory` was allocated by `System` with this layout.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: `memory` was allocated by `System` with this layout; `size` is handed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `work` allocates. This binary has one test, so that no other counts in.
fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    work();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

/// A seeded log, so often in a row; times and serials go on from one copy to the next, so that no
/// serial is missing.
fn copies(log: &[u8], count: u32) -> Vec<u8> {
    let lines: Vec<Stamped<'_>> =
        std::str::from_utf8(log).unwrap().split_inclusive('\n').map(Stamped::of).collect();
    let mut serials: HashMap<&str, BTreeSet<u32>> = HashMap::new();
    for line in &lines {
        serials.entry(line.head).or_default().insert(line.serial);
    }
    let mut all = String::new();
    for copy in 0..count {
        for Stamped { head, record_type, seconds, millis, serial, body } in &lines {
            let seconds = seconds + 2 * u64::from(copy);
            let serial = serial.wrapping_add(copy * serials[head].len() as u32);
            all.push_str(&format!(
                "{head}type={record_type} msg=audit({seconds}.{millis}:{serial}){body}"
            ));
        }
    }
    all.into_bytes()
}

/// A line of the seeded log, taken apart.
struct Stamped<'a> {
    /// `node=` or nothing.
    head: &'a str,
    record_type: &'a str,
    seconds: u64,
    millis: &'a str,
    serial: u32,
    body: &'a str,
}

impl<'a> Stamped<'a> {
    fn of(line: &'a str) -> Stamped<'a> {
        let (prefix, rest) = line.split_once(" msg=audit(").unwrap();
        let (head, record_type) = prefix.split_once("type=").unwrap();
        let (stamp, body) = rest.split_once(')').unwrap();
        let (time, serial) = stamp.split_once(':').unwrap();
        let (seconds, millis) = time.split_once('.').unwrap();
        let (seconds, serial) = (seconds.parse().unwrap(), serial.parse().unwrap());
        Stamped { head, record_type, seconds, millis, serial, body }
    }
}

#[test]
fn nothing_is_allocated_per_record() {
    let log = common::read("seeded/mixed-s14.log");
    // The short one is long enough for every table to have grown to its bound.
    let (short, long) = (copies(&log, 20), copies(&log, 60));

    for log in [&short, &long] {
        let count = allocations(|| {
            for record in Records::new(log) {
                for field in record.unwrap().fields() {
                    black_box((field.key(), field.raw_value()));
                }
            }
        });
        assert_eq!(count, 0, "records of {} bytes", log.len());
    }

    let mut found = Vec::new();
    let counts = [&short, &long].map(|log| {
        let mut connections = 0;
        let count = allocations(|| {
            for connection in Connections::new(log) {
                black_box((connection.address().ok(), connection.pid(), connection.exit()));
                connections += 1;
            }
        });
        found.push(connections);
        count
    });
    assert_eq!(found[1], 3 * found[0], "connections");
    // Where a hash table with a random seed grows varies by one or two.
    assert!(counts[0].abs_diff(counts[1]) <= 4, "{counts:?} allocations for {found:?} connections");
}
