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
