//! From the PATH arguments to the records, events and connections in them.
//!
//! [`discover()`] turns paths into [`Log`]s, each the rotations of one
//! log in order; a [`LogReader`] reads a whole log as one stream,
//! decompressed; [`Input`] has them all, with what the command line says about
//! them. What the bytes mean is `auditparse`'s to say.

mod caught_up;
mod compression;
mod damage;
mod discover;
mod files;
mod follow;
mod foreign;
mod generation;
mod identity;
mod in_parts;
mod journal;
mod lane;
mod log;
mod log_end;
mod merge;
mod opened;
mod places;
mod position;
mod prefetch;
mod reader;
mod resume;
mod room;
mod rotation;
mod silence;
mod tally;
mod threads;
mod totals;
mod trail;
mod window;

use std::cell::{Cell, RefCell};
use std::io::Read;
use std::path::PathBuf;
use std::thread;

use anyhow::{Result, bail};
use auditparse::{Connection, Event, Reader, Record};

pub(crate) use self::compression::MAX_EXPANSION;
pub(crate) use self::damage::Damage;
use self::discover::discover;
pub(crate) use self::discover::unreadable_path;
pub(crate) use self::files::log_files;
use self::follow::{Each, Ended};
pub(crate) use self::follow::{Follower, Live, SystemClock, Until};
pub(crate) use self::foreign::is_json;
pub(crate) use self::lane::{Bundle, Items, LaneStream, MakeItems};
pub(crate) use self::log::Log;
use self::log::{Member, total_size};
use self::log_end::resolve_range;
pub(crate) use self::merge::{ConnectionStream, FromConnection, Stream, merge};
pub(crate) use self::position::Positions;
use self::reader::BeforeWaiting;
pub(crate) use self::reader::LogReader;
use self::room::limits_of_each;
use self::silence::pass_silence;
pub(crate) use self::silence::stdin;
pub(crate) use self::tally::Tally;
pub(crate) use self::threads::{Account, Cut, Lanes, Unit, Work};
pub(crate) use self::totals::{Totals, lacks_calls};
use self::window::Met;
pub(crate) use self::window::Window;
use crate::args::{FollowArgs, InputArgs};
use crate::console::Console;
use crate::daemon::Tap;

/// Threads that the machine has cores for.
fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Host name of last resort.
const LOCALHOST: &str = "localhost";

/// Every log that was named, and which part of them is wanted.
pub(crate) struct Input<'a> {
    logs: Vec<Log>,
    paths: &'a [PathBuf],
    window: Window,
    host: Option<&'a str>,
    console: &'a Console,
    tally: Tally,
    met: Cell<Met>,
    threads: usize,
    /// How many times as long as its file a text may be.
    expansion: u64,
    /// Bytes of the parts that threads are given, if it is not left to them.
    part_bytes: Option<usize>,
    before_waiting: BeforeWaiting<'a>,
    /// Whether somebody waits for what is found.
    is_waited_for: bool,
    /// What comes to a run that goes on, in place of standard input.
    tap: Option<Tap<'a>>,
    /// Up to where logs were read by earlier runs.
    resumed: Positions,
    /// Up to where they were read by this one.
    reached: RefCell<Positions>,
}

impl<'a> Input<'a> {
    /// Finds the logs that the arguments name.
    ///
    /// # Errors
    ///
    /// If there is nothing to read or the wanted range of time cannot be told.
    pub(crate) fn open(args: &'a InputArgs, console: &'a Console) -> Result<Input<'a>> {
        let logs = discover(&args.paths, console)?;
        Input::of(logs, args, console)
    }

    /// Finds the logs that the arguments name, and shows progress, or leaves
    /// finding them to following if that is asked for. `rows` says that rows go
    /// to the terminal as they are found.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Input::open) and [`open_to_follow`](Input::open_to_follow).
    pub(crate) fn open_or_follow(
        args: &'a InputArgs,
        follow: &FollowArgs,
        rows: bool,
        console: &'a Console,
    ) -> Result<Input<'a>> {
        if follow.follow {
            return Input::open_to_follow(args, console);
        }
        let input = Input::open(args, console)?;
        console.start_progress(input.size(), rows);
        Ok(input)
    }

    /// The logs that the arguments name, to be followed: they may be yet to
    /// come.
    ///
    /// # Errors
    ///
    /// If the wanted range of time cannot be told.
    pub(crate) fn open_to_follow(args: &'a InputArgs, console: &'a Console) -> Result<Input<'a>> {
        Input::of(Vec::new(), args, console)
    }

    fn of(logs: Vec<Log>, args: &'a InputArgs, console: &'a Console) -> Result<Input<'a>> {
        let range = resolve_range(args, &logs)?;
        Ok(Input {
            logs,
            paths: &args.paths,
            window: Window { range, has_background: false },
            host: args.host.as_deref(),
            console,
            tally: Tally::default(),
            met: Cell::default(),
            threads: args.threads.map_or_else(cores, usize::from),
            part_bytes: args.part_bytes,
            expansion: args.max_expansion,
            before_waiting: &|| Ok(()),
            is_waited_for: false,
            tap: None,
            resumed: Positions::default(),
            reached: RefCell::default(),
        })
    }

    /// Standard input, or what comes by a [tap](Input::with_tap) in its place.
    ///
    /// # Errors
    ///
    /// If the wanted range of time cannot be told.
    pub(crate) fn open_stdin(args: &'a InputArgs, console: &'a Console) -> Result<Input<'a>> {
        let logs = vec![Log::new(vec![Member::Stdin], None)];
        Input::of(logs, args, console)
    }

    /// Reads what comes by a tap in place of standard input, if there is one.
    pub(crate) fn with_tap(self, tap: Option<Tap<'a>>) -> Input<'a> {
        Input { tap, ..self }
    }

    /// Whether the input comes by a tap, so that there may be nothing of it.
    pub(crate) fn is_tapped(&self) -> bool {
        self.tap.is_some()
    }

    /// Does something, such as writing what was found so far, whenever the
    /// input may have to be waited for. Its errors end the reading.
    ///
    /// Events that are read one by one are then over when nothing comes for a
    /// while, not only when something does.
    pub(crate) fn before_waiting(self, act: BeforeWaiting<'a>) -> Input<'a> {
        Input { before_waiting: act, is_waited_for: true, ..self }
    }

    /// Reads what is before the wanted range too, as what it is held against.
    pub(crate) fn with_background(self) -> Input<'a> {
        Input { window: Window { has_background: true, ..self.window }, ..self }
    }

    /// Start of the wanted range, in milliseconds since 1970, if it has one.
    pub(crate) fn from(&self) -> Option<i64> {
        self.window.range.from
    }

    /// Size of all files in bytes as stored, if it is known.
    pub(crate) fn size(&self) -> Option<u64> {
        total_size(&self.logs)
    }

    /// Reads every record, log after log; `each` is also given the name of the
    /// host for records that carry none.
    ///
    /// # Errors
    ///
    /// Those of `each`, and if there is no record at all.
    pub(crate) fn records(
        &self,
        mut each: impl FnMut(&Record<'_>, &str) -> Result<()>,
    ) -> Result<Totals> {
        let mut totals = Totals::default();
        for log in &self.logs {
            let host = self.host_of(log);
            let text = self.log_reader(log);
            let places = text.places();
            let mut reader = Reader::new(text);
            while let Some(record) = reader.next_record()? {
                match record {
                    Ok(record) if self.wants(record.id().millis) => each(&record, host)?,
                    // Lines that are no records are in the totals.
                    Ok(_) | Err(_) => {}
                }
            }
            totals.add(&reader.stats(), |line| places.name(log, line));
        }
        self.finish(totals)
    }

    /// Reads every event, log after log; `each` is also given the name of the
    /// host for events that carry none.
    ///
    /// # Errors
    ///
    /// Those of `each`, and if there is no record at all.
    pub(crate) fn events(
        &self,
        mut each: impl FnMut(&Event<'_>, &str) -> Result<()>,
    ) -> Result<Totals> {
        let mut totals = Totals::default();
        for log in &self.logs {
            let host = self.host_of(log);
            let text = self.live_reader(log);
            let places = text.places();
            let mut reader = Reader::new(text).events();
            loop {
                let error = match reader.next_event() {
                    Ok(Some(event)) if self.wants(event.id().millis) => {
                        each(&event, host)?;
                        continue;
                    }
                    Ok(Some(_)) => continue,
                    Ok(None) => break,
                    Err(error) => error,
                };
                pass_silence(error)?;
                reader.advance_to(u64::MAX);
            }
            totals.add(&reader.stats(), |line| places.name(log, line));
        }
        self.finish(totals)
    }

    /// Reads every connection, log after log; `each` is also given the name of
    /// the host for connections that carry none.
    ///
    /// # Errors
    ///
    /// Those of `each`, and if there is no record at all.
    pub(crate) fn connections(
        &self,
        mut each: impl FnMut(&Connection<'_>, &str) -> Result<()>,
    ) -> Result<Totals> {
        let mut totals = Totals::default();
        for log in &self.logs {
            let host = self.host_of(log);
            let text = self.live_reader(log);
            let places = text.places();
            let mut reader = Reader::new(text).connections();
            loop {
                let error = match reader.next_connection() {
                    Ok(Some(connection)) => {
                        let wanted = self.wants(connection.id().millis);
                        totals.connection(&connection, wanted);
                        if wanted {
                            each(&connection, host)?;
                        }
                        continue;
                    }
                    Ok(None) => break,
                    Err(error) => error,
                };
                pass_silence(error)?;
                reader.advance_to(u64::MAX);
            }
            totals.add(&reader.stats(), |line| places.name(log, line));
        }
        self.finish(totals)
    }

    /// Gives every connection of logs that are followed to `each`, as it is
    /// read, until `is_ending`.
    ///
    /// # Errors
    ///
    /// Those of `each`, and if the input cannot be followed.
    pub(crate) fn follow_connections(
        &self,
        is_ending: impl Fn() -> bool,
        each: impl FnMut(&Connection<'_>, &str) -> Result<()>,
    ) -> Result<Totals> {
        let clock = SystemClock::new();
        let mut live = Live::new(self, Positions::default(), &clock)?;
        let mut each = Each { input: self, totals: Totals::default(), is_ending, each };
        match live.run(&mut each, Until::Stopped) {
            Err(error) if !error.is::<Ended>() => return Err(error),
            Err(_) | Ok(()) => {}
        }
        live.add_to(&mut each.totals);
        Ok(each.totals)
    }

    /// The logs, in no order of time.
    pub(crate) fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// A log as one stream of text.
    pub(crate) fn log_reader(&self, log: &Log) -> LogReader<'_> {
        let text = LogReader::new(log, self.console, &self.tally, self.before_waiting)
            .with_expansion(self.expansion);
        match self.tap {
            Some(_) => text.with_tap(self.tap).telling_silence(),
            None => text,
        }
    }

    /// A source as one stream of text, as if it were standard input.
    pub(crate) fn reader_over<'b>(&'b self, source: impl Read + 'b) -> LogReader<'b> {
        LogReader::over(source, self.console, &self.tally)
    }

    /// A log as one stream of text that tells of silence if somebody waits.
    fn live_reader(&self, log: &Log) -> LogReader<'_> {
        let text = self.log_reader(log);
        if self.is_waited_for { text.telling_silence() } else { text }
    }

    /// A reader of the text of one of several logs that are read at once.
    fn reader_of_many<'b>(&self, text: LogReader<'b>) -> Reader<LogReader<'b>> {
        Reader::with_limits(text, limits_of_each(self.logs.len()))
    }

    /// The host that records without a name are from.
    fn host_of<'b>(&'b self, log: &'b Log) -> &'b str {
        self.host.or(log.host.as_deref()).unwrap_or(LOCALHOST)
    }

    /// Whether something that happened at this time, in milliseconds since
    /// 1970, is wanted.
    pub(crate) fn wants(&self, millis: impl TryInto<i64>) -> bool {
        let mut met = self.met.get();
        let wanted = self.window.wants(millis, &mut met);
        self.met.set(met);
        wanted
    }

    /// Which part of the time is wanted.
    pub(crate) fn window(&self) -> Window {
        self.window
    }

    /// Whether something that happened at this time, in milliseconds since
    /// 1970, is before the wanted range and read all the same.
    pub(crate) fn is_background(&self, millis: impl TryInto<i64>) -> bool {
        self.window.is_background(millis)
    }

    /// Whether the input that was read goes on after the wanted range, and the
    /// range up to this time, in milliseconds since 1970.
    pub(crate) fn reaches(&self, millis: i64) -> bool {
        self.met.get().behind && self.window.range.to.is_some_and(|to| to >= millis)
    }

    /// Whether there was not a byte to read.
    pub(crate) fn is_empty(&self) -> bool {
        self.tally.is_empty()
    }

    /// Ends reading audit logs; an error if there was nothing to read.
    fn finish(&self, mut totals: Totals) -> Result<Totals> {
        self.console.end_progress();
        if totals.has_record() {
            if self.check_range() {
                totals.bounded();
            }
            return Ok(totals);
        }
        totals.report_skipped(self.console);
        if self.console.failed() {
            bail!("nothing to use: no audit record could be read");
        }
        bail!("nothing to use: {}", self.tally.why_no_record());
    }

    /// Whether the wanted range leaves any time out; tells if nothing of what
    /// was read is in it.
    pub(crate) fn check_range(&self) -> bool {
        let is_bounded = !self.window.range.is_unbounded();
        if is_bounded && !self.met.get().inside {
            self.console.warn("nothing in the input happened between --from and --to");
        }
        is_bounded
    }
}
