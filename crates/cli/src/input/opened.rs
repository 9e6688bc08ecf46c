//! A member of a log that is open: its text from its start or from where it was
//! read up to before, and what is told if it cannot be read.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

use super::compression::{Broken, Text, is_compressed, read_start};
use super::discover::unreadable_path;
use super::foreign::{Foreign, HEAD, tells_archive};
use super::journal::{JournalReader, is_journal};
use super::log::Member;
use super::position::START;
use super::silence::Listener;
use crate::console::Console;
use crate::text::count;

/// A member being read.
pub(super) struct Opened<'a> {
    pub(super) member: Member,
    /// What was read of it before it was asked for.
    pub(super) start: Cursor<Vec<u8>>,
    pub(super) text: Box<dyn Read + 'a>,
    /// Tells when nothing comes, if that can be told.
    listener: Option<Listener<'a>>,
    /// The first [`HEAD`] bytes of what was read.
    pub(super) head: Vec<u8>,
    /// Whether the text is what the file holds, and not made of it.
    pub(super) is_of_file: bool,
    /// The first [`START`] bytes of what was passed over.
    pub(super) passed_over: Vec<u8>,
    /// Records without a text in what was read, if it is a journal.
    left_out: Rc<Cell<u64>>,
}

impl<'a> Opened<'a> {
    /// A member of whose text a start was read.
    fn with(member: Member, start: Vec<u8>, text: Box<dyn Read + 'a>) -> Opened<'a> {
        Opened {
            member,
            start: Cursor::new(start),
            text,
            listener: None,
            head: Vec::with_capacity(HEAD),
            is_of_file: true,
            passed_over: Vec::new(),
            left_out: Rc::default(),
        }
    }

    /// A file at an offset of its text, which was read up to there before;
    /// `None` if it is compressed. What it begins with is in `passed_over`, which
    /// is empty if it ends before the offset.
    pub(super) fn at(
        member: &Member,
        offset: u64,
        console: &Console,
    ) -> io::Result<Option<Opened<'a>>> {
        let Member::File { path, .. } = member else { return Ok(None) };
        let mut file = File::open(path)?;
        if is_compressed(&mut file)? {
            return Ok(None);
        }
        let mut passed_over = Vec::new();
        if file.metadata()?.len() >= offset {
            file.rewind()?;
            file.by_ref().take(offset.min(START as u64)).read_to_end(&mut passed_over)?;
        }
        file.seek(SeekFrom::Start(offset))?;
        console.progress().inc(offset);
        let text: Box<dyn Read> = Box::new(console.watch(file));
        Ok(Some(Opened { passed_over, ..Opened::with(member.clone(), Vec::new(), text) }))
    }

    /// The text of a member that is no archive; the error says why not.
    pub(super) fn over(
        member: Member,
        text: io::Result<Text<'a>>,
        listener: Option<Listener<'a>>,
    ) -> Result<Opened<'a>, String> {
        let opened = text
            .and_then(|text| Opened::start(&member, text, listener))
            .map_err(|error| unreadable(&member, &error))?;
        if let Some(archive) = Foreign::archive(opened.start.get_ref()) {
            return Err(format!("{member}: {}", archive.advice()));
        }
        Ok(opened)
    }

    /// Reads the start of the text.
    fn start(
        member: &Member,
        text: Text<'a>,
        listener: Option<Listener<'a>>,
    ) -> io::Result<Opened<'a>> {
        let Text { reader: mut text, printed_by } = text;
        let mut start = read_start(&mut text, tells_archive)?;
        let (journal, left_out) = (is_journal(&start.bytes), Rc::default());
        if journal {
            text = Box::new(JournalReader::new(start.then(text), Rc::clone(&left_out)));
            start = read_start(&mut text, tells_archive)?;
        }
        // A decoder may have more to give although nothing comes.
        let listener = listener.filter(|_| printed_by.is_none() && !journal);
        let text = Box::new(Broken(start.error).chain(text));
        let opened = Opened::with(member.clone(), start.bytes, text);
        Ok(Opened { listener, is_of_file: !journal, left_out, ..opened })
    }

    /// Passes over so many bytes of the text, which was read up to there before;
    /// nothing is noted of them if there are not so many.
    pub(super) fn pass_over(&mut self, bytes: u64) -> io::Result<()> {
        let mut passed_over = Vec::new();
        self.by_ref().take(bytes.min(START as u64)).read_to_end(&mut passed_over)?;
        let rest = bytes - passed_over.len() as u64;
        if io::copy(&mut self.by_ref().take(rest), &mut io::sink())? == rest {
            self.passed_over = passed_over;
        }
        Ok(())
    }
}

impl Opened<'_> {
    /// Tells of records that a journal had no text of.
    pub(super) fn tell_left_out(&self, console: &Console) {
        let left_out = self.left_out.get();
        if left_out > 0 {
            console.warn(format_args!(
                "{}: {} no text, as journalctl leaves long ones out; give what `journalctl --all -o \
                 json _TRANSPORT=audit` prints",
                self.member,
                count(left_out, "record has", "records have")
            ));
        }
    }

    /// Waits for something to read; whether there was nothing for a while.
    pub(super) fn is_silent(&mut self) -> bool {
        let is_read = self.start.position() == self.start.get_ref().len() as u64;
        is_read && self.listener.as_mut().is_some_and(Listener::hears_nothing)
    }
}

impl Read for Opened<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.start.read(buffer)? {
            0 => self.text.read(buffer),
            length => Ok(length),
        }
    }
}

/// Why a member cannot be read.
pub(super) fn unreadable(member: &Member, error: &io::Error) -> String {
    match member {
        _ if error.kind() == io::ErrorKind::UnexpectedEof => format!("{member}: {}", reason(error)),
        Member::Stdin => format!("{member}: {error}"),
        Member::File { path, .. } => unreadable_path(path, error),
    }
}

/// What is told of a member that could not be read on.
pub(super) fn lost(member: &Member, error: &io::Error) -> String {
    let reason = reason(error);
    format!("{member}: {reason}; the rest of this file is lost, what came before it was used")
}

/// What went wrong while bytes were read.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        // Only decompression knows that there should be more.
        io::ErrorKind::UnexpectedEof => "the compressed data is truncated".to_owned(),
        _ => error.to_string(),
    }
}
