//! `rareport observations`: what passes, what does not and why, whatever the
//! form in which it comes.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{Run, corpus, rareport, rareport_with};
use crate::input::run_in_pieces;

/// The fields by which the edge cases are compared. The log itself has no names
/// of users.
const BY_ID: [&str; 8] = [
    "--influencer",
    "host.name",
    "--influencer",
    "process.name",
    "--influencer",
    "user.id",
    "--influencer",
    "destination.ip",
];

fn observations(arguments: &[&str], input: &str) -> Run {
    rareport_with(&[&["-v", "observations"], arguments].concat(), input.as_bytes()).expect(0)
}

/// The documents of the edge cases whose id begins so.
fn documents(prefix: &str) -> Vec<Value> {
    let all = fs::read_to_string(corpus("edge/ecs_docs.ndjson")).unwrap();
    let all = all.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|document| document["_id"].as_str().unwrap().starts_with(prefix)).collect()
}

fn lines(documents: &[Value]) -> String {
    documents.iter().map(|document| format!("{document}\n")).collect()
}

#[test]
fn a_log_and_its_documents_give_the_same_observations() {
    let log = corpus("edge/edge.log");
    for datafeed in ["v1", "v2", "v3", "ea"] {
        let of = |more: &[&str], input: &str| {
            let common = ["--profile", "elastic", "--datafeed", datafeed, "--format", "csv"];
            observations(&[&common, &BY_ID[..], more].concat(), input).stdout
        };
        let expected = of(&[], &lines(&documents("auditd_manager_10")));
        assert_eq!(of(&[], &lines(&documents("auditbeat_10"))), expected, "{datafeed}");
        assert_eq!(of(&["--host", "web-01", &log], ""), expected, "{datafeed}");
        assert_eq!(expected.lines().count(), if datafeed == "v1" { 14 } else { 18 });
    }
}

/// Fields, and where go-libaudit's own output has them.
const COLLECTED: [(&str, &str); 11] = [
    ("event.sequence", "/event/sequence"),
    ("event.category", "/event/ecs/event/category"),
    ("event.type", "/event/ecs/event/type"),
    ("event.action", "/event/summary/action"),
    ("network.direction", "/event/network/direction"),
    ("destination.port", "/event/destination/port"),
    ("destination.ip", "/event/destination/ip"),
    ("process.name", "/event/process/name"),
    ("process.executable", "/event/process/exe"),
    ("process.pid", "/event/process/pid"),
    ("user.id", "/event/user/ids/uid"),
];

/// A value as text, those of a list joined by commas.
fn joined(value: Option<&Value>) -> String {
    match value {
        Some(Value::Array(list)) => {
            list.iter().map(|one| joined(Some(one))).collect::<Vec<_>>().join(",")
        }
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

#[test]
fn elastic_is_followed_field_by_field() {
    let golden = fs::read_to_string(corpus("edge/edge.golden.ndjson")).unwrap();
    let expected: Vec<[String; COLLECTED.len()]> = golden
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|document| COLLECTED.map(|(_, place)| joined(document.pointer(place))))
        .collect();
    let mut arguments = vec!["--profile", "elastic", "--datafeed", "none", "--by", COLLECTED[0].0];
    COLLECTED[1..].iter().for_each(|(field, _)| arguments.extend(["--influencer", field]));
    let log = corpus("edge/edge.log");
    arguments.push(&log);
    let found: Vec<[String; COLLECTED.len()]> = observations(&arguments, "")
        .documents()
        .iter()
        .map(|row| COLLECTED.map(|(field, _)| joined(row.get(field))))
        .collect();
    assert_eq!((found.len(), found), (20, expected));
}

#[test]
fn calls_without_an_address_are_events_for_elastic() {
    let call = |syscall: u32, serial: u32, comm: &str, user: &str| {
        format!(
            "node=db type=SYSCALL msg=audit(1700000000.000:{serial}): arch=c000003e \
             syscall={syscall} success=yes exit=4 ppid=1 pid=7 uid=33 comm={comm} \
             exe=\"/usr/sbin/x\"{user}\nnode=db type=EOE msg=audit(1700000000.000:{serial}): \n"
        )
    };
    // listen(2), accept4(2) and socket(2).
    let log = [
        call(50, 1, "\"sshd\"", "\u{1d}UID=\"www-data\""),
        call(288, 2, "612062", ""),
        call(41, 3, "\"x\"", ""),
    ]
    .concat();
    let fields = ["--by", "event.action", "--influencer", "host.name"];
    let more = ["--influencer", "process.name", "--influencer", "user.name", "--format", "csv"];
    let of = |profile: &[&str]| observations(&[&fields[..], &more, profile].concat(), &log).stdout;
    let rows = "@timestamp,event.action,host.name,process.name,user.name\n\
                2023-11-14T22:13:20.000Z,listen-for-connections,db,sshd,www-data\n\
                2023-11-14T22:13:20.000Z,accepted-connection-from,db,612062,33\n";
    assert_eq!(of(&["--profile", "elastic"]), rows);
    assert_eq!(of(&[]).lines().count(), 1);
}

/// auditd's own records of hosts whose logs it gathers.
#[test]
fn gathering_logs_is_of_the_network_for_elastic() {
    let record = |kind: &str, serial: u32| {
        format!(
            "node=hub type={kind} msg=audit(1700000000.000:{serial}): addr=192.0.2.7:60 port=60 \
             res=success\n"
        )
    };
    let others: String = (3..9).map(|serial| record("DAEMON_ROTATE", serial)).collect();
    let log = record("DAEMON_ACCEPT", 1) + &record("DAEMON_CLOSE", 2) + &others;
    let fields = ["--by", "event.action", "--influencer", "host.name", "--format", "csv"];
    let elastic = observations(&[&fields[..], &["--profile", "elastic"]].concat(), &log);
    let rows = "@timestamp,event.action,host.name\n\
                2023-11-14T22:13:20.000Z,remote-audit-connected,hub\n\
                2023-11-14T22:13:20.000Z,remote-audit-disconnected,hub\n";
    assert_eq!(elastic.stdout, rows);
    let counted = observations(&["--profile", "elastic"], &log).stderr;
    assert!(counted.contains("2 observations, 2 of them without a value"), "{counted}");
    assert_eq!(observations(&fields, &log).stdout.lines().count(), 1);
}

#[test]
fn observations_without_a_port_are_counted() {
    let log = corpus("edge/edge.log");
    let told = observations(&["--profile", "elastic", &log], "").stderr;
    // 1006, 1008 to 1011 and 1020.
    let expected = "17 observations, 6 of them without a value of destination.port";
    assert!(told.contains(expected), "{told}");
    let excluded = observations(&["--excluded"], "time,destination.port\n1,22\n");
    assert!(!excluded.stderr.contains("no event has a value of event.type"), "{}", excluded.stderr);
}

#[test]
fn every_version_passes_what_it_should() {
    let expected = fs::read_to_string(corpus("edge/expected.tsv")).unwrap();
    let rows: Vec<Vec<&str>> = expected.lines().map(|line| line.split('\t').collect()).collect();
    for (column, datafeed) in [(1, "v1"), (2, "v2"), (3, "v3"), (4, "ea")] {
        let passing = rows.iter().skip(1).filter(|row| row[column] == "pass");
        let mut expected: Vec<String> =
            passing.map(|row| row[5..].join(",").replace('-', "")).collect();
        let arguments = ["--datafeed", datafeed, "--format", "csv"];
        let run = observations(&[&arguments[..], &[&corpus("edge/ecs_docs.ndjson")]].concat(), "");
        let without_time = |line: &str| line.split_once(',').unwrap().1.replace('-', "");
        let mut found: Vec<String> = run.stdout.lines().skip(1).map(without_time).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{datafeed}");
    }
}

#[test]
fn what_is_left_out_is_shown_with_the_reason() {
    let arguments = ["--excluded", "--host", "web-01", "--by", "event.sequence"];
    let run = observations(&[&arguments[..], &[&corpus("edge/edge.log")]].concat(), "");
    let found: Vec<(String, String)> = run
        .documents()
        .iter()
        .map(|row| {
            ["event.sequence", "excluded"].map(|name| row[name].as_str().unwrap().to_owned())
        })
        .map(|[sequence, reason]| (sequence, reason))
        .collect();
    let expected = [
        ("1006", "other_family"),
        ("1007", "port_zero"),
        ("1008", "other_family"),
        ("1009", "inbound"),
        ("1010", "inbound"),
        ("1012", "not_start"),
        ("1016", "loopback"),
        ("1017", "loopback"),
        ("1020", "no_address"),
    ];
    assert_eq!(found, expected.map(|(sequence, reason)| (sequence.into(), reason.into())));
    for told in [
        "connections left out: 1 not a connect, 2 not outbound (bind, listen, accept), 1 without a \
         readable address, 2 not to an IPv4 or IPv6 address, 2 to this host itself, 1 to port 0",
        "9 events that are left out",
    ] {
        assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
    }
}

#[test]
fn reasons_are_told_of_documents_and_logs_together() {
    let both = [corpus("edge/edge.log"), corpus("edge/ecs_docs.ndjson")];
    let arguments = ["--datafeed", "ea", &both[0], &both[1]];
    let told = observations(&arguments, "").stderr;
    // Of the documents as in expected.tsv, of the log 1012 and 1016.
    let reasons = "events left out: 5 not of the network (event.category), 8 not a connect, 3 of a \
                   host not known to run Linux (host.os), 6 to an excluded address of this host \
                   itself, 1 by an excluded user (jenkins), 1 by a program of Elastic's own";
    assert!(told.contains(reasons), "{told}");
    let nothing = observations(&["--datafeed", "v1"], &lines(&documents("defend_")));
    assert_eq!(nothing.stdout, "");
    assert!(nothing.stderr.contains("warning: everything was left out"), "{}", nothing.stderr);
}

#[test]
fn documents_come_in_many_wrappings() {
    let all = documents("");
    let expected = observations(&[], &lines(&all)).stdout;
    assert_eq!(expected.lines().count(), 23);
    let hits: Vec<Value> = all
        .iter()
        .map(|document| json!({"_index": "logs", "_source": document, "sort": [1]}))
        .collect();
    let response = json!({"took": 1, "timed_out": false, "hits": {"total": 59, "hits": hits}});
    for (name, text) in [
        ("hits", lines(&hits)),
        ("an array", Value::from(all.clone()).to_string()),
        ("pretty documents", all.iter().map(|document| format!("{document:#}\n")).collect()),
        ("a pretty array", serde_json::to_string_pretty(&all).unwrap()),
        ("an array of hits", Value::from(hits.clone()).to_string()),
        ("a response", response.to_string()),
        ("a pretty response", serde_json::to_string_pretty(&response).unwrap()),
    ] {
        assert_eq!(observations(&[], &text).stdout, expected, "{name}");
    }
    let broken = observations(&[], "[{\"time\":1,\"destination.port\":1},\n7,\n{\"time\":}]");
    assert_eq!(
        broken.documents(),
        [json!({"@timestamp": "1970-01-01T00:00:01.000Z",
        "destination.port": "1"})]
    );
    let told = "2 rows skipped: not one whole JSON object; the first is line 2";
    assert!(broken.stderr.contains(told), "{}", broken.stderr);
}

#[test]
fn a_response_is_known_in_whatever_pieces_it_comes() {
    let document = json!({"_source": {"time": 1, "destination.port": 1}});
    let response = json!({"took": 1, "hits": {"hits": [document]}});
    let text = format!("{response:#}");
    let expected = observations(&[], &text).stdout;
    assert_eq!(expected.lines().count(), 1);
    for at in [1, "{\n".len(), "{\n  \"hi".len()] {
        let (first, rest) = text.as_bytes().split_at(at);
        let pause = Duration::from_millis(300);
        let pieces = run_in_pieces(&["observations"], first, rest, pause);
        assert_eq!(pieces, (Some(0), expected.clone()), "at {at}");
    }
}

#[test]
fn a_response_may_be_longer_than_a_row() {
    let document = json!({"_source": {"time": 1, "destination.port": 1, "x": "x".repeat(1000)}});
    let response = json!({"took": 1, "hits": {"hits": vec![document; 2000]}}).to_string();
    assert!(response.len() > 1 << 20);
    assert_eq!(observations(&[], &response).stdout.lines().count(), 2000);
}

#[test]
fn more_may_be_let_pass() {
    let ports = |arguments: &[&str], input: &str| -> Vec<String> {
        let run = observations(&[arguments, &["--format", "csv"]].concat(), input);
        let port = |line: &str| line.split(',').nth(1).unwrap().to_owned();
        run.stdout.lines().skip(1).map(port).collect()
    };
    let log = corpus("edge/edge.log");
    assert_eq!(ports(&[&log], "").len(), 10);
    let with_udp = ports(&["--include", "udp", &log], "");
    assert_eq!((with_udp.len(), with_udp.contains(&"123".to_owned())), (11, true));
    let flows = lines(&documents("network_traffic"));
    assert_eq!(ports(&[], &flows).len(), 0);
    assert_eq!(ports(&["--include", "udp,flows"], &flows), ["4444", "4444"]);
    for refused in [["--datafeed", "v3"], ["--profile", "elastic"]] {
        let all = [&["observations", "--include", "udp"], &refused[..]].concat();
        let run = rareport_with(&all, flows.as_bytes()).expect(2);
        assert!(run.stderr.contains("--include"), "{}", run.stderr);
    }
}

#[test]
fn observations_are_read_back() {
    let fleet = corpus("fleet-day");
    let anomalies = |arguments: &[&str], input: &str| {
        rareport_with(&[&["anomalies"], arguments].concat(), input.as_bytes()).expect(0).stdout
    };
    for profile in ["rareport", "elastic"] {
        let direct = anomalies(&["--profile", profile, &fleet], "");
        for format in ["ndjson", "csv"] {
            let arguments = ["--profile", profile, "--format", format, &fleet];
            let fed = observations(&arguments, "").stdout;
            assert_eq!(anomalies(&["--profile", profile], &fed), direct, "{profile} {format}");
        }
    }
}

#[test]
fn detect_takes_documents_too() {
    let fleet = corpus("fleet-day");
    let events = rareport(&["events", &fleet]).expect(0).stdout;
    let expected = rareport(&["detect", &fleet]).expect(0);
    assert_eq!(expected.documents().len(), 7);
    let fed = rareport_with(&["detect"], events.as_bytes()).expect(0);
    // Documents do not say which log they are from.
    assert!(fed.stdout.contains("\"ausearch -a 3163 --node web01\""));
    assert_eq!(fed.alerts_without_files(), expected.alerts_without_files());
}

#[test]
fn a_job_of_ones_own_is_fed_every_row_unless_a_filter_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("job.toml");
    fs::write(&path, "job_id = \"x\"\ndetector.by_field = \"process.name\"\n").unwrap();
    let job = ["--job", path.to_str().unwrap()];
    let documents = lines(&documents("defend_"));
    let count =
        |more: &[&str]| observations(&[&job[..], more].concat(), &documents).stdout.lines().count();
    assert_eq!(count(&[]), 11);
    assert_eq!(count(&["--datafeed", "v3"]), 4);
    assert_eq!(count(&["--datafeed", "none"]), 11);
}
