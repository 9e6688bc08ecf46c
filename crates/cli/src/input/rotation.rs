//! Names of rotated logs.
//!
//! `auditd` renames `audit.log` to `audit.log.1`, that to `audit.log.2` and so
//! on; logrotate does the same, or appends a date (`-20260601`), and may
//! compress. The order of age is in the name.

use std::cmp::Reverse;

/// Endings of compressed files.
const COMPRESSED: [&str; 4] = [".gz", ".xz", ".zst", ".bz2"];

/// A file name taken apart; sorts the files of one log oldest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RotatedName {
    /// Name of the live log, such as `audit.log`.
    pub(crate) base: String,
    age: Age,
    compressed: bool,
}

/// Which generation of its log a file is, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    /// Rotated at a date.
    Dated(String),
    /// Rotated so many times.
    Numbered(Reverse<u64>),
    /// Still being written to.
    Live,
}

impl RotatedName {
    /// Takes a file name apart.
    pub(crate) fn parse(name: &str) -> RotatedName {
        let stem = COMPRESSED.iter().find_map(|ending| name.strip_suffix(ending));
        let compressed = stem.is_some();
        let stem = stem.unwrap_or(name);
        let (base, age) = numbered(stem).or_else(|| dated(stem)).unwrap_or((stem, Age::Live));
        RotatedName { base: base.to_owned(), age, compressed }
    }

    /// Whether both names stand for the same stretch of the same log, one of
    /// them compressed.
    pub(crate) fn same_generation(&self, other: &RotatedName) -> bool {
        self.base == other.base && self.age == other.age
    }
}

/// `audit.log.3` is `audit.log`, three times rotated.
fn numbered(stem: &str) -> Option<(&str, Age)> {
    let (base, number) = stem.rsplit_once('.')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits {
        number.parse().ok()?
    } else {
        return None;
    };
    Some((base, Age::Numbered(Reverse(number))))
}

/// `audit.log-20260601` is `audit.log`, rotated on that day.
fn dated(stem: &str) -> Option<(&str, Age)> {
    let (base, date) = stem.split_once(".log-")?;
    let base = &stem[..base.len() + ".log".len()];
    let date_like =
        date.len() >= 8 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    date_like.then(|| (base, Age::Dated(date.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_from_old_to_new() {
        let oldest_first = [
            "audit.log-20260530.gz",
            "audit.log-20260601",
            "audit.log.10.xz",
            "audit.log.9.zst",
            "audit.log.2.bz2",
            "audit.log.1",
            "audit.log",
        ];
        let mut names = oldest_first.map(RotatedName::parse);
        names.reverse();
        names.sort();
        assert_eq!(names, oldest_first.map(RotatedName::parse));
        assert!(names.iter().all(|name| name.base == "audit.log"));
    }

    #[test]
    fn other_names_are_their_own_log() {
        for name in ["messages", "audit.log.old", "web.log", "audit.log.", "a-b.txt"] {
            assert_eq!(RotatedName::parse(name).base, name);
        }
    }

    #[test]
    fn a_file_and_its_compressed_form_are_the_same_generation() {
        let (plain, packed) =
            (RotatedName::parse("audit.log.1"), RotatedName::parse("audit.log.1.gz"));
        assert!(plain.same_generation(&packed) && plain < packed);
        assert!(!plain.same_generation(&RotatedName::parse("audit.log.2")));
    }
}
