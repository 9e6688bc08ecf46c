//! The subcommands: each takes its arguments to an exit status.

pub(crate) mod anomalies;
pub(crate) mod backtest;
pub(crate) mod check;
pub(crate) mod detect;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod observations;
pub(crate) mod records;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod state;
pub(crate) mod train;
