//! Values that were absent for 167 days are forgotten when a bucket is closed or, in Elastic's
//! profile, when the state is saved: never in a run without one. All commands agree in that.

use serde_json::Value;

use crate::common::{Run, rareport_with};
use crate::report::{data_of, without_copies};

/// Length of a bucket in seconds.
const SPAN: u64 = 900;

/// The bucket in which port 4444 comes back, later than the 16,000 after which it may be forgotten.
const BACK: u64 = 16_200;

/// Four ports in each of the first 200 buckets and in one of a hundred after that; port 4444 in the
/// tenth of them and in the last.
fn log() -> Vec<u8> {
    let mut rows = "time,destination.port,host.name,process.name\n".to_owned();
    for bucket in (0..200).chain((200..=BACK).step_by(100)) {
        let is_rare_there = bucket == 10 || bucket == BACK;
        let ports = [443, 80, 22, 53].into_iter().chain(is_rare_there.then_some(4444));
        rows.extend(ports.map(|port| format!("{},{port},web01,curl\n", bucket * SPAN)));
    }
    rows.into_bytes()
}

fn run(command: &[&str], profile: &str) -> Run {
    let arguments = [command, &["--profile", profile, "--datafeed", "none"]].concat();
    rareport_with(&arguments, &log()).expect(0)
}

/// The record of port 4444 when it comes back, as `anomalies` gives it.
fn record(profile: &str) -> Value {
    // An event may be late, so that a bucket is closed when the next one is over.
    let end = ((BACK + 2) * SPAN).to_string();
    let records = run(&["anomalies", "--results", "record", "--advance-time", &end], profile);
    let record = records.documents().pop().unwrap();
    assert_eq!(
        (&record["by_field_value"], &record["timestamp"]),
        (&"4444".into(), &(BACK * SPAN * 1000).into())
    );
    record
}

#[test]
fn every_command_forgets_when_its_profile_does() {
    for (profile, is_forgotten) in [("rareport", true), ("elastic", false)] {
        let record = record(profile);
        let is_new = &record["anomaly_score_explanation"]["by_field_first_occurrence"];
        assert_eq!(*is_new == true, is_forgotten, "{profile}");

        let data = data_of(&run(&["report"], profile).stdout);
        let records = data["records"].as_array().unwrap();
        assert!(
            records.iter().any(|shown| shown["record"] == without_copies(record.clone())),
            "{profile}"
        );

        let days = run(&["backtest", "--format", "ndjson", "--threshold", "1"], profile);
        let last = days.documents().pop().unwrap();
        assert_eq!(last["highest_score"], record["record_score"], "{profile}: {last}");

        let story = run(&["explain", "4444"], profile).stdout;
        let text = record["explanation"]["sentence"].as_str().unwrap();
        assert!(story.contains(text), "{profile}: {text} in {story}");
    }
}
