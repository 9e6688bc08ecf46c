//! A file of whole lines, whatever happens while one is written.
//!
//! A disk that is full takes the first part of a line, and so does one whose
//! writer is killed. Half an alert is of use to nobody, and would make one with
//! the next.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use memchr::memrchr;
use serde::de::IgnoredAny;

/// How far from its end on a file is looked at: longer than any alert.
const TAIL: u64 = 4 << 20;

/// Opens a file to be appended to, which need not be there. If its last line is
/// the beginning of an object, that is taken away; if it only lacks its end, it
/// gets it.
///
/// # Errors
///
/// If there cannot be such a file.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() {
        let rest = rest(path, metadata.len())?;
        let is_begun =
            rest.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(&rest).is_err();
        if is_begun {
            file.set_len(metadata.len() - rest.len() as u64)?;
        } else if !rest.is_empty() {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

/// What is behind the last newline of a file of this length; only its end if
/// that is longer than any alert.
fn rest(path: &Path, length: u64) -> io::Result<Vec<u8>> {
    let mut tail = Vec::new();
    if length > 0 {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        file.take(TAIL).read_to_end(&mut tail)?;
    }
    let start = memrchr(b'\n', &tail).map_or(0, |at| at + 1);
    Ok(tail.split_off(start))
}

/// Appends a line in one piece, so that others who append or read see whole
/// lines.
///
/// # Errors
///
/// If it cannot be written; then none of it is there.
pub(super) fn append(file: &mut File, line: &[u8]) -> io::Result<()> {
    let mut written = 0;
    while written < line.len() {
        match file.write(&line[written..]) {
            Ok(0) => return take_back(file, written, io::ErrorKind::WriteZero.into()),
            Ok(length) => written += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return take_back(file, written, error),
        }
    }
    Ok(())
}

/// Takes so many bytes away that were written last, unless others wrote since.
fn take_back(file: &mut File, written: usize, why: io::Error) -> io::Result<()> {
    if written > 0 {
        let end = file.stream_position()?;
        if file.metadata()?.len() == end {
            file.set_len(end - written as u64)?;
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_line_that_was_cut_off_is_taken_away_and_others_stay() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("alerts");
        for (before, after) in [
            ("", "{\"b\":2}\n"),
            ("{\"a\":1}\n", "{\"a\":1}\n{\"b\":2}\n"),
            ("{\"a\":1}\n{\"a\":{\"x\"", "{\"a\":1}\n{\"b\":2}\n"),
            ("{\"a\"", "{\"b\":2}\n"),
            ("{\"a\":1}", "{\"a\":1}\n{\"b\":2}\n"),
            ("notes of mine", "notes of mine\n{\"b\":2}\n"),
        ] {
            fs::write(&path, before).unwrap();
            append(&mut open(&path).unwrap(), b"{\"b\":2}\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after, "{before:?}");
        }
    }

    #[test]
    fn what_was_written_of_a_line_is_taken_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("alerts");
        fs::write(&path, "one\ntw").unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        let full = || io::ErrorKind::StorageFull.into();
        assert!(take_back(&mut file, 2, full()).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        // What somebody else wrote behind it stays.
        file.write_all(b"th").unwrap();
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"x\n").unwrap();
        assert!(take_back(&mut file, 2, full()).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\nthx\n");
    }
}
