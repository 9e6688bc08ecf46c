//! A detection that is cut (saved with its detector, dropped, restored) at 50 points of a real log
//! gives the same alerts, and the same report, as one that is not; and what becomes of a state when
//! the rules are others.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

#[path = "common/fleet.rs"]
mod fleet;
#[path = "common/points.rs"]
mod points;

use fleet::{Connect, fleet_day};
use points::points;
use rareport::alert::Alert;
use rareport::detection::{Detection, DetectionState};
use rareport::rule::{Profile, RuleSet};
use rareport::snapshot::{self, Snapshot, SnapshotError};
use rareport::{Detector, JobConfig};
use std::collections::BTreeSet;

/// Rules that hold alerts back, hide some, leave events out and are executed at odd times.
const RULES: &str = r#"
[[rule]]
name = "Low"
threshold = 1
interval = 700
look_back = 5000
max_alerts = 2
[[rule]]
name = "Grouped"
threshold = 1
suppression = { by = ["host.name"], duration = "2h" }
[[exception]]
comment = "hidden"
conditions = [{ field = "destination.port", is = 31330 }]
[[exception]]
comment = "not for all"
rules = ["grouped"]
conditions = [{ field = "destination.port", is = 8291 }]
[[exception]]
comment = "left out"
action = "ignore"
conditions = [{ field = "process.name", is = "curl" }]
[[calendar]]
comment = "an hour of the night"
weekly = { days = ["monday", "tuesday"], from = "02:00", to = "03:00" }
"#;

fn rules() -> RuleSet {
    RuleSet::from_toml(RULES).unwrap()
}

/// A job with its rules being run.
struct Run {
    detector: Detector,
    detection: Detection,
    profile: Profile,
    alerts: Vec<String>,
}

impl Run {
    fn new(profile: Profile) -> Run {
        let job = fleet::job();
        let detection = Detection::new(rules(), &job, profile).unwrap();
        Run { detector: Detector::new(job).unwrap(), detection, profile, alerts: Vec::new() }
    }

    fn take(&mut self, event: &Connect) {
        let Run { detector, detection, alerts, .. } = self;
        let is_learned = detection.is_to_be_learned(event);
        let closed = match is_learned {
            true => event.observe(|observation| detector.push(observation).unwrap()),
            false => detector.advance_to(event.seconds()).unwrap(),
        };
        for results in closed {
            alerts.extend(detection.bucket(&results).iter().map(document));
        }
    }

    /// Saves, drops and restores everything but the alerts that were given.
    fn cut(self) -> Run {
        let Run { detector, detection, profile, alerts } = self;
        let job = detector.job().clone();
        let state = detection.snapshot();
        let saved = Snapshot { detector: detector.snapshot(), detection: Some(state) };
        let bytes = snapshot::encode(&saved).unwrap();
        drop((detector, detection));
        let read = snapshot::decode(&bytes).unwrap();
        assert_eq!(read, saved);
        let state = read.detection.unwrap();
        let detection = Detection::restore(rules(), &job, profile, &state).unwrap();
        assert_eq!(detection.snapshot(), state);
        let detector = Detector::restore(job, &read.detector).unwrap();
        Run { detector, detection, profile, alerts }
    }

    /// All alerts, and the report.
    fn end(mut self) -> (Vec<String>, String) {
        for results in self.detector.finish() {
            self.alerts.extend(self.detection.bucket(&results).iter().map(document));
        }
        self.alerts.extend(self.detection.finish().iter().map(document));
        (self.alerts, format!("{:#?}", self.detection.report()))
    }
}

fn document(alert: &Alert) -> String {
    serde_json::to_string(alert).unwrap()
}

fn run(profile: Profile, events: &[Connect], cuts: &BTreeSet<usize>) -> (Vec<String>, String) {
    let mut run = Run::new(profile);
    for (place, event) in events.iter().enumerate() {
        if cuts.contains(&place) {
            run = run.cut();
        }
        run.take(event);
    }
    if !cuts.is_empty() {
        run = run.cut();
    }
    run.end()
}

#[test]
fn alerts_and_report_of_a_cut_run_are_those_of_a_whole_one() {
    let events = fleet_day();
    // Half of the cuts come while the attack goes on, which the last events are about.
    let last = events.len() - 600;
    let mut cuts = points(events.len(), 25);
    cuts.extend(points(600, 25).into_iter().map(|place| last + place));
    for profile in [Profile::Rareport, Profile::Elastic] {
        let (whole, report) = run(profile, &events, &BTreeSet::new());
        assert!(whole.len() > 10, "{}", whole.len());
        let (alerts, cut_report) = run(profile, &events, &cuts);
        assert_eq!(alerts, whole);
        assert_eq!(cut_report, report);
    }
}

/// The state when alerts wait: the newest candidates, and those that are held back.
fn waiting() -> (JobConfig, DetectionState) {
    let mut run = Run::new(Profile::Rareport);
    fleet_day().iter().for_each(|event| run.take(event));
    (run.detector.job().clone(), run.detection.snapshot())
}

fn restored(text: &str) -> Result<Detection, SnapshotError> {
    let (job, state) = waiting();
    Detection::restore(RuleSet::from_toml(text).unwrap(), &job, Profile::Rareport, &state)
}

#[test]
fn rules_may_change_but_not_lose_alerts() {
    let higher = RULES.replace("threshold = 1", "threshold = 80");
    let with_another = format!("[[rule]]\nname = \"Another\"\n{higher}");
    let detection = restored(&with_another).unwrap();
    let reports = detection.report().rules;
    let alerts: Vec<(&str, bool)> =
        reports.iter().map(|report| (report.rule.name.as_str(), report.alerts > 0)).collect();
    assert_eq!(alerts, [("Another", false), ("Low", true), ("Grouped", true)]);

    for (from, to, expected) in [
        (r#"["host.name"]"#, r#"["user.name"]"#, "with suppression by host.name, as alerts of it"),
        ("suppression =", "#", "found it without suppression"),
        ("name = \"Grouped\"", "name = \"Grouped\"\nenabled = false", "found it not among them"),
    ] {
        let error = restored(&RULES.replace(from, to)).unwrap_err();
        assert!(matches!(error, SnapshotError::OtherRule { .. }));
        assert!(error.to_string().contains("expected rule grouped"), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn exceptions_are_known_by_their_comments() {
    let events = |text: &str| -> Vec<(String, u64)> {
        let exceptions = restored(text).unwrap().report().exceptions;
        exceptions.into_iter().map(|report| (report.comment, report.events)).collect()
    };
    let before = events(RULES);
    assert!(before[2].1 > 0, "{before:?}");
    let more = "[[exception]]\ncomment = \"new\"\nconditions = [{ field = \"a\", is = 1 }]\n";
    let after = events(&RULES.replace("[[calendar]]", &format!("{more}[[calendar]]")));
    assert_eq!(after[..3], before);
    assert_eq!(after[3], ("new".to_owned(), 0));
}
