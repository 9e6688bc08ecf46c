//! The time at the edge: when a log is silent, and which buckets have ended
//! while it was. The time of events is that of the log.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// What tells the time.
pub(crate) trait Clock {
    /// Milliseconds since 1970.
    fn now(&self) -> i64;

    /// Time since some start, never set back.
    fn elapsed(&self) -> Duration;
}

/// The clock of the system.
#[derive(Debug)]
pub(crate) struct SystemClock(Instant);

impl SystemClock {
    /// A clock that starts now.
    pub(crate) fn new() -> SystemClock {
        SystemClock(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        Timestamp::now().as_millisecond()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
