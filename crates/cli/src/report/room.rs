//! How much of a report there is room for: a report is at most [`MOST_BYTES`] long, whatever the
//! log.
//!
//! What is counted is what the file holds: data as they are [`embedded`], in which a
//! character of a log may take six bytes.

use serde::Serialize;

use super::embedded::embedded;

/// Most bytes of a report.
pub(crate) const MOST_BYTES: usize = 3_000_000;

/// Of these, bytes of the page without its data.
pub(super) const OF_PAGE: usize = 100_000;

/// Most bytes of one part among many like it: one that is larger is not worth the others.
const LARGEST_PART: usize = 100_000;

/// Bytes that are left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    left: usize,
    /// Whether a part found no room, so that no later one is to have any.
    is_full: bool,
}

impl Room {
    /// Room for so many bytes.
    pub(super) fn of(bytes: usize) -> Room {
        Room { left: bytes, is_full: false }
    }

    /// Bytes that are left.
    pub(super) fn left(self) -> usize {
        self.left
    }

    /// Takes the parts from the first on, and counts those for which there is no room. A part
    /// that is larger than is good is left out alone; any other leaves out all that follow it.
    pub(super) fn take<T: Serialize>(&mut self, parts: impl Iterator<Item = T>) -> (Vec<T>, u64) {
        let (mut taken, mut left_out) = (Vec::new(), 0);
        for part in parts {
            if self.takes(&part) {
                taken.push(part);
            } else {
                left_out += 1;
            }
        }
        (taken, left_out)
    }

    /// Whether there is room for a part, which it has then.
    pub(super) fn takes(&mut self, part: &impl Serialize) -> bool {
        let needed = weight(part);
        if self.is_full || needed > LARGEST_PART {
            return false;
        }
        self.is_full = needed > self.left;
        if !self.is_full {
            self.left -= needed;
        }
        !self.is_full
    }

    /// As [`takes`](Room::takes), but a part without room closes it for no other.
    pub(super) fn takes_if_small(&mut self, part: &impl Serialize) -> bool {
        let needed = weight(part);
        let fits = !self.is_full && needed <= self.left.min(LARGEST_PART);
        if fits {
            self.left -= needed;
        }
        fits
    }
}

/// Bytes of a part in a file, with a comma.
pub(super) fn weight(part: &impl Serialize) -> usize {
    serde_json::to_string(part).map_or(usize::MAX, |json| embedded(&json).len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_weighs_what_the_page_holds_of_it() {
        assert_eq!((weight(&"ab"), weight(&"<"), weight(&"\u{9b}")), (5, 9, 9));
    }

    #[test]
    fn the_first_ones_have_room() {
        let mut room = Room::of(20);
        let (taken, left_out) = room.take(["1234567", "1234567", "x"].into_iter());
        assert_eq!((taken, left_out, room.left()), (vec!["1234567", "1234567"], 1, 0));
        let mut room = Room::of(20);
        assert!(!room.takes_if_small(&"more than there is room for") && room.takes(&"small"));
        assert!(!room.takes(&"more than there is room for") && !room.takes(&"x"));
        let mut room = Room::of(1_000_000);
        let large = "x".repeat(LARGEST_PART);
        assert_eq!(room.take([large.as_str(), "small"].into_iter()), (vec!["small"], 1));
    }
}
