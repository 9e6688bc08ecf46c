//! `rareport rules`: print the audit rules that detection needs, or check a
//! rules file.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};

use crate::args::{Machine, RulesArgs};
use crate::console::Console;
use crate::exit::Exit;
use crate::rules::{Finding, lint, recommend};
use crate::text::{Inert, count};

/// Runs the command.
pub(crate) fn run(args: &RulesArgs, console: &Console) -> Result<Exit> {
    let machine = args
        .arch
        .or_else(Machine::this)
        .context("no rules are known for this machine's architecture; name another with --arch")?;
    match &args.lint {
        None => {
            io::stdout().write_all(recommend(machine).as_bytes())?;
            Ok(Exit::Done)
        }
        Some(path) => {
            let found = check(path, machine, console)?;
            Ok(if found && args.exit_code { Exit::Found } else { Exit::Done })
        }
    }
}

/// Prints what is wrong with a rules file; whether anything is.
fn check(path: &Path, machine: Machine, console: &Console) -> Result<bool> {
    let name = Inert(path.as_os_str().as_encoded_bytes());
    let text = if path == Path::new("-") {
        io::read_to_string(io::stdin())
    } else {
        fs::read_to_string(path)
    };
    let text = text.with_context(|| format!("{name}: cannot read the rules"))?;
    let findings = lint(&text, machine);
    let mut out = io::stdout().lock();
    for Finding { line, severity, message } in &findings {
        let line = line.map_or(String::new(), |line| format!("{line}:"));
        writeln!(out, "{name}:{line} {severity}: {}", Inert(message.as_bytes()))?;
    }
    let machine = machine.name();
    if findings.is_empty() {
        console.note(format_args!("{name}: every connect on {machine} is logged"));
    } else {
        let findings = count(findings.len() as u64, "finding", "findings");
        console.note(format_args!(
            "{name}: {findings} for {machine}; `rareport rules` prints rules without them"
        ));
    }
    Ok(!findings.is_empty())
}
