//! What may be said of the model's results and of the job that they come from:
//! `anomalies` and `observations`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::catalogue::catalogue_help;
use super::{EXIT_STATUS, FeedArgs, FollowArgs, Format, InputArgs, OutputArgs, StateArgs};
use crate::when::{When, duration};

/// Heading of the options about the job.
const JOB: &str = "Job";

/// Arguments of `rareport anomalies`.
#[derive(Debug, Args)]
#[command(after_long_help = format!("{}\n\n{EXIT_STATUS}", catalogue_help()))]
pub(crate) struct AnomaliesArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    #[command(flatten)]
    pub(crate) feed: FeedArgs,
    #[command(flatten)]
    pub(crate) job: JobArgs,
    /// Close the buckets that have ended by TIME, as if the input went on
    ///
    /// TIME is in seconds since 1970, RFC 3339 or a date. Without it the end of
    /// the input closes nothing: the bucket of the last event has no results.
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) advance_time: Option<i64>,
    /// Save the state before the first event at TIME or later, and carry on from what was saved
    ///
    /// TIME is as for --advance-time. It makes no difference to the results but with
    /// --profile elastic: Elastic forgets what was absent for very long when it
    /// saves, and only then.
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) persist_at: Option<i64>,
    /// Show provisional results of the bucket that is still open
    ///
    /// They are marked `is_interim`. The model does not learn from them.
    #[arg(long)]
    pub(crate) interim: bool,
    /// Score all results anew with what was learned up to the end
    ///
    /// `record_score`, `influencer_score` and `anomaly_score` may change, their
    /// initial values stay. Until the input ends, results are kept in a
    /// temporary file and none is shown.
    #[arg(long)]
    pub(crate) renormalize: bool,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Only these kinds of result
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(crate) results: Vec<ResultKind>,
    /// Shape of the output; a table and CSV hold records only
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What to look for.
#[derive(Debug, Default, PartialEq, Args)]
pub(crate) struct JobArgs {
    /// Job to run: a file, or the name of a ready-made one [default:
    /// linux_rare_destination_port]
    ///
    /// The file is in TOML, or Elastic's own JSON of a job with one detector
    /// `rare` or `freq_rare`. --help lists the ready-made jobs.
    #[arg(long, help_heading = JOB, value_name = "FILE|NAME")]
    pub(crate) job: Option<String>,
    /// Filter lists that custom rules of the job refer to, in JSON
    ///
    /// {"filters": [{"filter_id": "safe_ports", "items": ["80", "443"]}]}
    #[arg(long, help_heading = JOB, value_name = "FILE")]
    pub(crate) filters: Option<PathBuf>,
    /// Length of a bucket, such as 15m or 1h
    #[arg(long, help_heading = JOB, value_name = "SPAN", value_parser = bucket_span)]
    pub(crate) bucket_span: Option<u32>,
    /// Field whose values are rare or not
    #[arg(long, help_heading = JOB, value_name = "FIELD")]
    pub(crate) by: Option<String>,
    /// Field whose values are a population: look for rare members of it
    #[arg(long, help_heading = JOB, value_name = "FIELD")]
    pub(crate) over: Option<String>,
    /// Field each value of which has a model of its own
    #[arg(long, help_heading = JOB, value_name = "FIELD")]
    pub(crate) partition: Option<String>,
    /// Field whose values may explain what is rare; instead of those of the job
    #[arg(long, help_heading = JOB, value_name = "FIELD")]
    pub(crate) influencer: Vec<String>,
}

impl JobArgs {
    /// Whether the command line says anything of the job.
    pub(crate) fn is_given(&self) -> bool {
        *self != JobArgs::default()
    }
}

/// Arguments of `rareport observations`.
#[derive(Debug, Args)]
#[command(after_long_help = format!("{}\n\n{EXIT_STATUS}", catalogue_help()))]
pub(crate) struct ObservationsArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) feed: FeedArgs,
    #[command(flatten)]
    pub(crate) job: JobArgs,
    /// Print what is left out instead, and why
    #[arg(long)]
    pub(crate) excluded: bool,
    /// Shape of the output
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Kinds of result document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResultKind {
    /// A value that was rare in a bucket
    Record,
    /// A value of an influencer field that stood out in a bucket
    Influencer,
    /// A bucket as a whole
    Bucket,
}

/// A point in time in whole seconds since 1970.
fn seconds(text: &str) -> Result<i64, String> {
    match text.parse() {
        Ok(When::At(millis)) => Ok(millis.div_euclid(1000)),
        _ => Err("expected seconds since 1970 (1780272000), RFC 3339 (2026-06-01T00:00:00Z) or a \
                  date (2026-06-01)"
            .to_owned()),
    }
}

/// A length of time in whole seconds, with a unit or without.
fn bucket_span(text: &str) -> Result<u32, String> {
    let with_unit = || duration(text).filter(|millis| millis % 1000 == 0).map(|m| m / 1000);
    let seconds = text.parse().ok().or_else(with_unit);
    match seconds.map(u32::try_from) {
        Some(Ok(seconds)) if seconds > 0 => Ok(seconds),
        _ => Err("expected a length of whole seconds, such as 15m, 1h or 900".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_at_least_a_second_long() {
        for (text, seconds) in [("15m", 900), ("1h", 3600), ("900", 900), ("1h 30m", 5400)] {
            assert_eq!(bucket_span(text), Ok(seconds));
        }
        for wrong in ["", "0", "0m", "-15m", "1500ms", "soon", "99999999999"] {
            assert!(bucket_span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn time_advances_to_a_point() {
        assert_eq!(seconds("1704067200"), Ok(1_704_067_200));
        assert_eq!(seconds("2024-01-01"), Ok(1_704_067_200));
        assert!(seconds("2h").is_err() && seconds("soon").is_err());
    }
}
