//! Where the integration tests get their material: the corpus, decompressed, and what is known of it.

#![allow(dead_code, reason = "each test binary uses a part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "without its corpus a test has to fail"
)]

pub(crate) mod arbitrary;
pub(crate) mod reference;
pub(crate) mod small;
pub(crate) mod truth;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

/// Every directory of the corpus that holds an `audit.log`.
pub(crate) const SCENARIOS: [&str; 16] = [
    "connect-basic",
    "raw",
    "enriched",
    "exec-mix",
    "busy",
    "loop",
    "fleet-day",
    "fleet-hosts/web01",
    "fleet-hosts/db01",
    "fleet-hosts/ci01",
    "variants/fqd-raw",
    "variants/hostname-dotted-enriched",
    "variants/hostname-enriched",
    "variants/none-raw",
    "variants/numeric-enriched",
    "variants/user-raw",
];

/// The path of a file or directory of the corpus.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus").join(name)
}

/// A file of the corpus; `name` is without `.xz`, decompressed if that is how it lies there.
pub(crate) fn read(name: &str) -> Vec<u8> {
    try_read(name).unwrap_or_else(|| panic!("corpus/{name} is missing"))
}

fn try_read(name: &str) -> Option<Vec<u8>> {
    if let Ok(plain) = fs::read(path(name)) {
        return Some(plain);
    }
    let packed = fs::File::open(path(&format!("{name}.xz"))).ok()?;
    let mut bytes = Vec::new();
    liblzma::read::XzDecoder::new(packed).read_to_end(&mut bytes).expect("sound xz");
    Some(bytes)
}

/// A file of the corpus as text; bytes that are not UTF-8 become U+FFFD.
pub(crate) fn read_text(name: &str) -> String {
    String::from_utf8_lossy(&read(name)).into_owned()
}

/// The log of a scenario: its rotations, oldest first, as one. Decompressed once for all tests.
pub(crate) fn log(scenario: &str) -> &'static [u8] {
    static LOGS: [OnceLock<Vec<u8>>; SCENARIOS.len()] =
        [const { OnceLock::new() }; SCENARIOS.len()];
    let index = SCENARIOS.iter().position(|name| *name == scenario).expect("a scenario");
    LOGS[index].get_or_init(|| {
        let older = (1..).map_while(|n| try_read(&format!("{scenario}/audit.log.{n}")));
        let mut files: Vec<_> = older.collect();
        files.reverse();
        files.push(read(&format!("{scenario}/audit.log")));
        files.concat()
    })
}

/// `verify.json` of a scenario.
pub(crate) fn verify(scenario: &str) -> Value {
    serde_json::from_slice(&read(&format!("{scenario}/verify.json"))).expect("sound JSON")
}

/// The objects of an NDJSON file.
pub(crate) fn ndjson(name: &str) -> Vec<Value> {
    let text = read_text(name);
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_str(line).expect("sound JSON")).collect()
}

/// How often each value comes.
pub(crate) fn tally<T: Ord>(values: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_insert(0) += 1;
    }
    counts
}

/// An object of counts, such as `types` of `verify.json`, as a map.
pub(crate) fn counts(object: &Value) -> BTreeMap<String, usize> {
    let entries = object.as_object().expect("an object of counts");
    entries.iter().map(|(key, n)| (key.clone(), n.as_u64().unwrap() as usize)).collect()
}

/// Bytes as text for comparisons and messages.
pub(crate) fn lossy(bytes: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}

/// Milliseconds since 1970 of a stamp such as `2023-11-14T22:15:01.01Z`.
pub(crate) fn millis(stamp: &str) -> u64 {
    let (date, time) = stamp.trim_end_matches('Z').split_once('T').expect("date and time");
    let numbers = |text: &str, mark: char| -> Vec<u64> {
        text.split(mark).map(|digits| digits.parse().expect("digits")).collect()
    };
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let (date, clock) = (numbers(date, '-'), numbers(clock, ':'));
    let days = days_since_1970(date[0], date[1], date[2]);
    let seconds = ((days * 24 + clock[0]) * 60 + clock[1]) * 60 + clock[2];
    seconds * 1000 + format!("{fraction:0<3}").parse::<u64>().expect("digits")
}

/// Days from 1970-01-01 to a date of the Gregorian calendar from then on.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    // Years that start in March have the leap day at their end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days_in_years = year * 365 + year / 4 - year / 100 + year / 400;
    let days_in_months = (153 * month + 2) / 5;
    days_in_years + days_in_months + day - 1 - 719_468
}
