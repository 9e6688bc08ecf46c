//! Which job is run: the one for destination ports unless the command line
//! says otherwise.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use rareport::JobConfig;
use rareport::detector::Pruning;
use rareport::job::{Feed, catalogue};

use crate::args::{JobArgs, Profile};
use crate::console::Console;
use crate::input::unreadable_path;
use crate::spelling::meant;

/// The field whose rare values are looked for.
const BY_FIELD: &str = "destination.port";

/// The fields that may explain a rare value.
const INFLUENCERS: [&str; 4] = ["host.name", "process.name", "user.name", "destination.ip"];

/// How much older than the events before it an event may be, in seconds, in
/// jobs of our own. Events of audit logs that never end are given up after two
/// seconds of the log, and real logs step back by as much.
const LATENESS: u32 = 60;

/// A job, and which events it is to be fed, if it says so.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) job: JobConfig,
    pub(crate) feed: Option<Feed>,
}

/// The job that looks for destination ports that are rare over all hosts.
pub(crate) fn destination_port() -> JobConfig {
    let mut job = JobConfig::rare(BY_FIELD);
    job.job_id = "linux_rare_destination_port".to_owned();
    job.latency = LATENESS;
    job.influencers = INFLUENCERS.map(str::to_owned).into();
    job
}

/// The job that is run unless another is asked for.
pub(crate) fn default() -> Chosen {
    Chosen { job: destination_port(), feed: Some(Feed::Connections) }
}

/// When the values of a job are forgotten that have been absent for very long.
pub(crate) fn pruning(profile: Profile) -> Pruning {
    match profile {
        Profile::Rareport => Pruning::AtClose,
        Profile::Elastic => Pruning::WhenSaved,
    }
}

/// The job that the command line asks for.
///
/// # Errors
///
/// If a file cannot be read, or does not say what can be run.
pub(crate) fn choose(args: &JobArgs, console: &Console) -> Result<Chosen> {
    let mut chosen = match &args.job {
        None => default(),
        Some(name) => match ready_made(name) {
            Some(chosen) => chosen,
            None => Chosen { job: read(name, console)?, feed: None },
        },
    };
    if let Some(path) = &args.filters {
        let text = text_of(path)?;
        let unusable = || format!("{}: these filters cannot be used", path.display());
        for warning in chosen.job.add_filters_json(&text).with_context(unusable)? {
            console.warn(format_args!("{}: {warning}", path.display()));
        }
    }
    change(&mut chosen.job, args);
    Ok(chosen)
}

fn ready_made(name: &str) -> Option<Chosen> {
    all_ready_made().find(|chosen| chosen.job.job_id == name)
}

/// All ready-made jobs, in the order of the catalogue.
pub(crate) fn all_ready_made() -> impl Iterator<Item = Chosen> {
    catalogue().into_iter().map(|entry| {
        let mut job = entry.job;
        job.latency = LATENESS;
        Chosen { job, feed: Some(entry.feed) }
    })
}

/// Reads a job from a file, and tells what of it has no effect.
fn read(name: &str, console: &Console) -> Result<JobConfig> {
    let path = Path::new(name);
    if !path.exists() {
        let names: Vec<String> = catalogue().into_iter().map(|entry| entry.job.job_id).collect();
        let near = meant(name, names.iter().map(String::as_str));
        let hint = near.map_or(String::new(), |near| format!("did you mean {near}? "));
        anyhow::bail!(
            "{name}: there is no such file, and no ready-made job of this name; {hint}They are {}",
            names.join(", ")
        );
    }
    let text = text_of(path)?;
    let parsed =
        JobConfig::parse(&text).with_context(|| format!("{name}: this job cannot be run"))?;
    for warning in parsed.warnings {
        console.warn(format_args!("{name}: {warning}"));
    }
    Ok(parsed.job)
}

fn text_of(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| anyhow::anyhow!(unreadable_path(path, &error)))
}

/// Changes what the command line says otherwise.
fn change(job: &mut JobConfig, args: &JobArgs) {
    let JobArgs { job: name, filters: _, bucket_span, by, over, partition, influencer } = args;
    if let Some(by) = by {
        job.detector.by_field.clone_from(by);
        if name.is_none() {
            job.job_id = JobConfig::rare(by).job_id;
        }
    }
    job.bucket_span = bucket_span.unwrap_or(job.bucket_span);
    job.detector.over_field = over.clone().or(job.detector.over_field.take());
    job.detector.partition_field = partition.clone().or(job.detector.partition_field.take());
    if !influencer.is_empty() {
        job.influencers.clone_from(influencer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_job_for_ports_is_the_first_of_the_catalogue() {
        let of_catalogue = ready_made("linux_rare_destination_port").unwrap();
        assert_eq!(of_catalogue.job, destination_port());
    }
}
