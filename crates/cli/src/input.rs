//! From the PATH arguments to bytes of log text.
//!
//! [`discover`] turns paths into [`Log`]s, each the rotations of one log in
//! order; a [`LogReader`] reads a whole [`Log`] as one stream, decompressed.
//! What the bytes mean is not looked at here, except to say in plain words why
//! a file cannot be an audit log.

mod compression;
mod discover;
mod log;
mod reader;
mod rotation;

pub(crate) use discover::discover;
pub(crate) use log::{Log, total_size};
pub(crate) use reader::{LogReader, Tally};
