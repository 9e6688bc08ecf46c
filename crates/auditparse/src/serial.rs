//! Loss accounting: which serial numbers of a node's kernel are missing from the log. This module
//! owns the arithmetic of serials that wrap, come out of order and start anew at a boot. It does
//! not know events; [`reassembly`](crate::reassembly) tells it each new serial once.

use std::collections::{VecDeque, vec_deque};

/// A jump forward at least this large is a reboot and not a loss: the kernel counts from 1 again,
/// or the log continues that of another boot.
const RESTART_JUMP: u32 = 1 << 24;

/// Ranges of missing serials that are remembered per node, so that late events can fill them. When
/// there are more, the oldest is given up and stays lost.
const MAX_RANGES: usize = 1024;

/// Consecutive serials that never came, as far as the log goes.
///
/// ```
/// use auditparse::{Events, LostRange};
///
/// let log = b"\
/// type=USER_LOGIN msg=audit(1.001:7): pid=1
/// type=USER_LOGIN msg=audit(1.002:10): pid=1
/// ";
/// let mut events = Events::new(log);
/// assert_eq!(events.by_ref().count(), 2);
/// let (node, range) = events.lost_ranges().next().unwrap();
/// assert_eq!(node, b"");
/// assert_eq!(range, LostRange { first: 8, last: 9 });
/// assert_eq!(range.count(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LostRange {
    /// The first missing serial.
    pub first: u32,
    /// The last missing serial; smaller than `first` if the range wraps at 2³².
    pub last: u32,
}

impl LostRange {
    /// The number of serials in the range.
    ///
    /// ```
    /// use auditparse::LostRange;
    ///
    /// assert_eq!(LostRange { first: 8, last: 10 }.count(), 3);
    /// assert_eq!(LostRange { first: u32::MAX, last: 0 }.count(), 2);
    /// ```
    pub fn count(&self) -> u64 {
        u64::from(self.last.wrapping_sub(self.first)) + 1
    }
}

/// The serials of one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Serials {
    newest: Option<u32>,
    missing: VecDeque<LostRange>,
    given_up: u64,
}

impl Serials {
    /// Notes an event's serial.
    #[inline]
    pub(crate) fn note(&mut self, serial: u32) {
        match self.newest {
            Some(newest) if serial.wrapping_sub(newest) != 1 => self.note_other(newest, serial),
            _ => self.newest = Some(serial),
        }
    }

    /// Notes a serial that is not the one after the newest.
    fn note_other(&mut self, newest: u32, serial: u32) {
        let ahead = serial.wrapping_sub(newest);
        if ahead == 0 {
            return;
        }
        if ahead < RESTART_JUMP {
            let first = newest.wrapping_add(1);
            self.add_missing(LostRange { first, last: serial.wrapping_sub(1) });
            self.newest = Some(serial);
        } else if newest.wrapping_sub(serial) >= RESTART_JUMP || !self.fill(serial) {
            self.step_back(newest, serial);
        }
    }

    /// A serial that is behind the newest and fills no gap: a log that starts amid an
    /// out-of-order stretch, or a boot that counts anew.
    fn step_back(&mut self, newest: u32, serial: u32) {
        /// Events come out of order within seconds; one that is further behind is of a new boot.
        const OUT_OF_ORDER: u32 = 1 << 16;
        if newest.wrapping_sub(serial) >= OUT_OF_ORDER {
            self.newest = Some(serial);
        }
    }

    /// Takes a serial that came late out of the missing ones. `false` if it is not among them.
    fn fill(&mut self, serial: u32) -> bool {
        let inside = |range: &LostRange| {
            serial.wrapping_sub(range.first) <= range.last.wrapping_sub(range.first)
        };
        // Late events fill recent gaps, so the search goes from the back.
        let Some(at) = self.missing.iter().rposition(inside) else {
            return false;
        };
        let range = self.missing[at];
        let before = LostRange { first: range.first, last: serial.wrapping_sub(1) };
        let after = LostRange { first: serial.wrapping_add(1), last: range.last };
        match (serial == range.first, serial == range.last) {
            (true, true) => drop(self.missing.remove(at)),
            (true, false) => self.missing[at] = after,
            (false, true) => self.missing[at] = before,
            (false, false) => {
                self.missing[at] = before;
                self.missing.insert(at + 1, after);
                self.trim();
            }
        }
        true
    }

    fn add_missing(&mut self, range: LostRange) {
        self.missing.push_back(range);
        self.trim();
    }

    fn trim(&mut self) {
        if self.missing.len() > MAX_RANGES {
            self.given_up += self.missing.pop_front().map_or(0, |range| range.count());
        }
    }

    /// How many serials are missing.
    pub(crate) fn lost(&self) -> u64 {
        self.given_up + self.missing.iter().map(LostRange::count).sum::<u64>()
    }

    /// The missing ranges that are still known, oldest first.
    pub(crate) fn ranges(&self) -> vec_deque::Iter<'_, LostRange> {
        self.missing.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(serials: &[u32]) -> Serials {
        let mut tracked = Serials::default();
        serials.iter().for_each(|&serial| tracked.note(serial));
        tracked
    }

    #[test]
    fn gaps_are_ranges() {
        let serials = after(&[10, 15, 16, 20]);
        assert_eq!(serials.lost(), 7);
        let ranges: Vec<_> = serials.ranges().copied().collect();
        assert_eq!(ranges, [LostRange { first: 11, last: 14 }, LostRange { first: 17, last: 19 }]);
    }

    #[test]
    fn late_serials_fill_gaps_from_every_side() {
        assert_eq!(after(&[6, 8, 7]).lost(), 0);
        assert_eq!(after(&[1, 9, 5]).lost(), 6);
        assert_eq!(after(&[1, 9, 2]).lost(), 6);
        assert_eq!(after(&[1, 9, 8]).lost(), 6);
        assert_eq!(after(&[1, 9, 5, 4, 6, 3, 7, 2, 8]).lost(), 0);
    }

    #[test]
    fn serials_wrap() {
        assert_eq!(after(&[u32::MAX, 0]).lost(), 0);
        assert_eq!(after(&[u32::MAX - 1, 2]).lost(), 3);
        assert_eq!(after(&[u32::MAX - 1, 2, u32::MAX, 0, 1]).lost(), 0);
    }

    #[test]
    fn a_reboot_is_no_loss() {
        assert_eq!(after(&[900_000, 1, 2, 3]).lost(), 0);
        assert_eq!(after(&[3_000_000_000, 5, 6]).lost(), 0);
        assert_eq!(after(&[5, 3_000_000_000, 3_000_000_001]).lost(), 0);
    }

    #[test]
    fn repeated_and_earlier_serials_lose_nothing() {
        assert_eq!(after(&[7, 7, 7]).lost(), 0);
        assert_eq!(after(&[7, 5, 6, 8]).lost(), 0);
    }

    #[test]
    fn many_gaps_stay_bounded_and_counted() {
        let serials: Vec<u32> = (0..3000).map(|n| 2 * n).collect();
        let tracked = after(&serials);
        assert_eq!(tracked.lost(), 2999);
        assert_eq!(tracked.ranges().count(), MAX_RANGES);
    }
}
