//! Logs that are read while they are written.
//!
//! [`Tail`](tail::Tail) reads one log over its rotations, [`Followed`](followed::Followed) the
//! connections in it that were not taken before, and [`Live`] those of many
//! logs in order of time. [`Positions`](super::position::Positions) are what is
//! to be kept to read on after a restart as if there had been none.

mod clock;
mod each;
mod followed;
mod follower;
mod listing;
mod live;
mod live_log;
mod passages;
mod search;
mod tail;
mod watch;

pub(crate) use self::clock::SystemClock;
pub(crate) use self::each::{Each, Ended};
pub(crate) use self::follower::Follower;
pub(crate) use self::live::{Live, Until};

#[cfg(test)]
mod tests;
