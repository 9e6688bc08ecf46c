//! The filters, held against documents of the Elastic Common Schema whose verdicts were worked
//! out by hand (`corpus/edge/expected.tsv`).

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests fail the test")]

use rareport::condition::{Condition, Test};
use rareport::datafeed::{Clause, Datafeed, Document, Excluded, Include, Reason, Values};
use serde_json::Value;

/// A document, with the fields that a filter looks at.
struct Json<'a> {
    feed: &'a Datafeed,
    document: &'a Value,
}

impl Document for Json<'_> {
    fn any(&self, field: usize, test: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let values = values(self.document, &self.feed.fields()[field]);
        values.iter().any(|value| test(value.as_bytes()))
    }
}

/// All scalar values at a path; keys may be dotted, lists are flattened.
fn values(value: &Value, path: &str) -> Vec<String> {
    match value {
        Value::Array(elements) => elements.iter().flat_map(|one| values(one, path)).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, member)| match path.strip_prefix(key.as_str()) {
                Some(rest) if rest.is_empty() || rest.starts_with('.') => {
                    values(member, rest.trim_start_matches('.'))
                }
                _ => Vec::new(),
            })
            .collect(),
        _ if !path.is_empty() => Vec::new(),
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

fn joined(document: &Value, path: &str) -> String {
    let mut place = Values::default();
    values(document, path).iter().for_each(|value| place.push(value.as_bytes()));
    String::from_utf8(place.joined().to_vec()).expect("text of JSON")
}

fn corpus(name: &str) -> String {
    let path = format!("{}/../../corpus/edge/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("part of the repository")
}

fn documents() -> Vec<(String, Value)> {
    let parse = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
    let named = |document: Value| (document["_id"].as_str().expect("an id").to_owned(), document);
    corpus("ecs_docs.ndjson").lines().map(parse).map(named).collect()
}

fn verdict(feed: &Datafeed, document: &Value) -> Result<(), Reason> {
    feed.verdict(&Json { feed, document })
}

#[test]
fn every_version_passes_what_it_should() {
    let expected = corpus("expected.tsv");
    let mut rows = expected.lines();
    let names: Vec<&str> = rows.next().unwrap().split('\t').collect();
    let feeds = [Datafeed::v1(), Datafeed::v2(), Datafeed::v3(), Datafeed::ea()];
    let mut seen = 0;
    for ((id, document), row) in documents().iter().zip(rows.by_ref()) {
        let cells: Vec<&str> = row.split('\t').collect();
        assert_eq!(cells[0], id);
        for (feed, (version, expected)) in feeds.iter().zip(names.iter().zip(&cells).skip(1)) {
            let passes = verdict(feed, document).is_ok();
            assert_eq!(passes, *expected == "pass", "{id} {version}");
        }
        let fields = ["destination.port"].iter().chain(&names[6..]);
        for (field, expected) in fields.zip(&cells[5..]) {
            let value = joined(document, field);
            let shown = if value.is_empty() { "-" } else { &value };
            assert_eq!(shown, *expected, "{id} {field}");
        }
        seen += 1;
    }
    assert_eq!((seen, rows.next()), (59, None));
}

#[test]
fn the_default_looks_at_connects_to_other_hosts() {
    let feed = Datafeed::outbound(&[]);
    for (id, document) in documents() {
        let expected =
            match id.trim_start_matches("auditd_manager_").trim_start_matches("auditbeat_") {
                "1006" | "1008" => Err(Reason::OtherFamily),
                "1007" => Err(Reason::PortZero),
                "1009" | "1010" | "1011" | "defend_accept" => Err(Reason::Inbound),
                "1012" | "defend_disconnect" | "system_socket" => Err(Reason::NotStart),
                "network_traffic_flow_final"
                | "network_traffic_flow_interim"
                | "network_traffic_http" => Err(Reason::NotStart),
                "1014" | "v1_era_connect" | "auditd_legacy_sockaddr" | "auditd_legacy_syscall" => {
                    Err(Reason::NotNetwork)
                }
                "1016"
                | "1017"
                | "defend_loopback"
                | "defend_resolved_53"
                | "defend_mapped_loopback" => Err(Reason::Loopback),
                "defend_windows" | "defend_no_host_os" => Err(Reason::NotLinux),
                "1020" => Err(Reason::NoAddress),
                _ => Ok(()),
            };
        assert_eq!(verdict(&feed, &document), expected, "{id}");
    }
}

#[test]
fn what_else_is_to_pass_passes() {
    let passes = |include: &[Include]| -> Vec<String> {
        let (with, without) = (Datafeed::outbound(include), Datafeed::outbound(&[]));
        let more = |document: &Value| {
            verdict(&with, document).is_ok() && verdict(&without, document).is_err()
        };
        documents().into_iter().filter(|(_, doc)| more(doc)).map(|(id, _)| id).collect()
    };
    assert_eq!(passes(&[Include::Udp]), ["auditd_manager_1012", "auditbeat_1012"]);
    let flows =
        ["network_traffic_flow_final", "network_traffic_flow_interim", "auditbeat_system_socket"];
    assert_eq!(passes(&[Include::Flows]), flows);
    assert_eq!(passes(&[Include::Udp, Include::Flows]).len(), 5);
}

#[test]
fn reasons_are_counted() {
    let (feed, mut excluded) = (Datafeed::ea(), Excluded::default());
    for (_, document) in documents() {
        if let Err(reason) = verdict(&feed, &document) {
            excluded.count(reason);
        }
    }
    // Found with jq in ecs_docs.ndjson, in the order of the clauses.
    let counts: Vec<(Reason, u64)> = excluded.iter().collect();
    let expected = [
        (Reason::NotNetwork, 5),
        (Reason::NotStart, 7),
        (Reason::NotLinux, 3),
        (Reason::Destination, 5),
        (Reason::User, 1),
        (Reason::Agent, 1),
    ];
    assert_eq!(counts, expected);
    assert_eq!((excluded.total(), excluded.of(Reason::User)), (22, 1));
}

#[test]
fn one_value_of_several_is_enough() {
    let document = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let base = r#""event":{"category":["web","network"],"type":["start"]},"host.os.type":"linux""#;
    let of = |more: &str| verdict(&Datafeed::v3(), &document(&format!("{{{base}{more}}}")));
    assert_eq!(of(""), Ok(()));
    assert_eq!(of(r#","destination.ip":["203.0.113.9","::1"]"#), Err(Reason::Destination));
    assert_eq!(of(r#","destination":{"ip":"0:0:0:0:0:0:0:1"}"#), Err(Reason::Destination));
    assert_eq!(of(r#","destination.ip":"::ffff:7f00:35""#), Err(Reason::Destination));
    assert_eq!(of(r#","destination.ip":"127.0.0.2""#), Ok(()));
    assert_eq!(of(r#","user":[{"name":"root"},{"name":"jenkins"}]"#), Err(Reason::User));
    assert_eq!(of(r#","user.name":"Jenkins""#), Ok(()));
}

#[test]
fn a_filter_names_its_fields_once() {
    let holds = |field: &str, test, not| Condition { field: field.to_owned(), test, not };
    let is = |value: &str| Test::IsOneOf(vec![value.to_owned()]);
    let feed = Datafeed::new(vec![
        Clause::must(
            Reason::NotStart,
            [holds("a", Test::Exists, false), holds("b", is("x"), false)],
        ),
        Clause::must_not(Reason::User, [holds("a", is("y"), false)]),
        Clause::must(Reason::NotLinux, [holds("b", is("w"), true)]),
    ]);
    assert_eq!(feed.fields(), ["a", "b"]);
    assert_eq!(feed.clauses().len(), 3);
    let of = |text: &str| verdict(&feed, &serde_json::from_str(text).unwrap());
    assert_eq!(of(r#"{"b":"x"}"#), Ok(()));
    assert_eq!(of(r#"{"b":"z","a":null}"#), Err(Reason::NotStart));
    assert_eq!(of(r#"{"b":"z","a":"y"}"#), Err(Reason::User));
    assert_eq!(of(r#"{"b":"w","a":"z"}"#), Err(Reason::NotLinux));
}
