//! The subcommands: each takes its arguments to an exit status.

pub(crate) mod anomalies;
pub(crate) mod backtest;
pub(crate) mod check;
pub(crate) mod detect;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod observations;
mod parts;
pub(crate) mod records;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod state;
pub(crate) mod status;
pub(crate) mod train;

use crate::args::Command;

/// Whether a command goes on until it is told to end.
pub(crate) fn goes_on(command: &Command) -> bool {
    match command {
        Command::Detect(args) => detect::goes_on(args),
        _ => false,
    }
}
