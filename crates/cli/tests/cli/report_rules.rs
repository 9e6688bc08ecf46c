//! `rareport report` shows the alerts that `detect` gives: with the same rules, exceptions
//! and windows, and with the same state.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::common::{corpus, rareport};
use crate::report::{data_of, data_of_jobs};

const RULES: &str = r#"
[[rule]]
name = "Rare port"
threshold = 55

[[rule]]
name = "Any port"
threshold = 30
suppression = { by = ["host.name"], duration = "1h" }

[[exception]]
comment = "A robot"
rules = ["rare-port"]
conditions = [{ field = "destination.port", is = "6667" }]

[[exception]]
comment = "Miners </script> are fine"
conditions = [{ field = "process.name", is = "kinsing" }]

[[exception]]
comment = "The laboratory"
action = "ignore"
conditions = [{ field = "destination.ip", cidr = "192.168.50.0/24" }]

[[calendar]]
comment = "A night of patches"
from = 2026-06-02T00:00:00Z
to = 2026-06-02T01:00:00Z
"#;

/// Rule, port and start of the bucket of each alert.
type Alerts = BTreeSet<(String, String, i64)>;

/// The alerts that `detect` gives.
fn detected(arguments: &[&str]) -> Alerts {
    let run = rareport(&[&["detect", "--format", "ndjson"], arguments].concat()).expect(0);
    let alert = |alert: &Value| {
        let time: jiff::Timestamp =
            alert["kibana.alert.original_time"].as_str().unwrap().parse().unwrap();
        let rule = alert["kibana.alert.rule.rule_id"].as_str().unwrap().to_owned();
        (rule, alert["by_field_value"].as_str().unwrap().to_owned(), time.as_millisecond())
    };
    run.documents().iter().map(alert).collect()
}

/// The alerts that a report shows.
fn reported(data: &Value) -> Alerts {
    let records = data["records"].as_array().unwrap();
    let alerts = records.iter().flat_map(|shown| {
        let port = shown["record"]["by_field_value"].as_str().unwrap();
        let start = shown["record"]["timestamp"].as_i64().unwrap();
        let rules = shown["alerts"].as_array().unwrap().iter();
        rules.map(move |rule| (rule.as_str().unwrap().to_owned(), port.to_owned(), start))
    });
    alerts.collect()
}

#[test]
fn the_alerts_are_those_of_detect_with_the_same_rules() {
    let directory = tempfile::tempdir().unwrap();
    let rules = directory.path().join("rules.toml");
    fs::write(&rules, RULES).unwrap();
    let arguments = [&*corpus("fleet-day"), "--rules", rules.to_str().unwrap()];
    let run = rareport(&[&["report"], &arguments[..]].concat()).expect(0);
    let data = data_of(&run.stdout);
    let expected = detected(&arguments);
    assert!(expected.len() > 3, "{expected:?}");
    assert_eq!(reported(&data), expected);
    assert_eq!(data["summary"]["alerts"], expected.len());
    let hidden_by = |port: &str| -> BTreeSet<String> {
        let records = data["records"].as_array().unwrap().iter();
        let records = records.filter(|shown| shown["record"]["by_field_value"] == port);
        let hidden = records.flat_map(|shown| shown["hidden_by"].as_array().unwrap());
        hidden.map(|comment| comment.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(hidden_by("6667"), BTreeSet::from(["A robot".to_owned()]));
    assert_eq!(hidden_by("31337"), BTreeSet::from(["Miners </script> are fine".to_owned()]));
    assert_eq!(hidden_by("31330"), BTreeSet::new());
    // What is ignored or in a window is not learned.
    let ports = data["ports"].as_array().unwrap();
    assert!(ports.iter().all(|port| port["port"] != "8291"));
    let in_force = &data["in_force"];
    assert_eq!(in_force["exceptions"][2]["events"], 2);
    assert_eq!(in_force["windows"][0]["comment"], "A night of patches");
    assert!(run.stderr.contains("alerts of 2 rules; "), "{}", run.stderr);
}

#[test]
fn a_threshold_on_the_command_line_is_in_place_of_that_of_the_rules() {
    let arguments = [&*corpus("fleet-day"), "--threshold", "30"];
    let data = data_of(&rareport(&[&["report"], &arguments[..]].concat()).expect(0).stdout);
    assert_eq!(reported(&data), detected(&arguments));
}

#[test]
fn a_report_may_begin_with_a_state_and_leaves_it_alone() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let state = state.to_str().unwrap();
    let fleet = corpus("fleet-day");
    rareport(&["train", &fleet, "--state", state, "--to", "2026-06-04T00:00:00Z"]).expect(0);
    let files = || fs::read_dir(directory.path()).unwrap().count();
    let before = (fs::read(state).unwrap(), files());
    let run = rareport(&["report", &fleet, "--state", state]).expect(0);
    let (data, whole) = (data_of(&run.stdout), data_of(&rareport(&["report", &fleet]).stdout));
    let of_the_day = |data: &Value| -> Vec<Value> {
        let records = data["records"].as_array().unwrap().iter().map(|it| it["record"].clone());
        // The bucket before midnight is still open in the state.
        records.filter(|it| it["timestamp"].as_i64() >= Some(1_780_530_300_000)).collect()
    };
    assert_eq!(of_the_day(&data), of_the_day(&whole));
    assert_eq!(reported(&data), reported(&whole));
    assert!(data["summary"]["buckets_before"].as_u64() > Some(280), "{}", data["summary"]);
    assert!(run.stderr.contains("it stays as it is"), "{}", run.stderr);
    assert_eq!((fs::read(state).unwrap(), files()), before);
    let missing = rareport(&["report", &fleet, "--state", "no/such/state"]).expect(2);
    assert!(missing.stderr.contains("there is no state to begin with"), "{}", missing.stderr);
}

#[test]
fn other_jobs_have_reports_too() {
    let fleet = corpus("fleet-day");
    let job = "linux_rare_network_process";
    let scores = |records: Vec<Value>| -> BTreeSet<String> {
        records.iter().map(|it| format!("{} {}", it["id"], it["record_score"])).collect()
    };
    let of_partitions = ["--by", "process.name", "--partition", "host.name"];
    for of_job in [&["--job", job][..], &of_partitions] {
        let data = data_of(&rareport(&[&["report", &fleet], of_job].concat()).expect(0).stdout);
        let closed = ["--results", "record", "--advance-time", "2026-06-05"];
        let records = [&["anomalies", &fleet], of_job, &closed].concat();
        let shown = data["records"].as_array().unwrap();
        assert!(shown.len() > 20 && shown.iter().all(|it| it["events"].as_u64() > Some(0)));
        let shown = shown.iter().map(|it| it["record"].clone());
        assert_eq!(scores(shown.collect()), scores(rareport(&records).expect(0).documents()));
        assert_eq!(data["field"], "process.name");
    }
    let data = data_of(&rareport(&["report", &fleet, "--job", job]).expect(0).stdout);
    // Exceptions alone go with the default rule of the job that runs.
    let directory = tempfile::tempdir().unwrap();
    let rules = directory.path().join("rules.toml");
    let exception = "[[exception]]\ncomment = \"Mine\"\nrules = [\"linux_rare_network_process\"]\n\
                     conditions = [{ field = \"process.name\", is = \"kinsing\" }]\n";
    fs::write(&rules, exception).unwrap();
    let with = ["--job", job, "--rules", rules.to_str().unwrap()];
    let data_with = data_of(&rareport(&[&["report", &fleet], &with[..]].concat()).expect(0).stdout);
    let alerts = |data: &Value| data["summary"]["alerts"].as_u64().unwrap();
    assert_eq!(data_with["summary"]["hidden"], 2);
    assert_eq!(alerts(&data_with) + 2, alerts(&data));
    let told = rareport(&[&["explain", "kinsing", &fleet], &with[..]].concat()).expect(0).stdout;
    assert!(told.contains("by the exception “Mine”"), "{told}");
    let more = rareport(&["report", &fleet, "--over", "host.name"]).expect(2);
    assert!(more.stderr.contains("has a population (over) field"), "{}", more.stderr);
}

const OF_SEVERAL_JOBS: &str = r#"
[[rule]]
name = "Ports"
job_ids = ["linux_rare_destination_port"]

[[rule]]
name = "Programs"
job_ids = ["linux_rare_network_process"]
threshold = 40

[[rule]]
name = "Programs of hosts"
job_ids = ["linux_rare_process_by_host"]

[[rule]]
name = "Starts"
job_ids = ["linux_rare_process"]

[[exception]]
comment = "Miners are fine"
rules = ["programs"]
conditions = [{ field = "process.name", is = "kinsing" }]
"#;

#[test]
fn every_job_that_rules_are_for_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("rules.toml"), OF_SEVERAL_JOBS).unwrap();
    let (fleet, rules) = (corpus("fleet-day"), path("rules.toml"));
    let run = rareport(&["report", &fleet, "--rules", &rules]).expect(0);
    let jobs = data_of_jobs(&run.stdout);
    let ids: Vec<&str> =
        jobs.iter().map(|data| data["summary"]["job_id"].as_str().unwrap()).collect();
    let [ports, programs, starts] =
        ["linux_rare_destination_port", "linux_rare_network_process", "linux_rare_process"];
    assert_eq!(ids, [ports, programs, starts, "linux_rare_process_by_host"]);
    let shown: Alerts = jobs.iter().flat_map(reported).collect();
    assert_eq!(shown, detected(&[&fleet, "--rules", &rules]));
    assert_eq!(jobs[1]["summary"]["hidden"], 2);
    for told in [
        "the job linux_rare_process_by_host was given no event",
        "the job linux_rare_process was given no event",
        "linux_rare_destination_port: 20 records in 339 buckets, 7 alerts",
    ] {
        assert!(run.stderr.contains(told), "{told}\n{}", run.stderr);
    }
    // One job alone has the same to show.
    for (job, data) in [ports, programs].into_iter().zip(&jobs) {
        let alone = rareport(&["report", &fleet, "--rules", &rules, "--job", job]).expect(0);
        let alone = data_of(&alone.stdout);
        assert!(alone["records"] == data["records"] && alone["ports"] == data["ports"], "{job}");
    }
    let run = rareport(&["explain", "31337,bash", &fleet, "--rules", &rules]).expect(0);
    let told = "the job linux_rare_process_by_host has a partition field";
    assert!(run.stderr.contains(told), "{}", run.stderr);
    let told = run.stdout;
    for part in [
        "Port 31337, linux_rare_destination_port\n",
        "bash, linux_rare_network_process\n",
        "  An alert of the rule ports.\n",
        "  An alert of the rule programs.\n",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(!told.contains("31337, linux_rare_network_process"), "{told}");
}

#[test]
fn a_state_of_several_jobs_begins_all_of_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let [programs, ports] = ["linux_rare_network_process", "linux_rare_destination_port"];
    let rule = |job: &str| format!("[[rule]]\nname = \"{job}\"\njob_ids = [\"{job}\"]\n");
    fs::write(path("rules.toml"), rule(ports) + &rule(programs)).unwrap();
    let (fleet, rules, state) = (corpus("fleet-day"), path("rules.toml"), path("state"));
    let until = ["--to", "2026-06-04T00:00:00Z"];
    rareport(&[&["train", &fleet, "--state", &state, "--rules", &rules], &until[..]].concat())
        .expect(0);
    let run = rareport(&["report", &fleet, "--state", &state, "--rules", &rules]).expect(0);
    let whole = rareport(&["report", &fleet, "--rules", &rules]).expect(0);
    let alerts = |page: &str| data_of_jobs(page).iter().flat_map(reported).collect::<Alerts>();
    assert_eq!(alerts(&run.stdout), alerts(&whole.stdout));
    for data in data_of_jobs(&run.stdout) {
        assert!(data["summary"]["buckets_before"].as_u64() > Some(280), "{}", data["summary"]);
    }
    let alone = rareport(&["report", &fleet, "--state", &state, "--job", programs]).expect(0);
    assert!(data_of(&alone.stdout)["summary"]["buckets_before"].as_u64() > Some(280));
    fs::write(path("rules.toml"), rule(ports) + &rule("linux_rare_metadata_user")).unwrap();
    let other = rareport(&["report", &fleet, "--state", &state, "--rules", &rules]).expect(2);
    let told = "holds nothing that the job linux_rare_metadata_user learned";
    assert!(other.stderr.contains(told), "{}", other.stderr);
}

/// What is rare on one host may be usual on others.
#[test]
fn a_record_of_a_partition_is_told_with_its_partition() {
    let words = ["report", &corpus("fleet-day"), "--by", "destination.port"];
    let run = rareport(
        &[&words[..], &["--partition", "host.name", "--influencer", "user.name"]].concat(),
    );
    let run = run.expect(0);
    let data = data_of(&run.stdout);
    // What there is not to see is told, on the page and on stderr.
    let left_out =
        "Values by rarity are left out, as each value of host.name has a model of its own";
    assert!(data["summary"]["sentences"].to_string().contains(left_out), "{}", data["summary"]);
    assert!(run.stderr.contains(left_out), "{}", run.stderr);
    let sentences = data["summary"]["highest"].to_string();
    assert!(sentences.contains(" on web01 connected to port 4444"), "{sentences}");
}
