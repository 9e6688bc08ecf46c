//! What journald and syslog keep of audit says the same as the log of auditd.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::{corpus, rareport, rareport_with};

/// The documents of a run on a file of the corpus, by serial.
fn by_serial(command: &str, file: &str, serial: &str) -> BTreeMap<u64, Vec<Value>> {
    let run = rareport(&[command, "--host", "lab01", &corpus(file)]);
    let mut documents = BTreeMap::<u64, Vec<Value>>::new();
    for document in run.expect(0).documents() {
        documents
            .entry(document.pointer(serial).unwrap().as_u64().unwrap())
            .or_default()
            .push(document);
    }
    documents
}

fn events(file: &str) -> BTreeMap<u64, Vec<Value>> {
    by_serial("events", file, "/event/sequence")
}

/// What an event is about, without the names of users, which only auditd adds,
/// and the title of the process, whose record comes last and may be cut off.
fn facts(event: &Value) -> Vec<Option<&Value>> {
    [
        "/@timestamp",
        "/event/action",
        "/event/outcome",
        "/host/name",
        "/source",
        "/destination",
        "/process/pid",
        "/process/parent/pid",
        "/process/name",
        "/process/executable",
        "/user/id",
        "/auditd/data/exit",
    ]
    .map(|pointer| event.pointer(pointer))
    .to_vec()
}

/// Asserts that a file tells the same of its events from a serial on as the log
/// of auditd does; how many there are.
#[track_caller]
fn assert_same(file: &str, log: &str, first: u64) -> usize {
    let (mut told, logged) = (events(file), events(log));
    told.retain(|&serial, _| serial >= first);
    for (serial, events) in &told {
        let expected = logged.get(serial).unwrap_or_else(|| panic!("{serial} is not in {log}"));
        let both = [events, expected].map(|events| events.iter().map(facts).collect::<Vec<_>>());
        assert_eq!(both[0], both[1], "{serial}");
    }
    told.len()
}

#[test]
fn the_journal_of_audit_says_what_the_log_says() {
    let file = "connect-basic/journal-audit.json.xz";
    assert_eq!(assert_same(file, "connect-basic/audit.log.xz", 0), 161);
    let run = rareport(&["detect", "-v", &corpus(file)]).expect(0);
    assert!(run.stderr.contains("1,500 lines, 1,500 records"), "{}", run.stderr);
    let run = rareport(&["anomalies", "-v", &corpus(file)]).expect(0);
    assert!(run.stderr.contains("1,500 lines, 1,500 records"), "{}", run.stderr);
}

#[test]
fn the_journal_of_the_kernel_says_what_the_kernel_printed() {
    let records = |file| {
        let run = rareport(&["records", &corpus(file)]).expect(0);
        let fact = |record: &Value| {
            ["@timestamp", "serial", "type", "fields"].map(|key| record[key].clone())
        };
        run.documents().iter().map(fact).collect::<Vec<_>>()
    };
    let (json, text) =
        (records("printk/journal-kernel.json.xz"), records("printk/journal-kernel.short.txt.xz"));
    // Both end with the same entry; "audit: type=" is in so many lines of the JSON.
    assert_eq!(json.len(), 185);
    assert!(text.ends_with(&json));
}

#[test]
fn the_journal_of_a_host_without_auditd_has_the_events_that_were_printed() {
    let (journal, printed) =
        (events("printk/journal-audit.json.xz"), events("printk/dmesg.txt.xz"));
    let both: Vec<_> =
        printed.iter().filter_map(|(serial, event)| Some((event, journal.get(serial)?))).collect();
    assert_eq!(both.len(), printed.len());
    assert!(both.len() > 700, "{}", both.len());
    for (printed, heard) in both {
        for (printed, heard) in facts(&printed[0]).into_iter().zip(facts(&heard[0])) {
            // The kernel did not print every record.
            assert!(printed.is_none() || printed == heard, "{printed:?} {heard:?}");
        }
    }
}

#[test]
fn records_that_journalctl_left_out_are_told_with_what_to_do() {
    let entry = |message: &str| {
        format!(
            "{{\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"1300\",\"_AUDIT_ID\":\"7\",\
             \"_SOURCE_REALTIME_TIMESTAMP\":\"1500000\",\"MESSAGE\":{message}}}\n"
        )
    };
    let journal = entry("\"SYSCALL arch=c000003e syscall=42 a0=3\"") + &entry("null");
    let run = rareport_with(&["records"], journal.as_bytes()).expect(0);
    assert_eq!(run.documents().len(), 1);
    let told = "1 record has no text, as journalctl leaves long ones out; give what `journalctl \
                --all -o json _TRANSPORT=audit` prints";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn other_forms_of_the_journal_are_refused_with_what_to_do() {
    let run = rareport(&["events", &corpus("printk/journal-audit.export.xz")]).expect(2);
    assert!(run.stderr.contains("`journalctl --all -o json _TRANSPORT=audit`"), "{}", run.stderr);
    let run = rareport(&["events", &corpus("printk/journal-audit.short.txt.xz")]).expect(2);
    assert!(run.stderr.contains("`journalctl --all -o json _TRANSPORT=audit`"), "{}", run.stderr);
}

#[test]
fn syslog_has_what_its_plugin_sent() {
    // Before auditd began, the kernel printed one event: serial 10, of systemd.
    assert_eq!(assert_same("loop/syslog.tail.log.xz", "loop/audit.log.xz", 11), 105);
}
