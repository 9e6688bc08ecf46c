//! Which text of a log was in which of its files, noted while it is read, so
//! that a byte of it can be found again when files have other names.

use super::position::{FileMark, Fingerprint, Inode, OLDER, Place, START};
use super::start::Start;

/// What was read of a log.
#[derive(Debug)]
pub(super) struct Trail {
    start: Start,
    /// One for each file that had text, in the order in which they were read.
    passages: Vec<Passage>,
    /// Bytes of text that were read.
    given: u64,
    inode: Inode,
    /// What the current file begins with, as far as it was read.
    head: Vec<u8>,
    /// Whether the last passage is of the current file.
    is_open: bool,
    /// Whether there was text that is not what a file holds, so that no place
    /// can be told any more.
    is_lost: bool,
    has_told_end: bool,
}

/// What was read of one file.
#[derive(Debug)]
struct Passage {
    /// Where in the text of the log it begins.
    at: u64,
    file: FileMark,
    /// Where in the text of the file it begins.
    offset: u64,
}

impl Trail {
    /// The trail of a log that is read from here on.
    pub(super) fn from(start: Start) -> Trail {
        let known = start.place.iter();
        let passages = known.map(|place| Passage { at: 0, file: place.file, offset: place.offset });
        Trail {
            passages: passages.collect(),
            start,
            given: 0,
            inode: Inode::default(),
            head: Vec::new(),
            is_open: false,
            is_lost: false,
            has_told_end: false,
        }
    }

    /// Bytes of a member's text that are passed over.
    pub(super) fn offset_in(&self, member: usize) -> u64 {
        self.start.offset_in(member)
    }

    /// Whether the file that is to be read on begins with what was passed over.
    /// If not, its name is another file's by now, which is read whole.
    pub(super) fn finds_start(&mut self, passed_over: &[u8]) -> bool {
        let is_it = |place: &Place| place.file.start.is_of(passed_over);
        let is_found = self.start.place.as_ref().is_some_and(is_it);
        if !is_found {
            self.start.place = None;
            self.passages.clear();
        }
        is_found
    }

    /// Notes that text of another member follows, of which this much of the
    /// start was passed over.
    pub(super) fn begin(&mut self, member: usize, inode: Inode, passed_over: &[u8]) {
        self.inode = inode;
        self.head = passed_over[..passed_over.len().min(START)].to_vec();
        self.is_open = self.offset_in(member) > 0;
    }

    /// Notes that what follows is not what a file holds.
    pub(super) fn lose(&mut self) {
        self.is_lost = true;
    }

    /// Notes text of the current file.
    pub(super) fn pass(&mut self, text: &[u8]) {
        if !self.is_open {
            let file = FileMark { inode: self.inode, start: Fingerprint::of(&[]) };
            self.passages.push(Passage { at: self.given, file, offset: 0 });
            self.is_open = true;
        }
        let more = text.len().min(START - self.head.len());
        if more > 0
            && let Some(passage) = self.passages.last_mut()
        {
            self.head.extend_from_slice(&text[..more]);
            passage.file = FileMark { inode: self.inode, start: Fingerprint::of(&self.head) };
        }
        self.given += text.len() as u64;
    }

    /// Notes a newline that no file has.
    pub(super) fn pass_newline(&mut self) {
        self.given += 1;
    }

    /// Whether the end is to be told, which is done once.
    pub(super) fn tells_end(&mut self) -> bool {
        !std::mem::replace(&mut self.has_told_end, true)
    }

    /// The place of a byte of the text, or of its end; `None` if nothing was
    /// read, or it cannot be told.
    pub(super) fn place(&self, at: u64) -> Option<Place> {
        if self.is_lost {
            return None;
        }
        let index = self.passages.iter().rposition(|passage| passage.at <= at)?;
        let (before, passage) = (&self.passages[..index], &self.passages[index]);
        let mut older = self.start.older.clone();
        older.extend(before.iter().map(|passage| passage.file.start));
        older.drain(..older.len().saturating_sub(OLDER));
        Some(Place { file: passage.file, offset: passage.offset + (at - passage.at), older })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files of a log that is read, each with its first bytes and how many
    /// of them there are.
    fn read(trail: &mut Trail, files: &[(&[u8], usize)]) {
        for (member, (text, reads)) in files.iter().enumerate() {
            trail.begin(member, Inode::default(), &[]);
            text.chunks(text.len() / reads).for_each(|part| trail.pass(part));
        }
    }

    #[test]
    fn every_byte_is_in_its_file() {
        let (one, two) = ([b'1'; 3000], [b'2'; 10]);
        let mut trail = Trail::from(Start::default());
        assert_eq!(trail.place(0), None);
        read(&mut trail, &[(&one, 7), (&two, 2)]);
        for (at, text, offset, older) in
            [(0, &one[..], 0, 0), (2999, &one, 2999, 0), (3000, &two, 0, 1), (3010, &two, 10, 1)]
        {
            let place = trail.place(at).unwrap();
            assert!(place.file.start.is_of(text), "{at}");
            assert_eq!((place.offset, place.older.len()), (offset, older), "{at}");
        }
        trail.lose();
        assert_eq!(trail.place(0), None);
    }

    #[test]
    fn a_file_that_is_read_on_is_the_same_and_may_have_more_to_tell_it_by() {
        let mut trail = Trail::from(Start::default());
        read(&mut trail, &[(b"one\n", 1)]);
        let place = trail.place(4).unwrap();
        let start = Start { member: 2, place: Some(place.clone()), older: place.older.clone() };
        let mut later = Trail::from(start);
        // Nothing has come.
        assert_eq!(later.place(0), Some(place));
        assert_eq!([1, 2, 3].map(|member| later.offset_in(member)), [0, 4, 0]);
        later.begin(2, Inode::default(), b"one\n");
        later.pass(b"two\n");
        later.begin(3, Inode::default(), &[]);
        later.pass_newline();
        later.pass(b"three\n");
        let [grown, next] = [4, 7].map(|at| later.place(at).unwrap());
        assert_eq!((grown.offset, grown.older.len()), (8, 0));
        assert!(grown.file.start.is_of(b"one\ntwo\n") && !grown.file.start.is_of(b"one\n"));
        assert_eq!((next.offset, next.older), (2, vec![grown.file.start]));
        assert!(later.tells_end() && !later.tells_end());
    }

    #[test]
    fn no_more_files_are_remembered_than_are_of_use() {
        let mut trail = Trail::from(Start::default());
        let texts: Vec<Vec<u8>> = (0..OLDER + 20).map(|n| format!("{n}\n").into_bytes()).collect();
        let files: Vec<(&[u8], usize)> = texts.iter().map(|text| (&text[..], 1)).collect();
        read(&mut trail, &files);
        let older = trail.place(u64::MAX / 2).unwrap().older;
        assert_eq!(older.len(), OLDER);
        assert!(older[OLDER - 1].is_of(texts[OLDER + 18].as_slice()));
    }
}
