//! Where rules are read from.

use std::cmp::Ordering;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Result, anyhow, bail};

use crate::input::unreadable_file;
use crate::text::Inert;

/// The text of a rules file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Name to show.
    pub(crate) name: String,
    pub(super) text: String,
    /// Whether the file is one of a directory, which augenrules(8) makes one
    /// file of: with `-D` first and `-e` last, wherever they are.
    pub(super) merged: bool,
}

impl Source {
    /// Reads what a path names: a file, a directory of `*.rules`, or with `-`
    /// standard input.
    ///
    /// # Errors
    ///
    /// If it cannot be read or a directory has no rules.
    pub(crate) fn read(path: &Path) -> Result<Vec<Source>> {
        if !path.is_dir() {
            return Ok(vec![Source::file(path, false)?]);
        }
        let cannot = |error: io::Error| anyhow!(unreadable_file(path, &error));
        let mut files = Vec::new();
        for entry in fs::read_dir(path).map_err(cannot)? {
            let file = entry.map_err(cannot)?.path();
            if file.extension().is_some_and(|extension| extension == "rules") {
                files.push(file);
            }
        }
        if files.is_empty() {
            bail!("{}: there is no file in this directory whose name ends in .rules", shown(path));
        }
        files.sort_by(|left, right| natural(&name_of(left), &name_of(right)));
        files.iter().map(|file| Source::file(file, true)).collect()
    }

    fn file(path: &Path, merged: bool) -> Result<Source> {
        let mut bytes = Vec::new();
        let read = if path == Path::new("-") {
            io::stdin().lock().read_to_end(&mut bytes)
        } else {
            File::open(path).and_then(|mut file| file.read_to_end(&mut bytes))
        };
        let name = shown(path);
        read.map_err(|error| anyhow!(unreadable_file(path, &error)))?;
        // auditctl knows no encodings. Whatever is not UTF-8 stands in a
        // comment, a path or a key, and is shown as U+FFFD.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Source { name, text, merged })
    }
}

/// A path as it is shown.
fn shown(path: &Path) -> String {
    Inert(path.as_os_str().as_encoded_bytes()).to_string()
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Compares names with the numbers in them taken as numbers, as augenrules(8)
/// does.
fn natural(left: &str, right: &str) -> Ordering {
    parts(left).cmp(parts(right)).then_with(|| left.cmp(right))
}

/// Splits a name in runs of digits, as their length and themselves, and other
/// characters.
fn parts(name: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let digits = rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len());
        let length = if digits > 0 { digits } else { first.len_utf8() };
        let (part, after) = rest.split_at(length);
        rest = after;
        let number = part.trim_start_matches('0');
        Some(if digits > 0 { (number.len(), number) } else { (usize::MAX, part) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = ["100-z", "20-b", "9-a", "audit", "20-a", "10.rules"];
        names.sort_by(|left, right| natural(left, right));
        assert_eq!(names, ["9-a", "10.rules", "20-a", "20-b", "100-z", "audit"]);
    }

    #[test]
    fn a_comment_in_latin_1() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("net.rules");
        fs::write(&path, b"# f\xfcr alle\n-b 8192\n").unwrap();
        assert_eq!(Source::read(&path).unwrap()[0].text, "# f\u{fffd}r alle\n-b 8192\n");
    }

    #[test]
    fn a_directory_is_its_rules_in_order() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["100-end.rules", "20-a.rules", "3-first.rules", "notes.txt"] {
            fs::write(directory.path().join(name), name).unwrap();
        }
        let sources = Source::read(directory.path()).unwrap();
        let texts: Vec<_> = sources.iter().map(|source| source.text.as_str()).collect();
        assert_eq!(texts, ["3-first.rules", "20-a.rules", "100-end.rules"]);
        assert!(Source::read(tempfile::tempdir().unwrap().path()).is_err());
    }
}
