//! `rareport backtest`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::{corpus, rareport};

/// Number of alerts by day and port, as `detect` gives them at a threshold.
fn detected(threshold: &str, more: &[&str]) -> BTreeMap<(String, String), u64> {
    let fleet = corpus("fleet-day");
    let arguments = [&["detect", "--threshold", threshold, &fleet], more].concat();
    let mut counts = BTreeMap::new();
    for alert in rareport(&arguments).expect(0).documents() {
        let day = alert["kibana.alert.original_time"].as_str().unwrap()[..10].to_owned();
        let port = alert["by_field_value"].as_str().unwrap().to_owned();
        *counts.entry((day, port)).or_default() += 1;
    }
    counts
}

#[test]
fn each_threshold_counts_what_detect_gives_at_it() {
    let fleet = corpus("fleet-day");
    let directory = tempfile::tempdir().unwrap();
    let rules = directory.path().join("rules.toml");
    let exception = "[[exception]]\ncomment = \"mail\"\nconditions = [{ field = \
                     \"process.name\", is = \"mailer\" }]\n";
    std::fs::write(&rules, exception).unwrap();
    let with_rules = ["--rules", rules.to_str().unwrap()];
    let later = ["--from", "2026-06-03"];
    for more in [&[][..], &with_rules, &later] {
        let arguments = [&["backtest", "--threshold", "60,20,40,60", &fleet], more].concat();
        let rows = rareport(&arguments).expect(0).documents();
        for (place, threshold) in ["20", "40", "60"].into_iter().enumerate() {
            let mut counts = BTreeMap::new();
            for row in &rows {
                let at = &row["thresholds"][place];
                assert_eq!(at["threshold"].as_f64().unwrap().to_string(), threshold);
                let text = |field: &str| row[field].as_str().unwrap().to_owned();
                let alerts = at["alerts"].as_u64().unwrap();
                if alerts > 0 {
                    counts.insert((text("day"), text("destination.port")), alerts);
                }
            }
            assert_eq!(counts, detected(threshold, more), "{threshold} {more:?}");
            assert!(!counts.is_empty());
        }
    }
}

#[test]
fn the_shapes_of_a_backtest() {
    let fleet = corpus("fleet-day");
    let table = rareport(&["backtest", "--format", "table", &fleet]).expect(0);
    let lines: Vec<&str> = table.stdout.lines().collect();
    let words: Vec<Vec<&str>> =
        lines.iter().map(|line| line.split_whitespace().collect()).collect();
    let heading = ["DAY", "PORT", "AT", "25", "AT", "50", "AT", "75", "HIGHEST", "HOST", "PROCESS"];
    assert_eq!(words[0], heading);
    let attack = ["2026-06-04", "4444", "2", "1", "0", "67.3", "web01", "bash,", "kinsing"];
    assert!(words.iter().any(|row| row[..] == attack), "{}", table.stdout);
    assert!(table.stderr.contains("threshold 50: 7 alerts, 2.0 a day, of 7 ports\n"));
    let csv = rareport(&["backtest", "--format", "csv", "--threshold", "50", &fleet]).expect(0);
    let header = "day,destination.port,alerts_at_50,highest_score,host.name,process.name,job_id,\
                  by_field_name,by_field_value\n";
    assert!(csv.stdout.starts_with(header), "{}", csv.stdout);
    assert_eq!(csv.stdout.lines().count(), 1 + 7);
    rareport(&["backtest", "--threshold", "50,101", &fleet]).expect(2);
}

/// Number of alerts by day, job and value of each threshold, as a backtest counts them.
fn counted(rows: &[Value], place: usize) -> BTreeMap<[String; 3], u64> {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    let rows = rows.iter().map(|row| {
        let key = ["day", "job_id", "by_field_value"].map(|field| text(row, field));
        (key, row["thresholds"][place]["alerts"].as_u64().unwrap())
    });
    rows.filter(|(_, alerts)| *alerts > 0).collect()
}

#[test]
fn rules_for_several_jobs_are_all_tried() {
    let fleet = corpus("fleet-day");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rules.toml");
    let rules = "[[rule]]\nname = \"Ports\"\n\
        [[rule]]\nname = \"Programs\"\njob_ids = [\"linux_rare_network_process\"]\n\
        [[rule]]\nname = \"Starts\"\njob_ids = [\"linux_rare_process\"]\n\
        [[exception]]\ncomment = \"mail\"\nrules = [\"programs\"]\n\
        conditions = [{ field = \"process.name\", is = \"mailer\" }]\n";
    std::fs::write(&path, rules).unwrap();
    let with = ["--rules", path.to_str().unwrap()];
    let run = rareport(&[&["backtest", "--threshold", "10,30", &fleet], &with[..]].concat());
    let run = run.expect(0);
    let rows = run.documents();
    for (place, threshold) in ["10", "30"].into_iter().enumerate() {
        let detect = [&["detect", "--threshold", threshold, &fleet], &with[..]].concat();
        let mut expected = BTreeMap::new();
        for alert in rareport(&detect).expect(0).documents() {
            let text = |field: &str| alert[field].as_str().unwrap().to_owned();
            let day = text("kibana.alert.original_time")[..10].to_owned();
            *expected.entry([day, text("job_id"), text("by_field_value")]).or_default() += 1;
        }
        assert_eq!(counted(&rows, place), expected, "{threshold}");
    }
    let programs: Vec<&Value> =
        rows.iter().filter(|row| row["by_field_name"] == "process.name").collect();
    assert!(programs.len() > 2 && programs.len() < rows.len(), "{rows:?}");
    assert!(programs.iter().all(|row| row.get("destination.port").is_none()));
    for told in [
        "linux_rare_destination_port, threshold 30: ",
        "linux_rare_network_process, 339 buckets of 15 minutes looked at",
        "the job linux_rare_process was given no event",
    ] {
        assert!(run.stderr.contains(told), "{told}\n{}", run.stderr);
    }
    let table = [&["backtest", "--format", "table", &fleet], &with[..]].concat();
    let table = rareport(&table).expect(0).stdout;
    assert!(table.starts_with("DAY         JOB "), "{table}");
    assert!(table.contains("  linux_rare_network_process   kinsing  "), "{table}");
}

#[test]
fn another_job_is_tried_alone() {
    let fleet = corpus("fleet-day");
    let job = ["--job", "linux_rare_network_process"];
    let several = ["backtest", "--threshold", "30", "--format"];
    let rows = rareport(&[&several[..], &["ndjson", &fleet], &job].concat()).expect(0).documents();
    assert!(rows.iter().any(|row| row["by_field_value"] == "kinsing"), "{rows:?}");
    let table = rareport(&[&several[..], &["table", &fleet], &job].concat()).expect(0);
    assert!(table.stdout.starts_with("DAY         PROCESS.NAME "), "{}", table.stdout);
    assert!(table.stderr.contains(" of process.name\n"), "{}", table.stderr);
    let by = ["--by", "user.name", "--partition", "host.name"];
    let csv = rareport(&[&several[..], &["csv", "--threshold", "0", &fleet], &by].concat());
    assert!(csv.expect(0).stdout.lines().nth(1).unwrap().contains(",user.name,"));
}
