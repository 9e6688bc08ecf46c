//! Rules executed over results made by hand.

use super::*;
use crate::evidence::Sample;
use crate::results::{Bucket, ResultType};
use serde_json::json;

const MINUTE: i64 = 60_000;
/// Start of the first bucket: a multiple of a day.
const START: i64 = 1_780_272_000_000;

/// A connect of a host to a port, `minute` minutes after the start.
struct Connect {
    minute: i64,
    port: &'static str,
    host: &'static str,
}

impl LogEvent for Connect {
    fn millis(&self) -> i64 {
        START + self.minute * MINUTE
    }

    fn value(&self, field: &str) -> Option<&[u8]> {
        match field {
            "destination.port" => Some(self.port.as_bytes()),
            "host.name" => Some(self.host.as_bytes()),
            _ => None,
        }
    }

    fn sample(&self) -> Sample {
        Sample { millis: self.millis(), host: vec![self.host.to_owned()], ..Sample::default() }
    }
}

fn job() -> JobConfig {
    let mut job = JobConfig::rare("destination.port");
    job.job_id = "ports".to_owned();
    job.influencers = vec!["host.name".to_owned()];
    job
}

fn record(bucket: i64, port: &str, score: f64) -> Record {
    serde_json::from_value(json!({
        "job_id": "ports", "id": format!("{bucket}-{port}"), "result_type": "record",
        "probability": 0.001, "record_score": score, "initial_record_score": score,
        "bucket_span": 900, "detector_index": 0, "timestamp": START + bucket * 15 * MINUTE,
        "by_field_name": "destination.port", "by_field_value": port,
        "function": "rare", "function_description": "rare",
        "influencers": [
            {"influencer_field_name": "host.name", "influencer_field_values": ["a", "b"]}
        ],
    }))
    .unwrap()
}

/// The results of bucket number `bucket` with these ports and scores.
fn results(bucket: i64, records: &[(&str, f64)]) -> BucketResults {
    BucketResults {
        records: records.iter().map(|(port, score)| record(bucket, port, *score)).collect(),
        influencers: Vec::new(),
        bucket: Bucket {
            result_type: ResultType::Bucket,
            job_id: "ports".to_owned(),
            id: String::new(),
            timestamp: START + bucket * 15 * MINUTE,
            bucket_span: 900,
            is_interim: false,
            event_count: 0,
            anomaly_score: 0.0,
            initial_anomaly_score: 0.0,
            bucket_influencers: Vec::new(),
        },
    }
}

fn detection_as(profile: Profile, rest: &str) -> Detection {
    let head = "[[rule]]\nname = \"n\"\nrule_id = \"r\"\njob_ids = [\"ports\"]\n";
    let set = RuleSet::from_toml(&format!("{head}{rest}")).unwrap();
    Detection::new(set, &job(), profile).unwrap()
}

fn detection(rest: &str) -> Detection {
    detection_as(Profile::Rareport, rest)
}

/// Minute of the execution and port of each alert.
fn shown(alerts: &[Alert]) -> Vec<(i64, &str)> {
    alerts.iter().map(|alert| ((alert.time - START) / MINUTE, alert.record.value())).collect()
}

/// All alerts for buckets.
fn run(detection: &mut Detection, buckets: &[(i64, &[(&str, f64)])]) -> Vec<Alert> {
    let mut alerts = Vec::new();
    for (bucket, records) in buckets {
        alerts.extend(detection.bucket(&results(*bucket, records)));
    }
    alerts.extend(detection.finish());
    alerts
}

#[test]
fn a_record_alerts_once_at_the_first_execution_after_its_results() {
    let mut detection = detection("");
    // The bucket ends at minute 15, its results are there at 16, and executions come at 30 and 45.
    let early = detection.bucket(&results(0, &[("1", 50.0), ("2", 49.9), ("3", 70.0)]));
    assert!(early.is_empty());
    let alerts = detection.bucket(&results(1, &[("4", 60.0)]));
    assert_eq!(shown(&alerts), [(30, "3"), (30, "1")]);
    assert_eq!(shown(&detection.finish()), [(45, "4")]);
    let report = &detection.report().rules[0];
    assert_eq!((report.alerts, report.cut, report.missed, report.gap), (3, 0, 0, 0));
}

#[test]
fn interim_results_do_not_alert() {
    let mut detection = detection("");
    let mut open = results(0, &[("1", 90.0)]);
    open.bucket.is_interim = true;
    assert!(detection.bucket(&open).is_empty() && detection.finish().is_empty());
}

#[test]
fn a_long_pause_of_the_log_is_passed_at_once() {
    let mut detection = detection("interval = \"1s\"\nlook_back = \"45m\"\nquery_delay = 0\n");
    let year = 4 * 24 * 365;
    let alerts = run(&mut detection, &[(0, &[("1", 60.0)]), (1000 * year, &[("2", 60.0)])]);
    assert_eq!(shown(&alerts), [(15, "1"), (15 + 15 * 1000 * year, "2")]);
}

/// Ports 1 to 5 in one bucket, of which an execution may give two alerts.
const FIVE: &[(&str, f64)] = &[("1", 51.0), ("2", 52.0), ("3", 53.0), ("4", 54.0), ("5", 55.0)];

#[test]
fn what_has_alerted_leaves_its_place_to_others() {
    let mut ours = detection("max_alerts = 2\n");
    // The bucket is in the windows of minutes 30 and 45.
    assert_eq!(shown(&run(&mut ours, &[(0, FIVE)])), [(30, "5"), (30, "4"), (45, "3"), (45, "2")]);
    assert_eq!(ours.report().rules[0].cut, 1);
    let mut theirs = detection_as(Profile::Elastic, "max_alerts = 2\n");
    assert_eq!(shown(&run(&mut theirs, &[(0, FIVE)])), [(30, "5"), (30, "4")]);
    assert_eq!(theirs.report().rules[0].cut, 3);
}

#[test]
fn ties_go_by_time_and_then_by_port_as_a_number() {
    let mut detection = detection("interval = \"30m\"\nmax_alerts = 4\n");
    let (first, second): (&[_], &[_]) = (&[("10", 60.0), ("9", 60.0)], &[("8", 60.0), ("7", 61.0)]);
    let alerts = run(&mut detection, &[(0, first), (1, second)]);
    assert_eq!(shown(&alerts), [(30, "9"), (30, "10"), (60, "7"), (60, "8")]);
    let mut late = self::detection("query_delay = \"15m\"\ninterval = \"30m\"\n");
    let alerts = run(&mut late, &[(1, second), (2, first)]);
    assert_eq!(shown(&alerts), [(60, "7"), (60, "8"), (60, "9"), (60, "10")]);
}

#[test]
fn what_no_execution_looks_at_is_counted() {
    // Results are there 16 minutes after the start of their bucket, and 15 are looked back on.
    let mut short = detection("look_back = \"15m\"\n");
    assert!(run(&mut short, &[(0, FIVE), (1, &[])]).is_empty());
    assert_eq!(short.report().rules[0].missed, 5);
    let hourly = detection("interval = \"1h\"\n");
    assert_eq!(hourly.report().rules[0].gap, 15 * MINUTE);
}

const HIDE_A: &str = "[[exception]]\ncomment = \"c\"\nexpires = 2026-06-01T01:00:00Z\n\
    conditions = [{ field = \"host.name\", is = \"a\" }]\n";

fn connects(detection: &mut Detection, connects: &[(i64, &'static str, &'static str)]) -> u64 {
    let event = |&(minute, port, host)| Connect { minute, port, host };
    connects.iter().map(event).map(|event| u64::from(detection.is_to_be_learned(&event))).sum()
}

#[test]
fn an_exception_hides_what_it_covers_wholly() {
    let mut detection = detection(HIDE_A);
    let learned =
        connects(&mut detection, &[(1, "1", "a"), (2, "1", "a"), (3, "2", "a"), (4, "2", "b")]);
    assert_eq!(learned, 4);
    let alerts = run(&mut detection, &[(0, &[("1", 60.0), ("2", 60.0)])]);
    assert_eq!(shown(&alerts), [(30, "2")]);
    let report = detection.report();
    assert_eq!((report.rules[0].hidden, report.exceptions[0].hidden), (1, 1));
    assert_eq!((report.exceptions[0].events, report.exceptions[0].expired), (3, false));
}

#[test]
fn what_exceptions_hid_of_a_bucket_is_named() {
    let mut detection = detection(HIDE_A);
    connects(&mut detection, &[(1, "1", "a"), (3, "2", "b")]);
    let closed = results(0, &[("1", 60.0), ("2", 60.0)]);
    detection.bucket(&closed);
    let [hidden] = detection.hidden() else { panic!("{:?}", detection.hidden()) };
    assert_eq!((&hidden.record_id, &*hidden.rule_id), (&closed.records[0].id, "r"));
    assert_eq!(hidden.exceptions, [detection.report().exceptions[0].comment.clone()]);
    detection.bucket(&results(1, &[]));
    assert!(detection.hidden().is_empty());
}

#[test]
fn as_elastic_has_it_any_value_hides() {
    let mut detection = detection_as(Profile::Elastic, HIDE_A);
    connects(&mut detection, &[(1, "2", "a"), (2, "2", "b")]);
    assert!(run(&mut detection, &[(0, &[("2", 60.0)])]).is_empty());
    assert_eq!(detection.report().exceptions[0].hidden, 1);
}

#[test]
fn an_expired_exception_does_nothing_and_is_told() {
    let mut detection = detection(HIDE_A);
    connects(&mut detection, &[(60, "1", "a")]);
    assert_eq!(shown(&run(&mut detection, &[(4, &[("1", 60.0)])])), [(90, "1")]);
    let report = &detection.report().exceptions[0];
    assert_eq!((report.events, report.after_expiry, report.expired), (0, 1, true));
    assert!(!report.is_unused());
}

#[test]
fn an_exception_for_one_rule_hides_nothing_from_another() {
    let second = "[[rule]]\nname = \"m\"\nrule_id = \"s\"\njob_ids = [\"ports\"]\n";
    let mut detection = detection(&format!("{second}{HIDE_A}rules = [\"s\"]\n"));
    connects(&mut detection, &[(1, "1", "a")]);
    let alerts = run(&mut detection, &[(0, &[("1", 60.0)])]);
    let rules: Vec<_> = alerts.iter().map(|alert| &*alert.rule.rule_id).collect();
    assert_eq!(rules, ["r"]);
}

#[test]
fn what_is_ignored_or_in_a_window_is_not_learned() {
    let text =
        "[[calendar]]\ncomment = \"w\"\nfrom = 2026-06-01T00:10:00Z\nto = 2026-06-01T00:20:00Z\n";
    let mut detection = detection(&format!("{HIDE_A}action = \"ignore\"\n{text}"));
    let events = [(1, "1", "a"), (2, "1", "b"), (10, "1", "b"), (20, "1", "b"), (61, "1", "a")];
    assert_eq!(connects(&mut detection, &events), 3);
    let report = detection.report();
    assert_eq!((report.exceptions[0].events, report.calendar[0].events), (1, 1));
    let alerts = run(&mut detection, &[(0, &[("1", 60.0)])]);
    assert_eq!(alerts[0].evidence.events, 1);
    assert_eq!(alerts[0].evidence.samples[0].host, ["b"]);
}

#[test]
fn alike_alerts_are_counted_for_a_while() {
    let mut detection =
        detection("[rule.suppression]\nby = [\"destination.port\"]\nduration = \"30m\"\n");
    let (eighty, both): (&[_], &[_]) = (&[("80", 60.0)], &[("80", 60.0), ("81", 70.0)]);
    // Executions at minutes 30, 45, 60 and 75.
    let alerts = run(&mut detection, &[(0, eighty), (1, both), (2, eighty), (3, eighty)]);
    assert_eq!(shown(&alerts), [(30, "80"), (45, "81"), (75, "80")]);
    let group = alerts[0].suppression.as_ref().unwrap();
    assert_eq!((group.docs_count, group.start, group.end), (2, START, START + 30 * MINUTE));
    assert_eq!(group.terms[0].value, ["80"]);
    assert_eq!(alerts[1].suppression.as_ref().unwrap().docs_count, 0);
    let report = &detection.report().rules[0];
    assert_eq!((report.alerts, report.suppressed), (3, 2));
}

#[test]
fn suppressed_records_take_no_places() {
    let text = "max_alerts = 1\n[rule.suppression]\nby = [\"host.name\"]\n";
    let alerts = run(&mut detection(text), &[(0, FIVE)]);
    assert_eq!(shown(&alerts), [(30, "5")]);
    assert_eq!(alerts[0].suppression.as_ref().unwrap().docs_count, 4);
}

#[test]
fn alerts_without_a_field_are_alike_or_not_as_the_rule_says() {
    let count = |missing: &str| {
        let text = format!("[rule.suppression]\nby = [\"user.name\"]\n{missing}");
        let set = format!("[[rule]]\nname = \"n\"\nrule_id = \"r\"\njob_ids = [\"ports\"]\n{text}");
        let mut job = job();
        job.influencers.push("user.name".to_owned());
        let set = RuleSet::from_toml(&set).unwrap();
        run(&mut Detection::new(set, &job, Profile::Rareport).unwrap(), &[(0, FIVE)]).len()
    };
    assert_eq!((count(""), count("missing_fields = \"do_not_suppress\"\n")), (1, 5));
}

#[test]
fn rules_for_another_job_are_idle_and_fields_must_be_there() {
    let text = "[[rule]]\nname = \"n\"\nrule_id = \"r\"\njob_ids = [\"other\"]\n";
    let set = RuleSet::from_toml(&format!(
        "{text}[[rule]]\nname = \"off\"\nrule_id = \"s\"\n\
        job_ids = [\"ports\"]\nenabled = false\n"
    ))
    .unwrap();
    let detection = Detection::new(set, &job(), Profile::Rareport).unwrap();
    assert!(!detection.has_rules());
    let report = detection.report();
    let why: Vec<_> = report.rules.iter().filter_map(|rule| rule.idle.as_deref()).collect();
    assert_eq!(why, ["it is for other, and the job that runs is ports", "it is not enabled"]);
    let head = "[[rule]]\nname = \"n\"\nrule_id = \"r\"\njob_ids = [\"ports\"]\n";
    let set = format!("{head}suppression = {{ by = [\"source.ip\"] }}\n");
    let error = Detection::new(RuleSet::from_toml(&set).unwrap(), &job(), Profile::Rareport);
    let said = error.err().unwrap().to_string();
    assert!(said.contains("source.ip; they have destination.port, host.name"), "{said}");
}

/// An event with several addresses and processes.
struct Several;

impl LogEvent for Several {
    fn millis(&self) -> i64 {
        START
    }

    fn value(&self, field: &str) -> Option<&[u8]> {
        match field {
            "destination.port" => Some(b"4444"),
            "destination.ip" => Some(b"10.0.0.1,203.0.113.7"),
            "host.name" => Some(b"a,b"),
            _ => None,
        }
    }

    fn values(&self, field: &str) -> Vec<&[u8]> {
        match field {
            "destination.port" => vec![b"4444"],
            "destination.ip" => vec![b"10.0.0.1", b"203.0.113.7"],
            "host.name" => vec![b"a", b"b"],
            _ => Vec::new(),
        }
    }

    fn sample(&self) -> Sample {
        Sample::default()
    }
}

#[test]
fn exceptions_look_at_every_value() {
    for (condition, is_hidden) in [
        ("field = \"destination.ip\", cidr = \"10.0.0.0/8\"", true),
        ("field = \"destination.ip\", cidr = \"203.0.113.0/24\"", true),
        ("field = \"destination.ip\", cidr = \"203.0.113.0/24\", not = true", false),
        ("field = \"destination.ip\", cidr = \"192.0.2.0/24\", not = true", true),
        ("field = \"host.name\", is = \"b\"", true),
        ("field = \"host.name\", is = \"a,b\"", false),
        ("field = \"user.name\", exists = false", true),
    ] {
        let rest = format!("[[exception]]\ncomment = \"c\"\nconditions = [{{ {condition} }}]\n");
        let mut detection = detection(&rest);
        assert!(detection.is_to_be_learned(&Several));
        let mut alerts = detection.bucket(&results(0, &[("4444", 90.0)]));
        alerts.extend(detection.finish());
        assert_eq!(alerts.is_empty(), is_hidden, "{condition}");
    }
}

#[test]
fn alerts_list_single_values() {
    let mut detection = detection("");
    detection.is_to_be_learned(&Several);
    let mut closed = results(0, &[("4444", 90.0)]);
    for (influencer, values) in closed.records[0].influencers.iter_mut().zip([["a,b", "a", "c,d"]])
    {
        influencer.influencer_field_values = values.map(str::to_owned).to_vec();
    }
    detection.bucket(&closed);
    let alerts = detection.finish();
    assert_eq!(alerts[0].values_of("host.name"), ["a", "b", "c,d"]);
    let document = serde_json::to_value(&alerts[0]).unwrap();
    assert_eq!(document["host"]["name"], json!(["a", "b", "c,d"]));
    assert_eq!(document["influencers"][0]["influencer_field_values"][0], "a,b");
}

#[test]
fn as_elastic_has_it_an_expired_exception_is_told_by_its_alerts() {
    let mut detection = detection_as(Profile::Elastic, HIDE_A);
    connects(&mut detection, &[(60, "1", "a")]);
    assert_eq!(shown(&run(&mut detection, &[(4, &[("1", 60.0)])])), [(90, "1")]);
    let report = &detection.report().exceptions[0];
    assert_eq!((report.events, report.after_expiry, report.alerts_after_expiry), (0, 0, 1));
    assert!(report.expired && !report.is_unused());
}

#[test]
fn a_negated_condition_on_what_nothing_has_is_told() {
    let not = "conditions = [{ field = \"user.name\", is = \"x\", not = true }, \
        { field = \"host.name\", is = \"x\", not = true }]\n";
    let exception = format!("[[exception]]\ncomment = \"c\"\n{not}");
    let window =
        format!("[[calendar]]\ncomment = \"w\"\nfrom = 2026-07-01\nto = 2026-07-02\n{not}");
    for profile in [Profile::Rareport, Profile::Elastic] {
        let mut detection = detection_as(profile, &format!("{exception}{window}"));
        connects(&mut detection, &[(1, "1", "a")]);
        assert!(run(&mut detection, &[(0, &[("1", 60.0)])]).is_empty());
        let report = detection.report();
        assert_eq!(report.exceptions[0].absent_fields, ["user.name"]);
        assert_eq!(report.calendar[0].absent_fields, ["user.name"]);
    }
}

/// What an event whose log says nothing of it leaves behind: the same alerts as without it.
#[test]
fn what_is_ignored_is_as_if_it_were_not_in_the_log() {
    let alerts = |minutes: &[i64]| {
        let mut job = job();
        job.job_id = "ports".to_owned();
        let set = "[[rule]]\nname = \"n\"\nthreshold = 0\n[[exception]]\ncomment = \"c\"\n\
            action = \"ignore\"\nconditions = [{ field = \"host.name\", is = \"a\" }]\n";
        let set = RuleSet::from_toml(set).unwrap();
        let mut detection = Detection::new(set, &job, Profile::Rareport).unwrap();
        let mut detector = crate::Detector::new(job).unwrap();
        let mut alerts = Vec::new();
        for minute in (0..2000).step_by(5) {
            let ignored = minutes.contains(&minute);
            let (host, port) = if ignored { ("a", "9") } else { ("b", "22") };
            // The clock of what is ignored runs a day ahead.
            let event = Connect { minute: minute + i64::from(ignored) * 1440, port, host };
            if detection.is_to_be_learned(&event) {
                let observation = crate::Observation::new(event.millis() / 1000, port);
                for closed in detector.push(&observation).unwrap() {
                    alerts.extend(detection.bucket(&closed));
                }
            }
        }
        assert_eq!(detector.counts().late, 0);
        alerts.extend(detector.finish().flat_map(|closed| detection.bucket(&closed)));
        alerts.extend(detection.finish());
        alerts.iter().map(|alert| serde_json::to_string(alert).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(alerts(&[35, 1000]), alerts(&[]));
}

/// A set need not come from TOML, which is checked when it is read.
#[test]
fn rules_made_by_hand_are_checked_too() {
    let mut set = RuleSet::default_rules().unwrap();
    set.rules[0].interval = 0;
    let mut job = JobConfig::rare("destination.port");
    job.job_id = set.rules[0].job_ids[0].clone();
    let error = Detection::new(set, &job, Profile::Rareport).unwrap_err();
    assert!(error.to_string().contains("interval"), "{error}");
}

#[test]
fn exceptions_and_windows_made_by_hand_are_checked_too() {
    use crate::calendar::{Weekly, When, Window};
    use crate::condition::{Condition, Test};
    use crate::exception::Exception;
    let said = |change: &dyn Fn(&mut RuleSet)| {
        let mut set = RuleSet::default_rules().unwrap();
        change(&mut set);
        let job = JobConfig::rare("destination.port");
        Detection::new(set, &job, Profile::Rareport).unwrap_err().to_string()
    };
    let condition = |test: Test| Condition { field: "host.name".to_owned(), test, not: true };
    let exception = |conditions: Vec<Condition>, rules: &[&str], action: Action| Exception {
        comment: "hand".to_owned(),
        expires: None,
        action,
        rules: rules.iter().map(|&rule| rule.to_owned()).collect(),
        conditions,
    };
    let window = |when: When, conditions: Vec<Condition>| Window {
        comment: "made".to_owned(),
        when,
        conditions,
    };
    let exists = || vec![condition(Test::Exists)];
    for (conditions, rules, action, expected) in [
        (vec![], &[][..], Action::Hide, "“hand”: it has no conditions"),
        (
            vec![condition(Test::IsOneOf(vec![]))],
            &[],
            Action::Hide,
            "“hand”: the list for host.name",
        ),
        (
            vec![condition(Test::PortRange(1..=2))],
            &[],
            Action::Hide,
            "“hand”: host.name is no port",
        ),
        (exists(), &["none"], Action::Hide, "“hand”: there is no rule none"),
        (exists(), &["none"], Action::Ignore, "“hand”: what is not learned"),
    ] {
        let said = said(&|set| set.exceptions.push(exception(conditions.clone(), rules, action)));
        assert!(said.contains(expected), "{said}");
    }
    let time = "09:00".parse().unwrap();
    let never = When::Weekly(Weekly { days: vec![], from: time, to: time });
    for (when, conditions, expected) in [
        (When::Once { from: 5, to: 5 }, vec![], "“made”: it is over before it begins"),
        (never, vec![], "“made”: weekly needs a day"),
        (When::Once { from: 1, to: 5 }, vec![condition(Test::Cidr(vec![]))], "“made”: the list"),
    ] {
        let said = said(&|set| set.calendar.push(window(when.clone(), conditions.clone())));
        assert!(said.contains(expected), "{said}");
    }
    let said = said(&|set| set.rules.push(set.rules[0].clone()));
    assert!(said.contains("there are two rules"), "{said}");
}

#[test]
fn a_report_tells_what_was_done_since_another() {
    let text = "threshold = 50\n\
        [[exception]]\ncomment = \"known\"\n\
        conditions = [{ field = \"destination.port\", is = \"1\" }]\n\
        [[calendar]]\ncomment = \"day two\"\nfrom = 2026-06-02\nto = 2026-06-03\n";
    let mut detection = detection(text);
    connects(&mut detection, &[(0, "1", "a"), (1, "1", "a"), (1500, "2", "a")]);
    run(&mut detection, &[(0, &[("1", 90.0), ("2", 90.0)])]);
    let before = detection.report();
    let counts = |report: &Report| {
        let (rule, exception) = (&report.rules[0], &report.exceptions[0]);
        [rule.alerts, rule.hidden, exception.events, exception.hidden, report.calendar[0].events]
    };
    assert_eq!(counts(&before), [1, 1, 2, 1, 1]);
    assert_eq!(counts(&detection.report().since(&before)), [0; 5]);
    connects(&mut detection, &[(3000, "1", "a")]);
    assert_eq!(counts(&detection.report().since(&before)), [0, 0, 1, 0, 0]);
    // What began anew has done what it did since.
    let fresh = super::tests::detection(text).report();
    assert_eq!(counts(&fresh.since(&before)), [0; 5]);
}
