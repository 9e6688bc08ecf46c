//! A whole log as one stream of text.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};
use std::iter::Enumerate;
use std::rc::Rc;
use std::vec::IntoIter;

use super::caught_up::caught_up;
use super::compression::{Broken, CHUNK, MAX_EXPANSION, decompress, decompress_within, read_start};
use super::foreign::{Foreign, HEAD};
use super::log::{Log, Member};
use super::opened::{Opened, lost, unreadable};
use super::places::Places;
use super::position::Inode;
use super::prefetch::Prefetch;
use super::silence::{Listener, silence};
use super::tally::Tally;
use super::trail::Trail;
use crate::console::Console;
use crate::daemon::Tap;
use crate::stdin::stdin;

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
        if offset > 0 {
            let opened = self.open_at(place, &member, offset)?;
            let mut trail = self.trail.iter().map(|trail| trail.borrow_mut());
            if trail.all(|mut trail| trail.finds_start(&opened.passed_over)) {
                self.places.pass_over(place, offset);
                return Ok(opened);
            }
        }
        self.open_at_start(place, member)
    }

    /// Opens the member at this place behind so much of its text.
    fn open_at(
        &mut self,
        place: usize,
        member: &Member,
        offset: u64,
    ) -> Result<Opened<'a>, String> {
        let opened = Opened::at(member, offset, self.console);
        if let Some(opened) = opened.map_err(|error| unreadable(member, &error))? {
            return Ok(opened);
        }
        let mut opened = self.open_at_start(place, member.clone())?;
        opened.pass_over(offset).map_err(|error| lost(member, &error))?;
        Ok(opened)
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

#[cfg(test)]
mod tests;
