//! The time of a log's last record, without reading all of it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, Result, bail};
use auditparse::Records;

use super::compression::{decompress, is_compressed};
use super::log::{Log, Member};
use crate::args::InputArgs;
use crate::when::{TimeRange, When};

/// Bytes at the end of a file in which its last records are looked for.
const TAIL: usize = 1 << 16;

/// The range of time that `--from` and `--to` bound.
///
/// # Errors
///
/// If a bound is relative to the log's end and that cannot be found, and if
/// the range is empty.
pub(super) fn resolve_range(args: &InputArgs, logs: &[Log]) -> Result<TimeRange> {
    let bounds = [args.from, args.to];
    let relative = bounds.iter().any(|bound| matches!(bound, Some(When::BeforeEnd(_))));
    let end = if relative { log_end(logs)? } else { 0 };
    let [from, to] = bounds.map(|bound| {
        bound.map(|bound| match bound {
            When::At(millis) => millis,
            When::BeforeEnd(millis) => end.saturating_sub(millis),
        })
    });
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        bail!("--from must be before --to");
    }
    Ok(TimeRange { from, to })
}

/// Time of the latest record in the newest files, in milliseconds since 1970.
fn log_end(logs: &[Log]) -> Result<i64> {
    let mut end = None;
    for log in logs {
        end = end.max(end_of(log)?);
    }
    end.context(
        "a duration in --from or --to counts back from the log's last record, but there is no \
         record; give the time as RFC 3339 or in seconds since 1970",
    )
}

/// Time of the latest record in the newest file of a log that has one.
fn end_of(log: &Log) -> Result<Option<i64>> {
    for member in log.members.iter().rev() {
        let Member::File { path, size: Some(_) } = member else {
            bail!(
                "a duration in --from or --to counts back from the log's end, which {member} \
                 shows only when all is read; give the time as RFC 3339 or in seconds since 1970"
            );
        };
        // A file that cannot be read is reported when its turn comes.
        let Ok(tail) = tail_of(path) else { continue };
        let times = Records::new(&tail).flatten().map(|record| record.id().millis);
        if let Some(last) = times.max() {
            return Ok(i64::try_from(last).ok());
        }
    }
    Ok(None)
}

/// The last bytes of a file's text. A compressed file is read from its start.
fn tail_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut tail = Vec::new();
    if !is_compressed(&mut file)? {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL as u64)))?;
        file.read_to_end(&mut tail)?;
        return Ok(tail);
    }
    file.rewind()?;
    let mut text = decompress(file)?.reader;
    loop {
        let read = text.by_ref().take(TAIL as u64).read_to_end(&mut tail)?;
        tail.drain(..tail.len().saturating_sub(TAIL));
        if read == 0 {
            return Ok(tail);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// More than a tail of lines; the latest time is not in the last line.
    fn text() -> Vec<u8> {
        let mut text = b"type=EOE msg=audit(900.000:1): \n".repeat(5000);
        text.extend(b"type=EOE msg=audit(1000.500:2): \ntype=EOE msg=audit(1000.400:1): \n");
        text
    }

    fn log(files: &[&[u8]]) -> (tempfile::TempDir, Log) {
        let directory = tempfile::tempdir().unwrap();
        let members = files.iter().enumerate().map(|(index, content)| {
            let path = directory.path().join(index.to_string());
            fs::write(&path, content).unwrap();
            Member::File { path, size: Some(content.len() as u64) }
        });
        let members = members.collect();
        (directory, Log::new(members, None))
    }

    #[test]
    fn the_latest_of_the_last_records() {
        let packed = zstd::encode_all(&text()[..], 1).unwrap();
        for files in [&[&b"old"[..], &text()][..], &[&packed], &[&text(), b""]] {
            let (_directory, log) = log(files);
            assert_eq!(log_end(&[log]).unwrap(), 1_000_500);
        }
    }

    #[test]
    fn a_pipe_has_no_end_yet() {
        let pipe = Log::new(vec![Member::Stdin], None);
        let error = log_end(&[pipe]).unwrap_err().to_string();
        assert!(error.contains("standard input"), "{error}");
        let (_directory, empty) = log(&[b"no record"]);
        assert!(log_end(&[empty]).is_err());
    }
}
