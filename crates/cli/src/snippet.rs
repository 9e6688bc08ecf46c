//! The exception that silences a record, as text for a rule file.
//!
//! What people paste is here; what exceptions mean is up to the library.

use rareport::alert::Alert;
use rareport::evidence::{Evidence, Sample};
use rareport::results::Record;

use crate::noun::Noun;
use crate::text::is_active;

/// Stands in a text for bytes that are no UTF-8.
const REPLACED: char = char::REPLACEMENT_CHARACTER;

/// The exception that silences an alert, as [`exception`] gives it.
pub(crate) fn of_alert(alert: &Alert) -> String {
    exception(&alert.record, &alert.evidence, &[&alert.rule.rule_id])
}

/// An `[[exception]]` that covers the events behind a record: those with its value, from the hosts
/// and processes that were seen. It is for the rules with these ids where it does not name a port,
/// as it could cover what other jobs look at too.
///
/// Bounded by the record: each value that it lists is there once.
pub(crate) fn exception(record: &Record, evidence: &Evidence, rules: &[&str]) -> String {
    let what = Noun(&record.by_field_name);
    let comment = match what.is_port() {
        true => format!("Port {} is known: say why", record.value()),
        false => format!("{} is known: say why", record.value()),
    };
    let mut lines = vec!["[[exception]]".to_owned(), format!("comment = {}", quoted(&comment))];
    if !what.is_port() && !rules.is_empty() {
        lines.push(format!("rules = {}", list(rules)));
    }
    lines.push("conditions = [".to_owned());
    let conditions = fields(record, evidence).into_iter().filter_map(|field| {
        let values = evidence.values_of(record, field);
        Some(format!("    {{ field = {}, {} }},", quoted(field), test(&values)?))
    });
    lines.extend(conditions);
    lines.push("]\n".to_owned());
    lines.join("\n")
}

/// The fields that it names, each once: those of the detector, and host and process if every event
/// that is known has them.
fn fields<'a>(record: &'a Record, evidence: &Evidence) -> Vec<&'a str> {
    let of_detector = [
        Some(&record.by_field_name),
        record.over_field_name.as_ref(),
        record.partition_field_name.as_ref(),
    ];
    let mut fields: Vec<&str> = of_detector.into_iter().flatten().map(String::as_str).collect();
    let has_all = |of: fn(&Sample) -> &Vec<String>| {
        evidence.samples.iter().all(|sample| !of(sample).is_empty())
    };
    let others = [
        ("host.name", has_all(|sample| &sample.host)),
        ("process.name", has_all(|sample| &sample.process)),
    ];
    for (field, _) in others.into_iter().filter(|(_, is_there)| *is_there) {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    fields
}

/// What is asked of a field that has these values; `None` if there are none. Of a value that was no
/// UTF-8 the bytes are not known, but a pattern is compared with what stands in their place. What has
/// a meaning in a pattern is covered by `?`, which holds for any one character.
fn test(values: &[&str]) -> Option<String> {
    let is_replaced = values.iter().any(|value| value.contains(REPLACED));
    match (values, is_replaced) {
        ([], _) => None,
        (values, true) => {
            let patterns: Vec<String> =
                values.iter().map(|value| value.replace('*', "?")).collect();
            let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
            Some(format!("wildcard = {}", list(&patterns)))
        }
        ([value], false) => Some(format!("is = {}", quoted(value))),
        (values, false) => Some(format!("is_one_of = {}", list(values))),
    }
}

fn list(values: &[&str]) -> String {
    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    format!("[{}]", values.join(", "))
}

/// A text as TOML writes it, in which nothing acts on who reads or pastes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            _ if is_active(char) => quoted.push_str(&format!("\\U{:08x}", u32::from(char))),
            _ => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use rareport::condition::{Condition, Test};

    use super::*;
    use crate::text::Inert;

    /// A condition as the library reads it.
    fn condition(values: &[&str]) -> Condition {
        let text = format!("field = \"f\"\n{}", test(values).unwrap());
        assert_eq!(Inert(text.replace('\n', "").as_bytes()).to_string(), text.replace('\n', ""));
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn any_text_is_read_back_as_it_was() {
        for odd in ["nc", "a\"b\\c", "\u{1b}[2J\r\n\t", "gpj.\u{202e}sh", "\u{7f}\u{9b}\0", "端口"]
        {
            assert_eq!(condition(&[odd]).test, Test::IsOneOf(vec![odd.to_owned()]));
            let both = vec![odd.to_owned(), "x".to_owned()];
            assert_eq!(condition(&[odd, "x"]).test, Test::IsOneOf(both));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_covered() {
        let logged = b"a\xffb".as_slice();
        let shown = String::from_utf8_lossy(logged);
        assert!(condition(&[&shown]).holds([logged]));
        assert!(condition(&["x", &shown]).holds([b"x".as_slice()]));
        let star = condition(&["*", &shown]);
        assert!(star.holds([b"*".as_slice()]) && !star.holds([b"evil".as_slice()]));
        assert!(!condition(&[&shown]).holds([b"ab".as_slice()]));
    }
}
