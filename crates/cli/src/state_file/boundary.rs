//! Which events were taken already, so that a log that is read again, or goes
//! on where another ended, adds only what is new.
//!
//! It works on anything that can be read, pipes too, for it knows events and
//! not files. Events of the last minute of the log are told apart one by one:
//! that is how late an event may come. All that are older were taken, or would
//! come too late anyway.
//!
//! An event of an audit log is known by its time, host and serial, so that it
//! is the same when records of it that were not there yet have come. Any other
//! is known by all its values, and two that are equal by their number.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::observations::{Event, Fields};

/// How far back events are told apart, in milliseconds of the log.
const WINDOW: i64 = 60_000;

/// The fields, beside the time, by which events of audit logs are told apart.
pub(crate) const IDENTITY: [&str; 2] = ["event.sequence", "host.name"];

/// Most events that are told apart: 1,000 a second.
const MOST: usize = 1 << 16;

/// The end of what was taken.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Boundary {
    /// Everything before this time was taken, in milliseconds since 1970.
    until: Option<i64>,
    /// Time and hash of the events since, in the order in which they were taken.
    events: VecDeque<(i64, u64)>,
}

impl Boundary {
    /// Time of the latest event that was taken, in milliseconds since 1970.
    pub(crate) fn latest(&self) -> Option<i64> {
        self.events.iter().map(|(millis, _)| *millis).max().max(self.until)
    }
}

/// The end of what was taken before, and of what is taken now.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    boundary: Boundary,
    latest: Option<i64>,
    /// Where the run began.
    before: Option<i64>,
    /// How many events of each hash were taken before this run and did not
    /// come up in it yet.
    known: HashMap<u64, u32>,
    /// Events that were taken before.
    passed_over: u64,
    /// Places of the fields by which events of audit logs are told apart.
    identity: Vec<usize>,
    /// Room for the values of an event.
    values: Vec<u8>,
}

impl Taken {
    /// What was taken when the state was saved.
    pub(crate) fn carried_on(boundary: Boundary, fields: &Fields) -> Taken {
        let identity = IDENTITY.iter().filter_map(|name| fields.place(name)).collect();
        Taken { identity, ..Taken::after(boundary) }
    }

    fn after(boundary: Boundary) -> Taken {
        let mut known = HashMap::new();
        for (_, hash) in &boundary.events {
            *known.entry(*hash).or_default() += 1;
        }
        let (latest, before) = (boundary.latest(), boundary.until);
        Taken { boundary, latest, before, known, ..Taken::default() }
    }

    /// Whether an event is new. If so, it is taken.
    pub(crate) fn is_new(&mut self, event: &Event) -> bool {
        let hash = self.hash(event);
        self.note(event.millis, hash)
    }

    /// Events of this run that were taken before.
    pub(crate) fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// The end of what is taken now.
    pub(crate) fn boundary(&self) -> &Boundary {
        &self.boundary
    }

    fn note(&mut self, millis: i64, hash: u64) -> bool {
        let is_known = self.before.is_some_and(|before| millis < before) || self.is_known(hash);
        if is_known {
            self.passed_over += 1;
            return false;
        }
        let latest = self.latest.map_or(millis, |latest| latest.max(millis));
        self.latest = Some(latest);
        let Boundary { until, events } = &mut self.boundary;
        *until = (*until).max(Some(latest.saturating_sub(WINDOW)));
        if Some(millis) >= *until {
            events.push_back((millis, hash));
        }
        while events.len() > MOST
            && let Some((millis, _)) = events.pop_front()
        {
            *until = (*until).max(Some(millis.saturating_add(1)));
        }
        while events.front().is_some_and(|(millis, _)| Some(*millis) < *until) {
            events.pop_front();
        }
        true
    }

    /// Whether there is an event of this hash that did not come up yet.
    fn is_known(&mut self, hash: u64) -> bool {
        let Some(events) = self.known.get_mut(&hash) else { return false };
        *events -= 1;
        if *events == 0 {
            self.known.remove(&hash);
        }
        true
    }

    /// A hash of what an event is known by, the same in every run.
    fn hash(&mut self, event: &Event) -> u64 {
        self.values.clear();
        self.values.extend(event.millis.to_le_bytes());
        let all = 0..event.value_count();
        let of_audit = self.identity.iter().copied().filter(|_| event.is_audit);
        let others = all.filter(|_| !event.is_audit);
        for value in of_audit.chain(others).map(|place| event.value(place)) {
            self.values.extend((value.len() as u64).to_le_bytes());
            self.values.extend(value);
        }
        xxh3_64(&self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of some events, each a time and a hash, are new.
    fn new_ones(taken: &mut Taken, events: &[(i64, u64)]) -> Vec<(i64, u64)> {
        events.iter().copied().filter(|(millis, hash)| taken.note(*millis, *hash)).collect()
    }

    #[test]
    fn a_log_cut_anywhere_and_read_again_gives_each_event_once() {
        // Ties, and some that come late.
        let log: Vec<(i64, u64)> =
            (0..400).map(|n: i64| (n / 3 * 1000 - n % 7 * 900, n as u64)).collect();
        for cut in [0, 1, 2, 7, 50, 199, 398, 400] {
            let mut taken = Taken::default();
            assert_eq!(new_ones(&mut taken, &log[..cut]), log[..cut]);
            let saved = taken.boundary().clone();
            let mut again = Taken::after(saved.clone());
            assert_eq!(new_ones(&mut again, &log), log[cut..], "{cut}");
            assert_eq!(again.passed_over(), cut as u64);
            let mut rest = Taken::after(saved);
            assert_eq!(new_ones(&mut rest, &log[cut..]), log[cut..], "{cut}");
            assert_eq!(rest.boundary().latest(), again.boundary().latest());
        }
    }

    #[test]
    fn equal_events_are_told_apart_by_their_number() {
        let mut taken = Taken::default();
        assert_eq!(new_ones(&mut taken, &[(5, 7), (5, 7)]).len(), 2);
        let mut again = Taken::after(taken.boundary().clone());
        assert_eq!(new_ones(&mut again, &[(5, 7), (5, 7), (5, 7)]).len(), 1);
    }

    #[test]
    fn only_a_window_is_remembered() {
        let mut taken = Taken::default();
        for second in 0..1000 {
            taken.note(second * 1000, second as u64);
        }
        assert_eq!(taken.boundary().events.len(), 61);
        assert_eq!(taken.boundary().until, Some(939_000));
    }

    #[test]
    fn the_window_is_shorter_where_there_are_many_events() {
        let mut taken = Taken::default();
        for event in 0..100_000 {
            taken.note(event / 100, event as u64);
        }
        let Boundary { until, events } = taken.boundary();
        assert!((MOST - 100..=MOST).contains(&events.len()), "{}", events.len());
        let first = (100_000 - MOST) as i64 / 100;
        assert_eq!(*until, Some(first + 1));
        assert_eq!(events.front().map(|(millis, _)| *millis), *until);
    }
}
