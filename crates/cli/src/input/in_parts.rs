//! The input read by several threads: its logs as lanes, log after log or all
//! at once, and what their parts came to.

use anyhow::Result;
use auditparse::Limits;

use super::log::{Log, Member};
use super::threads::{Account, Bounds, Done, Lane, Lanes, Plan, Work};
use super::totals::Totals;
use super::{Input, limits_of_each};

impl Input<'_> {
    /// Whether logs are read by several threads: none of them may have to be
    /// waited for.
    pub(crate) fn is_in_parts(&self) -> bool {
        self.threads > 1 && self.logs.iter().all(|log| self.is_of_files(log))
    }

    /// Whether a log is of files alone, which can be read again.
    pub(crate) fn is_of_files(&self, log: &Log) -> bool {
        self.tap.is_none() && !log.members.iter().any(Member::may_wait)
    }

    /// Does `work` on everything by several threads, log after log, and gives
    /// what is made to `each` in the order of the input.
    ///
    /// # Errors
    ///
    /// Those of `work` and `each`, if there is no record at all, and if there
    /// cannot be so many threads.
    pub(crate) fn in_parts<W: Work>(
        &self,
        work: &W,
        mut each: impl FnMut(&W::Made) -> Result<()>,
    ) -> Result<Totals> {
        let lanes: Vec<Lane<'_>> = self.logs.iter().map(|log| self.lane(log)).collect();
        let ahead = self.threads.min(lanes.len());
        let totals = self.plan(&lanes, ahead, Limits::default()).run(work, |taken| {
            let mut totals = Totals::default();
            (0..ahead).for_each(|lane| taken.begin(lane));
            for lane in 0..lanes.len() {
                self.take_lane(taken, lane, &mut totals, &mut each)?;
                if lane + ahead < lanes.len() {
                    taken.begin(lane + ahead);
                }
            }
            Ok(totals)
        });
        self.finish(totals?)
    }

    /// Takes all parts of a lane.
    fn take_lane<M: Default>(
        &self,
        taken: &Lanes<'_, M>,
        lane: usize,
        totals: &mut Totals,
        each: &mut impl FnMut(&M) -> Result<()>,
    ) -> Result<()> {
        loop {
            let mut done = taken.next(lane)?;
            self.account(&mut done, totals);
            done.said.drain(..).for_each(|said| self.console.repeat(said));
            each(&done.made)?;
            taken.give_back(lane, done.made);
            done.failure.map_or(Ok(()), Err)?;
            if done.is_last {
                return Ok(());
            }
        }
    }

    /// Does `work` on some logs by several threads, all at once, while
    /// `consume` takes what is made.
    ///
    /// # Errors
    ///
    /// Those of `consume`, and if there cannot be so many threads.
    pub(crate) fn at_once<W: Work, T>(
        &self,
        logs: &[&Log],
        work: &W,
        consume: impl FnOnce(&Lanes<'_, W::Made>) -> Result<T>,
    ) -> Result<T> {
        let lanes: Vec<Lane<'_>> = logs.iter().map(|log| self.lane(log)).collect();
        let limits = limits_of_each(self.logs.len());
        self.plan(&lanes, lanes.len(), limits).run(work, |taken| {
            (0..lanes.len()).for_each(|lane| taken.begin(lane));
            consume(taken)
        })
    }

    /// Adds what was counted of a part, which it then has no more.
    pub(super) fn account<M>(&self, done: &mut Done<M>, totals: &mut Totals) {
        let Account { totals: more, met, sum, reached } = std::mem::take(&mut done.account);
        totals.merge(more);
        self.note_reached(reached);
        let mut all = self.met.get();
        all.add(met);
        self.met.set(all);
        self.tally.add(sum);
    }

    fn plan<'b>(&self, lanes: &'b [Lane<'b>], at_once: usize, limits: Limits) -> Plan<'b> {
        let bounds = Bounds::new(self.threads, at_once, self.part_bytes);
        // If each thread has a log, one more for each would only be in the way.
        let has_spare_threads = at_once < self.threads;
        Plan {
            lanes,
            bounds,
            limits,
            expansion: self.expansion,
            prefetch: if has_spare_threads { self.threads / at_once.max(1) } else { 0 },
            progress: self.console.progress(),
        }
    }

    fn lane<'b>(&'b self, log: &'b Log) -> Lane<'b> {
        Lane { log, host: self.host_of(log) }
    }
}
