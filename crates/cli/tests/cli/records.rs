//! `rareport records`.

use crate::common::{corpus, rareport, rareport_with};

#[test]
fn every_record_of_a_log_by_type() {
    let run = rareport(&["records", &corpus("fleet-hosts/web01")]).expect(0);
    let documents = run.documents();
    assert_eq!(documents.len(), 10_433);
    assert!(run.stderr.contains("10,433 lines, 10,433 records"), "{}", run.stderr);
    let verify = std::fs::read_to_string(corpus("fleet-hosts/web01/verify.json")).unwrap();
    let verify: serde_json::Value = serde_json::from_str(&verify).unwrap();
    for (name, count) in verify["types"].as_object().unwrap() {
        let found = documents.iter().filter(|document| document["type"] == name.as_str());
        assert_eq!(found.count() as u64, count.as_u64().unwrap(), "{name}");
    }
}

#[test]
fn events_have_their_records_together() {
    let log = "\
        type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=59 success=yes exit=0 a0=1\n\
        type=SYSCALL msg=audit(1.002:8): arch=c000003e syscall=59 success=yes exit=0 a0=1\n\
        type=EXECVE msg=audit(1.001:7): argc=2 a0=\"cat\" a1=612062\n\
        type=PROCTITLE msg=audit(1.001:7): proctitle=636174\n";
    let run = rareport_with(&["records", "--group"], log.as_bytes()).expect(0);
    let documents = run.documents();
    assert_eq!(documents.len(), 2);
    assert_eq!(documents[0]["serial"], 7);
    assert_eq!(documents[0]["@timestamp"], "1970-01-01T00:00:01.001Z");
    assert_eq!(documents[0]["argv"], serde_json::json!(["cat", "a b"]));
    assert_eq!(documents[0]["completion"], "proctitle");
    let types: Vec<_> =
        documents[0]["records"].as_array().unwrap().iter().map(|record| &record["type"]).collect();
    assert_eq!(types, ["SYSCALL", "EXECVE", "PROCTITLE"]);
    assert_eq!(documents[1]["completion"], "end_of_input");
}

#[test]
fn what_is_no_record_is_counted_by_reason() {
    let log = "type=CWD msg=audit(1.001:7): cwd=\"/\"\nhello\n\ntype=CWD msg=audit(x): \n";
    let run = rareport_with(&["records"], log.as_bytes()).expect(0);
    assert_eq!(run.documents().len(), 1);
    assert!(run.stderr.contains("4 lines, 1 record\n"), "{}", run.stderr);
    assert!(run.stderr.contains("1 line skipped: expected a time"), "{}", run.stderr);
    assert!(run.stderr.contains("1 other line skipped"), "{}", run.stderr);
}

#[test]
fn the_records_of_one_event() {
    let fleet = corpus("fleet-day");
    let types = |event: &str, more: &[&str]| -> Vec<String> {
        let run = rareport(&[&["records", "--event", event, &fleet], more].concat()).expect(0);
        let types = run.documents().into_iter().map(|it| it["type"].as_str().unwrap().to_owned());
        types.collect()
    };
    // As `xzgrep 'node=web01.*:3163)' corpus/fleet-day/audit.log.xz` shows them.
    let expected = ["SYSCALL", "SOCKADDR", "PROCTITLE"];
    assert_eq!(types("web01:3163", &[]), expected);
    assert_eq!(types("msg=audit(1780565765.716:3163):", &[]), expected);
    assert_eq!(types("nowhere:3163", &[]), [""; 0]);
    let group = rareport(&["records", "--group", "--event", "web01:3163", &fleet]).expect(0);
    assert_eq!(group.documents().len(), 1);
    let none = rareport(&["records", "--event", "web01:4000000000", &fleet]).expect(0);
    assert!(none.stderr.contains("no record is of the event web01:4000000000"), "{}", none.stderr);
    rareport(&["records", "--event", "3163", &fleet]).expect(2);
}

#[test]
fn a_log_without_nodes_is_of_its_host() {
    let log = "type=CWD msg=audit(1.001:7): cwd=\"/\"\n";
    for (event, records) in [("db01:7", 1), ("localhost:7", 0), ("db01:8", 0)] {
        let arguments = ["records", "--host", "db01", "--event", event];
        let run = rareport_with(&arguments, log.as_bytes()).expect(0);
        assert_eq!(run.documents().len(), records, "{event}");
    }
}

#[test]
fn the_commands_of_evidence_work_as_pasted() {
    let run = rareport(&["detect", &corpus("fleet-day")]).expect(0);
    let sample = &run.documents()[0]["rareport"]["evidence"][0];
    let command = sample["records_command"].as_str().unwrap().strip_prefix("rareport ").unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", &format!("\"$0\" {command}"), env!("CARGO_BIN_EXE_rareport")])
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(shown.lines().count(), 3, "{shown}");
    assert!(shown.contains("\"serial\":3163"), "{shown}");
}
