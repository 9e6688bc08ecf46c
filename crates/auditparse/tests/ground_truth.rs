//! The real logs against what the programs that made them noted: every line is accounted for,
//! every call is found with its process, address and result, and nothing is found that was not.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod common;

use std::collections::BTreeMap;

use auditparse::{Connections, Events, RecordErrorKind, Records};
use common::lossy;
use common::small::describe;
use common::truth::{Seen, compare};

#[test]
fn every_line_is_a_record_or_the_continuation_of_one() {
    for scenario in common::SCENARIOS {
        let log = common::log(scenario);
        let verify = common::verify(scenario);
        let mut types: BTreeMap<String, usize> = BTreeMap::new();
        let (mut lines, mut continuations) = (0, 0);
        for line in Records::new(log) {
            lines += 1;
            match line {
                Ok(record) => *types.entry(record.record_type().to_string()).or_default() += 1,
                Err(error) => {
                    assert_eq!(error.kind(), RecordErrorKind::Continuation, "{scenario}: {error}");
                    continuations += 1;
                }
            }
        }
        assert_eq!(lines, verify["lines"], "{scenario}: lines");
        assert_eq!(continuations, verify["lines_not_starting_a_record"], "{scenario}");
        assert_eq!(types, common::counts(&verify["types"]), "{scenario}: records of each type");
    }
}

#[test]
fn records_come_together_to_as_many_events_as_there_were() {
    for scenario in common::SCENARIOS {
        let log = common::log(scenario);
        let events = Events::new(log).count();
        assert_eq!(events, common::verify(scenario)["events"], "{scenario}");
    }
}

#[test]
fn every_call_is_found_and_no_other() {
    for scenario in common::SCENARIOS {
        let verify = common::verify(scenario);
        let expected = &verify["match"];
        let log = common::log(scenario);
        let seen: Vec<_> = Events::new(log).filter_map(|event| Seen::of(&event)).collect();
        let connects = seen.iter().filter(|seen| counts_as_connect(seen)).count();
        assert_eq!(connects, verify["inet_connect_events"], "{scenario}: inet connects");

        let truth = common::ndjson(&format!("{scenario}/GROUND_TRUTH.ndjson"));
        let outcome = compare(&truth, &seen);
        let count = |what: &str| expected[what].as_u64().unwrap_or(0) as usize;

        assert_eq!(outcome.calls_found, count("call matched"), "{scenario}: calls");
        // The oldest rotations of `busy` are gone, and the kernel dropped records on purpose.
        let lost = count("call not in the log");
        assert_eq!(outcome.calls_missing.len(), lost, "{scenario}: {:?}", outcome.calls_missing);
        let io_uring = count("io_uring line (no connect event expected)");
        assert_eq!(outcome.io_uring, io_uring, "{scenario}: {:?}", outcome.io_uring_missing);
        assert!(outcome.io_uring_missing.is_empty(), "{scenario}: {:?}", outcome.io_uring_missing);

        let programs = count("program connect matched");
        assert_eq!(outcome.expected_found, programs, "{scenario}: calls of programs");
        let missing = count("program connect not in the log")
            + count("stopped by seccomp (no connect event expected)");
        let left = &outcome.expected_missing;
        assert_eq!(left.len(), missing, "{scenario}: {left:?}");

        let unaccounted = outcome.unaccounted.iter().filter(|seen| counts_as_connect(seen));
        let unknown = &verify["inet_connect_events_not_in_ground_truth"];
        assert_eq!(unaccounted.count(), *unknown, "{scenario}: not in the ground truth");
    }
}

#[test]
fn a_merged_log_has_the_connections_of_its_hosts() {
    let connections = |scenario: &str| {
        let all = Connections::new(common::log(scenario));
        let mut all: Vec<_> = all
            .map(|c| (c.id(), c.node().map(lossy), describe(&c), c.pid(), c.exe().map(lossy)))
            .collect();
        all.sort_unstable();
        all
    };
    let hosts = ["fleet-hosts/web01", "fleet-hosts/db01", "fleet-hosts/ci01"];
    let mut of_hosts: Vec<_> = hosts.into_iter().flat_map(connections).collect();
    of_hosts.sort_unstable();
    assert_eq!(connections("fleet-day"), of_hosts);
}

/// What `verify.json` counts as an inet connect: it takes every call through `socketcall` for one,
/// and leaves io_uring's out.
fn counts_as_connect(seen: &Seen) -> bool {
    seen.destination.is_some() && !seen.io_uring && (seen.kind == "connect" || seen.socketcall)
}
