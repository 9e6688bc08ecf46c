//! Rows of documents and CSV, as a job reads them. Of any bytes the same events are read whatever the
//! pieces that they come in, and every row is an event or bad. The values of a JSON document are those
//! that a walk over all of it finds, those of a table of CSV those that were put in its cells.
#![no_main]

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use rareport::JobConfig;
use rareport_cli::probe::{RowFormat, RowsRead, rows};
use rareport_fuzz::json::Json;
use rareport_fuzz::pieces::Pieces;
use rareport_fuzz::rest;

#[derive(Debug)]
enum Input<'a> {
    Bytes { is_csv: bool, sizes: [u8; 4], text: &'a [u8] },
    Table { sizes: [u8; 4], is_crlf: bool, order: u8, rows: Vec<Row<'a>> },
}

#[derive(Arbitrary, Debug)]
struct Row<'a> {
    has_time: bool,
    is_quoted: bool,
    values: [&'a [u8]; FIELDS.len()],
}

impl<'a> Arbitrary<'a> for Input<'a> {
    /// The kind, the sizes of pieces, and bytes or the cells of a table.
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Input<'a>> {
        let kind: u8 = bytes.arbitrary()?;
        let sizes = bytes.arbitrary()?;
        match kind % 3 {
            0 => Ok(Input::Bytes { is_csv: false, sizes, text: rest(bytes)? }),
            1 => Ok(Input::Bytes { is_csv: true, sizes, text: rest(bytes)? }),
            _ => Ok(Input::Table {
                sizes,
                is_crlf: bytes.arbitrary()?,
                order: bytes.arbitrary()?,
                rows: bytes.arbitrary()?,
            }),
        }
    }
}

/// The fields of the job, in the order in which the reader gives them.
const FIELDS: [&str; 3] = ["destination.port", "host.name", "user"];

static JOB: LazyLock<JobConfig> = LazyLock::new(|| {
    let mut job = JobConfig::rare(FIELDS[0]);
    job.influencers = FIELDS[1..].iter().map(|field| (*field).to_owned()).collect();
    job
});

/// A value is no longer, as ARCHITECTURE.md says.
const LONGEST_VALUE: usize = 1024;

fuzz_target!(|input: Input<'_>| match input {
    Input::Bytes { is_csv, sizes, text } => {
        let format = if is_csv { RowFormat::Csv } else { RowFormat::Ndjson };
        let read = read(format, text, sizes);
        if read.has_failed || is_csv {
            return;
        }
        for line in text.split(|&byte| byte == b'\n').take(8) {
            check_document(line);
        }
    }
    Input::Table { sizes, is_crlf, order, rows } => check_table(&rows, is_crlf, order, sizes),
});

fn read(format: RowFormat, text: &[u8], sizes: [u8; 4]) -> RowsRead {
    let whole = rows(format, &JOB, text).expect("no error but of the input");
    let pieces = rows(format, &JOB, Pieces::new(text, sizes)).expect("no error but of the input");
    assert_eq!(pieces, whole);
    assert_eq!(whole.events.len() as u64 + whole.bad, whole.rows);
    let values = whole.events.iter().flat_map(|(_, values)| values);
    values.for_each(|value| assert!(value.len() <= LONGEST_VALUE));
    whole
}

/// A line that is an event has the values that a walk over the document finds.
fn check_document(line: &[u8]) {
    let read = rows(RowFormat::Ndjson, &JOB, line).expect("no error but of the input");
    let [(_, values)] = &read.events[..] else { return };
    let Some(document @ Json::Object(_)) = Json::parse(line) else { return };
    for (name, value) in FIELDS.iter().zip(values) {
        assert_eq!(String::from_utf8_lossy(value), document.field(name), "{name}");
    }
}

/// Time of every row that has one, in milliseconds since 1970.
const TIME: i64 = 1_716_998_400_123;

fn check_table(rows: &[Row<'_>], is_crlf: bool, order: u8, sizes: [u8; 4]) {
    let end = if is_crlf { "\r\n" } else { "\n" };
    let names = [&FIELDS[..], &["@timestamp"]].concat();
    let mut columns: Vec<usize> = (0..=FIELDS.len()).collect();
    columns.rotate_left(usize::from(order) % names.len());
    let mut text = columns.iter().map(|&column| names[column]).collect::<Vec<_>>().join(",");
    text.push_str(end);
    let mut text = text.into_bytes();
    let mut expected = Vec::new();
    let mut bad = 0;
    for row in rows {
        let time = if row.has_time { TIME.to_string() } else { String::new() };
        let cells = [&row.values[..], &[time.as_bytes()]].concat();
        let cells: Vec<_> =
            columns.iter().map(|&column| written(cells[column], row.is_quoted)).collect();
        text.extend(cells.join(&b','));
        text.extend(end.as_bytes());
        let values: Vec<_> = row.values.iter().map(|cell| joined(cell)).collect();
        let is_bad = !row.has_time || values.iter().any(|value| value.len() > LONGEST_VALUE);
        bad += u64::from(is_bad);
        if !is_bad {
            expected.push((TIME, values));
        }
    }
    let read = read(RowFormat::Csv, &text, sizes);
    assert!(!read.has_failed);
    assert_eq!((read.bad, read.events), (bad, expected));
}

/// A cell as RFC 4180 has it.
fn written(cell: &[u8], is_quoted: bool) -> Vec<u8> {
    let special = |byte: &u8| matches!(byte, b'"' | b',' | b'\r' | b'\n');
    if !is_quoted && !cell.iter().any(special) && !cell.is_empty() {
        return cell.to_vec();
    }
    let doubled =
        cell.iter().flat_map(|&byte| if byte == b'"' { vec![byte; 2] } else { vec![byte] });
    [b'"'].into_iter().chain(doubled).chain([b'"']).collect()
}

/// The values of a cell: what stands between commas, if anything does.
fn joined(cell: &[u8]) -> Vec<u8> {
    let values = cell.split(|&byte| byte == b',').filter(|value| !value.is_empty());
    values.collect::<Vec<_>>().join(&b',')
}
