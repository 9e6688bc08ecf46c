//! What may be said of state files, and the commands that are about what was
//! learned before.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::catalogue::catalogue_help;
use super::{
    AnswerFormat, EXIT_STATUS, FeedArgs, Format, InputArgs, JobArgs, OutputArgs, RULES, score,
};

/// Where what was learned is kept.
#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    /// Carry on from what FILE holds, and save there what was learned
    ///
    /// What was read before is passed over. The bucket that is open at the end
    /// of the input is not closed: it goes on with the next run. Earlier states
    /// are kept in FILE.snapshots; `rareport state` shows them.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Least seconds between two saves while there is more to read
    ///
    /// However short, what saving costs is bounded to a twentieth.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "state")]
    pub(crate) save_every: u32,
}

/// Arguments of `rareport train`.
#[derive(Debug, Args)]
#[command(after_long_help = format!("{}\n\n{EXIT_STATUS}", catalogue_help()))]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) feed: FeedArgs,
    #[command(flatten)]
    pub(crate) job: JobArgs,
    /// State that is learned into; one that is there is carried on
    #[arg(long, value_name = "FILE")]
    pub(crate) state: PathBuf,
    /// Rules whose exceptions and calendar windows say what is not to be learned, in TOML
    ///
    /// Every ready-made job that a rule is for learns. With --job or one of its
    /// options that job alone does.
    #[arg(long, help_heading = RULES, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,
}

/// Arguments of `rareport backtest`.
#[derive(Debug, Args)]
#[command(after_long_help = format!("{}\n\n{EXIT_STATUS}", catalogue_help()))]
pub(crate) struct BacktestArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) feed: FeedArgs,
    #[command(flatten)]
    pub(crate) job: JobArgs,
    /// Shape of the output
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Rules that say what is an alert, with exceptions and calendar windows, in TOML [default: the
    /// rule that `detect --print-rule` prints]
    ///
    /// Every ready-made job that a rule is for is tried. With --job or one of its
    /// options that job alone is, with the rules that are for it.
    #[arg(long, help_heading = RULES, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,
    /// Lowest scores (0 to 100) that are tried in place of those of the rules
    #[arg(long, help_heading = RULES, value_name = "SCORE", value_parser = score)]
    #[arg(value_delimiter = ',', default_value = "25,50,75")]
    pub(crate) threshold: Vec<f64>,
}

/// Arguments of `rareport state`.
#[derive(Debug, Args)]
pub(crate) struct StateCommandArgs {
    #[command(subcommand)]
    pub(crate) command: StateCommand,
}

/// What to do with a state file.
#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// Say what a state holds
    Show {
        /// State file, or one of its snapshots
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Shape of the answer
        #[arg(long, value_name = "FORMAT", default_value = "auto")]
        format: AnswerFormat,
    },
    /// List the snapshots of a state
    List {
        /// State file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Shape of the output
        #[arg(long, value_name = "FORMAT", default_value = "auto")]
        format: Format,
    },
    /// Go back to a snapshot; `before-revert` undoes it
    Revert {
        /// State file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Name of the snapshot, as `list` shows it
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Print all of a state as one JSON document
    Export {
        /// State file, or one of its snapshots
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        output: OutputArgs,
    },
}
