//! What is wrong with the text of a rule file, in words for who wrote it: the line, and what to write
//! instead.
//!
//! What rules may say is known to their types and to [`RuleSet`](super::RuleSet).

use super::RuleError;
use crate::misspelt::meant;
use toml::de::{DeTable, DeValue};

/// What is said of unknown keys where conditions may be given.
const CONDITIONS_HINT: &str = "; what must hold of events goes into conditions, such as \
    conditions = [{ field = \"host.name\", is = \"db01\" }]";

/// What is said of days where times of a calendar window may be given.
const WEEKLY_HINT: &str = "; what comes every week goes into weekly, such as \
    weekly = { days = [\"sunday\"], from = \"22:00\", to = \"04:00\" }";

/// Types as the reader names them, and as a rule file has them.
const TYPES: [(&str, &str); 9] = [
    ("f64", "a number such as 60"),
    ("u8", "a whole number such as 21"),
    ("u32", "a whole number such as 1"),
    ("usize", "a whole number such as 100"),
    ("a string", "a text in quotes"),
    ("a boolean", "true or false, without quotes"),
    ("a sequence", "a list in square brackets"),
    ("struct Suppression", "a table such as { by = [\"host.name\"] }"),
    ("struct Weekly", "a table such as { days = [\"sunday\"], from = \"22:00\", to = \"04:00\" }"),
];

/// A place in a rule file.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// `rule`, `exception` or `calendar`.
    pub(super) table: &'static str,
    /// Which of them, from 0.
    pub(super) index: usize,
    /// The key in it; `None` is the table itself.
    pub(super) key: Option<&'static str>,
}

impl RuleError {
    /// What the reader of TOML has to say of a text.
    pub(super) fn toml(text: &str, error: &toml::de::Error) -> RuleError {
        let start = error.span().map_or(0, |span| span.start);
        let message = plain(error.message());
        let hint = match meant(&message) {
            Some(word) => format!("; did you mean {word}?"),
            None if lacks_weekly(&message) => WEEKLY_HINT.to_owned(),
            None if lacks_conditions(&message) => CONDITIONS_HINT.to_owned(),
            None => String::new(),
        };
        RuleError::Toml { line: line(text, start), message: format!("{message}{hint}") }
    }

    /// The key that the error is about, if it is one of a rule.
    pub(super) fn key(&self) -> Option<&'static str> {
        match self {
            RuleError::Value { field, .. } => field.split('.').next(),
            _ => None,
        }
    }

    /// The error with the line of the place that it is about.
    pub(super) fn at(self, text: &str, place: Place) -> RuleError {
        match start(text, place) {
            Some(start) => RuleError::At { line: line(text, start), error: Box::new(self) },
            None => self,
        }
    }
}

/// The line, counted from 1, of a byte.
fn line(text: &str, byte: usize) -> usize {
    let before = text.as_bytes().get(..byte).unwrap_or_default();
    before.iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// The byte at which a place begins; that of its table if the key is not there.
fn start(text: &str, place: Place) -> Option<usize> {
    let file = DeTable::parse(text).ok()?;
    let (_, tables) = entry(file.get_ref(), place.table)?;
    let table = tables.get_ref().as_array()?.get(place.index)?;
    let named = place.key.and_then(|key| entry(table.get_ref().as_table()?, key));
    Some(named.map_or(table.span().start, |(start, _)| start))
}

/// The value of a key, and the byte at which the key begins.
fn entry<'t, 'i>(
    table: &'t DeTable<'i>,
    key: &str,
) -> Option<(usize, &'t toml::Spanned<DeValue<'i>>)> {
    let (key, value) = table.iter().find(|(name, _)| name.get_ref() == key)?;
    Some((key.span().start, value))
}

/// A message of the reader without the names of its types.
fn plain(message: &str) -> String {
    let Some(rest) = message.strip_prefix("invalid type: ") else {
        return message.replacen("unknown variant", "unknown value", 1);
    };
    let Some((found, expected)) = rest.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let known = TYPES.iter().find(|(name, _)| *name == expected);
    let Some((name, expected)) = known else { return message.to_owned() };
    let is_number = !name.starts_with("a ") && !name.starts_with("struct ");
    let text = found.strip_prefix("string \"").and_then(|rest| rest.strip_suffix('"'));
    match text.filter(|text| is_number && text.parse::<f64>().is_ok()) {
        Some(number) => format!("expected a number such as {number}, without quotes"),
        None => format!("expected {expected}, found {found}"),
    }
}

/// Whether days of a week are given where a calendar window has its times.
fn lacks_weekly(message: &str) -> bool {
    let of_days = ["unknown field `days`", "unknown field `day`"];
    message.contains("`weekly`") && of_days.iter().any(|it| message.starts_with(it))
}

/// Whether a key is unknown where conditions may be given, which it may be meant for.
fn lacks_conditions(message: &str) -> bool {
    message.starts_with("unknown field ") && message.contains("`conditions`")
}
