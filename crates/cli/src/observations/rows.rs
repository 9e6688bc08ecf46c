//! Files of rows as a stream of events: one file of a log after the other,
//! with what all formats of rows have in common.

use std::cell::RefCell;
use std::io;

use anyhow::Result;

use super::fields::{Event, Fields};
use super::time;
use super::totals::{BadRow, RowTotals};
use crate::console::Console;
use crate::input::{Input, LogReader, Stream};

/// What every reader of rows is given.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) fields: &'a Fields,
    pub(super) totals: &'a RefCell<RowTotals>,
    pub(super) console: &'a Console,
}

/// A file of rows being read.
pub(super) trait Rows<'a>: Sized {
    /// Starts on a file. `None` if it cannot be used, which is told to the
    /// console.
    fn open(name: &str, text: LogReader<'a>, context: &Context<'a>) -> io::Result<Option<Self>>;

    /// Reads the values of the next row into `event`, which has none, and gives
    /// the text of its time; `None` at the end.
    fn read(&mut self, event: &mut Event) -> io::Result<Option<Result<&[u8], BadRow>>>;

    /// The line in which the row began that was read, counted from 1.
    fn line(&self) -> u64;
}

/// The events of a log whose files hold rows.
pub(super) struct RowStream<'a, R> {
    context: Context<'a>,
    log: LogReader<'a>,
    current: Option<(String, R)>,
    event: Event,
}

impl<'a, R: Rows<'a>> RowStream<'a, R> {
    pub(super) fn new(log: LogReader<'a>, context: Context<'a>) -> RowStream<'a, R> {
        RowStream { context, log, current: None, event: Event::new(context.fields) }
    }

    /// Opens the next file that can be used; whether there was one.
    fn open_next(&mut self) -> io::Result<bool> {
        self.current = None;
        while let Some((name, text)) = self.log.next_member()? {
            if let Some(rows) = R::open(&name, text, &self.context)? {
                self.context.totals.borrow_mut().file();
                self.current = Some((name, rows));
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl<'a, R: Rows<'a>> Stream for RowStream<'a, R> {
    type Item = Event;

    fn advance(&mut self) -> Result<Option<i64>> {
        let Context { input, fields, totals, .. } = self.context;
        loop {
            let Some((name, rows)) = &mut self.current else {
                if self.open_next()? {
                    continue;
                }
                return Ok(None);
            };
            self.event.clear();
            let time = match rows.read(&mut self.event)? {
                None => {
                    self.current = None;
                    continue;
                }
                Some(Ok(b"")) => Err(BadRow::NoTime),
                Some(Ok(text)) => {
                    time::millis(text, fields.time_format()).ok_or(BadRow::UnreadableTime)
                }
                Some(Err(reason)) => Err(reason),
            };
            let time = match time {
                Ok(_) if self.event.has_long_value(fields) => Err(BadRow::LongValue),
                time => time,
            };
            match time {
                Ok(millis) => {
                    let wanted = input.wants(millis);
                    totals.borrow_mut().row(wanted);
                    if wanted || input.is_background(millis) {
                        self.event.millis = millis;
                        return Ok(Some(millis));
                    }
                }
                Err(reason) => totals.borrow_mut().bad(reason, name, rows.line()),
            }
        }
    }

    fn item(&self) -> &Event {
        &self.event
    }
}
