//! Connections given as they are read, in the order of each log alone.

use anyhow::Result;
use auditparse::Connection;

use super::super::{Input, Log, Totals};
use super::live::Follower;
use super::position::Positions;

/// Gives connections to a function at once, so that none of them waits.
pub(crate) struct Each<'a, F> {
    pub(crate) input: &'a Input<'a>,
    pub(crate) totals: Totals,
    pub(crate) each: F,
}

impl<F: FnMut(&Connection<'_>, &str) -> Result<()>> Follower for Each<'_, F> {
    type Item = ();

    fn place(&self, _: &Log) {}

    fn make(
        &mut self,
        connection: &Connection<'_>,
        host: &str,
        (): &mut (),
    ) -> Result<Option<i64>> {
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

    fn settle(&mut self, _: &dyn Fn() -> Positions) -> Result<()> {
        Ok(())
    }
}
