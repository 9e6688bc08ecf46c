//! Which events were taken already, so that a log that is read again, or goes
//! on where another ended, adds only what is new.
//!
//! It works on anything that can be read, pipes too, for it knows events and
//! not files. Each host has an end of its own, as their logs seldom end at the
//! same time. Events of a host's last minute are told apart one by one; all
//! that are older were taken.
//!
//! An event of an audit log is known by its time, host and serial, so that it
//! is the same when records of it that were not there yet have come. Any other
//! is known by all its values, and two that are equal by their number.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::observations::{Event, Fields};

/// How far back events of a host are told apart, in milliseconds of the log.
const WINDOW: i64 = 60_000;

/// The fields, beside the time, by which events of audit logs are told apart.
pub(crate) const IDENTITY: [&str; 2] = ["event.sequence", HOST];

/// The field that says of which host an event is.
const HOST: &str = "host.name";

/// Most events that are told apart, shared by all hosts.
const MOST: usize = 1 << 16;

/// The fewest for each host.
const LEAST: usize = 64;

/// The ends of what was taken, by host; events without one have an empty one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Boundary(BTreeMap<String, End>);

/// The end of what was taken of a host.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct End {
    /// Everything before this time was taken, in milliseconds since 1970.
    until: i64,
    /// Time of the latest event that was taken.
    latest: i64,
    /// Time and hash of the events since `until`, in the order in which they
    /// were taken.
    events: VecDeque<(i64, u64)>,
}

impl Boundary {
    /// Time of the latest event that was taken, in milliseconds since 1970.
    pub(crate) fn latest(&self) -> Option<i64> {
        self.0.values().map(|end| end.latest).max()
    }

    /// Number of hosts of which events were taken.
    pub(crate) fn hosts(&self) -> usize {
        self.0.keys().filter(|host| !host.is_empty()).count()
    }
}

impl End {
    /// Nothing was taken yet of a host whose first event is at this time.
    fn at(millis: i64) -> End {
        End { until: i64::MIN, latest: millis, events: VecDeque::new() }
    }

    /// Takes an event. Of more than `most` the oldest are told apart no more.
    fn take(&mut self, millis: i64, hash: u64, most: usize) {
        self.latest = self.latest.max(millis);
        self.until = self.until.max(self.latest.saturating_sub(WINDOW));
        if millis >= self.until {
            self.events.push_back((millis, hash));
        }
        while self.events.len() > most
            && let Some((millis, _)) = self.events.pop_front()
        {
            self.until = self.until.max(millis.saturating_add(1));
        }
        while self.events.front().is_some_and(|(millis, _)| *millis < self.until) {
            self.events.pop_front();
        }
    }
}

/// The end of what was taken before, and of what is taken now.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    boundary: Boundary,
    /// Up to when everything of a host was taken before this run.
    before: BTreeMap<String, i64>,
    /// How many events of each hash were taken before this run and did not
    /// come up in it yet.
    known: HashMap<u64, u32>,
    /// Events that were taken before.
    passed_over: u64,
    /// Places of the fields by which events of audit logs are told apart.
    identity: Vec<usize>,
    /// Place of the host.
    host: Option<usize>,
    /// Room for the values of an event.
    values: Vec<u8>,
}

impl Taken {
    /// What was taken when the state was saved.
    pub(crate) fn carried_on(boundary: Boundary, fields: &Fields) -> Taken {
        let identity = IDENTITY.iter().filter_map(|name| fields.place(name)).collect();
        Taken { identity, host: fields.place(HOST), ..Taken::after(boundary) }
    }

    fn after(boundary: Boundary) -> Taken {
        let mut known = HashMap::new();
        for (_, hash) in boundary.0.values().flat_map(|end| &end.events) {
            *known.entry(*hash).or_default() += 1;
        }
        let before = boundary.0.iter().map(|(host, end)| (host.clone(), end.until)).collect();
        Taken { boundary, before, known, ..Taken::default() }
    }

    /// Whether an event is new. If so, it is taken.
    pub(crate) fn is_new(&mut self, event: &Event) -> bool {
        let hash = self.hash(event);
        let host = self.host.map_or(&b""[..], |place| event.value(place));
        self.note(&String::from_utf8_lossy(host), event.millis, hash)
    }

    /// Events of this run that were taken before.
    pub(crate) fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// The end of what is taken now.
    pub(crate) fn boundary(&self) -> &Boundary {
        &self.boundary
    }

    fn note(&mut self, host: &str, millis: i64, hash: u64) -> bool {
        let is_before = self.before.get(host).is_some_and(|until| millis < *until);
        if is_before || self.is_known(hash) {
            self.passed_over += 1;
            return false;
        }
        let most = (MOST / self.boundary.0.len().max(1)).max(LEAST);
        match self.boundary.0.get_mut(host) {
            Some(end) => end.take(millis, hash, most),
            None => {
                let mut end = End::at(millis);
                end.take(millis, hash, most);
                self.boundary.0.insert(host.to_owned(), end);
            }
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

    /// An event: its host, time and hash.
    type Noted = (&'static str, i64, u64);

    /// Which of some events are new.
    fn new_ones(taken: &mut Taken, events: &[Noted]) -> Vec<Noted> {
        let events = events.iter().copied();
        events.filter(|(host, millis, hash)| taken.note(host, *millis, *hash)).collect()
    }

    #[test]
    fn a_log_cut_anywhere_and_read_again_gives_each_event_once() {
        // Two hosts, ties, and some events that come late.
        let host = |n: i64| if n % 3 == 0 { "db01" } else { "web01" };
        let log: Vec<Noted> =
            (0..400).map(|n| (host(n), n / 3 * 1000 - n % 7 * 900, n as u64)).collect();
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
    fn a_host_whose_log_ended_earlier_goes_on_where_it_ended() {
        let mut taken = Taken::default();
        new_ones(&mut taken, &[("db01", 0, 1), ("web01", 600_000, 2)]);
        let mut next = Taken::after(taken.boundary().clone());
        let log = [("db01", 0, 1), ("db01", 1000, 3), ("web01", 500_000, 4), ("web01", 600_000, 5)];
        assert_eq!(new_ones(&mut next, &log), [log[1], log[3]]);
        assert_eq!(next.boundary().hosts(), 2);
    }

    #[test]
    fn equal_events_are_told_apart_by_their_number() {
        let mut taken = Taken::default();
        assert_eq!(new_ones(&mut taken, &[("", 5, 7), ("", 5, 7)]).len(), 2);
        let mut again = Taken::after(taken.boundary().clone());
        assert_eq!(new_ones(&mut again, &[("", 5, 7), ("", 5, 7), ("", 5, 7)]).len(), 1);
    }

    #[test]
    fn only_a_window_is_remembered() {
        let mut taken = Taken::default();
        for second in 0..1000 {
            taken.note("", second * 1000, second as u64);
        }
        let end = &taken.boundary().0[""];
        assert_eq!((end.until, end.latest, end.events.len()), (939_000, 999_000, 61));
    }

    #[test]
    fn the_window_is_shorter_where_there_are_many_events() {
        let mut taken = Taken::default();
        for event in 0..100_000 {
            taken.note("", event / 100, event as u64);
        }
        let End { until, events, .. } = &taken.boundary().0[""];
        assert!((MOST - 100..=MOST).contains(&events.len()), "{}", events.len());
        assert_eq!(*until, (100_000 - MOST) as i64 / 100 + 1);
        assert_eq!(events.front().map(|(millis, _)| millis), Some(until));
    }
}
