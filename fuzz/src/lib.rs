//! What the fuzz targets share: bounds that a small input reaches, a source that gives its bytes in
//! pieces, a stream of events with the buckets that they make, JSON as it is written, and the model
//! that reassembly is held against.

#![warn(missing_docs)]

use arbitrary::{Arbitrary, Unstructured};
use auditparse::Limits;

pub mod json;
pub mod model;
pub mod pieces;
pub mod stream;

/// Bounds so tight that a few records run into each of them. Read from the first seven bytes of an
/// input, each number little-endian.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct TinyLimits {
    /// Longest line, in bytes.
    pub line_bytes: u16,
    /// Time-out, in units of [`TICK_MILLIS`].
    pub timeout_ticks: u8,
    /// Open events.
    pub open_events: u8,
    /// Bytes of open events, in units of 16.
    pub open_bytes: u8,
    /// Events remembered for late records.
    pub remembered_events: u8,
    /// Nodes.
    pub nodes: u8,
}

/// Unit of time-outs and of the times of generated records, in milliseconds.
pub const TICK_MILLIS: u64 = 16;

impl From<TinyLimits> for Limits {
    fn from(tiny: TinyLimits) -> Limits {
        Limits::default()
            .with_line_bytes(tiny.line_bytes.into())
            .with_timeout_millis(u64::from(tiny.timeout_ticks) * TICK_MILLIS)
            .with_open_events(tiny.open_events.into())
            .with_open_bytes(usize::from(tiny.open_bytes) * 16)
            .with_remembered_events(tiny.remembered_events.into())
            .with_nodes(tiny.nodes.into())
    }
}

/// All bytes that are left of an input.
///
/// # Errors
///
/// Never: there are as many bytes as there are.
pub fn rest<'a>(bytes: &mut Unstructured<'a>) -> arbitrary::Result<&'a [u8]> {
    bytes.bytes(bytes.len())
}
