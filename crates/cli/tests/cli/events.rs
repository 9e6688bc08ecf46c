//! `rareport events`.

use crate::common::{corpus, rareport, rareport_with};
use serde_json::Value;

const LOG: &str = "\
node=web01 type=SYSCALL msg=audit(1700000100.101:7): arch=c000003e syscall=42 success=yes exit=0 \
a0=3 a1=7f a2=10 a3=0 items=0 ppid=900 pid=1001 auid=1000 uid=33 gid=33 euid=0 suid=0 fsuid=0 \
egid=33 sgid=33 fsgid=33 tty=pts0 ses=3 comm=\"nc\" exe=\"/usr/bin/nc\" key=\"net\"\u{1d}\
AUID=\"alice\" UID=\"www-data\" GID=\"www-data\" EUID=\"root\"
node=web01 type=SOCKADDR msg=audit(1700000100.101:7): saddr=0200115CCB0071090000000000000000
node=web01 type=PROCTITLE msg=audit(1700000100.101:7): proctitle=6E63003230332E302E3131332E390034
";

/// The value at a dotted path.
fn at<'a>(document: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(document, |value, key| &value[key])
}

/// Fields that both our documents and those of Auditd Manager have.
const SHARED_FIELDS: [&str; 34] = [
    "event.action",
    "event.category",
    "event.type",
    "event.kind",
    "event.module",
    "event.dataset",
    "event.outcome",
    "event.sequence",
    "data_stream.type",
    "data_stream.dataset",
    "host.os.type",
    "network.direction",
    "source.ip",
    "source.port",
    "source.address",
    "destination.ip",
    "destination.port",
    "destination.address",
    "process.name",
    "process.executable",
    "process.pid",
    "process.parent.pid",
    "process.title",
    "user.id",
    "user.audit.id",
    "user.group.id",
    "tags",
    "auditd.message_type",
    "auditd.session",
    "auditd.data.syscall",
    "auditd.data.exit",
    "auditd.data.a2",
    "auditd.data.socket.family",
    "auditd.data.socket.addr",
];

/// What we give on purpose where Auditd Manager gives something else: event,
/// field, our value.
const REPAIRED: [(u64, &str, &str); 6] = [
    // socketcall(2) is a connect.
    (1014, "event.action", "\"connected-to\""),
    (1014, "event.category", "[\"network\"]"),
    (1014, "event.type", "[\"connection\",\"start\"]"),
    (1014, "network.direction", "\"egress\""),
    // A cut address leaves no doubt about the direction.
    (1020, "network.direction", "\"egress\""),
    // A name in hexadecimal is decoded.
    (1019, "process.name", "\"run me\""),
];

#[test]
fn the_documents_are_those_of_auditd_manager() {
    let run = rareport(&["events", "--host", "web-01", &corpus("edge/edge.log")]).expect(0);
    let ours = run.documents();
    let theirs = std::fs::read_to_string(corpus("edge/ecs_docs.ndjson")).unwrap();
    let theirs: Vec<Value> =
        theirs.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for our in &ours {
        let sequence = our["event"]["sequence"].as_u64().unwrap();
        let id = format!("auditd_manager_{sequence}");
        let their = theirs.iter().find(|document| document["_id"] == id.as_str()).unwrap();
        for field in SHARED_FIELDS {
            let repaired = REPAIRED
                .iter()
                .find(|(event, name, _)| *event == sequence && *name == field)
                .map(|(_, _, value)| (*value).to_owned());
            let socketcall = sequence == 1014 && field.starts_with("destination.");
            if !socketcall {
                let expected = repaired.unwrap_or_else(|| at(their, field).to_string());
                assert_eq!(at(our, field).to_string(), expected, "{sequence} {field}");
            }
        }
    }
    // Of 20 events only listen(2) has no address.
    assert_eq!(ours.len(), 19);
    let socketcall = ours.iter().find(|our| our["event"]["sequence"] == 1014).unwrap();
    assert_eq!(socketcall["destination"]["port"], 9999);
}

#[test]
fn names_come_from_the_enrichment() {
    let run = rareport_with(&["events"], LOG.as_bytes()).expect(0);
    let document = &run.documents()[0];
    assert_eq!(
        document["user"],
        serde_json::json!({
            "id": "33", "name": "www-data",
            "effective": {"id": "0", "name": "root"},
            "audit": {"id": "1000", "name": "alice"},
            "group": {"id": "33", "name": "www-data"},
        })
    );
    assert_eq!(document["host"]["name"], "web01");
    assert_eq!(document["process"]["title"], "nc 203.0.113.9 4");
    assert!(run.stderr.contains("3 lines, 3 records, 1 event, 1 connection"), "{}", run.stderr);
}

#[test]
fn a_table_and_csv_say_the_same() {
    let table = rareport_with(&["events", "--format", "table"], LOG.as_bytes()).expect(0);
    let words: Vec<&str> = table.stdout.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(
        words,
        [
            "2023-11-14T22:15:00.101Z",
            "web01",
            "nc",
            "1001",
            "www-data",
            "connected-to",
            "203.0.113.9:4444",
            "0"
        ]
    );
    let csv = rareport_with(&["events", "--format", "csv"], LOG.as_bytes()).expect(0);
    let lines: Vec<&str> = csv.stdout.lines().collect();
    let (header, row) = (lines[0].split(','), lines[1].replace("\"connection,start\"", "start"));
    let cells: std::collections::HashMap<_, _> = header.zip(row.split(',')).collect();
    assert_eq!(cells["destination.port"], "4444");
    assert_eq!(cells["user.audit.name"], "alice");
    assert_eq!(cells["tags"], "net");
}

#[test]
fn a_table_cannot_act_on_the_terminal() {
    // comm is "\x1b[2J" and the path of the socket holds a newline.
    let log = LOG
        .replace("comm=\"nc\"", "comm=1B5B324A")
        .replace("saddr=0200115CCB0071090000000000000000", "saddr=01002F610A6200");
    let table = rareport_with(&["events", "--format", "table"], log.as_bytes()).expect(0);
    assert!(!table.stdout.contains('\u{1b}'), "{}", table.stdout);
    assert_eq!(table.stdout.lines().count(), 2);
    let json = rareport_with(&["events"], log.as_bytes()).expect(0);
    assert_eq!(json.documents()[0]["process"]["name"], "\u{1b}[2J");
    assert_eq!(json.documents()[0]["destination"]["address"], "/a\nb");
}

#[test]
fn kinds_can_be_chosen() {
    let edge = corpus("edge/edge.log");
    let actions = |kinds| {
        let run = rareport(&["events", "--kind", kinds, &edge]).expect(0);
        let action = |document: Value| document["event"]["action"].as_str().unwrap().to_owned();
        run.documents().into_iter().map(action).collect::<Vec<_>>()
    };
    assert_eq!(actions("accept,bind"), ["accepted-connection-from", "bound-socket"]);
    assert_eq!(actions("sendto"), ["sent-to"]);
    assert_eq!(actions("connect").len(), 16);
}

#[test]
fn every_connect_of_the_fleet_is_there() {
    let run = rareport(&["events", &corpus("fleet-day")]).expect(0);
    // verify.json of the corpus counts inet connects by a script of its own,
    // which takes every socketcall(2) for a connect.
    let counted = |document: &&Value| {
        at(document, "auditd.data.socket.addr").is_string()
            && (document["event"]["action"] == "connected-to"
                || at(document, "auditd.data.syscall") == "socketcall")
    };
    let documents = run.documents();
    let verify = std::fs::read_to_string(corpus("fleet-day/verify.json")).unwrap();
    let verify: Value = serde_json::from_str(&verify).unwrap();
    assert_eq!(documents.iter().filter(counted).count(), verify["inet_connect_events"]);
}

#[test]
fn a_log_without_connects_says_how_to_get_them() {
    let log = "type=USER_LOGIN msg=audit(1700000100.101:7): pid=1 msg='op=login res=success'\n";
    let run = rareport_with(&["events"], log.as_bytes()).expect(0);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("rareport rules"), "{}", run.stderr);
}

#[test]
fn damaged_connections_are_told_once_by_what_is_wrong() {
    let cut = LOG
        .replace("exe=\"/usr/bin/nc\" key=\"net\"\u{1d}", "exe=\"/usr/b\n")
        .replace(":7)", ":8)");
    let cut = cut.lines().filter(|line| !line.starts_with("AUID=")).collect::<Vec<_>>().join("\n");
    let digits = LOG.replace("saddr=0200115C", "saddr=0200115CZZ").replace(":7)", ":9)");
    let log = format!("{LOG}{cut}\n{digits}");
    let run = rareport_with(&["events", "--format", "ndjson"], log.as_bytes());
    assert_eq!(run.stdout.lines().count(), 3, "{}", run.stderr);
    let expected = "2 connections have damaged records, of which what can be read is used: \
                    1 cut within quotes or braces, 1 with an address that is not hexadecimal.";
    assert_eq!(run.stderr.matches(expected).count(), 1, "{}", run.stderr);
    let sound = rareport_with(&["events", "--format", "ndjson"], LOG.as_bytes());
    assert!(!sound.stderr.contains("damaged"), "{}", sound.stderr);
}
