//! Text made of the parts of a log by several threads, and written in the
//! order of the input: what `events` and `records` share. What is written of
//! a connection, a record or an event is theirs.

use std::io::Write;

use anyhow::Result;

use crate::input::{Input, Totals, Work};
use crate::output::Destination;

/// The text of a part.
#[derive(Default)]
pub(super) struct Text {
    pub(super) bytes: Vec<u8>,
    /// How many rows or documents it has.
    pub(super) shown: u64,
}

/// Writes what `work` makes of all parts; what was read, and how many were
/// shown.
pub(super) fn write(
    work: &impl Work<Made = Text>,
    input: &Input<'_>,
    mut out: Destination,
) -> Result<(Totals, u64)> {
    let mut shown = 0;
    let totals = input.in_parts(work, |text| {
        shown += text.shown;
        Ok(out.write_all(&text.bytes)?)
    });
    out.flush()?;
    let totals = totals?;
    out.keep()?;
    Ok((totals, shown))
}
