//! Events of logs that are followed, or read on from where they were read up
//! to.

use anyhow::{Result, bail};
use auditparse::Connection;

use super::audit::ConnectionEvent;
use super::selection::Sieve;
use super::{Event, Observations, Read, Verdict, files_of};
use crate::args::{InputFormat, Profile};
use crate::input::{Follower, FromConnection, Live, Log, Positions, SystemClock, Until};

/// How far an event may be ahead of the clock, in milliseconds: six hours. One
/// that is further is of a clock that is wrong.
const AHEAD: i64 = 6 * 3_600_000;

/// What takes the events.
pub(crate) trait Taker {
    /// From where on logs are read.
    fn positions(&self) -> Positions;

    /// Notes up to where logs were read in the end.
    fn reached(&mut self, positions: Positions);

    /// Takes an event that a job looks at, in order of time, with what was said
    /// of it.
    fn take(&mut self, event: &Event, verdict: Verdict) -> Result<()>;

    /// Notes that nothing comes any more of what happened before this time, in
    /// milliseconds since 1970.
    fn pass_time(&mut self, millis: i64) -> Result<()>;

    /// Notes what is said of an event of this time, in milliseconds since 1970,
    /// before it is taken or left out.
    fn note(&mut self, _millis: i64, _verdict: Verdict) {}

    /// Called often, also while nothing comes; `missing` events are missing by
    /// serial number so far. Whether to read on.
    fn goes_on(&mut self, _missing: u64) -> bool {
        true
    }

    /// Called when all that was taken is done with: what there is now may be
    /// kept, with the positions of the logs.
    fn settle(&mut self, positions: &dyn Fn() -> Positions) -> Result<()>;
}

impl Observations<'_> {
    /// Gives the events behind its positions to `taker`; what was read.
    ///
    /// # Errors
    ///
    /// Those of `taker`, and if the input is such that it cannot be followed.
    pub(crate) fn follow(&self, taker: &mut impl Taker, until: Until) -> Result<Read> {
        self.check_can_follow()?;
        let (fields, places) = self.fields.and(self.selection.fields());
        let clock = SystemClock::new();
        let resumed = taker.positions();
        let mut live = Live::new(self.input, resumed, &clock)?;
        let maker = ConnectionEvent::new(&fields, self.selection.profile);
        let place = |log: &Log| maker.clone().of_log(files_of(log));
        let sieve = self.sieve(&places);
        let mut feed = Feed { observations: self, place, sieve, read: Read::default(), taker };
        live.run(&mut feed, until)?;
        let Feed { mut read, taker, .. } = feed;
        read.is_rest = live.is_read_on();
        live.add_to(&mut read.audit);
        taker.reached(live.positions());
        Ok(read)
    }

    fn check_can_follow(&self) -> Result<()> {
        if matches!(self.format, InputFormat::Ndjson | InputFormat::Csv) {
            bail!("--follow reads audit logs only; read documents and CSV without it");
        }
        if self.selection.profile == Profile::Elastic {
            bail!("--follow cannot be had with --profile elastic, which reads whole logs");
        }
        self.check_audit()
    }
}

/// From connections to the events that are taken.
struct Feed<'a, P, T> {
    observations: &'a Observations<'a>,
    place: P,
    sieve: Sieve<'a>,
    read: Read,
    taker: &'a mut T,
}

impl<P: Fn(&Log) -> ConnectionEvent, T: Taker> Follower for Feed<'_, P, T> {
    type Item = ConnectionEvent;

    fn place(&self, log: &Log) -> ConnectionEvent {
        (self.place)(log)
    }

    fn make(
        &mut self,
        connection: &Connection<'_>,
        host: &str,
        item: &mut ConnectionEvent,
    ) -> Result<Option<i64>> {
        let (input, millis) = (self.observations.input, connection.id().millis);
        let wanted = input.wants(millis);
        self.read.audit.connection(connection, wanted);
        if !wanted && !input.is_background(millis) {
            return Ok(None);
        }
        item.take(connection, host, &mut self.read.audit);
        let now = jiff::Timestamp::now().as_millisecond();
        if item.time() > now.saturating_add(AHEAD) {
            self.read.astray.note(item.time());
            return Ok(None);
        }
        Ok(Some(item.time()))
    }

    fn take(&mut self, item: &ConnectionEvent) -> Result<()> {
        let verdict = self.sieve.verdict(item.item());
        self.read.count(verdict);
        self.taker.note(item.time(), verdict);
        if verdict.is_wanted() { self.taker.take(item.item(), verdict) } else { Ok(()) }
    }

    fn pass_time(&mut self, millis: i64) -> Result<()> {
        self.taker.pass_time(millis)
    }

    fn goes_on(&mut self, missing: u64) -> bool {
        self.taker.goes_on(missing)
    }

    fn settle(&mut self, positions: &dyn Fn() -> Positions) -> Result<()> {
        self.taker.settle(positions)
    }
}
