//! The quirks of the format, one small log each (`corpus/quirks`), and what a right reader makes of
//! them. A row is the name of the log, what is odd about it, how many events it holds, and its
//! connections; `and` adds what else has to be so.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod common;

use std::collections::BTreeSet;
use std::fs;

use auditparse::{
    Event, FieldErrorKind, NotAConnection, Outcome, RecordErrorKind, RecordType, SecurityModule,
    SockAddr, SockAddrHexError, Via,
};
use common::small::Small;

/// A check of more than the table's columns.
type And = fn(&Small<'_>);

struct Quirk {
    log: &'static str,
    what: &'static str,
    events: usize,
    connections: &'static [&'static str],
    and: And,
}

/// The plain event's connection, which most quirks do not change.
const PLAIN: &[&str] = &["connect 10.0.0.1:443 ok"];
const TWICE: &[&str] = &["connect 10.0.0.1:443 ok", "connect 10.0.0.1:443 ok"];
const THRICE: &[&str] =
    &["connect 10.0.0.1:443 ok", "connect 10.0.0.1:443 ok", "connect 10.0.0.1:443 ok"];
const NONE: &[&str] = &[];

/// Nothing more than the columns say, and nothing wrong.
fn sound(log: &Small<'_>) {
    assert_eq!(log.rejected, []);
    assert_eq!(log.problems(), []);
}

const fn quirk(
    log: &'static str,
    what: &'static str,
    events: usize,
    connections: &'static [&'static str],
    and: And,
) -> Quirk {
    Quirk { log, what, events, connections, and }
}

#[test]
fn every_quirk_is_read_as_it_should_be() {
    let mut failed = Vec::new();
    for quirk in TABLE {
        let bytes = common::read(&format!("quirks/{}.log", quirk.log));
        let check = || {
            let log = Small::new(&bytes);
            assert_eq!(log.summary(), quirk.connections);
            assert_eq!(log.events.len(), quirk.events, "events");
            (quirk.and)(&log);
        };
        if std::panic::catch_unwind(check).is_err() {
            failed.push(format!("{} ({})", quirk.log, quirk.what));
        }
    }
    assert!(failed.is_empty(), "wrong, see the messages above: {failed:#?}");
}

#[test]
fn the_table_has_every_log_of_the_corpus() {
    let entries = fs::read_dir(common::path("quirks")).unwrap();
    let logs = entries.map(|entry| entry.unwrap().path());
    let logs: BTreeSet<_> =
        logs.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    let rows: BTreeSet<_> = TABLE.iter().map(|quirk| quirk.log.to_owned()).collect();
    assert_eq!(rows, logs);
    assert_eq!(TABLE.len(), 85);
}

#[rustfmt::skip]
const TABLE: &[Quirk] = &[
    quirk("00-plain", "a connect event", 1, PLAIN, sound),

    // Ends of events, prefixes, types.
    quirk("01-eoe-space", "EOE with a blank behind it", 1, PLAIN, sound),
    quirk("02-eoe-nospace", "EOE without", 1, PLAIN, sound),
    quirk("03-node", "node= in front", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.connections[0].node(), Some(&b"web01.example.com"[..]));
    }),
    quirk("04-printk", "as the kernel prints it", 1, PLAIN, sound),
    quirk("05-printk-pid", "as journald prints it, without time and serial", 0, NONE, |log| {
        assert_eq!(log.rejected, [RecordErrorKind::NoEventId; 2]);
    }),
    quirk("06-syslog", "syslog's prefix", 1, PLAIN, sound),
    quirk("07-dmesg", "dmesg's prefix", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.text("operation"), "profile_load");
        assert_eq!(log.records[0].id().serial, 800);
    }),
    quirk("08-unknown-num", "UNKNOWN[1334]", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.records[0].record_type().number(), Some(1334));
        assert_eq!(log.text("op"), "LOAD");
    }),
    quirk("09-numeric", "types as numbers", 1, PLAIN, sound),
    quirk("10-unknown-name", "a type that nobody knows", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.records[0].type_name(), b"FOO_BAR");
        assert_eq!(log.text("res"), "success");
    }),

    // Values.
    quirk("11-hexcomm", "comm and exe in hexadecimal", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.text("comm"), "a b");
        assert_eq!(log.text("exe"), "/tmp/a b/x");
        assert_eq!(log.connections[0].comm().as_deref(), Some(&b"a b"[..]));
        assert_eq!(log.connections[0].exe().as_deref(), Some(&b"/tmp/a b/x"[..]));
    }),
    quirk("12-emptycomm", "comm=\"\"", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.connections[0].comm().as_deref(), Some(&b""[..]));
    }),
    quirk("13-multikey", "two keys, joined by 0x01", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.keys(), ["net", "conn"]);
    }),
    quirk("14-nullkey", "key=(null)", 1, PLAIN, |log| {
        sound(log);
        assert!(log.keys().is_empty());
    }),
    quirk("15-execve-empty", "an empty argument", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.argv(), ["awk", "", "x"]);
    }),
    quirk("16-execve-split", "a1_len= a1[0]= a1[1]= over two records", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.argv(), ["bash", "a b\0c d\0", "z"]);
    }),
    quirk("17-execve-many", "arguments over two records", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.argv(), ["a", "b", "c", "d"]);
    }),
    quirk("18-execve-hexdigits", "a1=\"123456\" is not hexadecimal", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.argv(), ["id", "123456"]);
    }),
    quirk("19-msg-nested", "msg='… acct=HEX …'", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.text("acct"), "(invalid user)");
        assert_eq!(log.text("addr"), "10.0.0.9");
        assert_eq!(log.text("res"), "failed");
    }),
    quirk("20-user-avc", "msg='avc:  denied  { start } for …'", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.text("seresult"), "denied");
        assert_eq!(log.text("seperms"), "start");
        assert_eq!(log.text("tclass"), "service");
    }),
    quirk("21-old-user", "RHEL 5: user pid= … msg='PAM: … (hostname=h, addr=…)'", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.text("addr"), "10.0.0.9");
        assert_eq!(log.text("hostname"), "h");
        assert_eq!(log.text("pid"), "13015");
        assert_eq!(log.text("res"), "success");
    }),
    quirk("22-old-login", "RHEL 6: old auid= new auid=", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.text("old-auid"), "4294967295");
        assert_eq!(log.text("auid"), "0");
        assert_eq!(log.text("ses"), "3");
    }),
    quirk("23-avc", "SELinux's braces, before the SYSCALL", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.text("seresult"), "denied");
        let permissions = log.records[0].get("seperms").unwrap();
        assert_eq!(permissions.words().last(), Some(&b"name_connect"[..]));
        assert_eq!(log.text("dest"), "8080");
    }),
    quirk("24-apparmor-info", "info=\"… , …\"", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.text("info"), "same as current profile, skipping");
        assert_eq!(log.text("comm"), "apparmor_parser");
    }),
    quirk("25-subj-enforce", "subj=docker-default (enforce)", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.text("subj"), "docker-default (enforce)");
        assert_eq!(log.keys(), ["net"]);
    }),
    quirk("26-subj-eq", "subj==/usr/sbin/ntpd (enforce)", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.text("subj"), "=/usr/sbin/ntpd (enforce)");
        assert_eq!(log.keys(), ["net"]);
    }),

    // Enrichment.
    quirk("27-enriched", "interpretations behind 0x1D", 1, PLAIN, |log| {
        sound(log);
        let uid = log.connections[0].uid().unwrap();
        assert_eq!((uid.number, uid.name), (33, Some(&b"www-data"[..])));
        assert_eq!(log.keys(), ["net"]);
    }),
    quirk("28-enr-unix", "the same of a path", 1, &["connect /dev/log ok"], sound),
    quirk("29-enr-unknownfam", "SADDR=unknown-family(0)", 1, &["connect unspec ok"], |log| {
        sound(log);
        assert_eq!(log.connections[0].address(), Ok(SockAddr::Unspec));
    }),
    quirk("30-enr-empty", "nothing behind 0x1D", 1, PLAIN, sound),
    quirk("31-enr-unknownuid", "UID=\"unknown(1234)\"", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.connections[0].uid().unwrap().number, 33);
        assert_eq!(log.text("UID"), "unknown(1234)");
    }),

    // Addresses.
    quirk("32-inet6-scope", "link-local with scope and flow", 1, &["connect [fe80::1%2]:443 ok"], |log| {
        sound(log);
        let Ok(SockAddr::Inet6 { flow, scope, .. }) = log.connections[0].address() else {
            panic!("not inet6")
        };
        assert_eq!((flow, scope), (0x12345, 2));
    }),
    quirk("33-inet6-mapped", "IPv4-mapped", 1, &["connect [::ffff:10.0.0.1]:443 ok"], |log| {
        sound(log);
        let address = log.connections[0].address().unwrap();
        assert_eq!(address.unmapped().to_string(), "10.0.0.1:443");
    }),
    quirk("34-inet6-short24", "24 bytes, without a scope", 1, &["connect [fe80::1]:443 ok"], sound),
    quirk("35-saddr-short", "two bytes", 1, &["connect (expected 8 bytes of an address of family 2, found 2) ok"], |log| {
        sound(log);
        assert_eq!(log.saddr().as_bytes(), [2, 0]);
    }),
    quirk("36-saddr-8", "eight bytes hold address and port", 1, PLAIN, sound),
    quirk("37-saddr-odd", "an odd number of digits", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.saddr().problem(), Some(SockAddrHexError::OddDigit));
    }),
    quirk("38-saddr-lower", "lower-case digits", 1, PLAIN, sound),
    quirk("39-saddr-junk", "a character that is no digit", 1, &["connect (expected 8 bytes of an address of family 2, found 7) ok"], |log| {
        assert_eq!(log.saddr().problem(), Some(SockAddrHexError::NotHex(14)));
    }),
    quirk("40-unix-abstract", "an abstract name with a NUL", 1, &["connect @/tmp/x\\x00y ok"], |log| {
        sound(log);
        assert_eq!(log.connections[0].address(), Ok(SockAddr::UnixAbstract(b"/tmp/x\0y")));
    }),
    quirk("41-unix-unnamed", "a family and nothing else", 1, &["connect unnamed ok"], sound),
    quirk("42-netlink", "netlink", 1, &["connect netlink:0:0 ok"], |log| {
        sound(log);
        assert_eq!(log.connections[0].address(), Ok(SockAddr::Netlink { pid: 0, groups: 0 }));
    }),
    quirk("43-vsock", "vsock", 1, &["connect vsock:2:1024 ok"], |log| {
        sound(log);
        assert_eq!(log.connections[0].address(), Ok(SockAddr::Vsock { cid: 2, port: 1024 }));
    }),
    quirk("44-packet", "packet", 1, &["connect packet:0003:2 ok"], |log| {
        sound(log);
        // The log says that the hardware address has no bytes.
        let packet = SockAddr::Packet { protocol: 3, interface: 2, hardware: &[] };
        assert_eq!(log.connections[0].address(), Ok(packet));
    }),

    // Broken lines.
    quirk("45-trunc-value", "cut inside a quoted value", 1, PLAIN, |log| {
        assert_eq!(log.problems(), [FieldErrorKind::UnterminatedQuote]);
        assert_eq!(log.text("comm"), "curl");
    }),
    quirk("46-trunc-key", "cut inside a key", 1, PLAIN, |log| {
        assert_eq!(log.problems(), [FieldErrorKind::StrayWord]);
        assert_eq!(log.text("comm"), "curl");
    }),
    quirk("47-no-newline", "no newline at the end", 1, PLAIN, sound),
    quirk("48-crlf", "CRLF line ends", 1, PLAIN, sound),
    quirk("49-leading-space", "blanks in front, and double", 1, PLAIN, sound),
    quirk("50-blank", "blank lines", 1, PLAIN, |log| {
        assert_eq!(log.rejected, [RecordErrorKind::Blank; 3]);
    }),
    quirk("51-longline", "a line of 20,000 bytes", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.text("proctitle"), "A".repeat(10_000));
    }),
    quirk("52-dupkeys", "pid=1234 pid=2", 1, PLAIN, |log| {
        sound(log);
        let pids = log.records[0].fields().filter(|field| field.key() == b"pid");
        assert_eq!(pids.count(), 2);
        assert_eq!(log.text("pid"), "1234");
        assert_eq!(log.connections[0].pid(), Some(1234));
    }),
    quirk("53-quote-in-msg", "an apostrophe inside msg='…'", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.text("cmd"), "it's");
        assert_eq!(log.text("exe"), "/tmp/it's");
        assert_eq!(log.text("res"), "success");
    }),
    quirk("54-eq-in-value", "name=\"a=b\"", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.text("name"), "a=b");
    }),

    // Architectures.
    quirk("55-socketcall", "i386 socketcall(3)", 1, PLAIN, sound),
    quirk("56-i386-connect", "i386 connect is 362", 1, PLAIN, sound),
    quirk("57-aarch64", "aarch64 connect is 203", 1, PLAIN, sound),
    quirk("58-s390x", "s390x, big end first", 1, PLAIN, sound),
    quirk("59-arm", "arm connect is 283", 1, PLAIN, sound),
    quirk("60-x32", "x32 connect is 0x4000002a", 1, PLAIN, sound),
    quirk("61-riscv64", "riscv64 connect is 203", 1, PLAIN, sound),

    // Events.
    quirk("62-seq-wrap", "serial 4294967295, then 0", 2, TWICE, |log| {
        sound(log);
        assert_eq!(log.stats.events.lost_events, 0);
    }),
    quirk("63-same-serial", "one serial, two times", 2, TWICE, sound),
    quirk("64-two-nodes", "one stamp, two nodes", 2, TWICE, |log| {
        sound(log);
        let nodes: Vec<_> = log.events.iter().map(|event| event.node().unwrap()).collect();
        assert_eq!(nodes, [b"a", b"b"]);
        assert!(log.events.iter().all(|event| event.records().len() == 3));
    }),
    quirk("65-out-of-order", "6, then 8, then 7, each whole", 3, THRICE, |log| {
        sound(log);
        assert_eq!(log.stats.events.lost_events, 0);
    }),
    quirk("66-gap", "10, then 15", 2, TWICE, |log| {
        sound(log);
        assert_eq!(log.stats.events.lost_events, 4);
    }),
    quirk("67-uring", "io_uring's connect, without a SYSCALL", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.connections[0].via(), Via::IoUring);
        assert_eq!(log.connections[0].pid(), Some(2));
    }),
    quirk("68-no-syscall", "SOCKADDR without SYSCALL", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.events[0].records().len(), 2);
        let reason = log.events[0].connection().unwrap_err();
        assert_eq!(reason, NotAConnection::NoSyscall);
    }),
    quirk("69-no-proctitle", "nothing ends the event, the next comes 3 s later", 2, TWICE, sound),
    quirk("70-serial-big", "a serial past 32 bits", 0, NONE, |log| {
        assert_eq!(log.rejected, [RecordErrorKind::Serial; 3]);
    }),
    quirk("71-no-ms", "a stamp without milliseconds", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.events[0].id().millis, 1_716_998_400_000);
    }),
    quirk("72-nonutf8", "a byte 0xFF", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.connections[0].comm().as_deref(), Some(&b"cu\xffl"[..]));
    }),
    quirk("73-nul", "a NUL byte", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.connections[0].comm().as_deref(), Some(&b"cu\0l"[..]));
    }),
    quirk("74-daemon-start", "old DAEMON_START: auditd start, ver=…", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.text("ver"), "2.4.5");
        assert_eq!(log.text("pid"), "700");
    }),
    quirk("75-late-record", "SOCKADDR after PROCTITLE", 1, PLAIN, sound),
    quirk("76-after-eoe", "two records after EOE", 1, PLAIN, |log| {
        sound(log);
        assert_eq!(log.events[0].records().len(), 4);
    }),
    quirk("77-seccomp", "SECCOMP alone", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.text("code"), "0x80000000");
    }),
    quirk("78-exit-errno", "not blocking: success=no exit=-115", 1, &["connect 10.0.0.1:443 EINPROGRESS"], |log| {
        sound(log);
        assert_eq!(log.connections[0].success(), Some(false));
        assert_eq!(log.connections[0].exit(), Some(-115));
        assert_eq!(log.connections[0].outcome(), Outcome::InProgress);
    }),
    quirk("79-no-exit", "neither success nor exit", 1, &["connect 10.0.0.1:443 unknown"], |log| {
        sound(log);
        assert_eq!(log.connections[0].exit(), None);
    }),
    quirk("80-only-space", "a body of blanks", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.records[0].fields().count(), 0);
    }),
    quirk("81-login-syscall", "LOGIN with its SYSCALL", 2, PLAIN, |log| {
        sound(log);
        assert_eq!(log.events[0].records().len(), 3);
        assert_eq!(log.stats.events.lost_events, 0);
    }),
    quirk("82-apparmor-connect", "AppArmor's denial, before the SYSCALL", 1, &["connect 10.0.0.1:443 EACCES"], |log| {
        sound(log);
        assert_eq!(log.connections[0].denied_by(), Some(SecurityModule::AppArmor));
    }),
    quirk("83-unlbl-num", "digits that are numbers, not hexadecimal", 1, NONE, |log| {
        sound(log);
        assert_eq!(log.text("dest"), "8080");
        assert_eq!(log.text("sport"), "4444");
    }),
    quirk("84-lone-bpf", "a record that nothing follows, then three connects", 4, THRICE, |log| {
        sound(log);
        let lone = |event: &&Event<'_>| event.record(RecordType::BPF).is_some();
        assert_eq!(log.events.iter().find(lone).unwrap().records().len(), 1);
    }),
];
