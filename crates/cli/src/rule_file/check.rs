//! What of a rule file can be meant so but is likely to be a slip: names of
//! fields and jobs that nothing has.

use rareport::JobConfig;
use rareport::job::catalogue;
use rareport::rule::RuleSet;

use crate::args::InputFormat;
use crate::console::Console;
use crate::observations::field_names;
use crate::spelling::meant;

/// What people call fields who do not think of ECS, and the fields.
const EVERYDAY: [(&str, &str); 8] = [
    ("address", "destination.ip"),
    ("comm", "process.name"),
    ("exe", "process.executable"),
    ("host", "host.name"),
    ("ip", "destination.ip"),
    ("port", "destination.port"),
    ("process", "process.name"),
    ("user", "user.name"),
];

/// Tells what is likely to be a slip, given the job that is run.
pub(crate) fn check(set: &RuleSet, job: &JobConfig, format: InputFormat, console: &Console) {
    check_jobs(set, job, console);
    check_fields(set, format, console);
}

/// Tells of jobs that are neither ready-made nor the one that is run.
fn check_jobs(set: &RuleSet, job: &JobConfig, console: &Console) {
    let ready_made = catalogue();
    let known = || {
        let ready_made = ready_made.iter().map(|entry| entry.job.job_id.as_str());
        ready_made.chain([job.job_id.as_str()])
    };
    for rule in &set.rules {
        for unknown in rule.job_ids.iter().filter(|id| !known().any(|known| known == *id)) {
            let hint = hint(meant(unknown, known()));
            let of_ones_own = || "; give a job of your own with --job FILE".to_owned();
            console.warn(format_args!(
                "the rule {} is for the job {unknown}, which is neither ready-made nor the one \
                 that runs{}",
                rule.rule_id,
                hint.unwrap_or_else(of_ones_own)
            ));
        }
    }
}

/// Tells, once each, of fields that audit logs do not have.
///
/// ECS documents may have any field, so one that resembles no field of audit
/// logs is only noted, and not at all if no audit log can be in the input.
fn check_fields(set: &RuleSet, format: InputFormat, console: &Console) {
    let may_be_audit = matches!(format, InputFormat::Auto | InputFormat::Audit);
    let mut told = Vec::new();
    for (owner, field) in fields(set) {
        let everyday = EVERYDAY.iter().find(|(name, _)| *name == field).map(|(_, field)| *field);
        let near = everyday.or_else(|| meant(field, field_names()));
        if near == Some(field) || told.contains(&field) {
            continue;
        }
        told.push(field);
        let lacking = format!("{owner} looks at {field}, which audit logs do not have");
        match hint(near) {
            Some(hint) => console.warn(format_args!("{lacking}{hint}")),
            None if may_be_audit => {
                console.note(format_args!("{lacking}; only ECS documents and CSV may have it"));
            }
            None => {}
        }
    }
}

/// The fields that conditions look at, with whose condition it is.
fn fields(set: &RuleSet) -> impl Iterator<Item = (String, &str)> {
    let of_exceptions = set.exceptions.iter().flat_map(|exception| {
        let owner = format!("the exception “{}”", exception.comment);
        exception.conditions.iter().map(move |condition| (owner.clone(), &*condition.field))
    });
    let of_windows = set.calendar.iter().flat_map(|window| {
        let owner = format!("the calendar window “{}”", window.comment);
        window.conditions.iter().map(move |condition| (owner.clone(), &*condition.field))
    });
    of_exceptions.chain(of_windows)
}

fn hint(near: Option<&str>) -> Option<String> {
    near.map(|near| format!("; did you mean {near}?"))
}
