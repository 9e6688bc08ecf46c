//! JSON documents that are wrapped, broken or cut: what is read of them, and
//! what is told of the rest.

use serde_json::{Value, json};

use crate::common::{Run, rareport_with};

/// What the model is fed of a text.
fn fed(text: &str) -> Run {
    rareport_with(&["observations"], text.as_bytes())
}

/// A connect of a second, with a member before all others.
fn connect(first: &str, second: u64) -> String {
    format!(r#"{{{first}"@timestamp":{second},"event":{{"category":"network","type":"start"}},"#)
        + r#""host":{"os":{"type":"linux"}},"destination":{"ip":"203.0.113.9","port":22}}"#
}

#[track_caller]
fn told(run: &Run, sentence: &str) {
    assert!(run.stderr.contains(sentence), "{sentence}\n{}", run.stderr);
}

#[test]
fn documents_may_begin_like_a_response() {
    for first in
        ["\"took\":5,", "\"timed_out\":true,", "\"hits\":{},", "\"_shards\":{\"failed\":1},"]
    {
        let rows: Vec<String> = (0..40).map(|second| connect(first, second)).collect();
        let rows = rows.join("\n");
        let run = rareport_with(&["observations", "-v"], rows.as_bytes()).expect(0);
        assert_eq!(run.documents().len(), 40, "{first}");
        told(&run, "40 rows in 1 file");
        assert!(!run.stderr.contains("skipped"), "{}", run.stderr);
    }
}

#[test]
fn searches_that_are_not_complete_are_told() {
    let source: Value = serde_json::from_str(&connect("", 1)).unwrap();
    let response = json!({
        "took": 30, "timed_out": true, "_shards": {"total": 5, "failed": 4},
        "hits": {"hits": [{"_source": source}, {"_source": source}]},
    });
    let run = fed(&response.to_string()).expect(0);
    assert_eq!(run.documents().len(), 2);
    told(&run, "1 search response is not complete: the search timed out or some shards failed");
    let run = fed(&json!({"took": 3, "responses": [response, response]}).to_string()).expect(0);
    assert_eq!(run.documents().len(), 4);
    told(&run, "2 search responses are not complete");
}

#[test]
fn one_broken_document_does_not_take_the_others_with_it() {
    let mut rows: Vec<String> = (0..100).map(|second| connect("\"took\":1,", second)).collect();
    rows[10] = rows[10].replace("linux\"", "linux");
    rows[20] = rows[20].replace("linux\"}", "linux\"");
    for text in [rows.join("\n"), format!("[\n{}\n]", rows.join(",\n"))] {
        let run = fed(&text).expect(0);
        assert_eq!(run.documents().len(), 98);
        told(&run, "2 rows skipped: not one whole JSON object; the first is line 1");
    }
}

#[test]
fn what_is_lost_at_the_end_is_told() {
    let (one, other) = (connect("", 1), connect("", 2));
    let run = fed(&format!("[{one}")).expect(2);
    assert_eq!(run.documents().len(), 1);
    told(&run, "ends within an array or a search response");
    let rest = other.replace("linux\"", "linux");
    let run = fed(&format!("[{one},\n{rest},{one},{one}]")).expect(2);
    assert_eq!(run.documents().len(), 1);
    told(&run, "1 row skipped: not one whole JSON object; the first is line 2");
    told(&run, "the document that begins in line 2 does not end");
    told(&run, "From this line on the file is lost");
}

/// The alerts of a log in which one connect is to a port of its own, with what
/// its `event` object has besides.
fn alerts(more: &str) -> Vec<Value> {
    let mut rows: Vec<String> = (0..120)
        .flat_map(|bucket| [connect("", 900 * bucket), connect("", 900 * bucket + 9)])
        .collect();
    let rare = rows[230]
        .replace("\"port\":22", "\"port\":4444")
        .replace("\"203.0.113.9\"", "[\"10.0.0.1\",\"203.0.113.7\"]")
        .replace("\"type\":\"start\"", &format!("\"type\":\"start\",\"sequence\":777,{more}"));
    rows.insert(231, rare);
    let arguments = ["detect", "--threshold", "1"];
    rareport_with(&arguments, rows.join("\n").as_bytes()).expect(0).documents()
}

#[test]
fn alerts_list_the_values_of_an_array() {
    let alerts = alerts("\"module\":\"endpoint\"");
    assert_eq!(alerts[0]["destination"]["ip"], json!(["10.0.0.1", "203.0.113.7"]));
}

#[test]
fn only_events_of_the_audit_system_have_a_command() {
    let sample = |more: &str| alerts(more)[0]["rareport"]["evidence"][0].clone();
    assert_eq!(sample("\"module\":\"auditd\"")["command"], "ausearch -a 777");
    assert_eq!(sample("\"module\":[\"a\",\"auditd\"]")["event"]["sequence"], 777);
    for more in ["\"module\":\"endpoint\"", "\"kind\":\"event\""] {
        let sample = sample(more);
        assert!(sample["command"].is_null() && sample["event"].is_null(), "{sample}");
    }
}

#[test]
fn an_empty_text_is_no_value() {
    let empty = connect("", 1).replace("203.0.113.9", "");
    let arguments = ["observations", "--excluded"];
    let excluded = rareport_with(&arguments, empty.as_bytes()).expect(0).documents();
    assert_eq!(excluded[0]["excluded"], "no_address");
    let among = connect("", 1).replace("\"203.0.113.9\"", "[\"\",\"203.0.113.9\",\"\"]");
    assert_eq!(fed(&among).expect(0).documents()[0]["destination.ip"], "203.0.113.9");
}

#[test]
fn the_model_keeps_no_long_values() {
    let with_port =
        |length: usize| connect("", 1).replace("22", &format!("\"{}\"", "x".repeat(length)));
    let run = fed(&[with_port(1024), with_port(1025)].join("\n")).expect(0);
    assert_eq!(run.documents().len(), 1);
    let told_long = "1 row skipped: with a value longer than 1,024 bytes; the first is line 2";
    told(&run, told_long);
    let csv = format!("time,destination.port\n1,{}\n1,{}\n", "x".repeat(1024), "x".repeat(1025));
    told(&fed(&csv).expect(0), &told_long.replace("line 2", "line 3"));
    let title = connect("\"process.title\":\"t\",", 1)
        .replace("\"t\"", &format!("\"{}\"", "x".repeat(2000)));
    assert_eq!(fed(&title).expect(0).documents().len(), 1);
}
