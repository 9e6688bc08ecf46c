//! Names of rotated logs.
//!
//! `auditd` renames `audit.log` to `audit.log.1`, that to `audit.log.2` and so
//! on; logrotate does the same, or appends a date (`-20260601`, or another
//! form by its `dateformat`), and may compress; a person moves it to
//! `audit.log.old`. The order of age is in the name.

use std::cmp::Reverse;
use std::ops::{Range, RangeInclusive};

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
    /// Rotated at a date; its digits.
    Dated(String),
    /// Rotated so many times.
    Numbered(Reverse<u64>),
    /// Put aside.
    Old,
    /// Still being written to.
    Live,
}

impl RotatedName {
    /// Takes a file name apart.
    pub(crate) fn parse(name: &str) -> RotatedName {
        let stem = COMPRESSED.iter().find_map(|ending| name.strip_suffix(ending));
        let compressed = stem.is_some();
        let stem = stem.unwrap_or(name);
        let rotated = dated(stem).or_else(|| numbered(stem)).or_else(|| old(stem));
        let (base, age) = rotated.unwrap_or((stem, Age::Live));
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

/// `audit.log.old` is `audit.log` as it was.
fn old(stem: &str) -> Option<(&str, Age)> {
    Some((stem.strip_suffix(".old")?, Age::Old))
}

/// `audit.log-20260601` is `audit.log`, rotated on that day; the date may be
/// written in other ways and go on with the time of day.
fn dated(stem: &str) -> Option<(&str, Age)> {
    let mut separators = stem.match_indices(['-', '.', '_']);
    separators.find_map(|(at, _)| {
        let date = date_digits(&stem[at + 1..])?;
        Some((&stem[..at], Age::Dated(date)))
    })
}

/// The digits of a year, month, day and what follows them, with or without
/// something in between.
fn date_digits(text: &str) -> Option<String> {
    let is_part = |char: char| char.is_ascii_digit() || matches!(char, '-' | '_' | ':' | 'T');
    if !text.chars().all(is_part) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_in = |place, range: RangeInclusive<u16>| {
        let number = digits.get::<Range<usize>>(place).and_then(|digits| digits.parse().ok());
        number.is_some_and(|number| range.contains(&number))
    };
    (is_in(0..4, 1970..=2099) && is_in(4..6, 1..=12) && is_in(6..8, 1..=31)).then_some(digits)
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
    fn dates_are_in_order_however_they_are_written() {
        // With dateformat -%Y%m%d, .%Y-%m-%d, -%Y%m%d%H, .%Y%m%d and -%Y%m%d-%s of logrotate(8).
        let oldest_first = [
            "audit.log-20240528.gz",
            "audit.log.2024-05-29.gz",
            "audit.log-2024053007",
            "audit.log.20240531",
            "audit.log-20240601-1717236061",
            "audit.log.2024-06-02",
            "audit.log.1",
            "audit.log.old",
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
        for name in [
            "messages",
            "audit.log.bak",
            "web.log",
            "audit.log.",
            "a-b.txt",
            "a-20249999",
            "a-2024",
        ] {
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
