//! Events from JSON: an ECS document on each line, or as the elements of an
//! array, or as the hits of a search response.
//!
//! The fields of a document may be nested or dotted (`{"host":{"name":…}}` or
//! `{"host.name":…}`). Several values of a field are joined by commas, as
//! Elastic hands them to its model; `null` is no value. A document may be in a hit
//! (`{"_id":…,"_source":{…}}`).

use std::io::{self, BufRead, BufReader};

use super::document::Picker;
use super::elements::{Elements, Missing, is_told, is_wrapped};
use super::fields::Event;
use super::lines::{Line, Lines};
use super::rows::{Context, Rows};
use super::totals::BadRow;
use crate::console::Console;
use crate::input::LogReader;
use crate::text::count;

/// Bytes read at a time.
const CHUNK: usize = 1 << 16;

/// A file of JSON documents being read.
pub(super) struct NdjsonRows<'a> {
    name: String,
    texts: Texts<BufReader<LogReader<'a>>>,
    picker: Picker<'a>,
    console: &'a Console,
}

impl<'a> Rows<'a> for NdjsonRows<'a> {
    fn open(
        name: &str,
        mut text: LogReader<'a>,
        context: &Context<'a>,
    ) -> io::Result<Option<Self>> {
        let is_wrapped = text.peek(is_told)?.is_some_and(is_wrapped);
        let texts = Texts::new(is_wrapped, BufReader::with_capacity(CHUNK, text));
        let (name, picker) = (name.to_owned(), Picker::new(context.fields));
        Ok(Some(NdjsonRows { name, texts, picker, console: context.console }))
    }

    fn read(&mut self, event: &mut Event) -> io::Result<Option<Result<&[u8], BadRow>>> {
        loop {
            match self.texts.next()? {
                None => {
                    self.report_end();
                    return Ok(None);
                }
                Some(Line::Broken) => return Ok(Some(Err(BadRow::NotJson))),
                Some(Line::TooLong) => return Ok(Some(Err(BadRow::TooLong))),
                Some(Line::Text) if self.texts.text().trim_ascii().is_empty() => {}
                Some(Line::Text) => break,
            }
        }
        Ok(Some(self.picker.pick(self.texts.text(), event).ok_or(BadRow::NotJson)))
    }

    fn line(&self) -> u64 {
        self.texts.number()
    }
}

impl NdjsonRows<'_> {
    /// Tells what is missing of arrays and responses.
    fn report_end(&self) {
        let NdjsonRows { name, texts, console, .. } = self;
        let Texts::Elements(elements) = texts else { return };
        match elements.missing() {
            None => {}
            Some(Missing::Wrapping) => console.error(format_args!(
                "{name} ends within an array or a search response: is the file whole? What there \
                 is of it was used"
            )),
            Some(Missing::Element(line)) => console.error(format_args!(
                "{name}: the document that begins in line {line} does not end: is the file whole, \
                 or a quote or bracket not closed? From this line on the file is lost, what came \
                 before it was used"
            )),
        }
        let partial = elements.partial_responses();
        if partial > 0 {
            console.warn(format_args!(
                "{name}: {} not complete: the search timed out or some shards failed; search again",
                count(partial, "search response is", "search responses are")
            ));
        }
    }
}

/// The texts of documents.
pub(super) enum Texts<R> {
    Lines(Lines<R>),
    Elements(Elements<R>),
}

impl<R: BufRead> Texts<R> {
    /// Those of a text; `is_wrapped` says that they are no lines.
    pub(super) fn new(is_wrapped: bool, text: R) -> Texts<R> {
        if is_wrapped {
            Texts::Elements(Elements::new(text))
        } else {
            Texts::Lines(Lines::new(text))
        }
    }

    /// Reads the next one; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        match self {
            Texts::Lines(lines) => lines.next(),
            Texts::Elements(elements) => elements.next(),
        }
    }

    /// The text that was read.
    pub(super) fn text(&self) -> &[u8] {
        match self {
            Texts::Lines(lines) => lines.text(),
            Texts::Elements(elements) => elements.text(),
        }
    }

    /// Line in which it began, counted from 1.
    pub(super) fn number(&self) -> u64 {
        match self {
            Texts::Lines(lines) => lines.number(),
            Texts::Elements(elements) => elements.number,
        }
    }
}
