//! Audit rules: what the kernel must be told so that connections are in the
//! log.
//!
//! [`doors`] knows the system calls by which a program on each machine can
//! connect, [`recommend()`] writes rules for them, [`Source`] is a rules file,
//! [`syntax`] reads its lines, with [`names`] as the words it may hold,
//! [`load`] tells which of its rules are loaded in the end, [`coverage`] works
//! out which connects a rule lets into the log, [`condition`] whether several
//! rules leave a gap, and [`lint()`] says in sentences what the files miss: each
//! sentence is a [`Finding`], with [`traps`] as those about filters.

mod condition;
mod coverage;
mod doors;
mod finding;
mod lint;
mod load;
mod names;
mod recommend;
mod source;
mod syntax;
mod traps;

pub(crate) use finding::{Finding, Place, Severity};
pub(crate) use lint::lint;
pub(crate) use recommend::recommend;
pub(crate) use source::Source;
