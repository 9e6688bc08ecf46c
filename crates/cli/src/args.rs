//! The command line: what may be said to `rareport`, as one typed value.
//!
//! Owns the wording of `--help`, the defaults and the checks of single
//! arguments. What an argument means for the run is decided where it is used.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::when::When;

const EXIT_STATUS: &str = "Exit status: 0 when done; 1 when done and something was found, with \
    --exit-code only; 2 on wrong usage, on an input or output error, or when there was nothing \
    to read.";

/// Heading of the options about stderr.
const MESSAGES: &str = "Messages on stderr";

/// Finds the connection that does not belong, in Linux audit logs
#[derive(Debug, Parser)]
#[command(name = "rareport", version, after_help = EXIT_STATUS, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) console: ConsoleArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find rare destination ports: logs in, alerts out
    Detect(DetectArgs),
    /// Print every connection event as an ECS document, a table row or CSV
    Events(EventsArgs),
    /// Print every audit record as JSON, or with --group every event
    Records(RecordsArgs),
    /// Print the audit rules that detection needs, or check a rules file
    Rules(RulesArgs),
}

/// What goes to stderr.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct ConsoleArgs {
    /// No progress, no warnings, no closing summary; errors are still told
    #[arg(long, global = true, help_heading = MESSAGES)]
    pub(crate) quiet: bool,
    /// Show a progress bar on stderr
    #[arg(long, global = true, help_heading = MESSAGES, value_name = "WHEN", default_value = "auto")]
    pub(crate) progress: ProgressWhen,
}

/// When a progress bar is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressWhen {
    /// If stderr is a terminal and rows are not being printed to it
    Auto,
    /// Even when stderr is not a terminal (as plain lines)
    Always,
    /// Not at all
    Never,
}

/// Which logs are read, and which part of them.
#[derive(Debug, ClapArgs)]
pub(crate) struct InputArgs {
    /// Log files or directories; `-`, or nothing with a pipe, is stdin
    ///
    /// A directory stands for the `audit.log` in it and its rotations
    /// (`audit.log.N`, also with .gz, .xz, .zst or .bz2), oldest first, or if
    /// it has none for those up to 8 levels below it, such as
    /// `HOST/var/log/audit`. Compression is recognised by content.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Leave out what happened before TIME
    ///
    /// RFC 3339 (2026-06-01T00:00:00Z; UTC if no offset is given), a date
    /// (2026-06-01), seconds since 1970, or a duration back from the log's end
    /// (2h, 7d). `detect` neither learns from what lies outside nor reports it,
    /// so a later --from leaves it less to compare with.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<When>,
    /// Leave out what happened at TIME or after
    ///
    /// TIME is as for --from. `detect` neither learns from what lies outside
    /// nor reports it.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<When>,
    /// Host name for records that carry none (no `node=`)
    ///
    /// Without it a log below a named directory takes the name of the first
    /// directory on the way to it, any other log `localhost`.
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
}

/// Shape of the data on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table on a terminal, NDJSON in a pipe
    Auto,
    /// Aligned columns for reading
    Table,
    /// One JSON document a line
    Ndjson,
    /// Comma-separated values with a header line; cells are written as they
    /// are, control characters included
    Csv,
}

/// Arguments of `rareport detect`.
#[derive(Debug, ClapArgs)]
pub(crate) struct DetectArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Shape of the output
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) format: Format,
    /// Lowest score (0 to 100) that is an alert
    #[arg(long, value_name = "SCORE", default_value_t = 50.0, value_parser = score)]
    pub(crate) threshold: f64,
    /// Exit with status 1 if there was an alert
    #[arg(long)]
    pub(crate) exit_code: bool,
}

/// Arguments of `rareport events`.
#[derive(Debug, ClapArgs)]
pub(crate) struct EventsArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Shape of the output
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) format: Format,
    /// Only these kinds of event
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(crate) kind: Vec<Kind>,
}

/// Kinds of connection event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A program connects to an address
    Connect,
    /// A program takes a connection
    Accept,
    /// A program takes a local address
    Bind,
    /// A program sends to an address with sendto(2)
    Sendto,
    /// A program sends to an address with sendmsg(2)
    Sendmsg,
}

/// Arguments of `rareport records`.
#[derive(Debug, ClapArgs)]
pub(crate) struct RecordsArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// One JSON document for each event, with its records in it
    #[arg(long)]
    pub(crate) group: bool,
}

/// Arguments of `rareport rules`.
#[derive(Debug, ClapArgs)]
pub(crate) struct RulesArgs {
    /// Check rules files instead of printing rules
    ///
    /// They are read as `auditctl -R` reads them, one after the other; `-` is
    /// stdin. A directory, such as /etc/audit/rules.d, stands for the `*.rules`
    /// in it, as `augenrules` puts them together.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) lint: Vec<PathBuf>,
    /// Architecture the rules are for [default: this machine's]
    #[arg(long)]
    pub(crate) arch: Option<Machine>,
    /// Exit with status 1 if --lint found something
    #[arg(long, requires = "lint")]
    pub(crate) exit_code: bool,
}

/// Machines that rules can be written for, by the name `uname -m` gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Machine {
    /// 64-bit PC
    #[value(name = "x86_64", alias = "amd64")]
    X86_64,
    /// 32-bit PC
    #[value(name = "i386", aliases = ["i486", "i586", "i686", "x86"])]
    I386,
    /// 64-bit Arm
    #[value(name = "aarch64", alias = "arm64")]
    Aarch64,
    /// 32-bit Arm
    #[value(name = "arm", aliases = ["armv6l", "armv7l", "armhf"])]
    Arm,
    /// 64-bit POWER, little-endian
    #[value(name = "ppc64le", aliases = ["ppc64el", "powerpc64le"])]
    Ppc64le,
    /// 64-bit POWER, big-endian
    #[value(name = "ppc64", alias = "powerpc64")]
    Ppc64,
    /// IBM Z
    #[value(name = "s390x")]
    S390x,
    /// 64-bit RISC-V
    #[value(name = "riscv64", alias = "riscv64gc")]
    Riscv64,
    /// 64-bit LoongArch
    #[value(name = "loongarch64")]
    Loongarch64,
}

/// A score between 0 and 100.
fn score(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(score) if (0.0..=100.0).contains(&score) => Ok(score),
        _ => Err("a score is a number from 0 to 100".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn clap_accepts_the_definition() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_score_lies_between_0_and_100() {
        assert_eq!(score("50"), Ok(50.0));
        for wrong in ["-1", "100.5", "nan", "high", ""] {
            assert!(score(wrong).is_err(), "{wrong}");
        }
    }
}
