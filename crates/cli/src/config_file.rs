//! Arguments from a file, for services whose command line is to stay short:
//! auditd gives its plugins two arguments at most.
//!
//! A file in TOML has the options by their long names. It is turned into
//! arguments in front of those of the command line, which therefore have the
//! last word; so what an option means, and which there are, is the command
//! line's business alone.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};
use toml::{Table, Value};

use crate::args::{Args, Command, DetectArgs};
use crate::input::unreadable_path;

/// The command that takes arguments from a file.
const COMMAND: &str = "detect";

/// The key of what is not an option.
const PATHS: &str = "paths";

/// The arguments of the command line, with those of the file that it names.
///
/// # Errors
///
/// If they are not such that the program can be run.
pub(crate) fn arguments(line: &[OsString]) -> Result<Args, clap::Error> {
    let args = Args::try_parse_from(line)?;
    let Command::Detect(DetectArgs { daemon, .. }) = &args.command else { return Ok(args) };
    let Some(path) = &daemon.config else { return Ok(args) };
    // Where an option is given twice, the later one counts.
    let mut command = Args::command().mut_subcommand(COMMAND, |it| it.args_override_self(true));
    let of_file = read(path).map_err(|error| command.error(ErrorKind::Io, format!("{error:#}")))?;
    let place =
        line.iter().position(|argument| argument == COMMAND).map_or(line.len(), |at| at + 1);
    let (before, after) = line.split_at(place);
    let matches = command.try_get_matches_from([before, &of_file, after].concat())?;
    Args::from_arg_matches(&matches)
}

/// The same arguments as at the start, with what the file says now.
///
/// # Errors
///
/// As [`arguments`].
pub(crate) fn reread() -> Result<DetectArgs> {
    let line: Vec<OsString> = std::env::args_os().collect();
    match arguments(&line)?.command {
        Command::Detect(args) => Ok(args),
        _ => bail!("the command is no longer {COMMAND}"),
    }
}

/// The arguments that a file stands for.
fn read(path: &Path) -> Result<Vec<OsString>> {
    let text = fs::read_to_string(path).map_err(|error| anyhow!(unreadable_path(path, &error)))?;
    let unusable = || format!("{}: this configuration cannot be used", path.display());
    let table: Table = text.parse().with_context(unusable)?;
    options(&table).with_context(unusable)
}

fn options(table: &Table) -> Result<Vec<OsString>> {
    let mut arguments = Vec::new();
    for (key, value) in table {
        match value {
            Value::Array(values) => {
                for value in values {
                    arguments.extend(argument(key, value)?);
                }
            }
            value => arguments.extend(argument(key, value)?),
        }
    }
    Ok(arguments)
}

/// What a key with one value stands for; nothing, if it says that an option is
/// not given.
fn argument(key: &str, value: &Value) -> Result<Option<OsString>> {
    let text = match value {
        Value::Boolean(true) => return Ok(Some(format!("--{key}").into())),
        Value::Boolean(false) => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Integer(_) | Value::Float(_) | Value::Datetime(_) => value.to_string(),
        Value::Array(_) | Value::Table(_) => {
            bail!("{key} is neither a text, a number, true, false nor a list of such")
        }
    };
    match key {
        "config" => bail!("a configuration cannot name another one"),
        PATHS => Ok(Some(text.into())),
        _ => Ok(Some(format!("--{key}={text}").into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(file: &str, more: &[&str]) -> Result<DetectArgs, clap::Error> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rareport.toml");
        fs::write(&path, file).unwrap();
        let config = format!("--config={}", path.display());
        let line = ["rareport", "detect", &config].into_iter().chain(more.iter().copied());
        match arguments(&line.map(OsString::from).collect::<Vec<_>>())?.command {
            Command::Detect(args) => Ok(args),
            _ => panic!("the command is detect"),
        }
    }

    #[test]
    fn a_file_is_arguments_and_the_command_line_has_the_last_word() {
        let file = "paths = [\"/a\", \"/b\"]\nfollow = true\nexit-code = false\nthreshold = 60\n\
                    append = \"x.ndjson\"\ninclude = [\"udp\", \"flows\"]\n";
        let args = parsed(file, &["--threshold", "70.5"]).unwrap();
        assert_eq!(args.input.paths, [Path::new("/a"), Path::new("/b")]);
        assert!(args.follow.follow && !args.exit_code);
        assert_eq!(args.threshold, Some(70.5));
        assert_eq!(args.sinks.append.as_deref(), Some(Path::new("x.ndjson")));
        assert_eq!(args.feed.include.len(), 2);
        assert_eq!(parsed(file, &[]).unwrap().threshold, Some(60.0));
    }

    #[test]
    fn slips_are_told() {
        for (file, told) in [
            ("treshold = 60", "--threshold"),
            ("threshold = 600", "a score is a number from 0 to 100"),
            ("rules = {a = 1}", "rules is neither"),
            ("config = \"x\"", "cannot name another"),
            ("paths = [", "cannot be used"),
        ] {
            let error = parsed(file, &[]).unwrap_err().to_string();
            assert!(error.contains(told), "{file}: {error}");
        }
    }
}
