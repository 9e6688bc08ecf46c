//! What may be said of a run that goes on until it is told to end.

use std::path::PathBuf;

use clap::Args;

/// Heading of the options about such runs.
const GOING_ON: &str = "Running for months";

/// How a run goes on, and who is told how it is doing.
#[derive(Debug, Args)]
pub(crate) struct DaemonArgs {
    /// Read what auditd gives a plugin on stdin, without ever keeping it waiting
    ///
    /// The path of the socket of auditd's plugin af_unix (in string format) does
    /// the same with what comes by that, also when auditd starts again.
    #[arg(long, help_heading = GOING_ON, conflicts_with_all = ["paths", "output", "follow"])]
    pub(crate) plugin: bool,
    /// Tell in FILE, every second, how the run is doing, as JSON
    #[arg(long, help_heading = GOING_ON, value_name = "FILE")]
    pub(crate) status: Option<PathBuf>,
    /// Take arguments from FILE, in TOML; those of the command line come first
    ///
    /// An argument is a key: `rules = "FILE"` stands for --rules FILE,
    /// `follow = true` for --follow; `paths` has a list of what is to be read.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Arguments of `rareport status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// File that `detect --status` writes
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Exit with status 1 if the file is more than 10 seconds old and the run
    /// did not end as it was told to, or if something was lost
    #[arg(long)]
    pub(crate) exit_code: bool,
}
