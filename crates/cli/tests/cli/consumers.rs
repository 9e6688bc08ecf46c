//! Alert documents as others read them: jq, Python and DuckDB, where these are
//! there. What they are to find is in the README's table.

use std::process::Command;

use tempfile::TempDir;

use crate::common::{corpus, rareport};

/// The score, port, host and bucket of the highest alert, and the number of alerts and
/// of their ids.
const EXPECTED: &str = "67.4 4444 web01 2026-06-04T09:30:00.000Z 7 7";

const JQ: &str = r#"sort_by(-.record_score) as $alerts | $alerts[0]
    | [(.record_score * 10 | round / 10), .destination.port[0], .host.name[0],
       .["kibana.alert.original_time"], ($alerts | length),
       ($alerts | map(.["kibana.alert.uuid"]) | unique | length)]
    | map(tostring) | join(" ")"#;

const PYTHON: &str = r#"
import datetime, json, sys
alerts = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
alerts.sort(key=lambda alert: -alert["record_score"])
first = alerts[0]
start = datetime.datetime.fromisoformat(first["kibana.alert.original_time"].replace("Z", "+00:00"))
print(round(first["record_score"], 1), first["destination"]["port"][0], first["host"]["name"][0],
      start.strftime("%Y-%m-%dT%H:%M:%S.000Z"), len(alerts),
      len({alert["kibana.alert.uuid"] for alert in alerts}))
"#;

const DUCKDB: &str = r#"
import sys
import duckdb
alerts = f"read_json_auto('{sys.argv[1]}', format = 'newline_delimited')"
[(score, port, host, start)] = duckdb.sql(f'''
    select round(record_score, 1), destination.port[1], host.name[1],
           strftime("kibana.alert.original_time"::timestamp, '%Y-%m-%dT%H:%M:%S.000Z')
    from {alerts} order by record_score desc limit 1''').fetchall()
[(alerts, ids)] = duckdb.sql(
    f'select count(*), count(distinct "kibana.alert.uuid") from {alerts}').fetchall()
print(score, port, host, start, alerts, ids)
"#;

/// What a program prints when it is given the alerts of corpus/fleet-day; `None` if it is not there.
fn read_by(program: &str, arguments: &[&str]) -> Option<String> {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("alerts.ndjson");
    let file = file.to_str().unwrap();
    let fleet = corpus("fleet-day");
    rareport(&["detect", "--format", "ndjson", "--output", file, &fleet]).expect(0);
    let run = Command::new(program).args(arguments).arg(file).env("TZ", "UTC").output().ok()?;
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(String::from_utf8(run.stdout).unwrap().trim().to_owned())
}

fn expect(name: &str, found: Option<String>) {
    match found {
        Some(found) => assert_eq!(found, EXPECTED, "{name}"),
        None => println!("skipped: there is no {name}"),
    }
}

#[test]
fn jq_reads_alerts() {
    expect("jq", read_by("jq", &["-rs", JQ]));
}

#[test]
fn python_reads_alerts() {
    expect("python3", read_by("python3", &["-c", PYTHON]));
}

#[test]
fn duckdb_reads_alerts() {
    let asked = Command::new("python3").args(["-c", "import duckdb"]).output();
    let is_there = asked.is_ok_and(|asked| asked.status.success());
    expect("duckdb", is_there.then(|| read_by("python3", &["-c", DUCKDB])).flatten());
}
