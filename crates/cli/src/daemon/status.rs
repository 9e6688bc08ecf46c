//! What is told of how a run is doing: the document that `docs/live.md`
//! describes, and the same for reading. Where it is told is not known here.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use rareport::alert::Alert;
use serde::{Deserialize, Serialize};

use super::queue::Dropped;
use crate::stamp::rfc3339;
use crate::text::{Inert, count, grouped};

/// A status that is written every second is old after so many seconds.
const OLD: f64 = 10.0;

/// How a run is doing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(super) version: String,
    pub(super) pid: u32,
    pub(super) started: String,
    /// When this was written.
    pub(super) time: String,
    /// Whether the run has ended as it was told to.
    #[serde(default)]
    pub(super) ended: bool,
    pub(super) events: u64,
    pub(super) events_per_second: f64,
    pub(super) last_event: Option<String>,
    pub(super) lag_seconds: Option<f64>,
    pub(super) lost: Lost,
    pub(super) queue_bytes: Option<usize>,
    pub(super) left_out: BTreeMap<String, u64>,
    pub(super) buckets: u64,
    pub(super) last_bucket: Option<[String; 2]>,
    pub(super) alerts: u64,
    pub(super) last_alert: Option<LastAlert>,
    pub(super) reloads: u64,
    pub(super) memory_bytes: Option<u64>,
}

/// What is known to be lost.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Lost {
    pub(super) events_missing_by_serial: u64,
    pub(super) dropped: Dropped,
}

/// An alert, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastAlert {
    pub(super) id: String,
    pub(super) time: String,
    pub(super) value: String,
}

impl LastAlert {
    /// The short form of an alert.
    pub(crate) fn of(alert: &Alert) -> LastAlert {
        let value = alert.record.value().to_owned();
        LastAlert { id: alert.id(), time: rfc3339(alert.time), value }
    }
}

impl Status {
    /// The same in a line.
    pub(crate) fn line(&self) -> String {
        let mut line = format!(
            "{}, {}, {}",
            count(self.events, "event", "events"),
            count(self.buckets, "bucket", "buckets"),
            count(self.alerts, "alert", "alerts"),
        );
        if let Some(last) = &self.last_event {
            line += &format!(", last event of {last}");
        }
        if self.lost.dropped.lines > 0 {
            line += &format!(", {} lines lost", grouped(self.lost.dropped.lines));
        }
        line
    }

    /// Seconds since it was written, by a clock that shows `now`; `None` if it
    /// does not say when it was.
    fn age(&self, now: Timestamp) -> Option<f64> {
        let written: Timestamp = self.time.parse().ok()?;
        Some(now.duration_since(written).as_secs_f64())
    }

    /// Whether the run is not known to go on, nor to have ended as it was told
    /// to.
    pub(crate) fn is_old(&self, now: Timestamp) -> bool {
        !self.ended && self.age(now).is_none_or(|age| age > OLD)
    }

    /// Whether something was lost.
    pub(crate) fn has_lost(&self) -> bool {
        self.lost.events_missing_by_serial > 0 || self.lost.dropped.lines > 0
    }

    /// The status for reading, at this time.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub(crate) fn write_text(&self, now: Timestamp, mut out: impl Write) -> io::Result<()> {
        let shown = |text: &str| Inert(text.as_bytes()).to_string();
        let age = self.age(now).map_or(0, |age| age.max(0.0).round() as u64);
        let age = count(age, "second", "seconds");
        let written = shown(&self.time);
        match (self.ended, self.is_old(now)) {
            (true, _) => writeln!(out, "ended    at {written}, as it was told to")?,
            (false, false) => writeln!(out, "running  as of {written}, {age} ago")?,
            (false, true) => writeln!(
                out,
                "OLD      written at {written}, {age} ago: rareport was killed, hangs, or can no \
                 longer write this file"
            )?,
        }
        writeln!(
            out,
            "process  {} since {}, version {}",
            self.pid,
            shown(&self.started),
            shown(&self.version)
        )?;
        let events = count(self.events, "event", "events");
        write!(out, "read     {events}, {:.1} a second", self.events_per_second)?;
        match &self.last_event {
            None => writeln!(out)?,
            Some(last) => writeln!(
                out,
                "; the last of {}, {:.1} seconds before this was written",
                shown(last),
                self.lag_seconds.unwrap_or_default()
            )?,
        }
        for (why, events) in &self.left_out {
            writeln!(out, "left out {}: {}", count(*events, "event", "events"), shown(why))?;
        }
        writeln!(out, "lost     {}", self.lost.words())?;
        if let Some(bytes) = self.queue_bytes {
            writeln!(out, "waiting  {} to be read", count(bytes as u64, "byte", "bytes"))?;
        }
        write!(out, "closed   {}", count(self.buckets, "bucket", "buckets"))?;
        match &self.last_bucket {
            None => writeln!(out)?,
            Some([from, to]) => writeln!(out, ", the last {} to {}", shown(from), shown(to))?,
        }
        write!(out, "gave     {}", count(self.alerts, "alert", "alerts"))?;
        match &self.last_alert {
            None => writeln!(out)?,
            Some(LastAlert { id, time, value }) => writeln!(
                out,
                ", the last for {} at {}, id {}",
                shown(value),
                shown(time),
                shown(id)
            )?,
        }
        if self.reloads > 0 {
            writeln!(out, "rules    read anew {}", count(self.reloads, "time", "times"))?;
        }
        match self.memory_bytes {
            None => Ok(()),
            Some(bytes) => writeln!(out, "memory   {:.1} MiB", bytes as f64 / f64::from(1 << 20)),
        }
    }
}

impl Lost {
    fn words(&self) -> String {
        let mut words = Vec::new();
        if self.events_missing_by_serial > 0 {
            let missing = count(self.events_missing_by_serial, "event", "events");
            words.push(format!("{missing} missing by serial number"));
        }
        let Dropped { lines, bytes } = self.dropped;
        if lines > 0 {
            let lines = count(lines, "line", "lines");
            words.push(format!("{lines} of {} bytes dropped", grouped(bytes)));
        }
        if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
    }
}
