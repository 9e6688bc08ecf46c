//! Forged lines. auditd's ENRICHED format writes the path of a Unix socket as it is, newlines
//! included, so whoever may call `connect` may write lines into the log. They must not become
//! records, and what merely looks like one of them must not be lost.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod common;

use auditparse::RecordErrorKind;
use common::lossy;
use common::small::Small;

/// The event that the attacker wants to be read differently.
const VICTIM: &str = "\
type=SYSCALL msg=audit(1716998400.001:100): arch=c000003e syscall=42 success=yes exit=0 a0=5 \
a1=7f a2=10 a3=0 items=0 ppid=1 pid=1234 auid=1000 uid=1000 gid=1000 comm=\"nc\" \
exe=\"/usr/bin/nc\" key=\"net\"
type=SOCKADDR msg=audit(1716998400.001:100): saddr=0200115CCB0071090000000000000000\
\x1dSADDR={ saddr_fam=inet laddr=203.0.113.9 lport=4444 }
";
const VICTIM_END: &str = "type=PROCTITLE msg=audit(1716998400.001:100): proctitle=\"nc\"\n";

/// What the attacker would like the victim's records to be followed by.
const HARMLESS: &str = "type=SOCKADDR msg=audit(1716998400.001:100): saddr=020001BB0A000001";

/// The attacker's own event, as auditd writes it: a connect to a Unix socket of this path.
fn attack(path: &[u8]) -> Vec<u8> {
    let stamp = "msg=audit(1716998400.002:101):";
    let hex: String = path.iter().map(|byte| format!("{byte:02X}")).collect();
    let shown = path.split(|&byte| byte == 0).next().unwrap();
    let mut log = format!(
        "type=SYSCALL {stamp} arch=c000003e syscall=42 success=no exit=-2 a0=5 a1=7f a2=6e a3=0 \
         items=1 ppid=1 pid=666 auid=1001 uid=1001 gid=1001 comm=\"x\" exe=\"/tmp/x\" key=\"net\"\n\
         type=SOCKADDR {stamp} saddr=0100{hex}\x1dSADDR={{ saddr_fam=local path="
    )
    .into_bytes();
    log.extend_from_slice(shown);
    log.extend_from_slice(b" }\n");
    log.extend_from_slice(format!("type=PROCTITLE {stamp} proctitle=\"x\"\n").as_bytes());
    log
}

/// The victim's event with the attack between its records.
fn attacked(path: &[u8]) -> Vec<u8> {
    [VICTIM.as_bytes(), &attack(path), VICTIM_END.as_bytes()].concat()
}

/// Asserts that both events are read as they were, and that so many lines were continuations.
fn assert_unmoved(log: &[u8], continuations: usize, path: &[u8]) {
    let read = Small::new(log);
    let forged = lossy(log);
    assert_eq!(read.rejected, vec![RecordErrorKind::Continuation; continuations], "{forged}");
    assert_eq!(read.events.len(), 2, "{forged}");
    let mut addresses: Vec<_> = read
        .connections
        .iter()
        .map(|connection| (connection.pid(), lossy(connection.address_bytes().unwrap().as_bytes())))
        .collect();
    addresses.sort_unstable();
    let of_attacker = lossy([&[1, 0], path].concat());
    let of_victim = lossy(b"\x02\x00\x11\x5C\xCB\x00\x71\x09\0\0\0\0\0\0\0\0");
    assert_eq!(addresses, [(Some(666), of_attacker), (Some(1234), of_victim)], "{forged}");
}

#[test]
fn a_record_inside_a_path_is_no_record() {
    let path = format!("/tmp/x\n{HARMLESS}\0");
    assert_unmoved(&attacked(path.as_bytes()), 1, path.as_bytes());
}

#[test]
fn several_lines_inside_a_path_are_none_either() {
    for (path, lines) in [
        ("\ntype=EOE msg=audit(1716998400.001:100): \0", 1),
        ("/a\n\n\nnode=b type=EOE msg=audit(1716998400.001:100):\0", 3),
        ("/a\r\ntype=EOE msg=audit(1716998400.001:100):\r\nb\0", 2),
        ("/a }\ntype=EOE msg=audit(1716998400.001:100): }\nb }\0", 2),
        ("/a\n \0", 1),
        ("/a\n----\0", 1),
        ("/a\n\0", 1),
        ("/a\naudit: type=1320 audit(1716998400.001:100): \0", 1),
    ] {
        assert_unmoved(&attacked(path.as_bytes()), lines, path.as_bytes());
    }
}

#[test]
fn a_path_that_fills_the_structure_has_no_nul() {
    let mut path = format!("/tmp/{}\n{HARMLESS}", "x".repeat(108)).into_bytes();
    let start = path.len() - 108;
    path.drain(..start);
    assert_eq!(path.len(), 108);
    assert_unmoved(&attacked(&path), 1, &path);
}

#[test]
fn an_abstract_name_is_treated_alike() {
    let name = format!("\0x\n{HARMLESS}");
    let log = attacked(name.as_bytes());
    // auditd shows the name behind its first byte, which is 0.
    let shown = format!("path=x\n{HARMLESS} }}");
    let log = lossy(&log).replace("path= }", &shown).into_bytes();
    assert_unmoved(&log, 1, name.as_bytes());
}

#[test]
fn a_log_that_ends_inside_the_path_has_no_record_there() {
    let path = format!("/tmp/x\n{HARMLESS}\0");
    let log = [VICTIM.as_bytes(), VICTIM_END.as_bytes(), &attack(path.as_bytes())].concat();
    let forged_line =
        common::reference::find(&log, format!("\n{HARMLESS}").as_bytes()).unwrap() + 1;
    for cut in forged_line + 1..forged_line + HARMLESS.len() + " }".len() {
        assert_unmoved(&log[..cut], 1, path.as_bytes());
    }
}

#[test]
fn a_line_that_is_not_the_rest_of_the_path_is_a_record_of_its_own() {
    let own = "type=USER_LOGIN msg=audit(1716998400.003:102): pid=7 uid=0 msg='op=login'\n";
    // The rest of the path is something else, for instance because lines were filtered.
    let log = attack(b"/tmp/x\nsomething else\0");
    let log = lossy(&log).replace("something else }\n", own);
    let read = Small::new(log.as_bytes());
    assert_eq!(read.rejected, []);
    assert_eq!(read.events.len(), 2);
    assert_eq!(read.text("op"), "login");
}

#[test]
fn the_line_after_the_path_is_a_record_again() {
    let path = b"/tmp/x\ny\0";
    let twice = [&attack(path)[..], b"y }\n"].concat();
    let read = Small::new(&twice);
    assert_eq!(read.rejected, [RecordErrorKind::Continuation, RecordErrorKind::NotAudit]);
}

/// The victim's address comes last, where a forged one would be the first of the two.
fn attacked_before_the_address(path: &[u8]) -> String {
    let (syscall, address) = VICTIM.split_once("type=SOCKADDR").unwrap();
    let address = format!("type=SOCKADDR{address}");
    let log = [syscall.as_bytes(), &attack(path), address.as_bytes(), VICTIM_END.as_bytes()];
    String::from_utf8(log.concat()).unwrap()
}

#[test]
fn lines_behind_prefixes_of_their_own_are_none_either() {
    let path = format!("/tmp/x\n  {HARMLESS}\n\n\0");
    for prefix in
        ["May 29 16:00:00 web01 auditd: ", "<13>1 2026-06-01T13:12:35Z web01 audispd 7 - - "]
    {
        let log = attacked_before_the_address(path.as_bytes());
        let lines: String = log.lines().map(|line| format!("{prefix}{line}\n")).collect();
        assert_unmoved(lines.as_bytes(), 3, path.as_bytes());
        assert_eq!(Small::new(lines.as_bytes()).stats.broken_off, 0);
    }
}

#[test]
fn lines_of_other_hosts_may_come_between() {
    let path = format!("/tmp/x\n{HARMLESS}\0");
    let log = attacked_before_the_address(path.as_bytes());
    let between = "node=db01 type=EOE msg=audit(1716998400.001:7):\n\
                   Jun  2 11:02:20 lab01 sshd[9]: Invalid user x\n";
    let log = log.replace(&format!("\n{HARMLESS}"), &format!("\n{between}{HARMLESS}"));
    let read = Small::new(log.as_bytes());
    assert_eq!(read.rejected, [RecordErrorKind::NotAudit, RecordErrorKind::Continuation]);
    assert_eq!(read.summary(), [&of_path(&path), "connect 203.0.113.9:4444 ok"]);
    assert_eq!(read.stats.broken_off, 0);
}

/// The attacker's connection as [`Small::summary`] tells it.
fn of_path(path: &str) -> String {
    format!("connect {} ENOENT", path.trim_end_matches('\0').escape_default())
}

#[test]
fn of_a_path_that_was_filtered_what_is_left_is_no_record() {
    let path = format!("/tmp/x\ny\n{HARMLESS}\nz\0");
    let log = attacked_before_the_address(path.as_bytes());
    let filtered: String = log.split_inclusive('\n').filter(|l| l.starts_with("type=")).collect();
    assert_unmoved(filtered.as_bytes(), 1, path.as_bytes());
    assert_eq!(Small::new(filtered.as_bytes()).stats.broken_off, 1);
}

/// Programs that put the records of events together, such as `ausearch`, move a forged record to
/// the event that it names.
#[test]
fn a_forged_address_that_was_moved_makes_two() {
    let path = format!("/tmp/x\n{HARMLESS}\0");
    let log = attacked_before_the_address(path.as_bytes());
    let forged = format!("{HARMLESS} }}\n");
    let (before, after) = log.split_once(&forged).unwrap();
    let (syscall, attack) =
        before.split_at(before.find("type=SYSCALL msg=audit(1716998400.002").unwrap());
    let moved = [syscall, &forged, after, attack].concat();
    let read = Small::new(moved.as_bytes());
    let flags: Vec<_> = read.connections.iter().map(|c| (c.pid(), c.is_contradicted())).collect();
    assert_eq!(flags, [(Some(1234), true), (Some(666), false)]);
    let streamed = auditparse::Events::new(moved.as_bytes()).next().unwrap();
    assert!(streamed.connection().unwrap().is_contradicted());

    let other = Small::new(log.as_bytes());
    assert!(other.connections.iter().all(|connection| !connection.is_contradicted()));
}

#[test]
fn a_forged_call_that_was_moved_makes_two() {
    let forged = VICTIM.lines().next().unwrap().replace("pid=1234", "pid=4321");
    let log = format!("{forged}\n{VICTIM}");
    let read = Small::new(log.as_bytes());
    let flags: Vec<_> = read.connections.iter().map(|c| (c.pid(), c.is_contradicted())).collect();
    assert_eq!(flags, [(Some(4321), true)]);
    let twice = format!("{}\n{VICTIM}", VICTIM.lines().next().unwrap());
    assert!(!Small::new(twice.as_bytes()).connections[0].is_contradicted());
}

#[test]
fn an_address_that_comes_twice_is_one() {
    let log = VICTIM.replace("\x1dSADDR={ saddr_fam=inet laddr=203.0.113.9 lport=4444 }", "");
    let again = log.lines().last().unwrap().replace("saddr=0200115C", "saddr=0200115c");
    let log = format!("{log}{again}\n");
    assert!(!Small::new(log.as_bytes()).connections[0].is_contradicted());
}

#[test]
fn raw_format_has_no_text_to_forge() {
    let path = format!("/tmp/x\n{HARMLESS}\0");
    let log = attacked(path.as_bytes());
    let text = lossy(&log);
    let start = text.find("\x1dSADDR={ saddr_fam=local").unwrap();
    let end = start + text[start..].find(" }\n").unwrap() + " }".len();
    let raw = format!("{}{}", &text[..start], &text[end..]);
    assert_unmoved(raw.as_bytes(), 0, path.as_bytes());
}

#[test]
fn through_syslog_the_newline_is_a_blank_and_the_record_one_line() {
    let path = format!("/tmp/x\n{HARMLESS}\0");
    let log = lossy(attacked(path.as_bytes()));
    let joined = log.replace(&format!("\n{HARMLESS}"), &format!(" {HARMLESS}"));
    let prefix = "2026-06-01T13:12:35.565718+00:00 web01 audisp-syslog: ";
    let lines: String =
        joined.lines().map(|line| format!("{prefix}{}\n", line.replace('\x1d', " "))).collect();
    assert_unmoved(lines.as_bytes(), 0, path.as_bytes());
}
