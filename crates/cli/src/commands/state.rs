//! `rareport state`: what a state file holds, and going back to an earlier one.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use rareport::snapshot;
use serde::Serialize;
use serde_json::json;

use crate::args::{AnswerFormat, Format, OutputArgs, StateCommand, StateCommandArgs};
use crate::console::Console;
use crate::exit::Exit;
use crate::output::{Column, CsvWriter, Destination, JsonBuffer, Row, RowWriter, Shape};
use crate::stamp::rfc3339;
use crate::state_file::{BEFORE_REVERT, Content, Snapshot, StateFile, content_of};
use crate::state_summary::Summary;

/// Runs the command.
pub(crate) fn run(args: &StateCommandArgs, console: &Console) -> Result<Exit> {
    match &args.command {
        StateCommand::Show { file, format } => show(file, *format),
        StateCommand::List { file, format } => list(file, *format),
        StateCommand::Revert { file, name } => revert(file, name, console),
        StateCommand::Export { file, output } => export(file, output),
    }
}

fn show(file: &Path, format: AnswerFormat) -> Result<Exit> {
    let summary = Summary::of(file)?;
    let mut out = Destination::of(None)?;
    let as_text = match format {
        AnswerFormat::Auto => out.is_terminal(),
        AnswerFormat::Text => true,
        AnswerFormat::Json => false,
    };
    if as_text {
        summary.write_text(&mut out)?;
    } else {
        serde_json::to_writer(&mut out, &summary).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn list(file: &Path, format: Format) -> Result<Exit> {
    let out = Destination::of(None)?;
    let shape = Shape::of(format, &out);
    let columns = [
        Column::text("SNAPSHOT"),
        Column::text("LEARNED UNTIL"),
        Column::number("BUCKETS"),
        Column::text("STATUS"),
    ];
    let mut out = RowWriter::new(out, shape, &columns, &SnapshotRow::FIELDS)?;
    let state = StateFile::look_at(file);
    for snapshot in state.snapshots()? {
        out.write(&SnapshotRow::of(&snapshot))?;
    }
    if let Some(path) = state.before_revert() {
        out.write(&SnapshotRow::new(BEFORE_REVERT, &path, None))?;
    }
    out.keep()?;
    Ok(Exit::Done)
}

fn revert(file: &Path, name: &str, console: &Console) -> Result<Exit> {
    StateFile::look_at(file).snapshots()?;
    let state = StateFile::open(file, console)?;
    state.revert(name)?;
    console.note(format_args!(
        "{}: went back to {name}; `rareport state revert {} {}` undoes it",
        state.name(),
        state.name(),
        BEFORE_REVERT
    ));
    Ok(Exit::Done)
}

fn export(file: &Path, output: &OutputArgs) -> Result<Exit> {
    let content = content_of(file)?;
    let decode =
        |model: &Vec<u8>| snapshot::decode(model).with_context(|| file.display().to_string());
    let snapshot = decode(&content.model)?;
    let others = content.others.iter().map(decode).collect::<Result<Vec<_>>>()?;
    let document = json!({
        "about": content.about,
        "detector": snapshot.detector,
        "detection": snapshot.detection,
        "others": others,
    });
    let mut out = Destination::of(output.path())?;
    serde_json::to_writer(&mut out, &document).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    out.flush()?;
    out.keep()?;
    Ok(Exit::Done)
}

/// A snapshot, to be shown.
#[derive(Serialize)]
struct SnapshotRow {
    name: String,
    learned_until: Option<String>,
    buckets: Option<u64>,
    status: String,
}

impl SnapshotRow {
    const FIELDS: [&str; 4] = ["name", "learned_until", "buckets", "status"];

    fn of(snapshot: &Snapshot) -> SnapshotRow {
        SnapshotRow::new(&snapshot.name, &snapshot.path, Some(snapshot.time * 1000))
    }

    /// A snapshot whose name says up to when it has learned, in milliseconds since
    /// 1970; if it does not, what it holds does.
    fn new(name: &str, path: &Path, named: Option<i64>) -> SnapshotRow {
        let (buckets, until, status) = match content_of(path) {
            Ok(Content { about, .. }) => {
                (Some(about.buckets), about.learned_until, "good".to_owned())
            }
            Err(error) => (None, None, format!("{error:#}")),
        };
        let learned_until = named.or(until).map(rfc3339);
        SnapshotRow { name: name.to_owned(), learned_until, buckets, status }
    }
}

impl Row for SnapshotRow {
    fn table_cells(&self) -> Vec<String> {
        let buckets = self.buckets.map(|buckets| buckets.to_string()).unwrap_or_default();
        let until = self.learned_until.clone().unwrap_or_default();
        vec![self.name.clone(), until, buckets, self.status.clone()]
    }

    fn csv_cells(&self, out: &mut CsvWriter<impl Write>) -> io::Result<()> {
        out.cell(Some(&self.name))?;
        out.cell(self.learned_until.as_ref())?;
        out.cell(self.buckets)?;
        out.cell(Some(&self.status))
    }

    fn json(&self, json: &mut JsonBuffer) -> io::Result<()> {
        json.value(self)
    }
}
