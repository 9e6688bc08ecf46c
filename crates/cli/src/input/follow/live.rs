//! Many followed logs in order of time, and what happens while they are
//! silent.
//!
//! A connection is given when every other log is read to its end or has a later
//! one. A silent log holds nobody back.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use super::super::position::Positions;
use super::super::{Input, Totals};
use super::clock::Clock;
use super::follower::Follower;
use super::live_log::{LiveLog, missing, positions, read_bytes};
use super::search::Search;
use super::watch::Watch;
use crate::text::Inert;

/// After so long a silence the open events of a log are over: auditd's own
/// `end_of_event_timeout`.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far the time is behind the clock while all logs are silent: what was
/// written until then has arrived. The delay of Elastic's datafeed is between
/// one and two minutes.
const QUERY_DELAY: Duration = Duration::from_secs(120);

/// Connections that are taken of a log before the others are read again.
const TURN: usize = 1 << 10;

/// When following ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// When all that there is was read.
    CaughtUp,
    /// Never.
    Stopped,
}

/// The logs that are followed.
pub(crate) struct Live<'a, I> {
    input: &'a Input<'a>,
    clock: &'a dyn Clock,
    resumed: Positions,
    search: Search<'a>,
    logs: Vec<LiveLog<'a, I>>,
}

impl<'a, I> Live<'a, I> {
    /// The logs that paths name, from their positions on where there are any.
    ///
    /// # Errors
    ///
    /// If standard input is named, which is read as it comes without this.
    pub(crate) fn new(
        input: &'a Input<'a>,
        positions: Positions,
        clock: &'a dyn Clock,
    ) -> Result<Live<'a, I>> {
        let paths = input.paths;
        if paths.is_empty() || paths.iter().any(|path| path == Path::new("-")) {
            bail!(
                "--follow needs the paths of logs or directories; a pipe is read as it comes \
                 without it"
            );
        }
        let search = Search::new(input);
        Ok(Live { input, clock, resumed: positions, search, logs: Vec::new() })
    }

    /// Names the paths at which there is no log yet.
    fn tell_awaited(&self) {
        let Live { input, logs, .. } = self;
        for path in input.paths.iter().filter(|path| logs.is_empty() || !path.exists()) {
            let name = Inert(path.as_os_str().as_encoded_bytes());
            input.console.note(format_args!("{name}: no log there yet; waiting for one"));
        }
    }

    /// Gives everything to `follower`.
    ///
    /// # Errors
    ///
    /// Those of `follower` and of what is done before waiting.
    pub(crate) fn run(
        &mut self,
        follower: &mut impl Follower<Item = I>,
        until: Until,
    ) -> Result<()> {
        let mut watch = Watch::new();
        let mut is_told = false;
        loop {
            let (now, has_none) = (self.clock.elapsed(), self.logs.is_empty());
            self.logs.extend(self.search.new_logs(now, has_none, &self.resumed, follower));
            if !is_told {
                is_told = true;
                self.tell_awaited();
            }
            let was_busy = self.pass(follower)?;
            if !was_busy {
                let Live { logs, resumed, .. } = &*self;
                follower.settle(&|| positions(resumed, logs))?;
            }
            if !follower.goes_on(missing(&self.logs)) {
                return Ok(());
            }
            (self.input.before_waiting)()?;
            if until == Until::CaughtUp && !was_busy {
                return Ok(());
            }
            if !self.hear_silence(follower)? {
                watch.wait(self.search.directories(), was_busy);
            }
        }
    }

    /// What was read of all logs.
    pub(crate) fn add_to(&self, totals: &mut Totals) {
        self.logs.iter().for_each(|log| totals.add(&log.followed.stats(), |_| None));
    }

    /// Whether one of the logs was read by an earlier run.
    pub(crate) fn is_read_on(&self) -> bool {
        self.logs.iter().any(|log| self.resumed.get(&log.name).is_some())
    }

    /// Where to read on after a restart.
    pub(crate) fn positions(&self) -> Positions {
        positions(&self.resumed, &self.logs)
    }

    /// Gives all that there is; whether there was anything.
    fn pass(&mut self, follower: &mut impl Follower<Item = I>) -> Result<bool> {
        let Live { logs, resumed, clock, .. } = self;
        let mut heads = BinaryHeap::new();
        let mut was_busy = false;
        let before = read_bytes(logs);
        for (index, log) in logs.iter_mut().enumerate() {
            let time = log.advance(follower, *clock)?;
            heads.extend(time.map(|time| Reverse((time, index))));
        }
        let mut taken = 0;
        while let Some(Reverse((_, index))) = heads.pop() {
            follower.take(&logs[index].item)?;
            logs[index].followed.take();
            follower.settle(&|| positions(resumed, logs))?;
            was_busy = true;
            taken += 1;
            let time = logs[index].advance(follower, *clock)?;
            heads.extend(time.map(|time| Reverse((time, index))));
            if taken % TURN == 0 {
                if !follower.goes_on(missing(logs)) {
                    break;
                }
                let has_head: Vec<usize> = heads.iter().map(|Reverse((_, at))| *at).collect();
                for (index, log) in logs.iter_mut().enumerate() {
                    if !has_head.contains(&index) {
                        let time = log.advance(follower, *clock)?;
                        heads.extend(time.map(|time| Reverse((time, index))));
                    }
                }
            }
        }
        Ok(was_busy || read_bytes(logs) != before)
    }

    /// Ends the open events of logs that are silent, and lets time pass when
    /// all are; whether there may be more to give by that.
    fn hear_silence(&mut self, follower: &mut impl Follower<Item = I>) -> Result<bool> {
        let mut any = false;
        for log in &mut self.logs {
            if !log.is_ended && log.silence >= PATIENCE {
                log.is_ended = true;
                log.followed.end_open();
                any = true;
            }
        }
        let is_silent = |log: &LiveLog<'_, I>| log.silence >= QUERY_DELAY;
        if !any && !self.logs.is_empty() && self.logs.iter().all(is_silent) {
            follower.pass_time(self.clock.now() - QUERY_DELAY.as_millis() as i64)?;
        }
        Ok(any)
    }
}
