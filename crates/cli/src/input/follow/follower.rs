//! What takes the connections of followed logs.

use anyhow::Result;
use auditparse::Connection;

use super::super::Log;
use super::super::position::Positions;

/// What is done with the connections of followed logs.
pub(crate) trait Follower {
    /// What is made of a connection, in a place that is used again.
    type Item;

    /// A place for items.
    fn place(&self, log: &Log) -> Self::Item;

    /// Makes an item of a connection, of `host` if it does not say; its time in
    /// milliseconds since 1970, or `None` if the connection is done with.
    fn make(
        &mut self,
        connection: &Connection<'_>,
        host: &str,
        item: &mut Self::Item,
    ) -> Result<Option<i64>>;

    /// Takes an item in order of time.
    fn take(&mut self, item: &Self::Item) -> Result<()>;

    /// Notes that nothing comes any more of what happened before this time, in
    /// milliseconds since 1970.
    fn pass_time(&mut self, millis: i64) -> Result<()>;

    /// Called often, also while nothing comes; `missing` events are missing by
    /// serial number so far. Whether to read on.
    fn goes_on(&mut self, _missing: u64) -> bool {
        true
    }

    /// Called when all that was taken is done with: what there is now may be
    /// kept, with the positions.
    fn settle(&mut self, positions: &dyn Fn() -> Positions) -> Result<()>;
}
