//! Generated logs against the exact counts of what the generator put into them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod common;

use std::collections::BTreeMap;

use auditparse::{
    ConnectionKind, Connections, Events, Origin, RecordType, Records, SockAddr, SockAddrBytes,
};
use serde_json::Value;

const LOGS: [&str; 4] = ["connect-s21", "mixed-s11", "mixed-s13", "mixed-s14"];

/// The log and the counts of `corpus/seeded/NAME`.
fn seeded(name: &str) -> (Vec<u8>, Value) {
    let log = common::read(&format!("seeded/{name}.log"));
    let truth = common::read(&format!("seeded/{name}.truth.json"));
    (log, serde_json::from_slice(&truth).unwrap())
}

#[test]
fn records() {
    for name in LOGS {
        let (log, truth) = seeded(name);
        let mut types: BTreeMap<String, usize> = BTreeMap::new();
        let (mut lines, mut enriched) = (0, 0);
        for record in Records::new(&log) {
            let record = record.unwrap();
            assert_eq!(record.problems().next(), None, "{name}: {record:?}");
            lines += 1;
            enriched += usize::from(record.fields().any(|f| f.origin() == Origin::Enrichment));
            *types.entry(common::lossy(record.type_name())).or_default() += 1;
        }
        assert_eq!(lines, truth["lines"], "{name}: lines");
        assert_eq!(enriched, truth["enriched_lines"], "{name}: enriched lines");
        assert_eq!(types, common::counts(&truth["types"]), "{name}: types");
    }
}

#[test]
fn events() {
    for name in LOGS {
        let (log, truth) = seeded(name);
        let mut events = Events::new(&log);
        let (mut count, mut with_node, mut execve) = (0, 0, 0);
        for event in events.by_ref() {
            count += 1;
            with_node += usize::from(event.node().is_some());
            execve += usize::from(event.record(RecordType::EXECVE).is_some());
            if let Some(record) = event.record(RecordType::EXECVE) {
                let argc = record.get("argc").unwrap().as_u64().unwrap();
                assert_eq!(event.argv().unwrap().len() as u64, argc, "{name}: {event:?}");
            }
        }
        assert_eq!(count, truth["events"], "{name}: events");
        assert_eq!(with_node, truth["nodes"], "{name}: events of nodes");
        assert_eq!(execve, truth["execve_events"], "{name}: execve");
        // The generator's serials have no gaps, though its events are interleaved.
        assert_eq!(events.stats().events.lost_events, 0, "{name}: lost");
        assert_eq!(events.stats().events.late_records, 0, "{name}: late");
    }
}

#[test]
fn connections() {
    for name in LOGS {
        let (log, truth) = seeded(name);
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for key in KEYS {
            counts.insert(key, 0);
        }
        let mut add = |key: &'static str, n: u64| *counts.get_mut(key).unwrap() += n;
        for connection in Connections::new(&log) {
            // Denied calls of the generator never got as far as an address.
            let Ok(address) = connection.address() else {
                continue;
            };
            let port = address.port();
            add("net_events_with_port", u64::from(port.is_some_and(|port| port > 0)));
            if connection.kind() != ConnectionKind::Connect {
                continue;
            }
            add("connect_events", 1);
            add(family(&address), 1);
            if let Some(port) = port {
                add("inet_ports_sum", u64::from(port));
                let succeeded = connection.success().unwrap();
                add(if succeeded { "inet_success" } else { "inet_failed" }, 1);
            }
        }
        // Whom a message came from is no connection, but the generator counts it.
        *counts.get_mut("net_events_with_port").unwrap() += received(&log);
        for (key, count) in counts {
            assert_eq!(count, truth[key], "{name}: {key}");
        }
    }
}

/// The calls of `recvfrom` with an address that has a port.
fn received(log: &[u8]) -> u64 {
    let events = Events::new(log).filter(|event| {
        let syscall = event.record(RecordType::SYSCALL).and_then(|record| record.get("syscall"));
        let saddr = event.record(RecordType::SOCKADDR).and_then(|record| record.get("saddr"));
        let port = saddr
            .and_then(|saddr| SockAddrBytes::from_hex(saddr.raw_value()).decode(None).ok()?.port());
        syscall.is_some_and(|number| number.raw_value() == RECVFROM) && port.is_some()
    });
    events.count() as u64
}

/// x86_64's number of `recvfrom`.
const RECVFROM: &[u8] = b"45";

const KEYS: [&str; 9] = [
    "connect_events",
    "inet",
    "inet6",
    "unix",
    "other",
    "inet_ports_sum",
    "inet_success",
    "inet_failed",
    "net_events_with_port",
];

fn family(address: &SockAddr<'_>) -> &'static str {
    match address.family_name() {
        Some(name @ ("inet" | "inet6" | "unix")) => name,
        _ => "other",
    }
}
