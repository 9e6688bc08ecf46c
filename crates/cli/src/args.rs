//! The command line: what may be said to `rareport`, as one typed value.
//!
//! Owns the wording of `--help`, the defaults and the checks of single
//! arguments. What an argument means for the run is decided where it is used.

mod anomalies;
mod catalogue;
mod daemon;
mod feed;
mod follow;
mod report;
mod sink;
mod state;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

pub(crate) use self::anomalies::{AnomaliesArgs, JobArgs, ObservationsArgs, ResultKind};
pub(crate) use self::daemon::{DaemonArgs, StatusArgs};
pub(crate) use self::feed::{FeedArgs, FeedInclude, FeedVersion, InputFormat, Profile};
pub(crate) use self::follow::FollowArgs;
pub(crate) use self::report::{ExplainArgs, ReportArgs, StudyArgs};
pub(crate) use self::sink::SinkArgs;
pub(crate) use self::state::{BacktestArgs, StateArgs, StateCommand, StateCommandArgs, TrainArgs};
use crate::audit_event::AuditEvent;
use crate::input::compression::MAX_EXPANSION;
use crate::version;
use crate::when::When;

const EXIT_STATUS: &str = "Exit status: 0 when done; 1 when done and something was found, with \
    --exit-code only; 2 on wrong usage, on an input or output error, when there was nothing to \
    read or, of `detect --exit-code`, nothing to look at.";

/// Heading of the options about stderr.
const MESSAGES: &str = "Messages on stderr";

/// Heading of the options about the rules.
const RULES: &str = "What is an alert";

/// Finds the connection that does not belong, in Linux audit logs
#[derive(Debug, Parser)]
#[command(
    name = "rareport",
    version = version::SHORT,
    long_version = version::LONG,
    after_help = EXIT_STATUS,
    max_term_width = 100
)]
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
    /// Learn from old logs into a state file, without alerts
    Train(TrainArgs),
    /// Show what would have been an alert at several thresholds, by day and port or other value
    Backtest(BacktestArgs),
    /// Show what a state file holds, or go back to an earlier one
    State(StateCommandArgs),
    /// Say how a run that goes on is doing, by its status file
    Status(StatusArgs),
    /// Print what the model makes of each bucket: records, influencers, buckets
    Anomalies(AnomaliesArgs),
    /// Print what the model is fed, for `anomalies` to read back
    Observations(ObservationsArgs),
    /// Print every connection event as an ECS document, a table row or CSV
    Events(EventsArgs),
    /// Print every audit record as JSON, or with --group every event
    Records(RecordsArgs),
    /// Make a report of rare destination ports: one HTML file to look around in
    Report(ReportArgs),
    /// Tell the whole story of destination ports, and how their scores come about
    Explain(ExplainArgs),
    /// Check whether an audit log is fit for detection
    Check(CheckArgs),
    /// Print the audit rules that detection needs, or check a rules file
    Rules(RulesArgs),
}

/// What goes to stderr.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct ConsoleArgs {
    /// No progress, no warnings, no closing summary; errors are still told
    #[arg(long, global = true, help_heading = MESSAGES)]
    pub(crate) quiet: bool,
    /// Tell what was read and left out, also when nothing is wrong
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = MESSAGES)]
    pub(crate) verbose: bool,
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
#[derive(Debug, Default, ClapArgs)]
pub(crate) struct InputArgs {
    /// Log files or directories; `-`, or nothing with a pipe, is stdin
    ///
    /// A directory stands for the `audit.log` in it and its rotations
    /// (`audit.log.N`, `audit.log-DATE`, `audit.log.old`, also with .gz, .xz,
    /// .zst or .bz2), oldest first, or if it has none for those up to 8 levels
    /// below it, such as `HOST/var/log/audit`. Compression, and the journal as
    /// `journalctl -o json` prints it, are recognised by content.
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Leave out what happened before TIME
    ///
    /// RFC 3339 (2026-06-01T00:00:00Z; UTC if no offset is given), a date
    /// (2026-06-01), seconds since 1970, or a duration back from the log's end
    /// (2h, 7d). `anomalies` does not learn from what lies outside, so a later
    /// --from leaves it less to compare with.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<When>,
    /// Leave out what happened at TIME or after
    ///
    /// TIME is as for --from.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<When>,
    /// Host name for records that carry none (no `node=`)
    ///
    /// Without it a log below a named directory takes the name of the first
    /// directory on the way to it, any other log `localhost`.
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    /// Read with N threads [default: as many as there are cores]
    ///
    /// What comes out is the same. With 1, from pipes and with --follow, one
    /// thread does everything.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Give up a compressed file that grows to more than N times its size; 0 is no limit
    ///
    /// What came before is used. Texts of up to 64 MiB are never too long.
    #[arg(long, value_name = "N", default_value_t = MAX_EXPANSION)]
    pub(crate) max_expansion: u64,
    /// Bytes of the parts that threads are given, which changes nothing but speed
    #[arg(long, value_name = "BYTES", hide = true)]
    pub(crate) part_bytes: Option<usize>,
}

/// Where data goes.
#[derive(Debug, ClapArgs)]
pub(crate) struct OutputArgs {
    /// Write to FILE in place of stdout
    ///
    /// FILE gets its name when all is written. Until then, and if the run
    /// fails, what was there before stays.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

impl OutputArgs {
    /// The file, if one is named.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.output.as_deref()
    }
}

/// Shape of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table on a terminal, NDJSON in a pipe or file
    Auto,
    /// Aligned columns for reading
    Table,
    /// One JSON document a line
    Ndjson,
    /// Comma-separated values with a header line; cells are written as they
    /// are, control characters included
    Csv,
}

/// What `--from` means to `detect`.
const FROM: &str = "Report nothing that happened before TIME, but learn from it";

/// What more there is to say of it.
const MORE_OF_FROM: &str = "RFC 3339 (2026-06-01T00:00:00Z; UTC if no offset is given), a date \
    (2026-06-01), seconds since 1970, or a duration back from the log's end (2h, 7d). The first \
    bucket that is reported is the one that holds TIME.";

/// Arguments of `rareport detect`.
#[derive(Debug, ClapArgs)]
#[command(after_long_help = format!("{}\n\n{EXIT_STATUS}", catalogue::catalogue_help()))]
#[command(mut_arg("from", |from| from.help(FROM).long_help(format!("{FROM}\n\n{MORE_OF_FROM}"))))]
pub(crate) struct DetectArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    #[command(flatten)]
    pub(crate) daemon: DaemonArgs,
    #[command(flatten)]
    pub(crate) feed: FeedArgs,
    #[command(flatten)]
    pub(crate) job: JobArgs,
    /// Shape of the output
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Show the events behind each alert below the table
    ///
    /// Up to five, with time, host, user, process, executable and command line,
    /// and the commands that show their audit records. The documents of NDJSON
    /// have them anyway. Then an exception that silences the alert, to be pasted
    /// into a file for --rules. Without --format it is a table in a pipe too.
    #[arg(long)]
    pub(crate) details: bool,
    /// Rules that say what is an alert, with exceptions and calendar windows, in TOML [default: the
    /// rule that --print-rule prints]
    ///
    /// Every ready-made job that a rule is for runs. With --job or one of its
    /// options that job alone does, with the rules that are for it.
    #[arg(long, help_heading = RULES, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,
    /// Lowest score (0 to 100) that is an alert, whatever the rules say
    #[arg(long, help_heading = RULES, value_name = "SCORE", value_parser = score)]
    pub(crate) threshold: Option<f64>,
    /// Print the default rule of the job, to be copied and changed, and do nothing else
    #[arg(long, help_heading = RULES)]
    pub(crate) print_rule: bool,
    /// Print the job and the rules as they are in force, and do nothing else
    #[arg(long, help_heading = RULES)]
    pub(crate) explain_config: bool,
    #[command(flatten)]
    pub(crate) sinks: SinkArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    /// Exit with status 1 if there was an alert, 2 if nothing was looked at
    ///
    /// As grep does: 0 says that the log was looked at and had no alert. Nothing
    /// is looked at if no connect is in the input, in the range of --from and --to,
    /// or new to --state, or if no bucket is whole. A bucket that --state keeps
    /// open for the next run is no failure.
    #[arg(long)]
    pub(crate) exit_code: bool,
}

impl DetectArgs {
    /// The shape of the output, which details are only for people to read.
    pub(crate) fn format(&self) -> Format {
        match self.format {
            Format::Auto if self.details => Format::Table,
            format => format,
        }
    }
}

/// Arguments of `rareport events`.
#[derive(Debug, ClapArgs)]
pub(crate) struct EventsArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// Shape of the output
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
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
    /// Only the records of one event
    ///
    /// EVENT is its id, as in msg=audit(1780565765.716:3163), or the host and
    /// the serial, as in web01:3163.
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: Option<AuditEvent>,
    /// One JSON document for each event, with its records in it
    #[arg(long)]
    pub(crate) group: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Arguments of `rareport check`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Shape of the answer
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) format: AnswerFormat,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Exit with status 1 if there is a problem or a warning
    #[arg(long)]
    pub(crate) exit_code: bool,
}

/// Shape of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// Text on a terminal, JSON in a pipe
    Auto,
    /// Sentences for reading
    Text,
    /// One JSON document
    Json,
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
    fn options_stand_under_what_they_are_about() {
        let command = Args::command();
        let detect = command.find_subcommand("detect").unwrap();
        let under = |id| detect.get_arguments().find(|arg| arg.get_id() == id).unwrap();
        for (id, heading) in [
            ("format", None),
            ("output", None),
            ("rules", Some("What is an alert")),
            ("threshold", Some("What is an alert")),
            ("profile", Some("What is looked at")),
        ] {
            assert_eq!(under(id).get_help_heading(), heading, "{id}");
        }
    }

    #[test]
    fn a_score_lies_between_0_and_100() {
        assert_eq!(score("50"), Ok(50.0));
        for wrong in ["-1", "100.5", "nan", "high", ""] {
            assert!(score(wrong).is_err(), "{wrong}");
        }
    }
}
