//! `rareport events`: every connection event.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::{self, Write};
use std::mem;

use anyhow::Result;
use auditparse::{Connection, ConnectionKind, SockAddr};

use super::parts::{self, Text};
use crate::args::{EventsArgs, Kind};
use crate::console::Console;
use crate::daemon::Signals;
use crate::ecs::{Caller, Document, Field, Titles};
use crate::exit::Exit;
use crate::input::{Account, Cut, Damage, Input, Totals, Unit, Window, Work};
use crate::output::{Column, CsvWriter, Destination, JsonBuffer, Row, RowWriter, Shape, header};
use crate::stamp::Stamper;
use crate::text::Utf8;

/// Runs the command.
pub(crate) fn run(args: &EventsArgs, console: &Console) -> Result<Exit> {
    let out = Destination::of(args.output.path())?;
    let input = Input::open_or_follow(&args.input, &args.follow, out.is_terminal(), console)?;
    let shape = Shape::of(args.format, &out);
    // The rows of a table are aligned with each other.
    let in_parts = !args.follow.follow && shape != Shape::Table && input.is_in_parts();
    let write = if in_parts { write_in_parts } else { write_one_by_one };
    let (mut totals, shown) = write(args, input, out, shape)?;
    if !args.kind.is_empty() {
        totals.shown(shown);
    }
    console.note(totals.summary(true));
    totals.report_skipped(console);
    totals.report_no_connect(console);
    Ok(Exit::Done)
}

/// Writes every connection as it is read; what was read, and how many were
/// shown.
fn write_one_by_one(
    args: &EventsArgs,
    input: Input<'_>,
    out: Destination,
    shape: Shape,
) -> Result<(Totals, u64)> {
    let out = RefCell::new(RowWriter::new(out, shape, TABLE, &CSV)?);
    let flush = || out.borrow_mut().flush_before_waiting();
    let input = input.before_waiting(&flush);
    let mut rows = Rows::new(args);
    let write = |connection: &Connection<'_>, host: &str| {
        Ok(rows.write(connection, host, &mut out.borrow_mut())?)
    };
    let totals = match Signals::while_following(args.follow.follow)? {
        Some(signals) => input.follow_connections(|| signals.is_ending(), write),
        None => input.connections(write),
    };
    out.borrow_mut().flush()?;
    let mut totals = totals?;
    totals.damage().add(rows.damage);
    out.into_inner().keep()?;
    Ok((totals, rows.shown))
}

/// Writes every connection as [`write_one_by_one`] does, by several threads.
fn write_in_parts(
    args: &EventsArgs,
    input: Input<'_>,
    mut out: Destination,
    shape: Shape,
) -> Result<(Totals, u64)> {
    out.write_all(&header(shape, &CSV)?)?;
    let work = MakeRows { args, window: input.window(), shape };
    parts::write(&work, &input, out)
}

/// Command lines that are kept from one connection to another.
const TITLES: usize = 256;

/// Makes rows of connections.
struct Rows<'a> {
    args: &'a EventsArgs,
    stamper: Stamper,
    titles: Titles,
    shown: u64,
    damage: Damage,
}

impl Rows<'_> {
    fn new(args: &EventsArgs) -> Rows<'_> {
        Rows {
            args,
            stamper: Stamper::new(),
            titles: Titles::with_room_for(TITLES),
            shown: 0,
            damage: Damage::default(),
        }
    }

    /// Writes a connection, if it is of a kind that is wanted.
    fn write(
        &mut self,
        connection: &Connection<'_>,
        host: &str,
        out: &mut RowWriter<impl Write>,
    ) -> io::Result<()> {
        if !self.args.wants(connection.kind()) {
            return Ok(());
        }
        self.shown += 1;
        let time = self.stamper.format(connection.id().millis);
        let (caller, title) = (Caller::of(connection), self.titles.read(connection));
        let document = Document::new(connection, &caller, title, time, host);
        if !document.is_sound {
            self.damage.look_at(connection);
        }
        out.write(&document)
    }
}

/// Makes rows of the parts of a log.
struct MakeRows<'a> {
    args: &'a EventsArgs,
    window: Window,
    shape: Shape,
}

impl<'a> Work for MakeRows<'a> {
    type Made = Text;
    type Tools = Rows<'a>;

    fn unit(&self) -> Unit {
        Unit::Connections
    }

    fn tools(&self) -> Rows<'a> {
        Rows::new(self.args)
    }

    fn make(
        &self,
        part: &Cut<'_>,
        rows: &mut Rows<'a>,
        made: &mut Text,
        account: &mut Account,
    ) -> Result<()> {
        made.bytes.clear();
        let mut out = RowWriter::in_memory(mem::take(&mut made.bytes), self.shape);
        for connection in part.batch.connections().flatten() {
            let wanted = self.window.wants(connection.id().millis, &mut account.met);
            account.totals.connection(&connection, wanted);
            if wanted {
                rows.write(&connection, part.host, &mut out)?;
            }
        }
        account.totals.damage().add(mem::take(&mut rows.damage));
        *made = Text { bytes: out.into_bytes()?, shown: mem::take(&mut rows.shown) };
        Ok(())
    }

    fn size(made: &Text) -> usize {
        made.bytes.len()
    }
}

impl EventsArgs {
    /// Whether events of this kind are wanted.
    fn wants(&self, kind: ConnectionKind) -> bool {
        self.kind.is_empty() || self.kind.iter().any(|wanted| wanted.is(kind))
    }
}

impl Kind {
    fn is(self, kind: ConnectionKind) -> bool {
        match self {
            Kind::Connect => kind == ConnectionKind::Connect,
            Kind::Accept => kind == ConnectionKind::Accept,
            Kind::Bind => kind == ConnectionKind::Bind,
            Kind::Sendto => kind == ConnectionKind::SendTo,
            Kind::Sendmsg => kind == ConnectionKind::SendMsg,
        }
    }
}

/// Columns of the table.
const TABLE: &[Column] = &[
    Column::text("TIME"),
    Column::text("HOST"),
    Column::text("PROCESS"),
    Column::number("PID"),
    Column::text("USER"),
    Column::text("ACTION"),
    Column::text("ADDRESS"),
    Column::text("EXIT"),
];

/// Columns of the CSV: ECS fields, several values of a field joined by commas.
const CSV: [&str; Field::ALL.len()] = {
    let mut names = [""; Field::ALL.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = Field::ALL[index].name();
        index += 1;
    }
    names
};

impl Row for Document<'_> {
    fn table_cells(&self) -> Vec<String> {
        let event = self;
        let user = event.user.real.map(|user| match user.name {
            Some(name) => Utf8(name).to_string(),
            None => user.id.to_string(),
        });
        vec![
            event.timestamp.to_owned(),
            shown(Some(Utf8(event.host))),
            shown(event.process.comm.as_deref().map(Utf8)),
            shown(event.process.pid),
            shown(user),
            event.event.action.to_owned(),
            shown(event.address.map(SockAddr::unmapped)),
            shown(event.exit),
        ]
    }

    fn csv_cells(&self, out: &mut CsvWriter<impl Write>) -> io::Result<()> {
        Field::ALL.iter().try_for_each(|&field| out.cell(self.value(field)))
    }

    fn json(&self, json: &mut JsonBuffer) -> io::Result<()> {
        self.write_json(json);
        Ok(())
    }
}

/// The text of a cell; nothing is an empty cell.
fn shown(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
