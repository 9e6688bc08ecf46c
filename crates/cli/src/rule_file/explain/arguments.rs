//! What the command line says beside the rules: what is read, which part of it,
//! and where alerts go.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

use super::{name, shown};
use crate::args::{DetectArgs, Format, InputArgs, SinkArgs};
use crate::stamp::rfc3339;
use crate::text::length;
use crate::when::When;

/// Writes it as comments of TOML.
pub(super) fn summarize(out: &mut String, args: &DetectArgs) -> fmt::Result {
    writeln!(
        out,
        "# Input: {}, format {}",
        paths(&args.input.paths),
        name(args.feed.input_format)
    )?;
    writeln!(out, "# Time: {}", range(&args.input))?;
    let host = args.input.host.as_deref();
    writeln!(
        out,
        "# Host of records without one: {}",
        shown(host.unwrap_or("that of the directory, or localhost"))
    )?;
    writeln!(out, "# Output: {}", output(args))?;
    write_sinks(out, &args.sinks)?;
    let found = if args.exit_code {
        "1 if there is an alert, 2 if nothing was looked at"
    } else {
        "0, alerts or not"
    };
    writeln!(out, "# Exit status: {found}")
}

fn paths(paths: &[PathBuf]) -> String {
    if paths.is_empty() {
        return "standard input".to_owned();
    }
    let paths: Vec<String> = paths.iter().map(|path| path_text(path)).collect();
    paths.join(", ")
}

/// The wanted range of time.
fn range(input: &InputArgs) -> String {
    match (input.from, input.to) {
        (None, None) => "all of it".to_owned(),
        (from, to) => {
            let from = from.map(|from| {
                format!("alerts from {} on, what is before is learned only", point(from))
            });
            let to = to.map(|to| format!("up to {}", point(to)));
            from.into_iter().chain(to).collect::<Vec<_>>().join("; ")
        }
    }
}

fn point(when: When) -> String {
    match when {
        When::At(millis) => rfc3339(millis),
        When::BeforeEnd(millis) => {
            format!("{} before the end of the log", length(millis.unsigned_abs()))
        }
    }
}

fn output(args: &DetectArgs) -> String {
    let place = args.output.path().map_or("stdout".to_owned(), path_text);
    let format = match args.format() {
        Format::Auto => "a table on a terminal, NDJSON elsewhere".to_owned(),
        format => name(format),
    };
    let details = if args.details { ", a table with details" } else { "" };
    format!("{place}, {format}{details}")
}

fn write_sinks(out: &mut String, sinks: &SinkArgs) -> fmt::Result {
    if let Some(file) = &sinks.append {
        writeln!(out, "# Alerts are appended to: {}", path_text(file))?;
    }
    if let Some(command) = &sinks.exec {
        let jobs = sinks.exec_jobs;
        writeln!(out, "# Alerts are given to, at most {jobs} at a time: {}", shown(command))?;
    }
    Ok(())
}

fn path_text(path: &Path) -> String {
    shown(&path.to_string_lossy()).to_string()
}
