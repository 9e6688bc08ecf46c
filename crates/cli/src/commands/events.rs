//! `rareport events`: every connection event.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::{self, Write};

use anyhow::Result;
use auditparse::{Connection, ConnectionKind, SockAddr};

use crate::args::{EventsArgs, Kind};
use crate::console::Console;
use crate::daemon::Signals;
use crate::ecs::{Document, Field};
use crate::exit::Exit;
use crate::input::Input;
use crate::output::{Column, CsvWriter, Destination, JsonBuffer, Row, RowWriter, Shape};
use crate::stamp::Stamper;
use crate::text::Utf8;

/// Runs the command.
pub(crate) fn run(args: &EventsArgs, console: &Console) -> Result<Exit> {
    let out = Destination::of(args.output.path())?;
    let input = Input::open_or_follow(&args.input, &args.follow, out.is_terminal(), console)?;
    let shape = Shape::of(args.format, &out);
    let out = RefCell::new(RowWriter::new(out, shape, TABLE, &CSV)?);
    let flush = || out.borrow_mut().flush_before_waiting();
    let input = input.before_waiting(&flush);
    let mut stamper = Stamper::new();
    let mut title = Vec::new();
    let mut shown = 0;
    let write = |connection: &Connection<'_>, host: &str| {
        if args.wants(connection.kind()) {
            shown += 1;
            let time = stamper.format(connection.id().millis);
            out.borrow_mut().write(&Document::new(connection, time, host, &mut title))?;
        }
        Ok(())
    };
    let totals = match Signals::while_following(&args.follow)? {
        Some(signals) => input.follow_connections(|| signals.is_ending(), write),
        None => input.connections(write),
    };
    out.borrow_mut().flush()?;
    let mut totals = totals?;
    out.into_inner().keep()?;
    if !args.kind.is_empty() {
        totals.shown(shown);
    }
    console.note(totals.summary(true));
    totals.report_skipped(console);
    totals.report_no_connect(console);
    Ok(Exit::Done)
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
