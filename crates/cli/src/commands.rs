//! The subcommands: each takes its arguments to an exit status.

pub(crate) mod rules;
