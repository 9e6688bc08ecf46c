//! Audit rules: what the kernel must be told so that connections are in the
//! log.
//!
//! [`doors`] knows the system calls by which a program on each machine can
//! connect, [`recommend()`] writes rules for them, [`Source`] is a rules file,
//! [`syntax`] reads its lines, with [`names`] as the words it may hold,
//! [`coverage`] works out which connects a rule lets into the log, and
//! [`lint()`] says in sentences what the files miss.

mod coverage;
mod doors;
mod lint;
mod names;
mod recommend;
mod source;
mod syntax;
mod traps;

pub(crate) use lint::{Finding, Place, lint};
pub(crate) use recommend::recommend;
pub(crate) use source::Source;
