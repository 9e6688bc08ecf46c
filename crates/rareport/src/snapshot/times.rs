//! Which times a state may hold.

use super::{SnapshotError, impossible};
use crate::bucket;
use crate::detector::CALENDAR;

/// The buckets of a detector that a state is checked against. All times are seconds since the epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    span: u32,
    /// Up to when buckets are closed.
    closed_until: i64,
}

impl Times {
    /// For buckets of `span` seconds, those before `closed_until` being closed.
    pub(crate) fn new(span: u32, closed_until: i64) -> Result<Self, SnapshotError> {
        let times = Times { span, closed_until };
        times.check_boundary(closed_until)?;
        Ok(times)
    }

    /// Refuses what is not the start of a bucket of the calendar, or of one that a late event of its
    /// first year may belong to.
    pub(crate) fn check_boundary(&self, time: i64) -> Result<(), SnapshotError> {
        let margin = 2 * i64::from(u32::MAX);
        let is_possible = (CALENDAR.start() - margin..=CALENDAR.end() + margin).contains(&time);
        if is_possible && bucket::floor(time, self.span) == time {
            return Ok(());
        }
        Err(impossible(format!("a bucket of {} s starts at {time}", self.span)))
    }

    /// Refuses what is not the start of a closed bucket from `first` on.
    pub(crate) fn check_closed(&self, start: i64, first: i64) -> Result<(), SnapshotError> {
        self.check_boundary(start)?;
        if first <= start && start < self.closed_until {
            return Ok(());
        }
        let Times { closed_until, .. } = self;
        Err(impossible(format!(
            "a bucket before {closed_until} and not before {first} starts at {start}"
        )))
    }

    /// Refuses what is not the start of an open bucket, at most `furthest` seconds ahead if that is
    /// given.
    pub(crate) fn check_open(
        &self,
        start: i64,
        furthest: Option<i64>,
    ) -> Result<(), SnapshotError> {
        self.check_boundary(start)?;
        let ahead = start - self.closed_until;
        if ahead >= 0 && furthest.is_none_or(|furthest| ahead <= furthest) {
            return Ok(());
        }
        Err(impossible(format!("an open bucket starts {ahead} s after those that are closed")))
    }

    /// Number of buckets from one to another, both included.
    pub(crate) fn buckets(&self, first: i64, last: i64) -> i64 {
        (last - first) / i64::from(self.span) + 1
    }
}
