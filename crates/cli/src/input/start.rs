//! Where a log is read on that was read before, among its files and in one of them.

use super::position::{Fingerprint, Place};

/// Where a log is read on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Start {
    /// The first file that is read, by its place among the members.
    pub(super) member: usize,
    /// The place in it, if a part of it was read.
    pub(super) place: Option<Place>,
    /// Files that come before, oldest first.
    pub(super) older: Vec<Fingerprint>,
}

impl Start {
    /// Bytes of a member's text that are passed over.
    pub(super) fn offset_in(&self, member: usize) -> u64 {
        let place = self.place.as_ref().filter(|_| member == self.member);
        place.map_or(0, |place| place.offset)
    }
}
