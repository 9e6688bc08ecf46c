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
use crate::state_file::{BEFORE_REVERT, Snapshot, StateFile, content_of};
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
    for snapshot in StateFile::look_at(file).snapshots()? {
        out.write(&SnapshotRow::of(&snapshot))?;
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
    learned_until: String,
    buckets: Option<u64>,
    status: String,
}

impl SnapshotRow {
    const FIELDS: [&str; 4] = ["name", "learned_until", "buckets", "status"];

    fn of(snapshot: &Snapshot) -> SnapshotRow {
        let (buckets, status) = match content_of(&snapshot.path) {
            Ok(content) => (Some(content.about.buckets), "good".to_owned()),
            Err(error) => (None, format!("{error:#}")),
        };
        SnapshotRow {
            name: snapshot.name.clone(),
            learned_until: rfc3339(snapshot.time * 1000),
            buckets,
            status,
        }
    }
}

impl Row for SnapshotRow {
    fn table_cells(&self) -> Vec<String> {
        let buckets = self.buckets.map(|buckets| buckets.to_string()).unwrap_or_default();
        vec![self.name.clone(), self.learned_until.clone(), buckets, self.status.clone()]
    }

    fn csv_cells(&self, out: &mut CsvWriter<impl Write>) -> io::Result<()> {
        out.cell(Some(&self.name))?;
        out.cell(Some(&self.learned_until))?;
        out.cell(self.buckets)?;
        out.cell(Some(&self.status))
    }

    fn json(&self, json: &mut JsonBuffer) -> io::Result<()> {
        json.value(self)
    }
}
