//! Runs passes over a log: `rareport-bench PASS FILE` runs one once, for measuring a whole process
//! from outside; `rareport-bench compare FILE` runs all in turn and prints their best times.

use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

use rareport_bench::{PASSES, Pass};

/// Rounds of `compare`. The best of them counts: other programs only ever make a pass slower.
const ROUNDS: usize = 9;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [name, path] = arguments.as_slice() else {
        return usage();
    };
    let pass = PASSES.iter().find(|(known, _)| known == name).map(|&(_, pass)| pass);
    if pass.is_none() && name != "compare" {
        return usage();
    }
    let log = match fs::read(path) {
        Ok(log) => log,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(2);
        }
    };
    match pass {
        Some(pass) => println!("{}", pass(&log)),
        None => compare(&log),
    }
    ExitCode::SUCCESS
}

fn compare(log: &[u8]) {
    let mut best = [Duration::MAX; PASSES.len()];
    for _ in 0..ROUNDS {
        for ((_, pass), best) in PASSES.iter().zip(&mut best) {
            *best = (*best).min(time(*pass, log));
        }
    }
    println!("{:<18} {:>9} {:>9} {:>17}", "pass", "ms", "MB/s", "of peer-connections");
    let peer = best[PASSES.len() - 1].as_secs_f64();
    for ((name, _), best) in PASSES.iter().zip(best) {
        let seconds = best.as_secs_f64();
        let rate = log.len() as f64 / 1e6 / seconds;
        println!("{name:<18} {:>9.2} {rate:>9.0} {:>16.1}x", seconds * 1e3, peer / seconds);
    }
}

fn time(pass: Pass, log: &[u8]) -> Duration {
    let start = Instant::now();
    std::hint::black_box(pass(std::hint::black_box(log)));
    start.elapsed()
}

fn usage() -> ExitCode {
    let names = PASSES.map(|(name, _)| name).join("|");
    eprintln!("usage: rareport-bench compare|{names} FILE");
    ExitCode::from(2)
}
