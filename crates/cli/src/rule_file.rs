//! Which rules are executed: those of a file, or the default one, with what the
//! command line says otherwise.
//!
//! What of a file is likely to be a slip is told by [`check()`], and what is in
//! force by [`explain()`].

mod check;
mod explain;
mod jobs;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use rareport::JobConfig;
use rareport::detection::Report;
use rareport::job::{DetectorConfig, catalogue};
use rareport::rule::{Profile, RuleError, RuleSet};

use crate::args;
use crate::console::Console;
use crate::input::unreadable_path;

pub(crate) use self::check::check;
pub(crate) use self::explain::explain;
pub(crate) use self::jobs::{asked_for, of_job};

/// The rules of a file, or the default one, to be executed over the results of a
/// job, with a threshold in place of theirs if there is one. A file with exceptions
/// and calendar windows alone goes with the default rule of the job.
///
/// # Errors
///
/// If the file cannot be read, or has nothing in it that can be used.
pub(crate) fn choose(
    file: Option<&Path>,
    threshold: Option<f64>,
    job: &JobConfig,
) -> Result<RuleSet> {
    let default = default_for(job)?;
    let mut set = match file {
        None => default,
        Some(path) => read(path, &default)?,
    };
    set.complete(&job.job_id);
    if let Some(threshold) = threshold {
        set.rules.iter_mut().for_each(|rule| rule.threshold = threshold);
    }
    Ok(set)
}

/// Reads a file; exceptions and calendar windows alone go with the default rules.
fn read(path: &Path, default: &RuleSet) -> Result<RuleSet> {
    let text = fs::read_to_string(path).map_err(|error| anyhow!(unreadable_path(path, &error)))?;
    let set = RuleSet::from_toml_with(&text, &default.rules)
        .with_context(|| format!("{}: these rules cannot be used", path.display()))?;
    if set.is_empty() {
        bail!(
            "{}: there is no [[rule]], [[exception]] or [[calendar]] in it; --print-rule prints a \
             rule to start from",
            path.display()
        );
    }
    Ok(set)
}

/// The guide of an alert of any job.
const ANY_JOB: &str = include_str!("rule_file/any_job.md");

/// What a detector finds, in a sentence.
fn described(detector: &DetectorConfig) -> String {
    let DetectorConfig { by_field, over_field, partition_field, .. } = detector;
    let within = partition_field.iter().map(|field| format!(" with the same {field}"));
    let within: String = within.collect();
    match over_field {
        Some(over) => format!(
            "A {over} has a value of {by_field} that few others{within} have, or more such values than \
             they."
        ),
        None => format!("A value of {by_field} rarely or never came before{within}."),
    }
}

/// The default rule for the results of any job, with the threshold that the catalogue names for it
/// if it is ready-made.
///
/// # Errors
///
/// If the default rule cannot be read, which it can.
pub(crate) fn default_for(job: &JobConfig) -> Result<RuleSet, RuleError> {
    let mut set = RuleSet::default_rules()?;
    let entry = catalogue().into_iter().find(|entry| entry.job.job_id == job.job_id);
    for rule in set.rules.iter_mut().filter(|rule| !rule.job_ids.contains(&job.job_id)) {
        rule.job_ids = vec![job.job_id.clone()];
        rule.rule_id.clone_from(&job.job_id);
        rule.name = format!("Rare {}", job.detector.by_field);
        rule.description = described(&job.detector);
        rule.note = format!("## What happened\n\n{}\n\n{ANY_JOB}", rule.description);
        rule.false_positives =
            ["Something new that is meant to be there.", "Work that is rarely done."]
                .map(str::to_owned)
                .to_vec();
        (rule.references, rule.threat) = Default::default();
        rule.threshold = entry.as_ref().map_or(rule.threshold, |entry| entry.threshold);
    }
    Ok(set)
}

/// What to say where no rule is for any of the jobs that run.
pub(crate) fn none_to_execute<'a>(job_ids: impl Iterator<Item = &'a str>) -> String {
    let ids: Vec<&str> = job_ids.collect();
    format!(
        "none of the rules can be executed: none is enabled and for {}; leave job_ids out of a rule \
         that is for any job, and give a job of your own with --job FILE",
        ids.join(" or ")
    )
}

/// Warns of rules that are not executed.
pub(crate) fn tell_idle(report: &Report, console: &Console) {
    for rule in &report.rules {
        if let Some(why) = &rule.idle {
            console.warn(format_args!("the rule {} was not executed: {why}", rule.rule.rule_id));
        }
    }
}

/// The profile as the library has it.
pub(crate) fn profile(profile: args::Profile) -> Profile {
    match profile {
        args::Profile::Rareport => Profile::Rareport,
        args::Profile::Elastic => Profile::Elastic,
    }
}
