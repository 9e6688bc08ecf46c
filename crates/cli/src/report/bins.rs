//! Time cut into bins, as many as a screen has columns.
//!
//! A bin is as many buckets as needed for all of the log to fit into
//! [`COLUMNS`]: one at first, and twice as many whenever there is no room. What is
//! kept by bin is made [`coarser`](Presence::coarsen) then, so that memory does not
//! grow with the length of the log.

/// Most bins.
pub(crate) const COLUMNS: usize = 1024;

const WORDS: usize = COLUMNS / 64;

/// The bins of a log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    /// Length of a bucket in milliseconds.
    span: i64,
    /// Number of the first bucket, which starts the first bin.
    first: Option<i64>,
    /// Buckets of a bin, a power of two.
    width: i64,
    /// Number of bins up to the last one used.
    used: usize,
}

/// Where a moment is on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The bin.
    pub(crate) bin: usize,
    /// How often all that is kept must be made coarser first.
    pub(crate) coarser: u32,
}

impl Axis {
    /// An axis without any bin, for buckets of `span` milliseconds.
    pub(crate) fn new(span: i64) -> Axis {
        Axis { span: span.max(1), first: None, width: 1, used: 0 }
    }

    /// The bin of a moment in milliseconds since 1970, for which room is made;
    /// `None` if it is before the first bin.
    pub(crate) fn place(&mut self, millis: i64) -> Option<Place> {
        let bucket = millis.div_euclid(self.span);
        let since = bucket - *self.first.get_or_insert(bucket);
        let mut coarser = 0;
        while since / self.width >= COLUMNS as i64 {
            self.width *= 2;
            self.used = self.used.div_ceil(2);
            coarser += 1;
        }
        let bin = usize::try_from(since / self.width).ok()?;
        self.used = self.used.max(bin + 1);
        Some(Place { bin, coarser })
    }

    /// Start of the first bin, in milliseconds since 1970; 0 without any.
    pub(crate) fn start(&self) -> i64 {
        self.first.unwrap_or(0) * self.span
    }

    /// Length of a bin in milliseconds.
    pub(crate) fn bin_length(&self) -> i64 {
        self.width * self.span
    }

    /// Number of bins.
    pub(crate) fn len(&self) -> usize {
        self.used
    }
}

/// In which bins something was there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presence([u64; WORDS]);

impl Presence {
    /// Notes a bin.
    pub(crate) fn set(&mut self, bin: usize) {
        if let Some(word) = self.0.get_mut(bin / 64) {
            *word |= 1 << (bin % 64);
        }
    }

    /// Whether something was there in a bin.
    pub(crate) fn has(&self, bin: usize) -> bool {
        self.0.get(bin / 64).is_some_and(|word| word >> (bin % 64) & 1 == 1)
    }

    /// Makes one of every two bins.
    pub(crate) fn coarsen(&mut self) {
        let mut coarser = Presence::default();
        (0..COLUMNS).filter(|&bin| self.has(bin)).for_each(|bin| coarser.set(bin / 2));
        *self = coarser;
    }

    /// The first `bins` bins as hexadecimal digits, four bins each, the earliest
    /// in the highest bit.
    pub(crate) fn hex(&self, bins: usize) -> String {
        let digit = |place: usize| {
            (0..4).fold(0, |digit, bit| digit << 1 | u32::from(self.has(4 * place + bit)))
        };
        let digits = (0..bins.div_ceil(4)).map(digit);
        digits.filter_map(|digit| char::from_digit(digit, 16)).collect()
    }

    /// The first `bins` bins in at most `cells` characters, each higher the more
    /// of its bins had something.
    pub(crate) fn sparkline(&self, bins: usize, cells: usize) -> String {
        const BLOCKS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let cells = cells.min(bins).max(1);
        let cell = |cell: usize| {
            let (from, to) = (cell * bins / cells, (cell + 1) * bins / cells);
            let seen = (from..to).filter(|&bin| self.has(bin)).count();
            // What was there but once shows, and only what was always there is full.
            BLOCKS[(seen * 8).div_ceil((to - from).max(1)).min(8)]
        };
        (0..cells).map(cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_double_when_the_log_is_longer_than_the_screen() {
        let mut axis = Axis::new(1000);
        let at = |axis: &mut Axis, seconds: i64| axis.place(seconds * 1000 + 7);
        assert_eq!(at(&mut axis, 5000), Some(Place { bin: 0, coarser: 0 }));
        assert_eq!(at(&mut axis, 4999), None);
        assert_eq!(at(&mut axis, 6023), Some(Place { bin: 1023, coarser: 0 }));
        assert_eq!(at(&mut axis, 6024), Some(Place { bin: 512, coarser: 1 }));
        assert_eq!(at(&mut axis, 5000 + 8191), Some(Place { bin: 1023, coarser: 2 }));
        assert_eq!((axis.start(), axis.bin_length(), axis.len()), (5_000_000, 8000, 1024));
    }

    #[test]
    fn presence_stays_where_it_was() {
        let mut presence = Presence::default();
        [0, 3, 4, 1023].into_iter().for_each(|bin| presence.set(bin));
        assert_eq!(presence.hex(12), "980");
        presence.coarsen();
        let seen: Vec<usize> = (0..COLUMNS).filter(|&bin| presence.has(bin)).collect();
        assert_eq!(seen, [0, 1, 2, 511]);
    }

    #[test]
    fn a_sparkline_shows_what_was_there_but_once() {
        let mut presence = Presence::default();
        (0..8).chain([16]).for_each(|bin| presence.set(bin));
        assert_eq!(presence.sparkline(24, 3), "█·▁");
        assert_eq!(presence.sparkline(2, 24), "██");
        assert_eq!(presence.sparkline(0, 24), "·");
    }
}
