//! The evidence of all values of the buckets that are still open.

mod state;

pub(crate) use state::{BehindState, GathererState};

use super::{Evidence, LogEvent};
use hashbrown::HashMap;
use std::collections::VecDeque;

type Values = HashMap<String, Behind, foldhash::fast::FixedState>;

/// Evidence by bucket and value.
///
/// Memory: one entry for each distinct value of an open bucket, and no more buckets than a detector
/// has open: events that are late or whose clock runs far ahead, which the detector drops, cannot add
/// to them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gatherer {
    /// Length of a bucket, in milliseconds.
    span: i64,
    /// Most open buckets, at least 1.
    most_open: usize,
    /// Start of the first bucket that is not closed; `None` before one was.
    closed_until: Option<i64>,
    /// Open buckets by start.
    open: VecDeque<(i64, Values)>,
    key: String,
}

/// What lies behind a value of a bucket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Behind {
    pub(crate) evidence: Evidence,
    /// Events that each exception covers.
    pub(crate) covered_by: Vec<u64>,
    /// Events that no exception for a rule covers, for each rule.
    pub(crate) uncovered: Vec<u64>,
}

impl Gatherer {
    /// For buckets of `span` milliseconds, of which no more than `most_open` are open at a time.
    pub(crate) fn new(span: i64, most_open: usize) -> Gatherer {
        Gatherer { span, most_open, ..Gatherer::default() }
    }

    /// Counts an event with a value of a partition, and gives what lies behind that value; `None` if
    /// its bucket is closed, or too many earlier ones are open.
    pub(crate) fn add(
        &mut self,
        event: &impl LogEvent,
        partition: &[u8],
        value: &[u8],
    ) -> Option<&mut Behind> {
        let start = event.millis().div_euclid(self.span) * self.span;
        if self.closed_until.is_some_and(|end| start < end) {
            return None;
        }
        write_key(
            &mut self.key,
            &String::from_utf8_lossy(partition),
            &String::from_utf8_lossy(value),
        );
        let place = self.open.partition_point(|(other, _)| *other < start);
        if self.open.get(place).is_none_or(|(other, _)| *other != start) {
            self.open.insert(place, (start, Values::default()));
            self.open.truncate(self.most_open);
        }
        let (_, values) = self.open.get_mut(place)?;
        let behind = values.entry_ref(self.key.as_str()).or_default();
        behind.evidence.add(event);
        Some(behind)
    }

    /// Takes the values of the bucket that begins at `start`, and forgets older ones.
    pub(crate) fn close(&mut self, start: i64) -> ClosedValues {
        let mut taken = Values::default();
        self.closed_until = Some(start.saturating_add(self.span));
        while self.open.front().is_some_and(|(other, _)| *other <= start) {
            if let Some((other, values)) = self.open.pop_front()
                && other == start
            {
                taken = values;
            }
        }
        ClosedValues(taken)
    }
}

/// What lies behind the values of a closed bucket.
#[derive(Debug)]
pub(crate) struct ClosedValues(Values);

impl ClosedValues {
    /// What lies behind a value of a partition, as results show them.
    pub(crate) fn behind(&self, partition: &str, value: &str) -> Option<&Behind> {
        let mut key = String::new();
        write_key(&mut key, partition, value);
        self.0.get(&key)
    }
}

/// Writes the key of a value: its partition with its length, so that no two are the same.
fn write_key(key: &mut String, partition: &str, value: &str) {
    use std::fmt::Write;
    key.clear();
    // Writing to memory cannot fail.
    let _ = write!(key, "{} {partition}{value}", partition.len());
}

#[cfg(test)]
mod tests {
    use super::super::{MOST_SAMPLES, Sample};
    use super::*;

    struct At(i64);

    impl LogEvent for At {
        fn millis(&self) -> i64 {
            self.0
        }

        fn value(&self, _: &str) -> Option<&[u8]> {
            None
        }

        fn sample(&self) -> Sample {
            Sample { millis: self.0, ..Sample::default() }
        }
    }

    #[test]
    fn values_of_buckets_are_kept_apart_until_they_close() {
        let mut gatherer = Gatherer::new(1000, 2);
        for millis in [0, 1500, 10, 990, 20, 30, 40, 50] {
            gatherer.add(&At(millis), b"", b"80");
        }
        gatherer.add(&At(0), b"1", b"80");
        gatherer.add(&At(0), b"", b"180");
        let closed = gatherer.close(0);
        let evidence = &closed.behind("", "80").unwrap().evidence;
        assert_eq!((evidence.events, evidence.samples.len()), (7, MOST_SAMPLES));
        assert_eq!((evidence.first_seen, evidence.last_seen), (Some(0), Some(990)));
        assert_eq!(closed.behind("1", "80").unwrap().evidence.events, 1);
        assert!(closed.behind("", "22").is_none());
        assert_eq!(gatherer.close(1000).behind("", "80").unwrap().evidence.events, 1);
        assert!(gatherer.close(1000).behind("", "80").is_none());
    }

    #[test]
    fn late_events_and_clocks_that_run_ahead_open_no_buckets() {
        let mut gatherer = Gatherer::new(1000, 2);
        let mut add = |millis| gatherer.add(&At(millis), b"", b"80").is_some();
        assert!(add(0) && add(9_000_000) && !add(9_500_000));
        assert!(add(1000) && !add(9_000_000));
        assert_eq!(gatherer.open.len(), 2);
        gatherer.close(0);
        assert!(gatherer.add(&At(999), b"", b"80").is_none());
        assert_eq!(gatherer.close(1000).behind("", "80").unwrap().evidence.events, 1);
    }
}
