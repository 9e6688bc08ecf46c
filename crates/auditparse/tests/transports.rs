//! The same records by other ways: printed by the kernel, through syslog, through journald. The
//! connections must be the same, and the lines of other programs must be told apart.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod common;

use std::collections::BTreeMap;

use auditparse::{Connections, EventId, Events, RecordErrorKind, Records};
use common::lossy;
use common::small::describe;
use common::truth::{Seen, compare};

/// What a reader says of each connection.
fn connections(log: &[u8]) -> BTreeMap<EventId, String> {
    let connections = Connections::new(log).map(|connection| {
        let text = |value: Option<std::borrow::Cow<'_, [u8]>>| value.map(lossy).unwrap_or_default();
        let said = format!(
            "{} pid={:?} uid={:?} comm={} exe={}",
            describe(&connection),
            connection.pid(),
            connection.uid().map(|uid| (uid.number, uid.name.map(lossy))),
            text(connection.comm()),
            text(connection.exe()),
        );
        (connection.id(), said)
    });
    connections.collect()
}

/// How many lines are records, and how many are not, by reason.
fn lines(log: &[u8]) -> (usize, BTreeMap<RecordErrorKind, usize>) {
    let mut records = Records::new(log);
    let count = records.by_ref().filter(Result::is_ok).count();
    let rejected = records.stats().rejected;
    (count, rejected.iter().map(|(kind, count)| (kind, count as usize)).collect())
}

/// Lines that hold `mark`.
fn lines_with(log: &[u8], mark: &str) -> usize {
    lossy(log).lines().filter(|line| line.contains(mark)).count()
}

/// Connections of a kernel's print, counted by searching its text: calls whose numbers are in the
/// kernel's tables (`syscall_64.tbl`, `syscall_32.tbl`, and `SYS_*` of `linux/net.h` for
/// `socketcall`), and, unless they always pass an address, whose event has a `SOCKADDR` (1306).
fn connections_by_text(log: &str) -> usize {
    let word = |line: &str, key: &str| {
        let (_, rest) = line.split_once(key)?;
        rest.split([' ', ')']).next().map(str::to_owned)
    };
    let printed = |record_type: &str| {
        let mark = format!("audit: type={record_type} audit(");
        let lines = log.lines().filter_map(move |line| Some((line, word(line, &mark)?)));
        lines.collect::<Vec<_>>()
    };
    let addresses: Vec<_> = printed("1306").into_iter().map(|(_, id)| id).collect();
    let is_connection = |(line, id): &(&str, String)| {
        let [arch, number, a0] = ["arch=", "syscall=", " a0="].map(|key| word(line, key).unwrap());
        match (arch.as_str(), number.as_str(), a0.as_str()) {
            ("c000003e", "42" | "49", _)
            | ("40000003", "362" | "361", _)
            | ("40000003", "102", "2" | "3") => true,
            ("c000003e", "43" | "288" | "44" | "46" | "307", _)
            | ("40000003", "364" | "369" | "370" | "345", _)
            | ("40000003", "102", "5" | "b" | "10" | "12" | "14") => addresses.contains(id),
            _ => false,
        }
    };
    printed("1300").iter().filter(|call| is_connection(call)).count()
}

#[test]
fn the_kernels_print_has_every_call_of_the_ground_truth() {
    let log = common::read("printk/dmesg.txt");
    let truth = common::ndjson("printk/GROUND_TRUTH.ndjson");
    // Then the kernel's print rate is limited, and lines are missing.
    let phase = truth.iter().find(|entry| entry["kind"] == "phase").unwrap();
    let limited = phase["t0"].as_f64().unwrap();
    let before: Vec<_> = truth
        .into_iter()
        .filter(|entry| entry["t1"].as_f64().is_some_and(|end| end < limited))
        .collect();

    let seen: Vec<_> = Events::new(&log).filter_map(|event| Seen::of(&event)).collect();
    let outcome = compare(&before, &seen);
    assert!(outcome.calls_missing.is_empty(), "{:#?}", outcome.calls_missing);
    assert!(outcome.expected_missing.is_empty(), "{:#?}", outcome.expected_missing);
    let is_noted = |entry: &&serde_json::Value| {
        let call = entry["syscall"].as_str();
        call.is_some_and(|call| !call.starts_with("io_uring"))
    };
    let noted = before.iter().filter(is_noted).count();
    assert!(noted > 0, "the ground truth notes calls");
    assert_eq!(outcome.calls_found, noted);
}

#[test]
fn every_printed_form_gives_the_same_connections() {
    let whole = connections(&common::read("printk/dmesg.txt"));
    for name in [
        "dmesg.txt",
        "dmesg-raw.txt",
        "dmesg-T.txt",
        "dmesg-iso.txt",
        "kern.log",
        "syslog-audit.log",
        "journal-kernel.short.txt",
    ] {
        let log = common::read(&format!("printk/{name}"));
        let found = connections(&log);
        let expected = connections_by_text(&lossy(&log));
        assert!(expected > 0, "{name}");
        assert_eq!(found.len(), expected, "{name}");
        for (id, said) in &found {
            assert_eq!(whole.get(id), Some(said), "{name}: {id}");
        }
        let (records, rejected) = lines(&log);
        assert_eq!(records, lines_with(&log, "audit: type="), "{name}: records");
        let others = lossy(&log).lines().count() - records;
        assert_eq!(rejected.get(&RecordErrorKind::NotAudit), Some(&others).filter(|n| **n > 0));
        assert_eq!(rejected.values().sum::<usize>(), others, "{name}: {rejected:?}");
    }
}

/// Forms that the corpus has no log of, made from the print on the console by what stands in front.
#[test]
fn other_prefixes_give_the_same_connections() {
    let console = lossy(common::read("printk/dmesg.txt"));
    let whole = connections(console.as_bytes());
    for front in [
        // `dmesg --decode`, and the caller of CONFIG_PRINTK_CALLER there and in /proc/kmsg.
        "kern  :notice: {stamp} ",
        "kern  :notice: {stamp} [    T5] ",
        "{stamp}[    T5] ",
        "<5>{stamp}[    C0] ",
        "Jun  2 11:02:20 lab01 kernel: {stamp}[  T123] ",
        // RFC 5424 by rsyslog's template `RSYSLOG_SyslogProtocol23Format`, and through relays.
        "<5>1 2026-06-02T11:02:14.340872+00:00 lab01 kernel - - - {stamp} ",
        "<5>1 2026-06-02T11:02:14.340872+00:00 lab01 kernel - - [a@1 b=\"[c]\"][d e=\"\\\"\"] {stamp} ",
        // `journalctl -k -o short-full`.
        "Tue 2026-06-02 11:02:20 UTC lab01 kernel: ",
    ] {
        let rewritten = console.lines().map(|line| match line.split_once("] ") {
            Some((stamp, message)) => front.replace("{stamp}", &format!("{stamp}]")) + message,
            None => line.to_owned(),
        });
        let log = rewritten.collect::<Vec<_>>().join("\n");
        assert_eq!(connections(log.as_bytes()), whole, "{front}");
        assert_eq!(lines(log.as_bytes()), lines(console.as_bytes()), "{front}");
    }
}

#[test]
fn through_the_syslog_plugin_nothing_changes() {
    for scenario in ["raw", "enriched"] {
        let direct = connections(common::log(scenario));
        let plugin = common::read(&format!("{scenario}/syslog-audisp.log"));
        assert_eq!(connections(&plugin), direct, "{scenario}");

        let (records, rejected) = lines(&plugin);
        assert_eq!(records, lines_with(&plugin, "type="), "{scenario}: records");
        // The plugin's own start message.
        assert_eq!(rejected, BTreeMap::from([(RecordErrorKind::NotAudit, 1)]), "{scenario}");

        // In the whole syslog the kernel's print of what came before auditd is added.
        let full = common::read(&format!("{scenario}/syslog.full"));
        let is_printed = |line: &&str| line.contains(" kernel: ") && line.contains("audit: type=");
        let text = lossy(&full);
        let printed: Vec<_> = text.lines().filter(is_printed).collect();
        let expected = [printed.join("\n").as_bytes(), b"\n", &plugin].concat();
        assert_eq!(connections(&full), connections(&expected), "{scenario}: among other lines");
        let (records_in_all, rejected) = lines(&full);
        assert_eq!(records_in_all, records + printed.len(), "{scenario}: among other lines");
        let others = text.lines().count() - records_in_all;
        assert_eq!(rejected, BTreeMap::from([(RecordErrorKind::NotAudit, others)]), "{scenario}");
    }
}

#[test]
fn journald_drops_what_makes_an_event_and_that_is_said() {
    for name in ["connect-basic", "printk", "exec-mix"] {
        let log = common::read(&format!("{name}/journal-audit.short.txt"));
        let (records, rejected) = lines(&log);
        assert_eq!(records, 0, "{name}");
        let audit = lossy(&log).lines().filter(|line| line.contains(" audit")).count();
        assert_eq!(rejected, BTreeMap::from([(RecordErrorKind::NoEventId, audit)]), "{name}");
    }
}

#[test]
fn logs_of_other_programs_have_no_records() {
    for name in ["exec-mix/auth.log", "exec-mix/dmesg.txt", "busy/syslog-audit.log"] {
        let log = common::read(name);
        let (records, rejected) = lines(&log);
        let printed = lines_with(&log, "audit: type=");
        assert_eq!(records, printed, "{name}");
        let others = lossy(&log).lines().count() - printed;
        assert_eq!(rejected, BTreeMap::from([(RecordErrorKind::NotAudit, others)]), "{name}");
    }
}

#[test]
fn a_record_that_another_program_quotes_is_no_record() {
    let record = "type=SYSCALL msg=audit(1716998400.001:100): arch=c000003e syscall=42 pid=1";
    let printed = "audit: type=1300 audit(1716998400.001:100): arch=c000003e syscall=42 pid=1";
    for line in [
        format!("May 29 16:00:00 web01 sshd[77]: Invalid user {record} from 203.0.113.9"),
        format!("May 29 16:00:00 web01 sshd[77]: {record}"),
        format!("May 29 16:00:00 web01 root: {printed}"),
        format!("2026-06-01T13:12:35.565718+00:00 web01 nginx: GET /{record}"),
        format!("2026-06-01T13:12:35.565718+00:00 web01 my-audispd: {record}"),
        format!("<13>May 29 16:00:00 web01 logger: {record}"),
        format!("May 29 16:00:00 web01 kernel: [   12.345678] usb 1-1: Product: {printed}"),
        format!("[   12.345678] usb 1-1: Product: {printed}"),
        format!("2026-06-02T11:02:21,238447+00:00 usb 1-1: Product: {printed}"),
        format!("203.0.113.9 - - [29/May/2024:16:00:00 +0000] \"GET /{record}\" 404 0"),
        format!("#{record}"),
        format!("x{record}"),
        format!("node {record}"),
    ] {
        let rejected = BTreeMap::from([(RecordErrorKind::NotAudit, 1)]);
        assert_eq!(lines(line.as_bytes()), (0, rejected), "{line}");
    }
}
