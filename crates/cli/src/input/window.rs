//! Which part of the time of a log is wanted, and what of it was met.

use crate::stamp::rfc3339;
use crate::when::TimeRange;

/// The part of the time that is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(super) range: TimeRange,
    /// Whether what is before the range is read too.
    pub(super) has_background: bool,
}

/// What was met of times inside and behind a window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Met {
    /// Something was in the range.
    pub(super) inside: bool,
    /// Something was behind the range.
    pub(super) behind: bool,
}

impl Met {
    /// Adds what was met elsewhere.
    pub(super) fn add(&mut self, other: Met) {
        self.inside |= other.inside;
        self.behind |= other.behind;
    }
}

impl Window {
    /// The range in words, as far as it is bounded: they go behind what lies in it.
    pub(crate) fn words(self) -> String {
        match (self.range.from, self.range.to) {
            (None, None) => "at any time".to_owned(),
            (Some(from), None) => format!("at {} (--from) or later", rfc3339(from)),
            (None, Some(to)) => format!("before {} (--to)", rfc3339(to)),
            (Some(from), Some(to)) => {
                format!("between --from and --to, {} and {}", rfc3339(from), rfc3339(to))
            }
        }
    }

    /// Whether something that happened at this time, in milliseconds since
    /// 1970, is wanted.
    pub(crate) fn wants(self, millis: impl TryInto<i64>, met: &mut Met) -> bool {
        let Ok(millis) = millis.try_into() else { return false };
        let wanted = self.range.contains(millis);
        let behind = self.range.to.is_some_and(|to| millis >= to);
        met.add(Met { inside: wanted, behind });
        wanted
    }

    /// Whether something that happened at this time, in milliseconds since
    /// 1970, is before the range and read all the same.
    pub(crate) fn is_background(self, millis: impl TryInto<i64>) -> bool {
        let is_before = |millis| self.range.from.is_some_and(|from| millis < from);
        self.has_background && millis.try_into().is_ok_and(is_before)
    }
}
