//! Several logs as one stream in order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use anyhow::Result;
use auditparse::{Connection, ConnectionReader};

use super::reader::LogReader;
use super::totals::Totals;

/// Something that is made of connections, in a place that is used again.
pub(crate) trait FromConnection: Default {
    /// Takes over what is needed of `connection`, of `host` if the connection
    /// does not say; whether it is wanted at all.
    fn take(&mut self, connection: &Connection<'_>, host: &str, totals: &mut Totals) -> bool;

    /// The time by which streams are merged.
    fn time(&self) -> i64;
}

/// The connections of one log, and the next thing made of them.
pub(super) struct Stream<'a, T> {
    pub(super) reader: ConnectionReader<LogReader<'a>>,
    pub(super) host: &'a str,
    next: T,
}

impl<'a, T: FromConnection> Stream<'a, T> {
    pub(super) fn new(reader: ConnectionReader<LogReader<'a>>, host: &'a str) -> Stream<'a, T> {
        Stream { reader, host, next: T::default() }
    }

    /// Reads on to the next wanted thing; its time.
    fn advance(
        &mut self,
        wants: &impl Fn(u64) -> bool,
        totals: &mut Totals,
    ) -> Result<Option<i64>> {
        while let Some(connection) = self.reader.next_connection()? {
            let wanted = wants(connection.id().millis);
            totals.connection(connection.kind(), wanted);
            if wanted && self.next.take(&connection, self.host, totals) {
                return Ok(Some(self.next.time()));
            }
        }
        Ok(None)
    }
}

/// Gives everything in the streams to `each`, the earliest first. Streams are
/// taken as sorted; where one is not, its order is kept.
pub(super) fn merge<T: FromConnection>(
    streams: &mut [Stream<'_, T>],
    wants: impl Fn(u64) -> bool,
    totals: &mut Totals,
    mut each: impl FnMut(&T) -> Result<()>,
) -> Result<()> {
    let mut heads = BinaryHeap::new();
    for (index, stream) in streams.iter_mut().enumerate() {
        if let Some(time) = stream.advance(&wants, totals)? {
            heads.push(Reverse((time, index)));
        }
    }
    while let Some(Reverse((_, index))) = heads.pop() {
        let stream = &mut streams[index];
        each(&stream.next)?;
        if let Some(time) = stream.advance(&wants, totals)? {
            heads.push(Reverse((time, index)));
        }
    }
    Ok(())
}
