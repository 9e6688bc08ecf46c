//! Runs one pass over one log, for measuring a whole process: `rareport-bench PASS FILE`.

use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [name, path] = arguments.as_slice() else { return usage() };
    let Some(&(_, pass)) = rareport_bench::PASSES.iter().find(|(known, _)| known == name) else {
        return usage();
    };
    match fs::read(path) {
        Ok(log) => {
            println!("{}", pass(&log));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::from(2)
        }
    }
}

fn usage() -> ExitCode {
    let names = rareport_bench::PASSES.map(|(name, _)| name).join("|");
    eprintln!("usage: rareport-bench {names} FILE");
    ExitCode::from(2)
}
