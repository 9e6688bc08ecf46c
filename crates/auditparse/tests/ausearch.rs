//! Agreement with `ausearch` and `aureport` 3.0.9 on the real logs, but for the faults they are
//! known to have, each of which is named and counted here.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod common;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use auditparse::{
    Arch, Connection, ConnectionKind, Connections, Event, Events, RecordType, SockAddr,
    SockAddrBytes,
};
use common::lossy;
use common::reference::{self, Interpreted};

/// The scenarios that have a reference; `fleet-day` is the merge of three of them.
fn scenarios() -> impl Iterator<Item = &'static str> {
    common::SCENARIOS.into_iter().filter(|scenario| *scenario != "fleet-day")
}

/// The connects that the tools list differently from us, by reason.
struct Differences {
    scenario: &'static str,
    /// `ausearch -sc connect` looks for 42, the number of the host's own architecture.
    i386: usize,
    /// It leaves out every event with an AppArmor record.
    apparmor: usize,
    /// It takes a SECCOMP record's `syscall=42` for a call; the call was stopped, or has an event
    /// of its own.
    seccomp: usize,
}

const DIFFERENCES: [Differences; 5] = [
    Differences { scenario: "connect-basic", i386: 7, apparmor: 0, seccomp: 0 },
    Differences { scenario: "raw", i386: 7, apparmor: 0, seccomp: 0 },
    Differences { scenario: "enriched", i386: 7, apparmor: 0, seccomp: 0 },
    Differences { scenario: "exec-mix", i386: 3, apparmor: 1, seccomp: 3 },
    Differences { scenario: "fleet-hosts/web01", i386: 3, apparmor: 0, seccomp: 0 },
];

const NO_DIFFERENCES: Differences = Differences { scenario: "", i386: 0, apparmor: 0, seccomp: 0 };

fn has_apparmor(event: &Event<'_>) -> bool {
    let avc = event.records().iter().filter(|record| record.record_type() == RecordType::AVC);
    avc.into_iter().any(|record| record.get("apparmor").is_some())
}

#[test]
fn events_are_the_same_but_for_login_and_apparmor() {
    for scenario in scenarios() {
        let log = common::log(scenario);
        let mut ours = Vec::new();
        for event in Events::new(log).filter(|event| !has_apparmor(event)) {
            ours.push(event.id().serial);
            // aureport ends the event at its LOGIN record, and begins another with the SYSCALL.
            if event.record(RecordType::LOGIN).is_some() {
                ours.push(event.id().serial);
            }
        }
        let theirs = reference::event_serials(&format!("{scenario}/reference/aureport-event.txt"));
        assert_eq!(common::tally(ours), common::tally(theirs), "{scenario}");
    }
}

#[test]
fn connects_are_the_same_but_for_i386_apparmor_and_seccomp() {
    for scenario in scenarios() {
        let log = common::log(scenario);
        let events: Vec<_> = Events::new(log).collect();
        let connects: HashMap<_, _> = events
            .iter()
            .filter_map(|event| Some((event.id(), (event, plain_connect(event)?))))
            .collect();
        let theirs = interpreted_connects(scenario);
        let listed: BTreeSet<_> = theirs.iter().map(|event| (event.millis, event.serial)).collect();

        let mut found = Differences { scenario, ..NO_DIFFERENCES };
        for (id, (event, connection)) in &connects {
            if listed.contains(&(id.millis, id.serial)) {
                continue;
            }
            match connection.arch() {
                _ if has_apparmor(event) => found.apparmor += 1,
                Some(Arch::I386) => found.i386 += 1,
                _ => panic!("{scenario}: not in ausearch's list: {event:?}"),
            }
        }
        for event in &theirs {
            if event.record("SYSCALL").is_none() && event.record("SECCOMP").is_some() {
                found.seccomp += 1;
                continue;
            }
            let known =
                connects.keys().any(|id| (id.millis, id.serial) == (event.millis, event.serial));
            assert!(known, "{scenario}: only in ausearch's list: {event:?}");
        }
        let allowed = DIFFERENCES.iter().find(|row| row.scenario == scenario);
        let allowed = allowed.unwrap_or(&NO_DIFFERENCES);
        assert_eq!(
            (found.i386, found.apparmor, found.seccomp),
            (allowed.i386, allowed.apparmor, allowed.seccomp),
            "{scenario}: i386, AppArmor, SECCOMP"
        );
    }
}

/// The event's connect by system call; io_uring's are not known to ausearch 3.0.9.
fn plain_connect<'a>(event: &Event<'a>) -> Option<Connection<'a>> {
    let connection = event.connection().ok()?;
    let is_plain = connection.uring_op().is_none() && connection.syscall_record().is_some();
    (is_plain && connection.kind() == ConnectionKind::Connect).then_some(connection)
}

fn interpreted_connects(scenario: &str) -> Vec<Interpreted> {
    reference::interpreted(&format!("{scenario}/reference/ausearch-connect-i.txt"))
}

#[test]
fn what_is_said_of_each_connect_is_the_same() {
    for scenario in scenarios() {
        let log = common::log(scenario);
        let connections: HashMap<_, _> = Connections::new(log)
            .map(|connection| ((connection.id().millis, connection.id().serial), connection))
            .collect();
        let mut compared = 0;
        for theirs in interpreted_connects(scenario) {
            let Some(ours) = connections.get(&(theirs.millis, theirs.serial)) else {
                continue;
            };
            if theirs.record("SYSCALL").is_none() {
                continue;
            }
            compared += 1;
            assert_eq!(said_by_us(ours), said_by_ausearch(&theirs), "{scenario}: {theirs:?}");
            assert_eq!(ours.node(), theirs.node.as_deref(), "{scenario}: {theirs:?}");
        }
        let listed = reference::csv_rows(&format!("{scenario}/reference/ausearch-connect.csv"));
        let seccomp = DIFFERENCES.iter().find(|row| row.scenario == scenario);
        assert_eq!(compared, listed - seccomp.map_or(0, |row| row.seccomp), "{scenario}");
    }
}

type Said = BTreeMap<&'static str, String>;

fn said_by_us(connection: &Connection<'_>) -> Said {
    let number = |value: Option<u32>| value.map_or_else(String::new, |value| value.to_string());
    let text = |value: Option<std::borrow::Cow<'_, [u8]>>| value.map_or("(null)".to_owned(), lossy);
    let exit = match connection.errno_name() {
        Some(name) => name.to_owned(),
        None => connection.exit().unwrap().to_string(),
    };
    let keys: Vec<_> = connection.keys().iter().map(lossy).collect();
    Said::from([
        ("success", if connection.success().unwrap() { "yes" } else { "no" }.to_owned()),
        ("exit", exit),
        ("pid", number(connection.pid())),
        ("ppid", number(connection.ppid())),
        ("comm", text(connection.comm())),
        ("exe", text(connection.exe())),
        ("key", if keys.is_empty() { "(null)".to_owned() } else { keys.join(" key=") }),
        ("address", address_as_ausearch_shows_it(connection)),
    ])
}

fn said_by_ausearch(event: &Interpreted) -> Said {
    let field = |key: &str, next: &str| {
        lossy(reference::unescape(event.syscall_field(key, next).unwrap_or_default()))
    };
    let exit = field("exit", "a0");
    let syscall = event.record("SYSCALL").unwrap();
    let key_start = reference::find(syscall, b" key=").unwrap() + " key=".len();
    let address = event.record("SOCKADDR").map_or("none".to_owned(), |body| {
        let address = lossy(reference::unescape(body.strip_prefix(b"saddr=").unwrap()));
        address.replace("%ifb0", "%dummy0")
    });
    Said::from([
        ("success", field("success", "exit")),
        ("exit", exit.split('(').next().unwrap().to_owned()),
        ("pid", field("pid", "auid")),
        ("ppid", field("ppid", "pid")),
        ("comm", field("comm", "exe")),
        ("exe", field("exe", "subj")),
        ("key", lossy(reference::unescape(&syscall[key_start..]))),
        ("address", address),
    ])
}

/// The families whose addresses ausearch 3.0.9 does not decode but can name.
const UNSUPPORTED: [(u16, &str); 3] = [(30, "tipc"), (31, "bluetooth"), (40, "vsock")];

/// Shorter than the C structure is not decoded, even if address and port are there.
fn is_too_short_for_the_tools(saddr: &[u8]) -> bool {
    let least = match saddr.first() {
        Some(1) => 4,
        Some(2) => 16,
        Some(10) => 28,
        _ => 0,
    };
    saddr.len() < least
}

/// The log has an interface by its number. The tools show its name on the host that they ran on,
/// which was another one for the RAW logs, and none for `lo`.
const DUMMY_INTERFACE: u32 = 2;

fn address_as_ausearch_shows_it(connection: &Connection<'_>) -> String {
    let Some(saddr) = connection.address_bytes() else {
        return "none".to_owned();
    };
    let family = saddr.as_bytes().first().copied().unwrap_or_default();
    if is_too_short_for_the_tools(saddr.as_bytes()) {
        return match family {
            1 => "{ saddr_fam=local sockaddr len too short }".to_owned(),
            2 => "{ saddr_fam=inet sockaddr len too short }".to_owned(),
            _ => "{ saddr_fam=inet6 sockaddr6 len too short }".to_owned(),
        };
    }
    if let Some((_, name)) = UNSUPPORTED.iter().find(|(number, _)| *number == u16::from(family)) {
        return format!("{{ saddr_fam={name} (unsupported) }}");
    }
    match connection.address().unwrap() {
        SockAddr::Inet { ip, port } => format!("{{ saddr_fam=inet laddr={ip} lport={port} }}"),
        SockAddr::Inet6 { ip, port, scope, .. } => {
            let zone = if scope == DUMMY_INTERFACE { "%dummy0" } else { "" };
            format!("{{ saddr_fam=inet6 laddr={ip}{zone} lport={port} }}")
        }
        SockAddr::UnixPath(path) => format!("{{ saddr_fam=local path={} }}", lossy(path)),
        SockAddr::UnixAbstract(name) => {
            let shown = name.split(|&byte| byte == 0).next().unwrap();
            format!("{{ saddr_fam=local path={} }}", lossy(shown))
        }
        SockAddr::Netlink { pid, .. } => {
            format!("{{ saddr_fam=netlink nlnk-fam=16 nlnk-pid={pid} }}")
        }
        SockAddr::Unspec => "unknown-family(0)".to_owned(),
        SockAddr::Other { family, .. } => format!("unknown-family({family})"),
        other => panic!("not seen in these logs: {other}"),
    }
}

#[test]
fn users_are_the_same_where_the_log_names_them() {
    let enriched = scenarios().filter(|scenario| !scenario.contains("raw"));
    for scenario in enriched {
        let log = common::log(scenario);
        let connections: HashMap<_, _> = Connections::new(log)
            .map(|connection| ((connection.id().millis, connection.id().serial), connection))
            .collect();
        for theirs in interpreted_connects(scenario) {
            let Some(ours) = connections.get(&(theirs.millis, theirs.serial)) else {
                continue;
            };
            let field = |key: &str, next: &str| theirs.syscall_field(key, next).map(lossy);
            let name = |id: Option<auditparse::Id<'_>>| id.and_then(|id| id.name).map(lossy);
            assert_eq!(name(ours.auid()), field("auid", "uid"), "{scenario}: {theirs:?}");
            assert_eq!(name(ours.uid()), field("uid", "gid"), "{scenario}: {theirs:?}");
            assert_eq!(name(ours.euid()), field("euid", "suid"), "{scenario}: {theirs:?}");
            assert_eq!(name(ours.gid()), field("gid", "euid"), "{scenario}: {theirs:?}");
        }
    }
}

#[test]
fn executables_are_the_same_but_for_short_addresses() {
    for scenario in scenarios() {
        let log = common::log(scenario);
        let counted = Events::new(log)
            .filter(|event| !has_apparmor(event) && !has_address_too_short_for_aureport(event));
        let executables = counted.filter_map(|event| {
            let field = event.records().iter().find_map(|record| record.get("exe"))?;
            (!field.is_absent()).then(|| field.text().into_owned())
        });
        let ours = common::tally(executables.map(lossy));
        let name = format!("{scenario}/reference/aureport-executable-summary.txt");
        assert_eq!(ours, reference::summary(&name), "{scenario}");
    }
}

/// aureport drops an event from its summaries if it cannot decode the address.
fn has_address_too_short_for_aureport(event: &Event<'_>) -> bool {
    let saddr = event.record(RecordType::SOCKADDR).and_then(|record| record.get("saddr"));
    saddr.is_some_and(|saddr| {
        is_too_short_for_the_tools(SockAddrBytes::from_hex(saddr.raw_value()).as_bytes())
    })
}

#[test]
fn calls_are_the_same() {
    for scenario in scenarios() {
        let log = common::log(scenario);
        let calls = Events::new(log).filter(|event| !has_apparmor(event)).filter_map(|event| {
            let call = |record: &&auditparse::Record<'_>| {
                matches!(record.record_type(), RecordType::SYSCALL | RecordType::SECCOMP)
            };
            let record = *event.records().iter().find(call)?;
            let arch = Arch::from_number(record.get("arch")?.as_hex()?.try_into().ok()?);
            arch.syscall_name(record.get("syscall")?.as_u64()?.try_into().ok()?)
        });
        let ours = common::tally(calls.map(str::to_owned));

        let name = format!("{scenario}/reference/aureport-syscall-summary.txt");
        let mut theirs: BTreeMap<String, usize> = BTreeMap::new();
        for (call, count) in reference::summary(&name) {
            // `socketcall(connect)` is listed apart from `socketcall(bind)`.
            let call = call.split('(').next().unwrap().to_owned();
            *theirs.entry(call).or_default() += count;
        }
        assert_eq!(ours, theirs, "{scenario}");
    }
}
