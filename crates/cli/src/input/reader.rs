//! A whole log as one stream of text.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::iter::Enumerate;
use std::rc::Rc;
use std::vec::IntoIter;

use super::caught_up::caught_up;
use super::compression::{
    Broken, CHUNK, MAX_EXPANSION, Text, decompress, decompress_within, is_compressed, read_start,
};
use super::discover::unreadable_path;
use super::foreign::{Foreign, HEAD, is_archive, tells_archive};
use super::journal::{JournalReader, is_journal};
use super::log::{Log, Member};
use super::places::Places;
use super::position::{Inode, START};
use super::prefetch::Prefetch;
use super::silence::{Listener, silence, stdin};
use super::tally::Tally;
use super::trail::Trail;
use crate::console::Console;
use crate::daemon::Tap;
use crate::text::count;

/// Reads the members of a log one after the other, decompressed.
///
/// A member that cannot be read is reported to the console, once, and the next
/// one is read; so reading only fails with what is done before it, and to tell
/// of silence.
pub(crate) struct LogReader<'a> {
    waiting: Enumerate<IntoIter<Member>>,
    current: Option<Opened<'a>>,
    ends_in_newline: bool,
    places: Rc<Places>,
    console: &'a Console,
    tally: &'a Tally,
    before_waiting: BeforeWaiting<'a>,
    tells_silence: bool,
    tap: Option<Tap<'a>>,
    /// How many times as long as its file a text may be; see
    /// [`decompress_within`].
    expansion: u64,
    /// What decompresses files ahead, if threads do.
    prefetch: Option<Prefetch>,
    /// Which text was in which file, if that is to be noted.
    trail: Option<Rc<RefCell<Trail>>>,
}

/// What is done before bytes are read that may be yet to come.
pub(crate) type BeforeWaiting<'a> = &'a dyn Fn() -> io::Result<()>;

/// A member being read.
struct Opened<'a> {
    member: Member,
    /// What was read of it before it was asked for.
    start: Cursor<Vec<u8>>,
    text: Box<dyn Read + 'a>,
    /// Tells when nothing comes, if that can be told.
    listener: Option<Listener<'a>>,
    /// The first [`HEAD`] bytes of what was read.
    head: Vec<u8>,
    /// Records without a text in what was read, if it is a journal.
    left_out: Rc<Cell<u64>>,
    /// Whether the text is what the file holds, and not made of it.
    is_of_file: bool,
    /// The first [`START`] bytes of what was passed over.
    passed_over: Vec<u8>,
}

impl<'a> LogReader<'a> {
    /// A reader at the start of the oldest member.
    pub(crate) fn new(
        log: &Log,
        console: &'a Console,
        tally: &'a Tally,
        before_waiting: BeforeWaiting<'a>,
    ) -> LogReader<'a> {
        LogReader {
            waiting: log.members.clone().into_iter().enumerate(),
            current: None,
            ends_in_newline: true,
            places: Rc::default(),
            console,
            tally,
            before_waiting,
            tells_silence: false,
            tap: None,
            expansion: MAX_EXPANSION,
            prefetch: None,
            trail: None,
        }
    }

    /// A reader of one source alone, as if it were standard input.
    pub(crate) fn over(
        source: impl Read + 'a,
        console: &'a Console,
        tally: &'a Tally,
    ) -> LogReader<'a> {
        let text = decompress(console.watch(source));
        let opened = Opened::over(Member::Stdin, text, None);
        LogReader {
            waiting: Vec::new().into_iter().enumerate(),
            current: opened.map_err(|reason| console.error(reason)).ok(),
            ends_in_newline: true,
            places: Rc::default(),
            console,
            tally,
            before_waiting: &|| Ok(()),
            tells_silence: false,
            tap: None,
            expansion: MAX_EXPANSION,
            prefetch: None,
            trail: None,
        }
    }

    /// The same reader, which tells of silence by an error: when nothing has
    /// come for a while behind a whole line. A later call reads on.
    pub(super) fn telling_silence(self) -> LogReader<'a> {
        LogReader { tells_silence: true, ..self }
    }

    /// The same reader, for which standard input is what comes by a tap.
    pub(super) fn with_tap(self, tap: Option<Tap<'a>>) -> LogReader<'a> {
        LogReader { tap, ..self }
    }

    /// The same reader, with another limit of how much a file may grow.
    pub(super) fn with_expansion(self, expansion: u64) -> LogReader<'a> {
        LogReader { expansion, ..self }
    }

    /// The same reader, for which so many files at a time are decompressed by
    /// threads of their own.
    pub(super) fn with_prefetch(self, files: usize) -> LogReader<'a> {
        let prefetch = (files > 0).then(|| Prefetch::new(files, self.console.progress()));
        LogReader { prefetch, ..self }
    }

    /// The same reader, of which nothing was read yet, from where `log` is read
    /// on. It notes which text was in which file, and at its end it tells that
    /// by an error first ([`caught_up`]).
    pub(super) fn reading_on(mut self, log: &Log) -> LogReader<'a> {
        let Some(start) = &log.start else { return self };
        for (_, member) in self.waiting.by_ref().take(start.member) {
            if let Member::File { size: Some(size), .. } = member {
                self.console.progress().inc(size);
            }
        }
        LogReader { trail: Some(Rc::new(RefCell::new(Trail::from(start.clone())))), ..self }
    }

    /// Which text was in which file, if that is noted.
    pub(super) fn trail(&self) -> Option<Rc<RefCell<Trail>>> {
        self.trail.clone()
    }

    /// Where the members begin, as far as they were read.
    pub(super) fn places(&self) -> Rc<Places> {
        Rc::clone(&self.places)
    }

    /// Opens the member at this place, if it is no archive; the error says why
    /// not.
    fn open(&mut self, place: usize, member: Member) -> Result<Opened<'a>, String> {
        let offset = self.trail.as_ref().map_or(0, |trail| trail.borrow().offset_in(place));
        if offset == 0 {
            return self.open_at_start(place, member);
        }
        self.places.pass_over(place, offset);
        let opened = self.open_at(&member, offset).map_err(|error| unreadable(&member, &error))?;
        if let Some(opened) = opened {
            return Ok(opened);
        }
        let mut opened = self.open_at_start(place, member)?;
        opened.pass_over(offset).map_err(|error| lost(&opened.member, &error))?;
        Ok(opened)
    }

    /// Opens a file at an offset of its text; `None` if it is compressed.
    fn open_at(&self, member: &Member, offset: u64) -> io::Result<Option<Opened<'a>>> {
        let Member::File { path, .. } = member else { return Ok(None) };
        let mut file = File::open(path)?;
        if is_compressed(&mut file)? {
            return Ok(None);
        }
        let mut passed_over = Vec::new();
        file.rewind()?;
        file.by_ref().take(offset.min(START as u64)).read_to_end(&mut passed_over)?;
        file.seek(SeekFrom::Start(offset))?;
        self.console.progress().inc(offset);
        let text: Box<dyn Read> = Box::new(self.console.watch(file));
        Ok(Some(Opened { passed_over, ..Opened::with(member.clone(), Vec::new(), text) }))
    }

    /// Opens the member at this place, if it is no archive; the error says why
    /// not.
    fn open_at_start(&mut self, place: usize, member: Member) -> Result<Opened<'a>, String> {
        if let Some(prefetch) = &mut self.prefetch {
            let others = self.waiting.clone().map(|(_, member)| member);
            let members: Vec<Member> = [member.clone()].into_iter().chain(others).collect();
            if let Some(text) = prefetch.text(place, members.iter(), self.expansion) {
                return Opened::over(member, Ok(text), None);
            }
        }
        let (source, listener) =
            self.source(&member).map_err(|error| unreadable(&member, &error))?;
        let text = decompress_within(self.console.watch(source), self.expansion);
        Opened::over(member, text, listener)
    }

    /// The bytes of a member, and what tells when none come, if that can be told.
    fn source(&self, member: &Member) -> io::Result<(Box<dyn Read + 'a>, Option<Listener<'a>>)> {
        if let (Member::Stdin, Some(tap)) = (member, self.tap) {
            return Ok((Box::new(tap), Some(Listener::of_tap(tap))));
        }
        let file = match member {
            Member::Stdin => stdin()?,
            Member::File { path, .. } => File::open(path)?,
        };
        let listener = if member.may_wait() { Listener::new(&file) } else { None };
        Ok((Box::new(file), listener))
    }

    /// Notes what was read of a member, at its end.
    fn close(&mut self) {
        let closed = self.current.take();
        closed.iter().for_each(|opened| opened.tell_left_out(self.console));
        let foreign = closed.and_then(|opened| Foreign::of(&opened.head));
        self.tally.foreign.set(self.tally.foreign.get().or(foreign));
    }

    /// The first line of the next member, as far as it fits a buffer; `None`
    /// if no member with any text is left.
    ///
    /// Nothing of the member may have been read yet.
    pub(crate) fn peek_line(&mut self) -> io::Result<Option<&[u8]>> {
        self.peek(|start| start.contains(&b'\n'))
    }

    /// The start of the next member, until it is enough, as far as it fits a
    /// buffer; `None` if no member with any text is left.
    ///
    /// Nothing of the member may have been read yet.
    pub(crate) fn peek(&mut self, is_enough: impl Fn(&[u8]) -> bool) -> io::Result<Option<&[u8]>> {
        while self.current.as_ref().is_none_or(|opened| opened.start.get_ref().is_empty()) {
            if !self.open_next() {
                return Ok(None);
            }
        }
        let Some(opened) = &mut self.current else { return Ok(None) };
        let start = opened.start.get_mut();
        while start.len() < CHUNK && !is_enough(start) {
            if opened.member.may_wait() {
                (self.before_waiting)()?;
            }
            match read_start(&mut opened.text, |start| !start.is_empty()) {
                Ok(more) if more.bytes.is_empty() => break,
                Ok(more) => start.extend(more.bytes),
                // Reading on meets it again, at the end of what can be read.
                Err(error) => {
                    opened.text = Box::new(Broken(Some(error)));
                    break;
                }
            }
        }
        Ok(Some(start))
    }

    /// A reader of the next member with any text alone, and its name.
    ///
    /// Nothing of that member may have been read yet.
    pub(crate) fn next_member(&mut self) -> io::Result<Option<(String, LogReader<'a>)>> {
        if self.peek_line()?.is_none() {
            return Ok(None);
        }
        Ok(self.current.take().map(|opened| {
            let name = opened.member.to_string();
            let alone = LogReader {
                waiting: Vec::new().into_iter().enumerate(),
                current: Some(opened),
                ends_in_newline: true,
                places: Rc::default(),
                prefetch: None,
                trail: None,
                ..*self
            };
            (name, alone)
        }))
    }

    /// Goes on to the next member, which is reported if it cannot be read;
    /// whether there was one.
    fn open_next(&mut self) -> bool {
        self.close();
        let Some((index, member)) = self.waiting.next() else { return false };
        if !self.ends_in_newline {
            self.places.pass(b"\n");
        }
        match self.open(index, member) {
            Ok(opened) => {
                self.places.begin(index);
                self.begin_trail(index, &opened);
                self.current = Some(opened);
            }
            Err(reason) => self.console.error(reason),
        }
        true
    }

    /// Notes that text of this member follows.
    fn begin_trail(&self, index: usize, opened: &Opened<'_>) {
        let Some(trail) = &self.trail else { return };
        let mut trail = trail.borrow_mut();
        match &opened.member {
            Member::File { path, .. } if opened.is_of_file => {
                let inode = path.metadata().map_or_else(|_| Inode::default(), |it| Inode::of(&it));
                trail.begin(index, inode, &opened.passed_over);
            }
            Member::File { .. } | Member::Stdin => trail.lose(),
        }
    }

    /// What is given at the end: that it is there, the first time.
    fn end(&self) -> io::Result<usize> {
        match &self.trail {
            Some(trail) if trail.borrow_mut().tells_end() => Err(caught_up()),
            _ => Ok(0),
        }
    }
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
            left_out: Rc::default(),
            is_of_file: true,
            passed_over: Vec::new(),
        }
    }

    /// The text of a member that is no archive; the error says why not.
    fn over(
        member: Member,
        text: io::Result<Text<'a>>,
        listener: Option<Listener<'a>>,
    ) -> Result<Opened<'a>, String> {
        let opened = text
            .and_then(|text| Opened::start(&member, text, listener))
            .map_err(|error| unreadable(&member, &error))?;
        if is_archive(opened.start.get_ref()) {
            return Err(format!("{member}: {}", Foreign::Archive.advice()));
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

    /// Passes over so many bytes of the text, which was read up to there before.
    fn pass_over(&mut self, bytes: u64) -> io::Result<()> {
        let mut passed_over = Vec::new();
        self.by_ref().take(bytes.min(START as u64)).read_to_end(&mut passed_over)?;
        io::copy(&mut self.by_ref().take(bytes - passed_over.len() as u64), &mut io::sink())?;
        self.passed_over = passed_over;
        Ok(())
    }
}

impl Opened<'_> {
    /// Tells of records that a journal had no text of.
    fn tell_left_out(&self, console: &Console) {
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
    fn is_silent(&mut self) -> bool {
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

impl Read for LogReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let Some(opened) = &mut self.current else {
                if !self.open_next() {
                    return self.end();
                }
                if !self.ends_in_newline {
                    self.ends_in_newline = true;
                    buffer[0] = b'\n';
                    self.trail.iter().for_each(|trail| trail.borrow_mut().pass_newline());
                    return Ok(1);
                }
                continue;
            };
            if opened.member.may_wait() {
                (self.before_waiting)()?;
                if self.tells_silence && self.ends_in_newline && opened.is_silent() {
                    return Err(silence());
                }
            }
            match opened.read(buffer) {
                Ok(0) => self.close(),
                Ok(length) => {
                    let more = length.min(HEAD - opened.head.len());
                    opened.head.extend_from_slice(&buffer[..more]);
                    // Only the lines in front of a later member are asked for.
                    if self.waiting.len() > 0 {
                        self.places.pass(&buffer[..length]);
                    }
                    self.trail.iter().for_each(|trail| trail.borrow_mut().pass(&buffer[..length]));
                    self.ends_in_newline = buffer[..length].ends_with(b"\n");
                    self.tally.bytes.set(self.tally.bytes.get() + length as u64);
                    return Ok(length);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.console.error(lost(&opened.member, &error));
                    self.close();
                }
            }
        }
    }
}

/// Why a member cannot be read.
fn unreadable(member: &Member, error: &io::Error) -> String {
    match member {
        _ if error.kind() == io::ErrorKind::UnexpectedEof => format!("{member}: {}", reason(error)),
        Member::Stdin => format!("{member}: {error}"),
        Member::File { path, .. } => unreadable_path(path, error),
    }
}

/// What is told of a member that could not be read on.
fn lost(member: &Member, error: &io::Error) -> String {
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

#[cfg(test)]
mod tests;
