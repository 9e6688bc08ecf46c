//! `rareport detect` with rules for several jobs: one pass gives what each job
//! gives alone, and a state holds them all.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{Run, corpus, rareport, rareport_with};
use crate::state::connects;

const PORTS: &str = "linux_rare_destination_port";
const PROGRAMS: &str = "linux_rare_network_process";
const METADATA: &str = "linux_rare_metadata_process";
const STARTS: &str = "linux_rare_process";

/// A directory with a rule file that has a rule with this threshold for each job.
struct Rules(TempDir);

impl Rules {
    fn new(threshold: u8, jobs: &[&str]) -> Rules {
        Rules::with(threshold, jobs, "")
    }

    fn with(threshold: u8, jobs: &[&str], more: &str) -> Rules {
        let rule = |job: &&str| {
            format!(
                "[[rule]]\nname = \"{job}\"\nrule_id = \"of-{job}\"\njob_ids = [\"{job}\"]\n\
                 threshold = {threshold}\n"
            )
        };
        let directory = TempDir::new().unwrap();
        let rules: String = jobs.iter().map(rule).collect();
        std::fs::write(directory.path().join("rules.toml"), rules + more).unwrap();
        Rules(directory)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn rules(&self) -> String {
        self.path("rules.toml").to_str().unwrap().to_owned()
    }

    /// Runs `detect` over corpus/fleet-day.
    fn detect(&self, more: &[&str]) -> Run {
        let (fleet, rules) = (corpus("fleet-day"), self.rules());
        rareport(&[&["detect", &fleet, "--rules", &rules], more].concat())
    }
}

/// Alerts in order of time, those of the same time in any.
fn sorted(mut alerts: Vec<Value>) -> Vec<String> {
    alerts.sort_by_key(|alert| (alert["@timestamp"].to_string(), alert.to_string()));
    alerts.iter().map(Value::to_string).collect()
}

fn times(run: &Run) -> Vec<String> {
    run.documents().iter().map(|alert| alert["@timestamp"].to_string()).collect()
}

#[test]
fn one_pass_gives_what_each_job_gives_alone() {
    let jobs = [PORTS, PROGRAMS, METADATA];
    let together = Rules::new(10, &jobs).detect(&[]).expect(0);
    let mut alone = Vec::new();
    for job in jobs {
        alone.extend(Rules::new(10, &[job]).detect(&[]).expect(0).documents());
    }
    for job in [PORTS, PROGRAMS] {
        assert!(alone.iter().any(|alert| alert["job_id"] == job), "{job}");
    }
    assert_eq!(sorted(together.documents()), sorted(alone));
    assert!(times(&together).is_sorted(), "{:?}", times(&together));
    for told in [
        "linux_rare_destination_port, rule of-linux_rare_destination_port: ",
        "linux_rare_network_process, rule of-linux_rare_network_process: ",
        "the job linux_rare_metadata_process was given no event",
    ] {
        assert!(together.stderr.contains(told), "{told}\n{}", together.stderr);
    }
    assert!(!together.stderr.contains("was not executed"), "{}", together.stderr);
}

#[test]
fn a_table_says_what_each_alert_is_about() {
    let table = Rules::new(10, &[PORTS, PROGRAMS]).detect(&["--format", "table"]).expect(0);
    assert!(table.stdout.lines().next().unwrap().contains("  VALUE  "), "{}", table.stdout);
    assert!(table.stdout.contains("  port 4444  "), "{}", table.stdout);
    assert!(table.stdout.contains("  process.name "), "{}", table.stdout);
    let csv = Rules::new(10, &[PROGRAMS]).detect(&["--format", "csv"]).expect(0);
    let row = csv.stdout.lines().nth(1).unwrap();
    // A program has no port of its own.
    assert_eq!(row.split(',').nth(1), Some(""), "{row}");
    assert!(row.contains(",linux_rare_network_process,process.name,"), "{row}");
}

#[test]
fn help_lists_the_jobs_where_one_can_be_named() {
    for command in ["anomalies", "detect", "train", "observations", "backtest", "report", "explain"]
    {
        let help = rareport(&[command, "--help"]).expect(0).stdout;
        for job in [PORTS, PROGRAMS, METADATA, STARTS] {
            assert!(help.contains(&format!("  {job}\n")), "{command} {job}");
        }
    }
}

#[test]
fn a_state_holds_all_jobs() {
    let rules = Rules::new(10, &[PORTS, PROGRAMS]);
    let whole = rules.detect(&["--to", "2026-06-04T12:00:00Z"]).expect(0);
    let state = rules.path("fleet.state").to_str().unwrap().to_owned();
    let mut alerts = Vec::new();
    for end in ["2026-06-03T11:07:00Z", "2026-06-04T09:40:00Z", "2026-06-04T12:00:00Z"] {
        alerts.extend(rules.detect(&["--state", &state, "--to", end]).expect(0).documents());
    }
    // What is open at the end goes on with the next run.
    let last = alerts.iter().filter_map(|alert| alert["@timestamp"].as_str()).max().unwrap();
    assert!(last > "2026-06-04T11", "{last}");
    let mut whole = whole.documents();
    whole.retain(|alert| alert["@timestamp"].as_str() <= Some(last));
    assert_eq!(sorted(alerts), sorted(whole));

    let shown = rareport(&["state", "show", "--format", "text", &state]).expect(0).stdout;
    assert!(shown.contains("also         linux_rare_network_process: "), "{shown}");
    let other = Rules::new(10, &[PORTS]).detect(&["--state", &state]).expect(2);
    let told = "the state holds what the job linux_rare_network_process learned";
    assert!(other.stderr.contains(told), "{}", other.stderr);
    let more = Rules::new(10, &[METADATA, PORTS, PROGRAMS]).detect(&["--state", &state]).expect(0);
    let told = "linux_rare_metadata_process begins anew";
    assert!(more.stderr.contains(told), "{}", more.stderr);
}

#[test]
fn what_was_trained_is_known_to_every_job() {
    let rules = Rules::new(10, &[PORTS, PROGRAMS]);
    let state = rules.path("fleet.state").to_str().unwrap().to_owned();
    let (fleet, end) = (corpus("fleet-day"), "2026-06-04T09:00:00Z");
    let path = rules.rules();
    rareport(&["train", &fleet, "--to", end, "--rules", &path, "--state", &state]).expect(0);
    let after = rules.detect(&["--state", &state]).expect(0);
    let jobs: Vec<Value> = after.documents().iter().map(|it| it["job_id"].clone()).collect();
    assert!(jobs.contains(&PORTS.into()) && jobs.contains(&PROGRAMS.into()), "{jobs:?}");
}

#[test]
fn a_job_that_is_new_to_a_state_learns_logs_that_are_older_than_the_others() {
    let rules = Rules::new(10, &[PORTS, PROGRAMS]);
    let path = |name: &str| rules.path(name).to_str().unwrap().to_owned();
    let of = |host: &str, hours| -> String {
        connects(hours).lines().map(|line| format!("node={host} {line}\n")).collect()
    };
    std::fs::write(path("new.log"), of("new", 20..30)).unwrap();
    std::fs::write(path("old.log"), of("old", 0..10)).unwrap();
    let state = path("fleet.state");
    rareport(&["train", "--state", &state, &path("new.log")]).expect(0);
    let arguments = ["detect", "--state", &state, "--rules", &rules.rules(), &path("old.log")];
    let run = rareport(&arguments).expect(0);
    let told = format!("600 connects neither learned nor looked at by {PORTS}: older than");
    assert!(run.stderr.contains(&told), "{}", run.stderr);
    assert!(!run.stderr.contains("nothing was learned"), "{}", run.stderr);
    let shown = rareport(&["state", "show", "--format", "text", &state]).expect(0).stdout;
    let others = shown.lines().find(|line| line.contains(PROGRAMS)).unwrap_or_default();
    // Ten hours, but for the last two quarters, which stay open.
    assert!(others.contains(" 38 buckets"), "{shown}");
    let run = rareport(&arguments).expect(0);
    assert!(run.stderr.contains("no event of the input is new"), "{}", run.stderr);
}

/// A day of documents: every quarter of an hour a connect and a start of a program.
fn documents() -> String {
    let mut text = String::new();
    let mut write = |second: i64, category: &str, program: &str, port: Option<u16>| {
        let port = port.map_or(String::new(), |port| {
            format!(r#","destination":{{"ip":"192.0.2.1","port":{port}}}"#)
        });
        writeln!(
            text,
            r#"{{"@timestamp":{second},"event":{{"category":["{category}"],"type":["start"],"action":"x"}},"host":{{"name":"a","os":{{"type":"linux"}}}},"user":{{"name":"bob"}},"process":{{"name":"{program}"}}{port}}}"#
        )
        .unwrap();
    };
    let begin = 1_780_000_200;
    for bucket in 0..96 {
        let second = begin + bucket * 900;
        for (program, port) in [("curl", 443), ("ssh", 22)] {
            write(second, "process", program, None);
            write(second + 1, "network", program, Some(port));
        }
    }
    write(begin + 96 * 900, "process", "nc", None);
    write(begin + 96 * 900 + 1, "network", "curl", Some(4444));
    text
}

#[test]
fn documents_go_to_the_jobs_that_they_are_for() {
    let rules = Rules::new(5, &[PORTS, STARTS]);
    let path = rules.rules();
    let run = rareport_with(&["detect", "--rules", &path], documents().as_bytes()).expect(0);
    let found: Vec<(String, String)> = run
        .documents()
        .iter()
        .map(|alert| {
            ["job_id", "by_field_value"].map(|key| alert[key].as_str().unwrap().to_owned())
        })
        .map(|[job, value]| (job, value))
        .collect();
    let expected = [(PORTS, "4444"), (STARTS, "nc")];
    assert_eq!(found, expected.map(|(job, value)| (job.to_owned(), value.to_owned())));
}

#[test]
fn audit_logs_have_no_starts_of_programs() {
    let run = Rules::new(50, &[PORTS, STARTS]).detect(&[]).expect(0);
    assert_eq!(run.documents().len(), 7);
    let told = "the job linux_rare_process was given no event: nothing in the input is what it \
                looks at; it looks at the starts of programs";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn an_exception_is_for_the_rules_that_it_names() {
    let exception = "[[exception]]\ncomment = \"db01 is known\"\n\
        rules = [\"of-linux_rare_destination_port\"]\n\
        conditions = [{ field = \"host.name\", is = \"db01\" }]\n";
    let rules = Rules::with(10, &[PORTS, PROGRAMS], exception);
    let run = rules.detect(&["-v"]).expect(0);
    let of = |run: &Run, job: &str| -> Vec<Value> {
        run.documents().into_iter().filter(|alert| alert["job_id"] == job).collect()
    };
    let alone = Rules::new(10, &[PROGRAMS]).detect(&[]).expect(0);
    assert_eq!(of(&run, PROGRAMS), alone.documents());
    // Only db01 connects to 8291.
    assert!(!of(&run, PORTS).iter().any(|alert| alert["by_field_value"] == "8291"));
    assert_eq!(run.stderr.matches("the exception “db01 is known”").count(), 1, "{}", run.stderr);
}

#[test]
fn a_model_for_each_host_is_shown_with_its_host() {
    let fleet = corpus("fleet-hosts");
    let rules = Rules::new(50, &["mine"]);
    let job = rules.path("mine.toml");
    let of_each = "job_id = \"mine\"\n[detector]\nby_field = \"destination.port\"\n\
                   partition_field = \"host.name\"\n";
    std::fs::write(&job, of_each).unwrap();
    let detect = ["detect", "--job", job.to_str().unwrap(), "--threshold", "20", &fleet];
    let documents = rareport(&detect).expect(0).documents();
    let hosts: Vec<&str> =
        documents.iter().map(|alert| alert["host"]["name"][0].as_str().unwrap()).collect();
    assert!(!hosts.is_empty());
    let csv = rareport(&[&detect[..], &["--format", "csv"]].concat()).expect(0);
    assert!(!csv.stderr.contains("used later"), "{}", csv.stderr);
    let csv = csv.stdout;
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let column = rows.headers().unwrap().iter().position(|name| name == "host.name").unwrap();
    let shown: Vec<String> = rows.records().map(|row| row.unwrap()[column].to_owned()).collect();
    assert_eq!(shown, hosts);
    let table = rareport(&[&detect[..], &["--format", "table"]].concat()).expect(0).stdout;
    for (row, host) in table.lines().skip(1).zip(hosts) {
        assert!(row.contains(host), "{row}");
    }
}

#[test]
fn a_job_of_ones_own_gives_alerts() {
    let fleet = corpus("fleet-day");
    let rules = Rules::new(50, &["mine"]);
    let job = rules.path("mine.toml");
    std::fs::write(&job, "job_id = \"mine\"\n[detector]\nby_field = \"process.name\"\n").unwrap();
    let job = job.to_str().unwrap();
    let programs = |more: &[&str]| -> Vec<Value> {
        let run = rareport(&[&["detect", &fleet, "--job"], more].concat()).expect(0);
        run.documents().into_iter().map(|mut alert| alert["by_field_value"].take()).collect()
    };
    let found = programs(&[job]);
    // The programs of the attack, by the log's ground truth.
    for program in ["bash", "kinsing", "gtc32"] {
        assert!(found.contains(&program.into()), "{program}: {found:?}");
    }
    assert_eq!(found, programs(&[PROGRAMS]));
    assert_eq!(found, programs(&[job, "--rules", &rules.rules()]));
    let rule = rareport(&["detect", "--job", job, "--print-rule"]).expect(0).stdout;
    assert!(rule.contains("job_ids = [\"mine\"]"), "{rule}");
    assert!(rule.contains("A value of process.name rarely or never came before."), "{rule}");
    assert!(!rule.contains("a port") && !rule.contains("T1571"), "{rule}");
    let unnamed = rules.detect(&[]).expect(2).stderr;
    assert!(unnamed.contains("give a job of your own with --job FILE"), "{unnamed}");
    for (arguments, near) in [
        (["--job", "linux_rare_network_proces"], "did you mean linux_rare_network_process?"),
        (["--by", "procss.name"], "did you mean process.name?"),
    ] {
        let misspelt = rareport(&[&["detect", &fleet], &arguments[..]].concat()).expect(2).stderr;
        assert!(misspelt.contains(near), "{misspelt}");
    }

    let state = rules.path("mine.state");
    let state = ["--state", state.to_str().unwrap(), "--job", job, &fleet];
    let trained = rareport(&[&["train"][..], &state].concat()).expect(0).stdout;
    assert!(trained.contains("job          mine"), "{trained}");
}
