//! Streams of events of which each is held against the filter: when it is asked
//! for, or by the thread that has read it.

use anyhow::Result;

use super::bundle::EventBundle;
use super::fields::Event;
use super::selection::{Sieve, Verdict};
use crate::input::{LaneStream, Stream};

/// A stream of events.
pub(super) trait EventStream: Stream<Item = Event> {
    /// What is said of the event that was read.
    fn verdict(&self) -> Verdict;
}

/// Events that are judged here.
pub(super) struct Sieved<'a, S> {
    pub(super) stream: S,
    pub(super) sieve: Sieve<'a>,
}

impl<S: Stream<Item = Event>> Stream for Sieved<'_, S> {
    type Item = Event;

    fn advance(&mut self) -> Result<Option<i64>> {
        self.stream.advance()
    }

    fn item(&self) -> &Event {
        self.stream.item()
    }
}

impl<S: Stream<Item = Event>> EventStream for Sieved<'_, S> {
    fn verdict(&self) -> Verdict {
        self.sieve.verdict(self.item())
    }
}

/// Events that were judged by the threads that read them.
pub(super) struct Unbundled<'a>(pub(super) LaneStream<'a, EventBundle>);

impl Stream for Unbundled<'_> {
    type Item = Event;

    fn advance(&mut self) -> Result<Option<i64>> {
        self.0.advance()
    }

    fn item(&self) -> &Event {
        &self.0.item().event
    }
}

impl EventStream for Unbundled<'_> {
    fn verdict(&self) -> Verdict {
        self.0.item().verdict
    }
}
