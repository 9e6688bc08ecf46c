//! How a run that goes on is doing: what was read, learned and lost so far.
//!
//! The thread that reads and learns counts here; [`Status`] is what is told of
//! it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rareport::datafeed::{Excluded, Reason};

use super::memory::resident;
use super::queue::Dropped;
use super::status::{LastAlert, Lost, Status};
use crate::stamp::rfc3339;

/// Time over which the rate of events is taken.
const RATE_OVER: Duration = Duration::from_secs(10);

/// Counts of a run.
#[derive(Debug)]
pub(crate) struct Health {
    started: i64,
    /// Events that were read.
    events: u64,
    /// Of these, events that were left out.
    excluded: Excluded,
    other_events: u64,
    /// Time of the latest event, in milliseconds since 1970.
    last_event: Option<i64>,
    /// Events that are missing by serial number.
    missing: u64,
    reloads: u64,
    rate: Rate,
}

/// What a run has found so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Buckets that were closed.
    pub(crate) buckets: u64,
    /// Start and end of the last of them, in milliseconds since 1970.
    pub(crate) last_bucket: Option<(i64, i64)>,
    /// Alerts that were given.
    pub(crate) alerts: u64,
    /// The last of them.
    pub(crate) last_alert: Option<LastAlert>,
}

/// Events per second, over the last while.
#[derive(Debug)]
struct Rate {
    since: Instant,
    events_then: u64,
    per_second: f64,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// The model has it.
    Used,
    /// The filter left it out.
    Excluded(Reason),
    /// The job does not look at it.
    NotLookedAt,
}

impl Health {
    /// A run that starts at `millis` since 1970.
    pub(crate) fn new(millis: i64, now: Instant) -> Health {
        Health {
            started: millis,
            events: 0,
            excluded: Excluded::default(),
            other_events: 0,
            last_event: None,
            missing: 0,
            reloads: 0,
            rate: Rate { since: now, events_then: 0, per_second: 0.0 },
        }
    }

    /// Counts an event of this time, in milliseconds since 1970.
    pub(crate) fn event(&mut self, millis: i64, became: Became) {
        self.events += 1;
        self.last_event = self.last_event.max(Some(millis));
        match became {
            Became::Used => {}
            Became::Excluded(reason) => self.excluded.count(reason),
            Became::NotLookedAt => self.other_events += 1,
        }
    }

    /// Notes how many events are missing by serial number so far.
    pub(crate) fn missing(&mut self, events: u64) {
        self.missing = events;
    }

    /// Counts rules that were read anew.
    pub(crate) fn reload(&mut self) {
        self.reloads += 1;
    }

    /// How the run is doing at `millis` since 1970.
    pub(crate) fn status(
        &mut self,
        millis: i64,
        now: Instant,
        found: Found,
        queue: Option<Waiting>,
    ) -> Status {
        self.rate.note(now, self.events);
        let left_out = self.excluded.iter();
        let mut left_out: BTreeMap<_, _> =
            left_out.map(|(why, events)| (why.words().to_owned(), events)).collect();
        if self.other_events > 0 {
            left_out.insert("not looked at by the job".to_owned(), self.other_events);
        }
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: rfc3339(self.started),
            time: rfc3339(millis),
            ended: false,
            events: self.events,
            events_per_second: (self.rate.per_second * 10.0).round() / 10.0,
            last_event: self.last_event.map(rfc3339),
            lag_seconds: self.last_event.map(|last| (millis - last) as f64 / 1000.0),
            lost: Lost {
                events_missing_by_serial: self.missing,
                dropped: queue.map(|queue| queue.dropped).unwrap_or_default(),
            },
            queue_bytes: queue.map(|queue| queue.held),
            left_out,
            buckets: found.buckets,
            last_bucket: found.last_bucket.map(|(from, to)| [rfc3339(from), rfc3339(to)]),
            alerts: found.alerts,
            last_alert: found.last_alert,
            reloads: self.reloads,
            memory_bytes: resident(),
        }
    }
}

impl Rate {
    fn note(&mut self, now: Instant, events: u64) {
        let passed = now.duration_since(self.since);
        if passed >= RATE_OVER {
            self.per_second = (events - self.events_then) as f64 / passed.as_secs_f64();
            (self.since, self.events_then) = (now, events);
        }
    }
}

/// What waits in the queue, and what it had to drop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    /// Bytes that wait.
    pub(crate) held: usize,
    pub(crate) dropped: Dropped,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_tells_what_was_counted() {
        let begun = Instant::now();
        let mut health = Health::new(0, begun);
        for second in 0..50 {
            health.event(second * 1000, Became::Used);
        }
        health.event(7_000, Became::NotLookedAt);
        health.missing(2);
        let dropped = Dropped { lines: 3, bytes: 99 };
        let queue = Some(Waiting { held: 5, dropped });
        let alert = LastAlert { id: "x".to_owned(), time: rfc3339(0), value: "4444".to_owned() };
        let last_bucket = Some((0, 900_000));
        let found = Found { buckets: 3, last_bucket, alerts: 1, last_alert: Some(alert) };
        let status = health.status(50_500, begun + Duration::from_secs(10), found, queue);
        let json = serde_json::to_value(&status).unwrap();
        assert_eq!(json["events"], 51);
        assert_eq!(json["events_per_second"], 5.1);
        assert_eq!(json["last_event"], "1970-01-01T00:00:49.000Z");
        assert_eq!(json["lag_seconds"], 1.5);
        assert_eq!(json["lost"]["events_missing_by_serial"], 2);
        assert_eq!(json["lost"]["dropped"]["bytes"], 99);
        assert_eq!(json["left_out"]["not looked at by the job"], 1);
        assert_eq!(json["last_bucket"][1], "1970-01-01T00:15:00.000Z");
        assert_eq!(json["last_alert"]["value"], "4444");
        assert_eq!(
            status.line(),
            "51 events, 3 buckets, 1 alert, last event of 1970-01-01T00:00:49.000Z, 3 lines lost"
        );
        let idle = health.status(60_000, begun + Duration::from_secs(20), Found::default(), None);
        assert_eq!(serde_json::to_value(&idle).unwrap()["events_per_second"], 0.0);
    }
}
