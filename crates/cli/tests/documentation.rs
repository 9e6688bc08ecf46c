//! What the documentation shows is so: its commands run as they stand, and what
//! it says that they print they print.
//!
//! Blocks of commands are marked `sh` and run in the order of their page, in a
//! directory that looks like a clone. One that cannot be run says why behind
//! `not run:`. What a command would reach outside is stood in for.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
#![cfg(unix)]

#[path = "documentation/block.rs"]
mod block;
#[path = "documentation/clone.rs"]
mod clone;
#[path = "documentation/stand_in.rs"]
mod stand_in;

use std::path::{Path, PathBuf};

use block::{Block, inline_commands};
use clone::Clone;
use stand_in::StandIn;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the root is there")
}

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).expect(name)
}

/// README.md and all of docs/.
fn pages() -> Vec<String> {
    let docs = std::fs::read_dir(root().join("docs")).expect("docs/ is there");
    let names = docs.map(|entry| entry.expect("an entry").file_name().into_string().unwrap());
    let mut pages: Vec<String> =
        names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")).collect();
    pages.sort();
    pages.insert(0, "README.md".to_owned());
    pages
}

#[test]
fn the_readmes_first_command_prints_what_the_readme_says() {
    let readme = page("README.md");
    let shown = Block::all_of(&readme).into_iter().find(|block| block.info == "text");
    let run = Clone::of(&root()).run("rareport detect --format table corpus/fleet-day", &[]);
    assert_eq!(run.printed, shown.expect("the README shows a table").text);
}

#[test]
fn every_block_is_run_or_says_why_not() {
    let mut run = 0;
    for name in pages() {
        let text = page(&name);
        for block in Block::all_of(&text) {
            match block.info.as_str() {
                "sh" => run += 1,
                "text" | "toml" | "rust" | "json" => {}
                other => assert!(
                    other.strip_prefix("sh not run: ").is_some_and(|why| !why.is_empty()),
                    "{name}: {other:?} says neither what the block is nor why it is not run:\n{}",
                    block.text
                ),
            }
        }
    }
    assert!(run >= 10, "only {run} blocks are run");
}

#[test]
fn commands_run_as_they_stand() {
    for name in pages() {
        let text = page(&name);
        let (clone, server) = (Clone::of(&root()), StandIn::start());
        let address = server.address();
        let environment = [("ELASTIC", &*address), ("WEBHOOK", &*address)];
        for block in Block::all_of(&text).iter().filter(|block| block.info == "sh") {
            if let Some(missing) = clone.missing(&block.text) {
                println!("{name}: skipped, as there is no {missing}:\n{}", block.text);
                continue;
            }
            let run = clone.run(&block.text, &environment);
            assert!(run.succeeded, "{name}:\n{}{}", block.text, run.printed);
        }
        for command in inline_commands(&text) {
            let run = clone.run(&command, &environment);
            assert!(run.succeeded, "{name}: {command}\n{}", run.printed);
        }
    }
}

#[test]
fn alerts_get_to_where_the_page_says() {
    let text = page("docs/alerts.md");
    let blocks = Block::all_of(&text);
    let clone = Clone::of(&root());
    if let Some(missing) = clone.missing("jq curl") {
        println!("skipped: there is no {missing}");
        return;
    }
    let block = |word: &str| {
        let found = blocks.iter().find(|block| block.info == "sh" && block.text.contains(word));
        &found.expect(word).text
    };

    let server = StandIn::start();
    let address = server.address();
    clone.run(block("$ELASTIC"), &[("ELASTIC", &address)]);
    let requests = server.requests();
    let [bulk] = &requests[..] else { panic!("{requests:?}") };
    assert!(bulk.head.starts_with("POST /logs-rareport.alerts-default/_bulk "), "{}", bulk.head);
    assert!(bulk.head.to_lowercase().contains("content-type: application/x-ndjson"));
    let lines: Vec<serde_json::Value> =
        bulk.body.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(lines.len(), 14, "an action and a document for each of seven alerts");
    for pair in lines.chunks(2) {
        assert_eq!(pair[0]["create"]["_id"], pair[1]["kibana.alert.uuid"]);
    }

    let server = StandIn::start();
    let address = server.address();
    clone.run(block("$WEBHOOK"), &[("WEBHOOK", &address)]);
    let requests = server.requests();
    assert_eq!(requests.len(), 7);
    assert!(requests.iter().any(|request| {
        let text: serde_json::Value = serde_json::from_str(&request.body).expect("JSON");
        text["text"].as_str().is_some_and(|text| text.contains("203.0.113.66:4444"))
    }));

    let server = StandIn::start();
    let address = server.address();
    let run = clone.run(block("--json @-"), &[("WEBHOOK", &address)]);
    // An old curl has no --json.
    if run.succeeded && !run.printed.contains("--json") {
        let requests = server.requests();
        assert_eq!(requests.len(), 7, "{}", run.printed);
        let alert: serde_json::Value = serde_json::from_str(&requests[0].body).expect("JSON");
        assert_eq!(alert["kibana.alert.severity"], "low");
    }

    clone.run(block("logger"), &[]);
    let logged = clone.kept("logger");
    assert_eq!(logged.matches("-t rareport -p authpriv.warning").count(), 7, "{logged}");
    assert!(logged.contains("destination 203.0.113.66:4444, by www-data on web01"), "{logged}");
    clone.run(block("mail -s"), &[]);
    assert!(clone.kept("mail").contains("-s rareport: rare port security@example.org"));

    clone.run(block("--append"), &[]);
    let appended = clone.read("alerts-2026-06-04.ndjson");
    assert_eq!(appended.lines().count(), 7, "{appended}");
}

#[test]
fn configuration_can_be_read() {
    for name in pages() {
        let text = page(&name);
        for block in Block::all_of(&text).iter().filter(|block| block.info == "toml") {
            let is_toml = block.text.parse::<toml::Table>();
            assert!(is_toml.is_ok(), "{name}: {is_toml:?}\n{}", block.text);
            if block.text.contains("[[rule]]") || block.text.contains("[[exception]]") {
                let rules = rareport::rule::RuleSet::from_toml(&block.text);
                assert!(rules.is_ok(), "{name}: {rules:?}\n{}", block.text);
            }
            if block.text.contains("[detector]") {
                let job = rareport::JobConfig::from_toml(&block.text);
                assert!(job.is_ok(), "{name}: {job:?}\n{}", block.text);
            }
        }
    }
}
