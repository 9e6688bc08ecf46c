//! Scores by value and time: what the swim lanes show.
//!
//! Bounded: at most [`MOST_VALUES`] values of a field, further ones are counted
//! each time they have a score; of each a score for every bin.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use indexmap::IndexMap;

/// Most values of a field that are kept.
const MOST_VALUES: usize = 10_000;

/// The scores of one value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lane {
    /// The highest score in each bin that has one.
    pub(crate) scores: BTreeMap<usize, f64>,
}

impl Lane {
    fn raise(&mut self, bin: usize, score: f64) {
        let highest = self.scores.entry(bin).or_insert(score);
        *highest = highest.max(score);
    }

    fn coarsen(&mut self) {
        for (bin, score) in std::mem::take(&mut self.scores) {
            self.raise(bin / 2, score);
        }
    }

    /// The highest score of all.
    pub(crate) fn highest(&self) -> f64 {
        self.scores.values().copied().fold(0.0, f64::max)
    }
}

/// The scores of the values of one field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lanes {
    pub(crate) values: IndexMap<String, Lane, FixedState>,
    /// Scores of values for which there was no room.
    pub(crate) without_room: u64,
}

impl Lanes {
    /// Notes a score, 0 to 100. One of 0 is nothing to look at.
    pub(crate) fn note(&mut self, value: &str, bin: usize, score: f64) {
        if score <= 0.0 {
            return;
        }
        if let Some(lane) = self.values.get_mut(value) {
            lane.raise(bin, score);
        } else if self.values.len() < MOST_VALUES {
            self.values.entry(value.to_owned()).or_default().raise(bin, score);
        } else {
            self.without_room += 1;
        }
    }

    /// Makes one of every two bins.
    pub(crate) fn coarsen(&mut self) {
        self.values.values_mut().for_each(Lane::coarsen);
    }

    /// The values with the highest scores, at most `most`; equal ones in order of
    /// their names.
    pub(crate) fn highest(&self, most: usize) -> Vec<(&str, &Lane)> {
        let mut all: Vec<_> = self.values.iter().map(|(name, lane)| (&**name, lane)).collect();
        all.sort_by(|(x, of_x), (y, of_y)| {
            of_y.highest().total_cmp(&of_x.highest()).then_with(|| x.cmp(y))
        });
        all.truncate(most);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_score_of_a_bin_counts() {
        let mut lanes = Lanes::default();
        for (value, bin, score) in
            [("a", 2, 10.0), ("a", 3, 30.0), ("a", 3, 20.0), ("b", 0, 40.0), ("c", 0, 0.0)]
        {
            lanes.note(value, bin, score);
        }
        lanes.coarsen();
        let highest = lanes.highest(9);
        assert_eq!(highest.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(highest[1].1.scores, BTreeMap::from([(1, 30.0)]));
        assert_eq!(lanes.highest(1).len(), 1);
    }
}
