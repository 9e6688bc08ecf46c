//! `rareport rules`: print the audit rules that detection needs, or check
//! rules files.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::args::{Machine, RulesArgs};
use crate::console::Console;
use crate::exit::Exit;
use crate::rules::{Finding, Place, Severity, Source, lint, recommend};
use crate::text::{Inert, count};

/// Runs the command.
pub(crate) fn run(args: &RulesArgs, console: &Console) -> Result<Exit> {
    let machine = args
        .arch
        .or_else(Machine::this)
        .context("no rules are known for this machine's architecture; name another with --arch")?;
    if args.lint.is_empty() {
        io::stdout().write_all(recommend(machine).as_bytes())?;
        return Ok(Exit::Done);
    }
    let found = check(&args.lint, machine, console)?;
    Ok(if found && args.exit_code { Exit::Found } else { Exit::Done })
}

/// Prints what is wrong with rules files; whether anything is.
fn check(paths: &[PathBuf], machine: Machine, console: &Console) -> Result<bool> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(Source::read(path)?);
    }
    let whole = match paths {
        [path] => Inert(path.as_os_str().as_encoded_bytes()).to_string(),
        _ => "all files".to_owned(),
    };
    let findings = lint(&files, machine);
    let mut out = io::stdout().lock();
    for Finding { place, severity, message } in &findings {
        let place = place
            .map_or(whole.clone(), |Place { file, line }| format!("{}:{line}", files[file].name));
        writeln!(out, "{place}: {severity}: {}", Inert(message.as_bytes()))?;
    }
    let machine = machine.name();
    let number = |of| findings.iter().filter(|finding| finding.severity == of).count() as u64;
    let counted = [
        (number(Severity::Error), "error", "errors"),
        (number(Severity::Warning), "warning", "warnings"),
        (number(Severity::Remark), "remark", "remarks"),
    ];
    let counted = counted.into_iter().filter(|(number, ..)| *number > 0);
    let counted: Vec<String> =
        counted.map(|(number, one, many)| count(number, one, many)).collect();
    let wrong = findings.iter().any(|finding| finding.severity != Severity::Remark);
    if wrong {
        console.note(format_args!(
            "{whole}: {} for {machine}; `rareport rules` prints rules that log every connect",
            counted.join(", ")
        ));
    } else {
        console.note(format_args!("{whole}: every connect by system call on {machine} is logged"));
    }
    Ok(wrong)
}
