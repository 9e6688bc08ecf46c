//! A run over logs that are followed, which is attended to meanwhile.

use anyhow::Result;

use super::attended::Attended;
use super::run::Run;
use crate::carry::Carry;
use crate::input::Positions;
use crate::observations::{Event, Taker, Verdict};

/// A run over logs that are followed.
pub(super) struct LiveRun<'a, 'b> {
    pub(super) run: &'a mut Run<'b>,
    pub(super) attended: Option<&'a Attended<'a>>,
}

impl Taker for LiveRun<'_, '_> {
    fn positions(&self) -> Positions {
        self.run.carry.as_ref().map_or_else(Positions::default, Carry::positions)
    }

    fn reached(&mut self, positions: Positions) {
        self.run.reached(positions);
    }

    fn take(&mut self, event: &Event, verdict: Verdict) -> Result<()> {
        self.run.take(event, verdict)
    }

    fn pass_time(&mut self, millis: i64) -> Result<()> {
        self.run.pass_time(millis)
    }

    fn note(&mut self, millis: i64, verdict: Verdict) {
        self.attended.iter().for_each(|attended| attended.note(millis, verdict));
    }

    fn goes_on(&mut self, missing: u64) -> bool {
        self.attended.is_none_or(|attended| {
            attended.missing(missing);
            attended.attend(self.run)
        })
    }

    fn settle(&mut self, positions: &dyn Fn() -> Positions) -> Result<()> {
        self.run.save_if_due(Some(positions))
    }
}
