//! One of the logs that are followed, with what is made of its next
//! connection, and what there is to say of all of them.

use std::time::Duration;

use anyhow::Result;

use super::super::position::Positions;
use super::clock::Clock;
use super::followed::Followed;
use super::follower::Follower;

/// A log and what is made of its next connection.
pub(super) struct LiveLog<'a, I> {
    pub(super) name: String,
    pub(super) host: String,
    pub(super) followed: Followed<'a>,
    pub(super) item: I,
    /// When something was read of it last.
    pub(super) heard: Duration,
    /// How long nothing had come when it was looked at last.
    pub(super) silence: Duration,
    /// Whether its open events were ended since.
    pub(super) is_ended: bool,
}

impl<I> LiveLog<'_, I> {
    /// Reads on to the next connection that has to wait, with its time; `None`
    /// when all that there is was read.
    pub(super) fn advance(
        &mut self,
        follower: &mut impl Follower<Item = I>,
        clock: &dyn Clock,
    ) -> Result<Option<i64>> {
        let LiveLog { followed, host, item, .. } = self;
        let (before, looked) = (followed.stats().bytes, clock.elapsed());
        let time = followed.advance(|connection| follower.make(connection, host, item))?;
        if followed.stats().bytes != before {
            // Reading may have taken long: what was read last may have been written just now.
            (self.heard, self.is_ended) = (clock.elapsed(), false);
            self.silence = Duration::ZERO;
        } else if time.is_none() {
            self.silence = looked.saturating_sub(self.heard);
        }
        Ok(time)
    }
}

/// Bytes that were read of all logs.
pub(super) fn read_bytes<I>(logs: &[LiveLog<'_, I>]) -> u64 {
    logs.iter().map(|log| log.followed.stats().bytes).sum()
}

/// Events that are missing by serial number so far.
pub(super) fn missing<I>(logs: &[LiveLog<'_, I>]) -> u64 {
    logs.iter().map(|log| log.followed.stats().events.lost_events).sum()
}

/// The positions of logs; of those that are not there at the moment, as they were.
pub(super) fn positions<I>(resumed: &Positions, logs: &[LiveLog<'_, I>]) -> Positions {
    let mut positions = resumed.clone();
    for log in logs {
        if let Some(position) = log.followed.position() {
            positions.set(&log.name, position);
        }
    }
    positions
}
