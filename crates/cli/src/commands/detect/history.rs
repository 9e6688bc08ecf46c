//! When each value was seen so far, as the table of alerts shows it.
//!
//! Bounded: a bit for each bin of time, 128 bytes, of at most 65,536 values.

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use crate::report::{Axis, MOST_PORTS, Presence};

/// Width of a history in characters.
const WIDTH: usize = 16;

/// When values were seen.
#[derive(Debug)]
pub(super) struct History {
    axis: Axis,
    values: IndexMap<Box<[u8]>, Presence, FixedState>,
}

impl History {
    /// Nothing yet, in buckets of `bucket_span` seconds.
    pub(super) fn new(bucket_span: u32) -> History {
        let axis = Axis::new(i64::from(bucket_span) * 1000);
        History { axis, values: IndexMap::default() }
    }

    /// Notes that a value was there, at a time in milliseconds since 1970.
    pub(super) fn note(&mut self, value: &[u8], millis: i64) {
        let Some(place) = self.axis.place(millis) else { return };
        for _ in 0..place.coarser {
            self.values.values_mut().for_each(Presence::coarsen);
        }
        if let Some(presence) = self.values.get_mut(value) {
            presence.set(place.bin);
        } else if self.values.len() < MOST_PORTS {
            self.values.entry(value.into()).or_default().set(place.bin);
        }
    }

    /// The history of a value from the start of the log to now, as a sparkline.
    pub(super) fn line(&self, value: &str) -> String {
        let presence = self.values.get(value.as_bytes());
        presence.map_or(String::new(), |presence| presence.sparkline(self.axis.len(), WIDTH))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_value_is_at_the_end() {
        let mut history = History::new(900);
        for bucket in 0..3200 {
            history.note(b"443", bucket * 900_000);
        }
        history.note(b"4444", 3199 * 900_000);
        assert_eq!(history.line("443"), "████████████████");
        assert_eq!(history.line("4444"), "···············▁");
        assert_eq!(history.line("80"), "");
    }
}
