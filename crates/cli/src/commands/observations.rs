//! `rareport observations`: what the model is fed, and what it is not.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Write};

use anyhow::Result;
use rareport::job::TimeFormat;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::args::ObservationsArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::input::Input;
use crate::job::{self, Chosen};
use crate::observations::{Event, Fields, Observations, Selection, Verdict};
use crate::output::{Column, CsvWriter, Destination, JsonBuffer, Row, RowWriter, Shape};
use crate::stamp::rfc3339;
use crate::text::{Utf8, count, grouped};

/// Name of the column of reasons.
const EXCLUDED: &str = "excluded";

/// Fields that tell what kind of event was left out.
const KIND_OF_EVENT: [&str; 3] = ["event.category", "event.type", "event.action"];

/// Runs the command.
pub(crate) fn run(args: &ObservationsArgs, console: &Console) -> Result<Exit> {
    let Chosen { job, feed } = job::choose(&args.job, console)?;
    let selection = &Selection::of(&args.feed, feed)?;
    let mut fields = Fields::of(&job, feed);
    if args.excluded {
        fields = fields.and(KIND_OF_EVENT).0;
    }
    let input = Input::open(&args.input, console)?;
    let out = Destination::of(args.output.path())?;
    console.start_progress(input.size(), out.is_terminal());
    let shape = Shape::of(args.format, &out);
    let out = RefCell::new(writer(out, shape, &fields, args.excluded)?);
    let flush = || out.borrow_mut().flush_before_waiting();
    let input = input.before_waiting(&flush);
    let format = args.feed.input_format;
    let observations =
        Observations { input: &input, format, fields: &fields, feed, selection, console };
    let mut written = Written::default();
    let read = observations.read_all(|event, verdict| {
        let reason = reason(verdict);
        if reason.is_some() == args.excluded {
            written.events += 1;
            written.without_value += u64::from(!fields.has_by_value(event));
            out.borrow_mut().write(&EventRow { event, fields: &fields, reason })?;
        }
        Ok(())
    });
    out.borrow_mut().flush()?;
    let read = read?;
    out.into_inner().keep()?;
    read.report(console);
    written.report(args.excluded, fields.by_name(), console);
    Ok(Exit::Done)
}

/// How many events were written.
#[derive(Debug, Default)]
struct Written {
    events: u64,
    /// Those without a value of the job's by field.
    without_value: u64,
}

impl Written {
    fn report(&self, excluded: bool, by: &str, console: &Console) {
        let Written { events, without_value } = *self;
        if excluded {
            console.note(count(events, "event that is left out", "events that are left out"));
        } else if without_value == 0 {
            console.note(count(events, "observation", "observations"));
        } else {
            let observations = count(events, "observation", "observations");
            let without = grouped(without_value);
            console.note(format_args!("{observations}, {without} of them without a value of {by}"));
        }
    }
}

/// Why an event is left out, if it is.
fn reason(verdict: Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Passed | Verdict::Chosen | Verdict::Start => None,
        Verdict::Excluded(reason) => Some(reason.name()),
        Verdict::OtherEvent => Some("other_event"),
    }
}

/// A writer of events with these fields.
fn writer(
    out: Destination,
    shape: Shape,
    fields: &Fields,
    excluded: bool,
) -> io::Result<RowWriter> {
    let columns: Vec<&str> = columns(fields, excluded).collect();
    let table: Vec<Column> = columns.iter().map(|name| Column::of_field(name)).collect();
    RowWriter::new(out, shape, &table, &columns)
}

/// Names of what is written of an event: its time, why it is left out if it is,
/// and its fields.
fn columns(fields: &Fields, excluded: bool) -> impl Iterator<Item = &str> {
    let time = fields.times().iter().take(1).map(String::as_str);
    let reason = excluded.then_some(EXCLUDED);
    time.chain(reason).chain(fields.names().iter().map(String::as_str))
}

/// An event to be written.
struct EventRow<'a> {
    event: &'a Event,
    fields: &'a Fields,
    /// Why it is left out, if it is.
    reason: Option<&'static str>,
}

impl EventRow<'_> {
    /// The time as it is read back: as the job says that times are written.
    fn time(&self) -> String {
        let millis = self.event.millis;
        match self.fields.time_format() {
            TimeFormat::Epoch => millis.div_euclid(1000).to_string(),
            TimeFormat::EpochMs => millis.to_string(),
            TimeFormat::Auto => {
                let text = rfc3339(millis);
                if text.ends_with('Z') { text } else { millis.to_string() }
            }
        }
    }

    /// The cells under [`columns`].
    fn cells(&self) -> impl Iterator<Item = Cow<'_, [u8]>> {
        let time = Cow::Owned(self.time().into_bytes());
        let reason = self.reason.map(|reason| Cow::Borrowed(reason.as_bytes()));
        let places = 0..self.fields.names().len();
        let values = places.map(|place| Cow::Borrowed(self.event.value(place)));
        [time].into_iter().chain(reason).chain(values)
    }
}

impl Row for EventRow<'_> {
    fn table_cells(&self) -> Vec<String> {
        self.cells().map(|cell| Utf8(&cell).to_string()).collect()
    }

    fn csv_cells(&self, out: &mut CsvWriter<impl Write>) -> io::Result<()> {
        self.cells().try_for_each(|cell| out.cell(Some(Utf8(&cell))))
    }

    fn json(&self, json: &mut JsonBuffer) -> io::Result<()> {
        json.value(self)
    }
}

impl Serialize for EventRow<'_> {
    /// Members that have a value, with dotted names.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, cell) in columns(self.fields, self.reason.is_some()).zip(self.cells()) {
            if !cell.is_empty() {
                map.serialize_entry(name, &Utf8(&cell))?;
            }
        }
        map.end()
    }
}
