//! Audit rules: what the kernel must be told so that connections are in the
//! log.
//!
//! [`doors`] knows the system calls by which a program on each machine can
//! connect, [`recommend()`] writes rules for them, [`syntax`] reads a rules
//! file, [`coverage`] works out which connects a rule lets into the log, and
//! [`lint()`] says in sentences what a file misses.

mod coverage;
mod doors;
mod lint;
mod recommend;
mod syntax;
mod traps;

pub(crate) use lint::{Finding, lint};
pub(crate) use recommend::recommend;
