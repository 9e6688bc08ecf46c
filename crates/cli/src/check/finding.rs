//! What keeps a log from being fit for detection, each in a sentence that says
//! what to do. The thresholds have their home here.

use rareport::JobConfig;
use rareport::explain::MATURE_AFTER;
use serde::Serialize;

use super::survey::{Host, Survey};
use crate::crowd;
use crate::input::lacks_calls;
use crate::stamp::rfc3339;
use crate::text::{Inert, count, grouped, length};

/// A share of lost events from which rare connects are likely among them: one
/// in so many.
const LOST_ONE_IN: u64 = 100;

/// Connects from which at least one should have failed: even quiet hosts try
/// ports that are closed, and most programs connect without waiting.
const ENOUGH_CONNECTS: u64 = 100;

/// Of so many connects one may be to something else than an address of the
/// internet before it is said that most of the log is of no use here.
const OTHER_SHARE: u64 = 2;

/// A time without any event that deserves to be mentioned, in milliseconds.
const LONG_SILENCE: u64 = 6 * 3_600_000;

/// The length of a good baseline, in milliseconds: two weeks.
const BASELINE: u64 = 14 * 24 * 3_600_000;

/// For each connect with an address, this many without one are needed before
/// it is said that the log has no addresses.
const WITHOUT_ADDRESS: u64 = 20;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Nothing can be found in the log.
    Problem,
    /// Something may be missed.
    Warning,
    /// Good to know.
    Remark,
}

impl Severity {
    /// The severity as a word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Severity::Problem => "problem",
            Severity::Warning => "warning",
            Severity::Remark => "remark",
        }
    }
}

/// Something about a log that its reader should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// What it is, for programs.
    pub(crate) code: &'static str,
    /// What it is and what to do, for people.
    pub(crate) message: String,
}

/// What of a log is not there to be looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Missing {
    /// Events, by their serials.
    pub(crate) events: u64,
    /// Events with an address of which it is not known what was called.
    pub(crate) calls: u64,
}

/// What is to be said of a log, the worst first. `job` is what it is to be fit
/// for, with alerts from a score of `threshold` on.
pub(crate) fn findings(
    survey: &Survey,
    missing: Missing,
    job: &JobConfig,
    threshold: f64,
) -> Vec<Finding> {
    let bucket_span = job.bucket_span;
    let fleet = survey.fleet();
    let mut found = Vec::new();
    let mut add = |severity, code, message: Option<String>| {
        found.extend(message.map(|message| Finding { severity, code, message }));
    };
    add(Severity::Problem, "no_connect_rule", no_connect(&fleet, missing));
    add(Severity::Problem, "no_syscall_records", no_syscall_records(&fleet, missing));
    add(Severity::Problem, "no_addresses", no_addresses(&fleet));
    add(Severity::Problem, "too_short", too_short(survey, bucket_span));
    add(Severity::Warning, "only_successful_connects", only_success(&fleet));
    add(Severity::Warning, "lost_events", lost_events(&fleet, missing.events));
    add(Severity::Warning, "clock_steps", clock_steps(survey));
    add(Severity::Warning, "silence", silence(survey));
    add(Severity::Warning, "ports_hide_others", crowd_of_ports(survey, job, threshold));
    add(Severity::Remark, "short_baseline", short_baseline(survey, &fleet));
    add(Severity::Remark, "not_enriched", not_enriched(&fleet));
    add(Severity::Remark, "mostly_local_sockets", mostly_local(&fleet));
    found
}

fn no_connect(fleet: &Host, missing: Missing) -> Option<String> {
    let is_unknown = lacks_calls(missing.calls, fleet.connections);
    (fleet.connects.total == 0 && !is_unknown).then(|| {
        format!(
            "no connect in {}: no audit rule for it was loaded when the log was written, or the log \
             was filtered. `rareport rules` prints the rules to load",
            count(fleet.events, "event", "events")
        )
    })
}

fn no_syscall_records(fleet: &Host, missing: Missing) -> Option<String> {
    let Missing { calls, .. } = missing;
    lacks_calls(calls, fleet.connections).then(|| {
        format!(
            "{} an address and no SYSCALL record that says what was called: part of the log was \
             filtered out. Give the whole audit.log",
            count(calls, "event has", "events have")
        )
    })
}

fn no_addresses(fleet: &Host) -> Option<String> {
    let without = fleet.connects.without_address;
    let with = fleet.connects.total - without;
    (without > 0 && with <= without / WITHOUT_ADDRESS).then(|| {
        format!(
            "{} of {} have no readable address: their SOCKADDR records are missing or were \
             filtered out. Give the whole audit.log",
            grouped(without),
            count(fleet.connects.total, "connect", "connects"),
        )
    })
}

/// Buckets with events that are whole: the first and the last may not be.
fn whole_buckets(survey: &Survey) -> u64 {
    survey.buckets().saturating_sub(2)
}

fn too_short(survey: &Survey, bucket_span: u32) -> Option<String> {
    let buckets = whole_buckets(survey);
    (buckets < MATURE_AFTER).then(|| {
        let span = bucket_span / 60;
        let whole = match buckets {
            0 => format!("the log spans no whole bucket of {span} minutes"),
            _ => format!(
                "the log has events in {} of {span} minutes",
                count(buckets, "whole bucket", "whole buckets")
            ),
        };
        format!(
            "{whole}; before {MATURE_AFTER} are learned scores mean little. Give more of it, such as \
             its rotations"
        )
    })
}

fn crowd_of_ports(survey: &Survey, job: &JobConfig, threshold: f64) -> Option<String> {
    let is_mature = whole_buckets(survey) >= MATURE_AFTER;
    let detector = survey.ports().learned(job.clone()).filter(|_| is_mature)?;
    let hidden = crowd::hidden(&detector, threshold)?;
    Some(format!("{hidden}. `rareport detect` tells whose they are"))
}

fn short_baseline(survey: &Survey, fleet: &Host) -> Option<String> {
    let is_short = fleet.millis() < BASELINE && whole_buckets(survey) >= MATURE_AFTER;
    is_short.then(|| {
        format!(
            "the log covers {}; two weeks make a good baseline, in which what happens once a \
             week is known",
            length(fleet.millis())
        )
    })
}

fn only_success(fleet: &Host) -> Option<String> {
    let connects = fleet.connects;
    (connects.total >= ENOUGH_CONNECTS && connects.unsuccessful == 0).then(|| {
        format!(
            "none of {} failed or went on in the background: the audit rule seems to have \
             `-F success=1`, which hides refused connects and most of modern programs. \
             `rareport rules --lint FILE` checks the rules",
            count(connects.total, "connect", "connects")
        )
    })
}

fn lost_events(fleet: &Host, lost: u64) -> Option<String> {
    let all = fleet.events + lost;
    (lost > 0 && lost.saturating_mul(LOST_ONE_IN) >= all).then(|| {
        format!(
            "{} of {} events are missing by serial number: lost under load, or in a part of the \
             log that is not here. `auditctl -s` shows `lost`; a larger `-b` in the rules helps",
            grouped(lost),
            grouped(all)
        )
    })
}

fn clock_steps(survey: &Survey) -> Option<String> {
    let fleet = survey.fleet();
    let stepped = survey
        .hosts()
        .filter(|(_, host)| host.steps_back > 0)
        .max_by_key(|(_, host)| host.steps_back);
    stepped.map(|(name, _)| {
        format!(
            "the time goes back by more than a minute {} (most at {}): a clock was set, or logs \
             are not in order. Events that come after their bucket was closed are not counted",
            count(fleet.steps_back, "time", "times"),
            Inert(name)
        )
    })
}

fn silence(survey: &Survey) -> Option<String> {
    let (name, host) = survey.hosts().max_by_key(|(_, host)| host.silence.millis())?;
    let silence = host.silence;
    (silence.millis() >= LONG_SILENCE).then(|| {
        format!(
            "{} logged nothing for {}, from {} to {}: it was off, or part of its log is missing",
            Inert(name),
            length(silence.millis()),
            rfc3339(silence.from),
            rfc3339(silence.to)
        )
    })
}

fn not_enriched(fleet: &Host) -> Option<String> {
    let without = fleet.connects.without_name;
    (without > 0).then(|| {
        format!(
            "{} of {} do not tell the user's name, so users are shown by number. \
             `log_format = ENRICHED` in auditd.conf adds names",
            grouped(without),
            count(fleet.connects.total, "connect", "connects")
        )
    })
}

fn mostly_local(fleet: &Host) -> Option<String> {
    let connects = fleet.connects;
    let local = connects.total - connects.internet - connects.without_address;
    (local > connects.total / OTHER_SHARE).then(|| {
        format!(
            "{} of {} are not to an IPv4 or IPv6 address, and only fill the log. The rules that \
             `rareport rules` prints leave them out",
            grouped(local),
            count(connects.total, "connect", "connects")
        )
    })
}
