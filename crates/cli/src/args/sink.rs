//! What may be said of where alerts go besides stdout.

use std::path::PathBuf;

use clap::{Args, value_parser};

/// Heading of the options about where alerts go besides.
const ELSEWHERE: &str = "Alerts elsewhere";

/// Where alerts go besides stdout.
#[derive(Debug, Args)]
pub(crate) struct SinkArgs {
    /// Append every alert to FILE, one JSON document a line
    ///
    /// FILE may hold the date of the alert in the manner of date(1), such as
    /// alerts-%Y-%m-%d.ndjson; `%%` stands for `%`.
    #[arg(long, help_heading = ELSEWHERE, value_name = "FILE")]
    pub(crate) append: Option<PathBuf>,
    /// Run COMMAND of the shell for every alert, which it gets as JSON on stdin
    ///
    /// A command that fails is tried twice more; one that takes longer than a
    /// minute has failed. With --state the next run gives it what it failed for.
    /// Commands may end in another order than the alerts.
    /// Of their output, the last line is shown of those that fail. For a webhook:
    /// --exec 'curl -fsS --json @- https://chat.example/hook'
    #[arg(long, help_heading = ELSEWHERE, value_name = "COMMAND")]
    pub(crate) exec: Option<String>,
    /// How many commands of --exec may run at once
    #[arg(long, help_heading = ELSEWHERE, value_name = "NUMBER")]
    #[arg(default_value = "4", requires = "exec", value_parser = value_parser!(u8).range(1..=64))]
    pub(crate) exec_jobs: u8,
}
