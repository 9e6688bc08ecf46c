//! The edge cases of network calls (`corpus/edge`) against what the event coalescing of Elastic's
//! go-libaudit printed for them. Where we read more than it does, the difference is named.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod common;

use std::collections::BTreeMap;

use auditparse::{
    Connection, ConnectionKind, Event, Events, Id, NotAConnection, SecurityModule, SockAddr,
};
use common::lossy;
use serde_json::Value;

/// What both sides say of an event, by name.
type Said = BTreeMap<&'static str, String>;

/// What go-libaudit makes of events that we read differently: event, property, its value, ours.
const DIFFERENCES: [(u32, &str, &str, &str); 3] = [
    // It does not know what a socketcall calls.
    (1014, "action", "", "connected-to"),
    // An AVC record in front gives the event its name; for us it stays a connect, and denied.
    (1018, "action", "violated-selinux-policy", "connected-to"),
    // It does not decode comm.
    (1019, "name", "72756E206D65", "run me"),
];

#[test]
fn the_edge_cases_agree_with_go_libaudit() {
    let log = common::read("edge/edge.log");
    let golden = common::ndjson("edge/edge.golden.ndjson");
    let events: Vec<_> = Events::new(&log).collect();
    assert_eq!(events.len(), golden.len());
    for (event, golden) in events.iter().zip(&golden) {
        let serial = event.id().serial;
        assert_eq!(u64::from(serial), golden["sequence"]);
        let golden = &golden["event"];
        let connection = match event.connection() {
            Ok(connection) => connection,
            Err(reason) => {
                // listen passes no address.
                assert_eq!((serial, reason), (1011, NotAConnection::OtherCall));
                assert_eq!(golden["summary"]["action"], "listen-for-connections");
                continue;
            }
        };
        let ours = said_by_us(event, &connection);
        let mut theirs = said_by_go_libaudit(golden);
        for (_, what, its, our) in DIFFERENCES.iter().filter(|row| row.0 == serial) {
            let replaced = theirs.insert(what, (*our).to_owned());
            assert_eq!(replaced.as_deref(), Some(*its), "{serial}: {what}");
        }
        assert_eq!(ours, theirs, "{serial}");
    }
}

#[test]
fn what_go_libaudit_cannot_say_is_read_too() {
    let log = common::read("edge/edge.log");
    let events: Vec<_> = Events::new(&log).collect();
    let by_serial = |serial: u32| {
        let event = events.iter().find(|event| event.id().serial == serial).unwrap();
        event.connection().unwrap()
    };
    assert_eq!(by_serial(1014).address().unwrap().to_string(), "203.0.113.67:9999");
    assert_eq!(by_serial(1018).denied_by(), Some(SecurityModule::SeLinux));
    assert_eq!(by_serial(1019).uid().unwrap().name, Some(&b"alice"[..]));
    assert_eq!(by_serial(1020).address_bytes().unwrap().as_bytes(), [2, 0]);
}

fn said_by_us(event: &Event<'_>, connection: &Connection<'_>) -> Said {
    let action = match connection.kind() {
        ConnectionKind::Connect => "connected-to",
        ConnectionKind::Accept => "accepted-connection-from",
        ConnectionKind::Bind => "bound-socket",
        ConnectionKind::SendTo | ConnectionKind::SendMsg => "sent-to",
        other => panic!("no such call in this log: {other}"),
    };
    let exit = connection.exit().unwrap().to_string();
    let id = |id: Option<Id<'_>>| {
        let id = id.unwrap();
        if id.is_set() { id.number.to_string() } else { "unset".to_owned() }
    };
    let tags: Vec<_> = connection.keys().iter().map(lossy).collect();
    let title = event.proctitle().map(|title| lossy(title).replace('\0', " "));
    let number = |number: Option<u32>| number.unwrap().to_string();
    let mut said = Said::from([
        ("time", connection.id().millis.to_string()),
        ("action", action.to_owned()),
        ("result", if connection.success().unwrap() { "success" } else { "fail" }.to_owned()),
        ("exit", connection.errno_name().map_or(exit, str::to_owned)),
        ("arch", connection.arch().unwrap().name().unwrap().to_owned()),
        ("pid", number(connection.pid())),
        ("ppid", number(connection.ppid())),
        ("name", lossy(connection.comm().unwrap())),
        ("exe", lossy(connection.exe().unwrap())),
        ("title", title.unwrap_or_default()),
        ("tags", tags.join(" ")),
        ("tty", connection.tty().map_or("(none)".to_owned(), lossy)),
        ("uid", id(connection.uid())),
        ("euid", id(connection.euid())),
        ("auid", id(connection.auid())),
        ("gid", id(connection.gid())),
    ]);
    let (address, port) = match connection.address().map(SockAddr::unmapped) {
        Ok(SockAddr::Inet { ip, port }) => (ip.to_string(), port.to_string()),
        Ok(SockAddr::Inet6 { ip, port, .. }) => (ip.to_string(), port.to_string()),
        Ok(SockAddr::UnixPath(path)) => (lossy(path), String::new()),
        _ => (String::new(), String::new()),
    };
    said.extend([("address", address), ("port", port)]);
    said
}

fn said_by_go_libaudit(golden: &Value) -> Said {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (process, data, ids) = (&golden["process"], &golden["data"], &golden["user"]["ids"]);
    let tags: Vec<_> = golden["tags"].as_array().into_iter().flatten().map(text).collect();
    let path = text(&data["socket_path"]);
    Said::from([
        ("time", common::millis(golden["@timestamp"].as_str().unwrap()).to_string()),
        ("action", text(&golden["summary"]["action"])),
        ("result", text(&golden["result"])),
        ("exit", text(&data["exit"])),
        ("arch", text(&data["arch"])),
        ("pid", text(&process["pid"])),
        ("ppid", text(&process["ppid"])),
        ("name", text(&process["name"])),
        ("exe", text(&process["exe"])),
        ("title", text(&process["title"])),
        ("tags", tags.join(" ")),
        ("tty", text(&data["tty"])),
        ("uid", text(&ids["uid"])),
        ("euid", text(&ids["euid"])),
        ("auid", text(&ids["auid"])),
        ("gid", text(&ids["gid"])),
        ("address", if path.is_empty() { text(&data["socket_addr"]) } else { path }),
        ("port", text(&data["socket_port"])),
    ])
}
