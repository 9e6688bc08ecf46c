//! What was read: lines, records, and the lines that are none, by reason. This module owns the
//! counts of lines; those of events are [`reassembly`](crate::reassembly)'s.

use crate::error::RecordErrorKind;
use crate::reassembly::EventStats;

/// What has been read.
///
/// ```
/// use auditparse::Records;
///
/// let mut records = Records::new(b"type=CWD msg=audit(1.001:7): cwd=\"/\"\nhello\n");
/// assert_eq!(records.by_ref().count(), 2);
/// let stats = records.stats();
/// assert_eq!((stats.lines, stats.records, stats.rejected.total()), (2, 1, 1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// Bytes, line ends included.
    pub bytes: u64,
    /// Lines of any kind.
    pub lines: u64,
    /// Lines that are records.
    pub records: u64,
    /// Lines that are not, by reason.
    pub rejected: Rejected,
    /// Records whose text has a newline and did not go on as their own `saddr=` says: lines were
    /// filtered or changed on the way, and lines that are counted as records may be forged.
    pub broken_off: u64,
    /// Events, if events or connections were read.
    pub events: EventStats,
}

/// Lines that are no records: how many of each kind, and where the first was.
///
/// ```
/// use auditparse::{RecordErrorKind, Records};
///
/// let mut records = Records::new(b"type=CWD msg=audit(1.001:7): cwd=\"/\"\nhello\n");
/// assert_eq!(records.by_ref().count(), 2);
/// let rejected = records.stats().rejected;
/// assert_eq!(rejected.count(RecordErrorKind::NotAudit), 1);
/// assert_eq!(rejected.first_line(RecordErrorKind::NotAudit), Some(2));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    kinds: [RejectedKind; RecordErrorKind::ALL.len()],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct RejectedKind {
    count: u64,
    first_line: u64,
}

impl Rejected {
    /// Lines that were rejected for this reason.
    ///
    /// ```
    /// use auditparse::{RecordErrorKind, Records};
    ///
    /// let mut records = Records::new(b"----\ntype=EOE msg=audit(1.001:7):\n----\n");
    /// assert_eq!(records.by_ref().count(), 3);
    /// assert_eq!(records.stats().rejected.count(RecordErrorKind::Separator), 2);
    /// ```
    pub fn count(&self, kind: RecordErrorKind) -> u64 {
        self.kinds[kind as usize].count
    }

    /// Number, from 1, of the first such line.
    ///
    /// ```
    /// use auditparse::{RecordErrorKind, Records};
    ///
    /// let mut records = Records::new(b"type=EOE msg=audit(1.001:7):\n----\n");
    /// assert_eq!(records.by_ref().count(), 2);
    /// let rejected = records.stats().rejected;
    /// assert_eq!(rejected.first_line(RecordErrorKind::Separator), Some(2));
    /// assert_eq!(rejected.first_line(RecordErrorKind::Blank), None);
    /// ```
    pub fn first_line(&self, kind: RecordErrorKind) -> Option<u64> {
        let counted = self.kinds[kind as usize];
        (counted.count > 0).then_some(counted.first_line)
    }

    /// The reasons that occurred, with their counts.
    ///
    /// ```
    /// use auditparse::{RecordErrorKind, Records};
    ///
    /// let mut records = Records::new(b"----\n\n----\n");
    /// assert_eq!(records.by_ref().count(), 3);
    /// let counts: Vec<_> = records.stats().rejected.iter().collect();
    /// assert_eq!(counts, [(RecordErrorKind::Blank, 1), (RecordErrorKind::Separator, 2)]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (RecordErrorKind, u64)> + '_ {
        let counts = RecordErrorKind::ALL.iter().map(|&kind| (kind, self.count(kind)));
        counts.filter(|&(_, count)| count > 0)
    }

    /// Lines that were rejected for any reason.
    ///
    /// ```
    /// let mut records = auditparse::Records::new(b"----\n\ntype=EOE msg=audit(1.001:7):\n");
    /// assert_eq!(records.by_ref().count(), 3);
    /// assert_eq!(records.stats().rejected.total(), 2);
    /// ```
    pub fn total(&self) -> u64 {
        self.kinds.iter().map(|kind| kind.count).sum()
    }

    pub(crate) fn add(&mut self, kind: RecordErrorKind, line: u64) {
        let counted = &mut self.kinds[kind as usize];
        if counted.count == 0 {
            counted.first_line = line;
        }
        counted.count += 1;
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Rejected {
    /// A map from the names of the reasons that occurred to their counts.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(kind, count)| (kind.name(), count)))
    }
}
