//! Which part of a log's stream of text was read from which file, as far back
//! as a position may be asked for.

use std::collections::VecDeque;

use super::super::position::Place;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Passages {
    /// Where in the stream the text of a file began, and where in the file.
    starts: VecDeque<(u64, Place)>,
    /// Bytes of the stream that were read.
    given: u64,
    /// Whether the last of `starts` is of the file that is open.
    is_open: bool,
}

impl Passages {
    /// Begins at a place that was read up to before.
    pub(super) fn resume(&mut self, place: Place) {
        self.starts.push_back((0, place));
    }

    /// Notes that what follows is of another file, or of another part of one.
    pub(super) fn open(&mut self) {
        self.is_open = false;
    }

    /// Notes text that was read from a place; without one, text that no file has.
    pub(super) fn pass(&mut self, place: Option<Place>, length: usize) {
        match (place, self.starts.back_mut()) {
            (None, _) => {}
            // A file that had less than a fingerprint's length at first has more by now.
            (Some(place), Some((_, start))) if self.is_open => start.file = place.file,
            (Some(place), _) => {
                self.starts.push_back((self.given, place));
                self.is_open = true;
            }
        }
        self.given += length as u64;
    }

    /// The place of a byte of the stream, or of its end; `None` if nothing was
    /// read.
    pub(super) fn place(&self, at: u64) -> Option<Place> {
        let (start, place) = self.starts.iter().rev().find(|(start, _)| *start <= at)?;
        Some(Place { offset: place.offset + (at - start), ..place.clone() })
    }

    /// Forgets what is before a byte of the stream, which is not asked for any
    /// more.
    pub(super) fn forget_before(&mut self, at: u64) {
        while self.starts.get(1).is_some_and(|(start, _)| *start <= at) {
            self.starts.pop_front();
        }
    }
}
