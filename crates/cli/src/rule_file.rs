//! Which rules are executed: those of a file, or the default one, with what the
//! command line says otherwise.

use std::fs;

use anyhow::{Context, Result, anyhow, bail};
use rareport::JobConfig;
use rareport::rule::{Profile, RuleSet};

use crate::args::{self, DetectArgs};
use crate::input::unreadable_path;

/// The rules that the command line asks for.
///
/// # Errors
///
/// If the file cannot be read, or has no rules that can be executed.
pub(crate) fn choose(args: &DetectArgs) -> Result<RuleSet> {
    let mut set = match &args.rules {
        None => RuleSet::default_rules()?,
        Some(path) => {
            let text =
                fs::read_to_string(path).map_err(|error| anyhow!(unreadable_path(path, &error)))?;
            let unusable = || format!("{}: these rules cannot be used", path.display());
            let set = RuleSet::from_toml(&text).with_context(unusable)?;
            if set.rules.is_empty() {
                bail!(
                    "{}: there is no [[rule]] in it; --print-rule prints one to start from",
                    path.display()
                );
            }
            set
        }
    };
    if let Some(threshold) = args.threshold {
        set.rules.iter_mut().for_each(|rule| rule.threshold = threshold);
    }
    Ok(set)
}

/// The profile as the library has it.
pub(crate) fn profile(profile: args::Profile) -> Profile {
    match profile {
        args::Profile::Rareport => Profile::Rareport,
        args::Profile::Elastic => Profile::Elastic,
    }
}

/// What is in force, as a rule file that says the same.
///
/// # Errors
///
/// If the rules cannot be written, which they always can.
pub(crate) fn explain(set: &RuleSet, job: &JobConfig, profile: args::Profile) -> Result<String> {
    let detector = &job.detector;
    let profile = match profile {
        args::Profile::Rareport => "rareport",
        args::Profile::Elastic => "elastic",
    };
    Ok(format!(
        "# What is in force; lengths of time are in seconds.\n\
         # Profile: {profile}\n\
         # Job: {}, rare by {} in buckets of {}, events up to {} late; explained by {}\n\n{}",
        job.job_id,
        detector.by_field,
        job.bucket_span,
        job.latency,
        job.influencers.join(", "),
        set.to_toml()?
    ))
}
