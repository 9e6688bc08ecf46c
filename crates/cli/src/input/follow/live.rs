//! Many followed logs in order of time, and what happens while they are
//! silent.
//!
//! A connection is given when every other log is read to its end or has a later
//! one. A silent log holds nobody back.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use auditparse::Connection;

use super::super::discover::find_logs;
use super::super::foreign::is_json;
use super::super::log::{Log, Member};
use super::super::rotation::RotatedName;
use super::super::{Input, LOCALHOST, Totals, limits_of_each};
use super::clock::Clock;
use super::followed::Followed;
use super::generations::list;
use super::position::Positions;
use super::tail::Tail;
use super::watch::Watch;
use crate::console::Console;
use crate::text::Inert;

/// After so long a silence the open events of a log are over: auditd's own
/// `end_of_event_timeout`.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far the time is behind the clock while all logs are silent: what was
/// written until then has arrived. The delay of Elastic's datafeed is between
/// one and two minutes.
const QUERY_DELAY: Duration = Duration::from_secs(120);

/// Time between two searches for new logs.
const SEARCH: Duration = Duration::from_secs(10);

/// Connections that are taken of a log before the others are read again.
const TURN: usize = 1 << 10;

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
    paths: &'a [PathBuf],
    clock: &'a dyn Clock,
    console: &'a Console,
    silent: Console,
    resumed: Positions,
    logs: Vec<LiveLog<'a, I>>,
    /// Logs that are known, by the path of their live file; whether they are followed.
    known: HashMap<String, bool>,
    directories: Vec<PathBuf>,
    searched: Option<Duration>,
}

/// A log and what is made of its next connection.
struct LiveLog<'a, I> {
    name: String,
    host: String,
    followed: Followed<'a>,
    item: I,
    /// When something was read of it last.
    heard: Duration,
    /// Whether its open events were ended since.
    is_ended: bool,
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
        Ok(Live {
            input,
            paths,
            clock,
            console: input.console,
            silent: Console::silent(),
            resumed: positions,
            logs: Vec::new(),
            known: HashMap::new(),
            directories: Vec::new(),
            searched: None,
        })
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
            self.search(follower);
            if self.logs.is_empty() && !is_told {
                is_told = true;
                self.console.note("no log there yet; waiting for one");
            }
            let was_busy = self.pass(follower)?;
            if !follower.goes_on(missing(&self.logs)) {
                return Ok(());
            }
            (self.input.before_waiting)()?;
            if until == Until::CaughtUp && !was_busy {
                return Ok(());
            }
            if !self.hear_silence(follower)? {
                watch.wait(&self.directories, was_busy);
            }
        }
    }

    /// What was read of all logs.
    pub(crate) fn add_to(&self, totals: &mut Totals) {
        self.logs.iter().for_each(|log| totals.add(&log.followed.stats(), |_| None));
    }

    /// Where to read on after a restart.
    pub(crate) fn positions(&self) -> Positions {
        positions(&self.resumed, &self.logs)
    }

    /// Looks for logs that were not there before, from time to time.
    fn search(&mut self, follower: &impl Follower<Item = I>) {
        let now = self.clock.elapsed();
        let is_due = match self.searched {
            Some(last) => self.logs.is_empty() || now.saturating_sub(last) >= SEARCH,
            None => true,
        };
        if !is_due {
            return;
        }
        self.searched = Some(now);
        self.directories = self.paths.iter().filter_map(|path| watched_of(path)).collect();
        let logs = find_logs(self.paths, &self.silent);
        let limits = limits_of_each(logs.len());
        for log in &logs {
            let Some((directory, base)) = place_of(log) else { continue };
            let name = directory.join(&base).to_string_lossy().into_owned();
            if !self.known.contains_key(&name) && !self.is_foreign(&name, &directory, &base) {
                let first = self.named_first(log).map(|name| directory.join(name));
                let tail = Tail::new(&directory, &base, first, self.console);
                let host = self.input.host.or(log.host.as_deref()).unwrap_or(LOCALHOST);
                self.logs.push(LiveLog {
                    followed: Followed::new(tail, self.resumed.get(&name), limits),
                    name,
                    host: host.to_owned(),
                    item: follower.place(log),
                    heard: now,
                    is_ended: false,
                });
            }
            if !self.directories.contains(&directory) {
                self.directories.push(directory);
            }
        }
    }

    /// The file to begin with, where one is named: behind a directory it is the
    /// oldest that there is when reading begins, whatever its name is by then.
    fn named_first<'log>(&self, log: &'log Log) -> Option<&'log OsStr> {
        let Some(Member::File { path, .. }) = log.members.first() else { return None };
        self.paths.contains(path).then(|| path.file_name()).flatten()
    }

    /// Whether a new log is none that can be followed, which is told once.
    fn is_foreign(&mut self, name: &str, directory: &Path, base: &str) -> bool {
        let files = list(directory, base).unwrap_or_default();
        let is_foreign = files.last().is_some_and(|file| is_json(&file.head));
        if is_foreign {
            self.console.error(format_args!(
                "{}: --follow reads audit logs, and this is JSON; read it without --follow",
                Inert(name.as_bytes())
            ));
        }
        self.known.insert(name.to_owned(), !is_foreign);
        is_foreign
    }

    /// Gives all that there is; whether there was anything.
    fn pass(&mut self, follower: &mut impl Follower<Item = I>) -> Result<bool> {
        let now = self.clock.elapsed();
        let Live { logs, resumed, .. } = self;
        let mut heads = BinaryHeap::new();
        let mut was_busy = false;
        let before = read_bytes(logs);
        for (index, log) in logs.iter_mut().enumerate() {
            let time = log.advance(follower, now)?;
            heads.extend(time.map(|time| Reverse((time, index))));
        }
        let mut taken = 0;
        while let Some(Reverse((_, index))) = heads.pop() {
            follower.take(&logs[index].item)?;
            logs[index].followed.take();
            follower.settle(&|| positions(resumed, logs))?;
            was_busy = true;
            taken += 1;
            let time = logs[index].advance(follower, now)?;
            heads.extend(time.map(|time| Reverse((time, index))));
            if taken % TURN == 0 {
                if !follower.goes_on(missing(logs)) {
                    break;
                }
                let has_head: Vec<usize> = heads.iter().map(|Reverse((_, at))| *at).collect();
                for (index, log) in logs.iter_mut().enumerate() {
                    if !has_head.contains(&index) {
                        let time = log.advance(follower, now)?;
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
        let now = self.clock.elapsed();
        let mut any = false;
        for log in &mut self.logs {
            if !log.is_ended && now.saturating_sub(log.heard) >= PATIENCE {
                log.is_ended = true;
                log.followed.end_open();
                any = true;
            }
        }
        let is_silent = |log: &LiveLog<'_, I>| now.saturating_sub(log.heard) >= QUERY_DELAY;
        if !any && !self.logs.is_empty() && self.logs.iter().all(is_silent) {
            follower.pass_time(self.clock.now() - QUERY_DELAY.as_millis() as i64)?;
            let Live { logs, resumed, .. } = self;
            follower.settle(&|| positions(resumed, logs))?;
        }
        Ok(any)
    }
}

impl<I> LiveLog<'_, I> {
    fn advance(
        &mut self,
        follower: &mut impl Follower<Item = I>,
        now: Duration,
    ) -> Result<Option<i64>> {
        let LiveLog { followed, host, item, .. } = self;
        let before = followed.stats().bytes;
        let time = followed.advance(|connection| follower.make(connection, host, item))?;
        if followed.stats().bytes != before {
            (self.heard, self.is_ended) = (now, false);
        }
        Ok(time)
    }
}

fn read_bytes<I>(logs: &[LiveLog<'_, I>]) -> u64 {
    logs.iter().map(|log| log.followed.stats().bytes).sum()
}

/// Events that are missing by serial number so far.
fn missing<I>(logs: &[LiveLog<'_, I>]) -> u64 {
    logs.iter().map(|log| log.followed.stats().events.lost_events).sum()
}

/// The positions of logs; of those that are not there at the moment, as they were.
fn positions<I>(resumed: &Positions, logs: &[LiveLog<'_, I>]) -> Positions {
    let mut positions = resumed.clone();
    for log in logs {
        if let Some(position) = log.followed.position() {
            positions.set(&log.name, position);
        }
    }
    positions
}

/// The directory and the name of a log's live file.
fn place_of(log: &Log) -> Option<(PathBuf, String)> {
    let Some(Member::File { path, .. }) = log.members.last() else { return None };
    let name = RotatedName::parse(&path.file_name()?.to_string_lossy());
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    Some((std::fs::canonicalize(directory).ok()?, name.base))
}

/// The directory in which it shows that something is at `path`.
fn watched_of(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.to_owned());
    }
    path.parent().filter(|parent| parent.is_dir()).map(Path::to_owned)
}
