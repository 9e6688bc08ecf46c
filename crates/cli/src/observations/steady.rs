//! Events of a log without those of a clock that was wrong for one of them.
//!
//! The model closes what lies before an event, so that one with a time in the
//! far future would make all that follow come too late. So an event that comes
//! long after the one before it in its log waits until the next is read, and is
//! left out if that one is of long before it.

use std::cell::RefCell;

use anyhow::Result;

use super::bundle::Judged;
use super::judged::EventStream;
use super::{Event, Verdict};
use crate::input::Stream;

/// How far an event may be from the one before it in its log without being
/// doubted, in milliseconds: six hours.
const DOUBTED: i64 = 6 * 3_600_000;

/// Events that were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Astray {
    /// How many.
    pub(crate) events: u64,
    /// Time of the first, in milliseconds since 1970.
    pub(crate) first: i64,
}

impl Astray {
    /// Notes an event that was left out, with its time in milliseconds since 1970.
    pub(super) fn note(&mut self, time: i64) {
        self.events += 1;
        if self.events == 1 {
            self.first = time;
        }
    }
}

/// A stream of events whose time does not jump back and forth.
pub(super) struct Steady<'a, S> {
    stream: S,
    /// An event that is in doubt, or was.
    doubted: Judged,
    /// Whether that one is to be given, not that of the stream.
    gives_doubted: bool,
    /// Time of the event of the stream that was read to judge the doubted one.
    next: Option<Option<i64>>,
    last: Option<i64>,
    astray: &'a RefCell<Astray>,
}

impl<'a, S: EventStream> Steady<'a, S> {
    /// `spare` is a place to copy events to.
    pub(super) fn new(stream: S, spare: Judged, astray: &'a RefCell<Astray>) -> Steady<'a, S> {
        Steady { stream, doubted: spare, gives_doubted: false, next: None, last: None, astray }
    }

    fn is_in_doubt(&self, time: i64) -> bool {
        self.last.is_none_or(|last| time.saturating_sub(last) > DOUBTED)
    }
}

impl<S: EventStream> Stream for Steady<'_, S> {
    type Item = Event;

    fn advance(&mut self) -> Result<Option<i64>> {
        self.gives_doubted = false;
        loop {
            let read = match self.next.take() {
                Some(read) => read,
                None => self.stream.advance()?,
            };
            let Some(time) = read else { return Ok(None) };
            if !self.is_in_doubt(time) {
                self.last = Some(time);
                return Ok(Some(time));
            }
            self.doubted.event.clone_from(self.stream.item());
            self.doubted.verdict = self.stream.verdict();
            let next = self.stream.advance()?;
            self.next = Some(next);
            if next.is_some_and(|next| time.saturating_sub(next) > DOUBTED) {
                self.astray.borrow_mut().note(time);
                continue;
            }
            self.last = Some(time);
            self.gives_doubted = true;
            return Ok(Some(time));
        }
    }

    fn item(&self) -> &Event {
        if self.gives_doubted { &self.doubted.event } else { self.stream.item() }
    }
}

impl<S: EventStream> EventStream for Steady<'_, S> {
    fn verdict(&self) -> Verdict {
        if self.gives_doubted { self.doubted.verdict } else { self.stream.verdict() }
    }
}

#[cfg(test)]
mod tests {
    use rareport::JobConfig;

    use super::*;
    use crate::observations::Fields;

    /// Events with these times in hours.
    struct Times<'a>(std::slice::Iter<'a, i64>, Event);

    impl Stream for Times<'_> {
        type Item = Event;

        fn advance(&mut self) -> Result<Option<i64>> {
            let next = self.0.next().copied();
            self.1.millis = next.map_or(-1, |hours| hours * 3_600_000);
            Ok(next.map(|_| self.1.millis))
        }

        fn item(&self) -> &Event {
            &self.1
        }
    }

    /// Events of even hours pass.
    fn verdict_of(millis: i64) -> Verdict {
        if millis / 3_600_000 % 2 == 0 { Verdict::Passed } else { Verdict::OtherEvent }
    }

    impl EventStream for Times<'_> {
        fn verdict(&self) -> Verdict {
            verdict_of(self.1.millis)
        }
    }

    /// The hours that are given of these, and how many are not.
    fn steady(hours: &[i64]) -> (Vec<i64>, Astray) {
        let event = Event::new(&Fields::of(&JobConfig::rare("destination.port"), None));
        let astray = RefCell::default();
        let times = Times(hours.iter(), event.clone());
        let spare = Judged::new(event);
        let mut stream = Steady::new(times, spare, &astray);
        let mut given = Vec::new();
        while let Some(time) = stream.advance().unwrap() {
            assert_eq!(stream.item().millis, time);
            assert_eq!(stream.verdict(), verdict_of(time));
            given.push(time / 3_600_000);
        }
        drop(stream);
        (given, astray.into_inner())
    }

    #[test]
    fn one_event_of_a_wrong_clock_is_left_out() {
        let hours = 3_600_000;
        for (log, given, first) in [
            (&[1, 2, 900, 3, 4][..], &[1, 2, 3, 4][..], 900 * hours),
            (&[900, 1, 2], &[1, 2], 900 * hours),
            (&[1, 900, 2, 800, 3], &[1, 2, 3], 900 * hours),
        ] {
            let (of, astray) = steady(log);
            assert_eq!(of, given);
            assert_eq!((astray.events, astray.first), ((log.len() - given.len()) as u64, first));
        }
    }

    #[test]
    fn gaps_and_clocks_that_are_set_are_left_alone() {
        for log in
            [&[][..], &[5], &[1, 2, 900], &[1, 50, 100, 150], &[1, 2, 900, 901, 3], &[9, 1, 9, 9]]
        {
            let (given, astray) = steady(log);
            let expected = if log == [9, 1, 9, 9] { &[1, 9, 9][..] } else { log };
            assert_eq!(
                (given, astray.events),
                (expected.to_vec(), (log.len() - expected.len()) as u64)
            );
        }
    }
}
