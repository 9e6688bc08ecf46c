//! A thread that reads its lanes, and works on the parts of all.

use std::collections::HashMap;

use super::super::tally::Tally;
use super::board::{Board, Step};
use super::cutter::{Cutter, Part};
use super::{Account, Cut, Done, Plan, Work};
use crate::console::Console;

/// What a thread works with.
pub(super) struct Worker<'a, W: Work> {
    /// Which of the workers it is, from 0.
    pub(super) index: usize,
    pub(super) plan: &'a Plan<'a>,
    pub(super) work: &'a W,
    pub(super) board: &'a Board<W::Made>,
}

impl<W: Work> Worker<'_, W> {
    /// Works until nothing is left.
    pub(super) fn run(&self) {
        let _end = self.board.ending_on_panic();
        // What they gather is handed over with each part.
        let (console, tally) = (Console::keeping(self.plan.progress.clone()), Tally::default());
        let is_stopped = || self.board.has_ended();
        let mut cutters = HashMap::new();
        let mut tools = self.work.tools();
        loop {
            match self.board.next_step(self.index) {
                Step::End => return,
                Step::Cut { lane, mut part } => {
                    let cutter = cutters.entry(lane).or_insert_with(|| {
                        let (log, unit) = (self.plan.lanes[lane].log, self.work.unit());
                        Cutter::new(log, unit, self.plan, &console, &tally, is_stopped)
                    });
                    cutter.cut(&mut part, self.plan.bounds.part_bytes);
                    if part.is_last() {
                        cutters.remove(&lane);
                    }
                    self.board.add(lane, part);
                }
                Step::Make { lane, number, mut part, made } => {
                    let done = self.make(lane, &mut part, &mut tools, made);
                    let size = W::size(&done.made);
                    part.clear();
                    self.board.put(lane, number, done, size, part);
                }
            }
        }
    }

    /// Works on a part.
    fn make(
        &self,
        lane: usize,
        part: &mut Part,
        tools: &mut W::Tools,
        mut made: W::Made,
    ) -> Done<W::Made> {
        let is_last = part.is_last();
        let totals = part.end.take().unwrap_or_default();
        let reached = part.reached.take();
        let mut account = Account { totals, sum: part.sum, reached, ..Account::default() };
        let host = self.plan.lanes[lane].host;
        let cut = Cut { host, batch: &part.batch, said_at: &part.said_at };
        let failure = self.work.make(&cut, tools, &mut made, &mut account).err();
        let failure = failure.or_else(|| part.failure.take().map(Into::into));
        Done { made, account, said: std::mem::take(&mut part.said), is_last, failure }
    }
}
