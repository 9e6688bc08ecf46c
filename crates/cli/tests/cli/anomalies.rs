//! `rareport anomalies`: jobs, and which results are shown.

use std::fs;

use serde_json::Value;

use crate::common::{Run, corpus, rareport, rareport_with};
use crate::input::first_line_while_open;

/// A port in each of 40 buckets, another one in every second, and others in
/// some.
fn csv() -> String {
    let mut rows = "time,destination.port,host.name,process.name\n".to_owned();
    for bucket in 0..40 {
        let second = 1_704_067_200 + 900 * bucket;
        rows += &format!("{second},443,web01,curl\n{second},53,db01,sudo\n");
        if bucket % 2 == 0 {
            rows += &format!("{second},80,web01,curl\n");
        }
        if bucket % 8 == 7 {
            rows += &format!("{second},{},db01,nc\n", 9000 + bucket);
        }
    }
    rows
}

/// The start of the last bucket with events.
const LAST: i64 = 1_704_067_200 + 900 * 39;

fn run(arguments: &[&str]) -> Run {
    rareport_with(&[&["-v", "anomalies"], arguments].concat(), csv().as_bytes()).expect(0)
}

fn kinds(run: &Run) -> Vec<String> {
    let mut kinds: Vec<String> = run
        .documents()
        .iter()
        .map(|document| document["result_type"].as_str().unwrap().to_owned())
        .collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

fn write(directory: &tempfile::TempDir, name: &str, content: &str) -> String {
    let path = directory.path().join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_end_of_the_input_closes_nothing_but_time_may_advance() {
    let buckets =
        |arguments: &[&str]| run(&[&["--results", "bucket"], arguments].concat()).documents();
    // The own job waits a bucket long for late events.
    let ended = buckets(&[]);
    assert_eq!(ended.len(), 38);
    let whole = buckets(&["--advance-time", &(LAST + 1800).to_string()]);
    assert_eq!(whole.len(), 40);
    assert_eq!(whole[39]["timestamp"], LAST * 1000);
    assert_eq!(whole[..38], ended);
    let day_after = buckets(&["--advance-time", "2024-01-02T00:00:00Z"]);
    assert_eq!(day_after.len(), 95);
    assert_eq!(day_after[94]["event_count"], 0);
    let told = run(&[]).stderr;
    assert!(told.contains("buckets from 2024-01-01T09:30:00.000Z on are not closed"), "{told}");
}

#[test]
fn an_open_bucket_can_be_shown_as_it_is() {
    let time = LAST + 900;
    let arguments = ["--advance-time", &time.to_string(), "--interim"];
    let documents = run(&arguments).documents();
    let (interim, closed): (Vec<Value>, Vec<Value>) =
        documents.into_iter().partition(|document| document["is_interim"] == true);
    assert!(closed.iter().all(|document| document["timestamp"].as_i64() < Some(LAST * 1000)));
    assert!(interim.iter().all(|document| document["timestamp"] == LAST * 1000));
    let of_kind = |kind: &str| interim.iter().any(|document| document["result_type"] == kind);
    assert!(of_kind("record") && of_kind("influencer") && of_kind("bucket"));
    assert_eq!(closed, run(&arguments[..2]).documents());
}

#[test]
fn scoring_anew_changes_scores_and_nothing_else() {
    let rows = (0..400).flat_map(|bucket| {
        let ports = match bucket {
            60 | 61 | 200 | 300 | 350 => vec![443, 80, 22, 53, 4000 + bucket],
            _ => vec![443, 80, 22, 53],
        };
        let host = |port| if port < 4000 { "web01" } else { "db01" };
        ports.into_iter().map(move |port| format!("{},{port},{}\n", 900 * bucket, host(port)))
    });
    let input = "time,destination.port,host.name\n".to_owned() + &rows.collect::<String>();
    let run = |more: &[&str]| {
        let arguments = [&["anomalies", "--influencer", "host.name"], more].concat();
        rareport_with(&arguments, input.as_bytes()).expect(0)
    };
    let before = run(&[]).documents();
    let anew = run(&["--renormalize"]);
    let after = anew.documents();
    assert_eq!(before.len(), after.len());
    let without_scores = |document: &Value| {
        let mut document = document.clone();
        for score in ["record_score", "influencer_score", "anomaly_score"] {
            document.as_object_mut().unwrap().remove(score);
        }
        if let Some(Value::Array(influencers)) = document.get_mut("bucket_influencers") {
            for influencer in influencers {
                influencer.as_object_mut().unwrap().remove("anomaly_score");
            }
        }
        document
    };
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(without_scores(before), without_scores(after));
    }
    assert_ne!(before, after);
    assert!(anew.stderr.contains("changed by scoring anew"), "{}", anew.stderr);
}

#[test]
fn only_some_kinds_of_result() {
    assert_eq!(kinds(&run(&[])), ["bucket", "influencer", "record"]);
    assert_eq!(kinds(&run(&["--results", "record"])), ["record"]);
    assert_eq!(kinds(&run(&["--results", "bucket,influencer"])), ["bucket", "influencer"]);
    let all = run(&[]);
    let all: Vec<&str> = all.stdout.lines().filter(|line| line.contains("_record_")).collect();
    let records = run(&["--results", "record"]);
    assert_eq!(all, records.stdout.lines().collect::<Vec<_>>());
    let refused = ["anomalies", "--results", "bucket", "--format", "csv"];
    let refused = rareport_with(&refused, csv().as_bytes()).expect(2);
    assert!(refused.stderr.contains("--format ndjson"), "{}", refused.stderr);
}

#[test]
fn a_table_and_csv_show_the_records() {
    let records = run(&["--results", "record"]).documents();
    let job = ["--partition", "process.name", "--influencer", "host.name"];
    let of_partition = run(&[&job[..], &["--results", "record"]].concat()).documents();
    let csv = run(&[&job[..], &["--format", "csv"]].concat()).stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
    assert_eq!(rows.len(), of_partition.len());
    for (row, record) in rows.iter().zip(&of_partition) {
        for (name, cell) in header.iter().zip(row) {
            match (name, &record[name]) {
                ("timestamp", time) => assert!(time.is_i64() && cell.starts_with("2024-01-01T")),
                ("is_interim", _) => assert_eq!(cell, "false"),
                ("host.name", _) => {
                    let values = &record["influencers"][0]["influencer_field_values"];
                    assert_eq!(cell, values[0].as_str().unwrap());
                }
                (_, Value::String(text)) => assert_eq!(cell, text),
                (_, Value::Null) => assert_eq!(cell, "", "{name}"),
                (_, number) => assert_eq!(cell.parse::<f64>().ok(), number.as_f64(), "{name}"),
            }
        }
    }
    let table = run(&["--format", "table"]).stdout;
    assert_eq!(table.lines().count(), 1 + records.len());
    assert!(table.starts_with("TIME "), "{table}");
    assert!(table.contains("DESTINATION.PORT") && table.contains("PROCESS.NAME"), "{table}");
}

#[test]
fn a_job_is_read_from_toml_and_changed_by_options() {
    let directory = tempfile::tempdir().unwrap();
    let toml = "job_id = \"ports\"\nbucket_span = \"30m\"\ninfluencers = [\"host.name\"]\n\
        [detector]\nby_field = \"destination.port\"\n";
    let job = write(&directory, "job.toml", toml);
    let documents = run(&["--job", &job]).documents();
    assert!(documents.iter().all(|document| document["bucket_span"] == 1800));
    assert!(documents[0]["id"].as_str().unwrap().starts_with("ports_bucket_"));
    let changed = write(&directory, "changed.toml", &toml.replace("30m", "15m"));
    assert_eq!(
        run(&["--job", &job, "--bucket-span", "15m"]).stdout,
        run(&["--job", &changed]).stdout
    );
    let population = "job_id = \"rare_process_name\"\nlatency = \"1m\"\n\
        influencers = [\"process.name\"]\n\
        [detector]\nby_field = \"process.name\"\nover_field = \"host.name\"\n";
    let population = write(&directory, "population.toml", population);
    let by = ["--by", "process.name", "--over", "host.name", "--influencer", "process.name"];
    assert_eq!(run(&by).stdout, run(&["--job", &population]).stdout);
}

#[test]
fn what_a_job_says_in_vain_is_told_and_what_cannot_be_done_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let job = |more: &str, detector: &str| {
        format!(
            "{{\"job_id\":\"j\",\"colour\":\"red\",\"analysis_config\":{{\"bucket_span\":\"15m\",\
             \"detectors\":[{{\"function\":\"rare\",\"by_field_name\":\"destination.port\"\
             {detector}}}]{more}}}}}"
        )
    };
    let path = write(&directory, "job.json", &job(",\"shape\":1", ""));
    let told = run(&["--job", &path]).stderr;
    assert!(told.contains("warning: ") && told.contains("job.json: colour is not known"), "{told}");
    assert!(told.contains("analysis_config.shape is not known"), "{told}");
    for (name, text, advice) in [
        ("a.json", job(",\"summary_count_field_name\":\"n\"", ""), "cannot be honoured"),
        ("b.json", job("", ",\"function\":\"mean\""), "cannot be run"),
        ("c.toml", "by = 1".to_owned(), "expected a job in TOML"),
        ("d.json", job("", ",\"partition_field_name\":\"destination.port\""), "each field once"),
    ] {
        let path = write(&directory, name, &text);
        let run = rareport_with(&["anomalies", "--job", &path], csv().as_bytes()).expect(2);
        assert!(run.stderr.contains(advice), "{advice}: {}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    let rule = ",\"custom_rules\":[{\"actions\":[\"skip_result\"],\
        \"scope\":{\"destination.port\":{\"filter_id\":\"safe\"}}}]";
    let path = write(&directory, "rule.json", &job("", rule));
    let run = rareport_with(&["anomalies", "--job", &path], csv().as_bytes()).expect(2);
    assert!(run.stderr.contains("refers to the filter safe"), "{}", run.stderr);
    let filters = write(&directory, "filters.json", "{\"filters\":[{\"filter_id\":1}]}");
    let arguments = ["anomalies", "--job", &path, "--filters", &filters];
    let run = rareport_with(&arguments, csv().as_bytes()).expect(2);
    assert!(run.stderr.contains("these filters cannot be used"), "{}", run.stderr);
}

#[test]
fn ready_made_jobs_are_chosen_by_name() {
    let sudo = run(&["--job", "linux_rare_sudo_user", "--by", "destination.port"]);
    // Of the events only those of sudo are looked at.
    assert!(sudo.stderr.contains("65 events left out: the job does not"), "{}", sudo.stderr);
    let unknown = rareport(&["anomalies", "--job", "linux_rare"]).expect(2);
    assert!(unknown.stderr.contains("linux_rare_sudo_user"), "{}", unknown.stderr);
    let help = rareport(&["anomalies", "--help"]).expect(0).stdout;
    assert!(help.contains("linux_rare_sudo_user") && help.contains("Exit status"), "{help}");
    let arguments = ["anomalies", "--job", "linux_rare_process", &corpus("fleet-day")];
    let refused = rareport(&arguments).expect(2);
    assert!(refused.stderr.contains("only connects are read"), "{}", refused.stderr);
    let fleet = corpus("fleet-day");
    let named = ["anomalies", "--job", "linux_rare_destination_port", &fleet];
    assert_eq!(rareport(&named).expect(0).stdout, rareport(&["anomalies", &fleet]).stdout);
}

#[test]
fn results_are_written_as_buckets_close() {
    for format in ["ndjson", "csv"] {
        let line = first_line_while_open(&["anomalies", "--format", format], &csv());
        assert!(line.is_some(), "{format}");
    }
}

#[test]
fn a_time_before_1970_is_shown_as_it_is() {
    let mut rows = "@timestamp,host.name\n".to_owned();
    for quarter in 0..40 {
        let (hour, minute) = (10 + quarter / 4, quarter % 4 * 15);
        rows += &format!(
            "1969-12-30T{hour}:{minute:02}:01Z,{}\n",
            if quarter == 36 { "b" } else { "a" }
        );
    }
    for format in ["csv", "table"] {
        let run = rareport_with(
            &["anomalies", "--by", "host.name", "--results", "record", "--format", format],
            rows.as_bytes(),
        )
        .expect(0);
        assert!(run.stdout.contains("1969-12-30T19:00:00.000Z"), "{}", run.stdout);
        assert!(!run.stdout.contains("1970"), "{}", run.stdout);
    }
}

#[test]
fn a_wrong_clock_is_told_and_the_rest_is_learned() {
    let rows = csv() + "99999999999,443,web01,curl\n1704103200,443,web01,curl\n";
    let run = rareport_with(&["anomalies"], rows.as_bytes()).expect(0);
    let told = "1 of the events came more than 366 days after those before and could not be \
                learned from: a clock may have been wrong";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    let day_after = ["anomalies", "--advance-time", "2124-01-02T00:00:00Z"];
    let run = rareport_with(&day_after, csv().as_bytes()).expect(2);
    let told = "expected to advance by at most 31622400 s from 1704101400";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}
