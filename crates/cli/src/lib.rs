//! Finds the connection that does not belong, in Linux audit logs.
//!
//! All of the program `rareport` but its `main`: [`run`] is what that calls, and
//! [`probe`] what fuzz targets call. `auditparse` and `rareport` are the
//! libraries for other programs; this one promises them nothing.

mod alert;
mod anomaly;
mod args;
mod audit_event;
mod carry;
mod check;
mod commands;
mod config_file;
mod console;
mod crowd;
mod daemon;
mod ecs;
mod exit;
mod feeding;
mod input;
mod job;
mod job_run;
mod logging;
mod noun;
mod observations;
mod output;
pub mod probe;
mod record_document;
mod report;
mod result_writer;
mod rule_file;
mod rules;
mod seems;
mod seen;
mod service;
mod sink;
mod snippet;
mod spelling;
mod stamp;
mod state_file;
mod state_summary;
mod stdin;
mod stored_results;
mod study;
mod text;
mod unlearned;
mod version;
mod when;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::args::Command;
use crate::console::Console;
use crate::exit::{Exit, describe, is_broken_pipe};

/// Does what a command line says, and tells how it ended.
///
/// `line` has the name of the program in front.
pub fn run(line: &[OsString]) -> ExitCode {
    let args = match config_file::arguments(line) {
        Ok(args) => args,
        Err(error) => return print(&error),
    };
    let console = Console::new(args.console);
    let console = if commands::goes_on(&args.command) { console.into_log() } else { console };
    let result = match &args.command {
        Command::Detect(args) => commands::detect::run(args, &console),
        Command::Train(args) => commands::train::run(args, &console),
        Command::State(args) => commands::state::run(args, &console),
        Command::Status(args) => commands::status::run(args),
        Command::Backtest(args) => commands::backtest::run(args, &console),
        Command::Anomalies(args) => commands::anomalies::run(args, &console),
        Command::Observations(args) => commands::observations::run(args, &console),
        Command::Events(args) => commands::events::run(args, &console),
        Command::Records(args) => commands::records::run(args, &console),
        Command::Check(args) => commands::check::run(args, &console),
        Command::Report(args) => commands::report::run(args, &console),
        Command::Explain(args) => commands::explain::run(args, &console),
        Command::Rules(args) => commands::rules::run(args, &console),
    };
    console.end_progress();
    let exit = match result {
        Ok(exit) => exit,
        Err(error) if is_broken_pipe(&error) => Exit::Done,
        Err(error) => {
            console.error(describe(&error));
            Exit::Failed
        }
    };
    if console.failed() { Exit::Failed.into() } else { exit.into() }
}

/// Prints what there is to say in place of a run: help, the version, or what is
/// wrong with the command line.
fn print(error: &clap::Error) -> ExitCode {
    let exit = if error.exit_code() == 0 { Exit::Done } else { Exit::Failed };
    match error.print().map_err(anyhow::Error::new) {
        Ok(()) => exit.into(),
        Err(unread) if is_broken_pipe(&unread) => exit.into(),
        Err(unwritten) => {
            Console::silent().error(describe(&unwritten));
            Exit::Failed.into()
        }
    }
}
