//! `rareport backtest`.

use std::collections::BTreeMap;

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
    let attack = ["2026-06-04", "4444", "2", "1", "0", "67.4", "web01", "bash,", "kinsing"];
    assert!(words.iter().any(|row| row[..] == attack), "{}", table.stdout);
    assert!(table.stderr.contains("threshold 50: 7 alerts, 2.0 a day, of 7 ports\n"));
    let csv = rareport(&["backtest", "--format", "csv", "--threshold", "50", &fleet]).expect(0);
    let header = "day,destination.port,alerts_at_50,highest_score,host.name,process.name\n";
    assert!(csv.stdout.starts_with(header), "{}", csv.stdout);
    assert_eq!(csv.stdout.lines().count(), 1 + 7);
    rareport(&["backtest", "--threshold", "50,101", &fleet]).expect(2);
}
