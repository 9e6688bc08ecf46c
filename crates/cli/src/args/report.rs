//! What may be said to `rareport report` and `rareport explain`.

use std::path::PathBuf;

use clap::Args;

use super::{FROM, FeedArgs, InputArgs, MORE_OF_FROM, score};

/// Arguments of `rareport report`.
#[derive(Debug, Args)]
#[command(mut_arg("from", |from| from.help(FROM).long_help(format!("{FROM}\n\n{MORE_OF_FROM}"))))]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) feed: FeedArgs,
    /// Lowest score (0 to 100) that is an alert
    #[arg(long, value_name = "SCORE", value_parser = score, default_value = "50")]
    pub(crate) threshold: f64,
    /// Write the report to FILE [default: stdout]
    ///
    /// It is one HTML file that needs no network. FILE gets its name when all is
    /// written. Until then, and if the run fails, what was there before stays.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Arguments of `rareport explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Destination port to explain
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) feed: FeedArgs,
}
