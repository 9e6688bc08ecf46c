//! Connections given as they are read, in the order of each log alone.

use std::fmt;

use anyhow::Result;
use auditparse::Connection;

use super::super::position::Positions;
use super::super::{Input, Log, Totals};
use super::follower::Follower;

/// Gives connections to a function at once, so that none of them waits.
pub(crate) struct Each<'a, E, F> {
    pub(crate) input: &'a Input<'a>,
    pub(crate) totals: Totals,
    /// Whether the end was asked for.
    pub(crate) is_ending: E,
    pub(crate) each: F,
}

/// The end was asked for while there was more to read.
#[derive(Debug)]
pub(crate) struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the end was asked for")
    }
}

impl std::error::Error for Ended {}

impl<E, F> Follower for Each<'_, E, F>
where
    E: Fn() -> bool,
    F: FnMut(&Connection<'_>, &str) -> Result<()>,
{
    type Item = ();

    fn place(&self, _: &Log) {}

    fn make(
        &mut self,
        connection: &Connection<'_>,
        host: &str,
        (): &mut (),
    ) -> Result<Option<i64>> {
        // Nothing waits, so a log is read to its end in one go.
        if (self.is_ending)() {
            return Err(Ended.into());
        }
        let wanted = self.input.wants(connection.id().millis);
        self.totals.connection(connection, wanted);
        if wanted {
            (self.each)(connection, host)?;
        }
        Ok(None)
    }

    fn take(&mut self, (): &()) -> Result<()> {
        Ok(())
    }

    fn pass_time(&mut self, _: i64) -> Result<()> {
        Ok(())
    }

    fn goes_on(&mut self, _: u64) -> bool {
        !(self.is_ending)()
    }

    fn settle(&mut self, _: &dyn Fn() -> Positions) -> Result<()> {
        Ok(())
    }
}
