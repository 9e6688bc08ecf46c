//! What may be said to `rareport report` and `rareport explain`.

use std::path::PathBuf;

use clap::Args;

use super::catalogue::catalogue_help;
use super::{EXIT_STATUS, FROM, FeedArgs, InputArgs, JobArgs, MORE_OF_FROM, RULES, score};

/// What is looked at, and by which rules.
#[derive(Debug, Args)]
pub(crate) struct StudyArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) feed: FeedArgs,
    #[command(flatten)]
    pub(crate) job: JobArgs,
    /// Rules that say what is an alert, with exceptions and calendar windows, in TOML [default: the
    /// rule that `detect --print-rule` prints]
    ///
    /// Every ready-made job that a rule is for is shown; `explain` leaves out
    /// those with a partition field. With --job or one of its options that job
    /// alone is shown, with the rules that are for it.
    #[arg(long, help_heading = RULES, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,
    /// Lowest score (0 to 100) that is an alert, whatever the rules say
    #[arg(long, help_heading = RULES, value_name = "SCORE", value_parser = score)]
    pub(crate) threshold: Option<f64>,
    /// Begin with what a state of `detect` or `train` has learned; it is not changed
    ///
    /// A state holds what was learned, not the events: give the logs that came
    /// after it, of which what the state has taken is passed over. FILE may be
    /// one of the snapshots in FILE.snapshots, to look back further.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}

/// Arguments of `rareport report`.
#[derive(Debug, Args)]
#[command(after_long_help = format!("{}\n\n{EXIT_STATUS}", catalogue_help()))]
#[command(mut_arg("from", |from| from.help(FROM).long_help(format!("{FROM}\n\n{MORE_OF_FROM}"))))]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    /// Write the report to FILE [default: stdout]
    ///
    /// It is one HTML file that needs no network, with a choice of jobs at the top
    /// if the rules are for several. FILE gets its name when all is
    /// written. Until then, and if the run fails, what was there before stays.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Arguments of `rareport explain`.
#[derive(Debug, Args)]
#[command(after_long_help = format!("{}\n\n{EXIT_STATUS}", catalogue_help()))]
#[command(mut_arg("from", |from| from.help(FROM).long_help(format!("{FROM}\n\n{MORE_OF_FROM}"))))]
pub(crate) struct ExplainArgs {
    /// Destination ports to explain, with commas between them: numbers, or names of services
    ///
    /// Such as 4444, 4444,31337 or https,ircd. With a --job that looks at
    /// another field, one value of it. With --rules for several jobs numbers are
    /// ports, and other words are asked of every job.
    #[arg(value_name = "PORT")]
    pub(crate) values: String,
    #[command(flatten)]
    pub(crate) study: StudyArgs,
}
