//! What lies behind a record: how many events, when, and a few of them as samples.
//!
//! The model knows values only. Here the events of the buckets that are still open are kept in
//! mind until it is known which of their values are records: for each value a count, two times and
//! at most [`MOST_SAMPLES`] samples, of which each field has at most [`MOST_LISTS`] texts that are cut
//! after [`LONGEST_TEXT`] bytes.

mod gatherer;
mod log_files;
mod state;

pub(crate) use gatherer::{Behind, BehindState, Gatherer, GathererState};
pub use log_files::{LogFiles, Search};
pub(crate) use state::EvidenceState;

use crate::alert::nested::nest;
use crate::moment::rfc3339;
use crate::results::Record;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most samples of a value in a bucket: the first ones.
pub const MOST_SAMPLES: usize = 5;

/// Most joined values of which the single ones are kept, and most values of a field of a sample.
pub const MOST_LISTS: usize = 16;

/// Longest text of a sample, in bytes.
pub const LONGEST_TEXT: usize = 512;

/// An event of a log, as far as rules look at it.
pub trait LogEvent {
    /// When it happened, in milliseconds since 1970.
    fn millis(&self) -> i64;

    /// The value of a field by its ECS name, as the model takes it, several joined by commas; `None`
    /// or empty if it has none.
    fn value(&self, field: &str) -> Option<&[u8]>;

    /// The values of a field one by one, none of which are empty. Unless said otherwise, the
    /// [`value`](LogEvent::value) is the only one.
    fn values(&self, field: &str) -> Vec<&[u8]> {
        self.value(field).filter(|value| !value.is_empty()).into_iter().collect()
    }

    /// The event as a sample; asked for only if it is to be one.
    fn sample(&self) -> Sample;
}

/// What lies behind a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Number of events in the record's bucket that had its value.
    pub events: u64,
    /// Time of the earliest of them, in milliseconds since 1970; `None` without any.
    pub first_seen: Option<i64>,
    /// Time of the latest of them.
    pub last_seen: Option<i64>,
    /// The first of them.
    pub samples: Vec<Sample>,
    /// Values of the record that are several joined by commas, each with the single ones: those that
    /// came first, at most [`MOST_LISTS`].
    pub lists: Vec<List>,
}

/// A value as the model takes it, and the values that are joined in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// The field.
    pub field: String,
    /// Its value, several joined by commas.
    pub joined: String,
    /// The single values, in the order in which the event has them.
    pub values: Vec<String>,
}

/// One event. What the log does not say is `None` or empty; documents may say of a text several
/// times what it is, such as several addresses.
///
/// Serialised with ECS field names, nested, several texts as an array, and with the
/// commands that show it ([`command`](Sample::command), [`records_command`](Sample::records_command)).
///
/// ```
/// use rareport::evidence::Sample;
///
/// let destination = vec!["192.0.2.7".to_owned(), "2001:db8::7".to_owned()];
/// let sample = Sample { pid: Some(812), destination, ..Sample::default() };
/// let document = serde_json::to_value(&sample)?;
/// assert_eq!(document["destination"]["ip"][1], "2001:db8::7");
/// assert_eq!(document["process"]["pid"], 812);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// When it happened, in milliseconds since 1970.
    pub millis: i64,
    /// Serial of the audit event.
    pub serial: Option<u32>,
    /// Files of the audit log that it is in; `None` if it came from elsewhere.
    pub log: Option<Arc<LogFiles>>,
    /// Node that the audit log itself names (`node=`).
    pub node: Option<String>,
    /// Name of the host.
    pub host: Vec<String>,
    /// Id of the process.
    pub pid: Option<u32>,
    /// Id of its parent.
    pub parent_pid: Option<u32>,
    /// Name of the process.
    pub process: Vec<String>,
    /// Path of its executable.
    pub executable: Vec<String>,
    /// Its command line, or the start of it.
    pub title: Vec<String>,
    /// User that it ran as.
    pub user: Vec<String>,
    /// User who had logged in, whoever the process ran as.
    pub login_user: Vec<String>,
    /// Address that it connected to.
    pub destination: Vec<String>,
}

impl Evidence {
    /// Counts an event.
    fn add(&mut self, event: &impl LogEvent) {
        let millis = event.millis();
        self.events += 1;
        self.first_seen = Some(self.first_seen.map_or(millis, |first| first.min(millis)));
        self.last_seen = self.last_seen.max(Some(millis));
        if self.samples.len() < MOST_SAMPLES {
            self.samples.push(event.sample().cut());
        }
    }

    /// Notes the single values of the fields that have several.
    pub(crate) fn note_lists(&mut self, event: &impl LogEvent, fields: &[String]) {
        for field in fields {
            let Some(joined) = event.value(field).filter(|value| value.contains(&b',')) else {
                continue;
            };
            let values = event.values(field);
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            let joined = text(joined);
            let is_known = self.list(field, &joined).is_some();
            if values.len() > 1 && !is_known && self.lists.len() < MOST_LISTS {
                let values = values.into_iter().map(text).collect();
                self.lists.push(List { field: field.clone(), joined, values });
            }
        }
    }

    /// The values of a field of the record that this lies behind, each once: where the record has
    /// several joined by commas, the single ones, as far as they are known.
    #[must_use]
    pub fn values_of<'a>(&'a self, record: &'a Record, field: &str) -> Vec<&'a str> {
        let mut values = Vec::new();
        for value in record.values_of(field) {
            match self.list(field, value) {
                Some(single) => values.extend(single.iter().map(String::as_str)),
                None => values.push(value),
            }
        }
        let mut seen = BTreeSet::new();
        values.retain(|value| seen.insert(*value));
        values
    }

    /// The single values of a field's joined one, if they are known.
    fn list(&self, field: &str, joined: &str) -> Option<&[String]> {
        let mut lists = self.lists.iter();
        let list = lists.find(|list| list.field == field && list.joined == joined)?;
        Some(&list.values)
    }
}

impl Sample {
    /// The command by which `ausearch` shows the audit records of the event, quoted for a shell;
    /// `None` if it cannot. Where the files of the log are not known, it is the log of the system.
    ///
    /// ```
    /// use rareport::evidence::Sample;
    ///
    /// let node = Some("web-01".to_owned());
    /// let sample = Sample { serial: Some(1001), node, ..Sample::default() };
    /// assert_eq!(sample.command().as_deref(), Some("ausearch -a 1001 --node web-01"));
    /// ```
    #[must_use]
    pub fn command(&self) -> Option<String> {
        let serial = self.serial?;
        let node = self.node.as_deref().filter(|node| is_argument(node));
        let event = match node.map(shlex::try_quote) {
            Some(Ok(node)) => format!("-a {serial} --node {node}"),
            Some(Err(_)) | None => format!("-a {serial}"),
        };
        log_files::ausearch(self.log.as_deref(), &event)
    }

    /// The same with texts of at most [`LONGEST_TEXT`] bytes, at most [`MOST_LISTS`] of a field. A
    /// node that is longer is left out, for a part of its name is the name of another.
    fn cut(mut self) -> Sample {
        self.node = self.node.filter(|node| node.len() <= LONGEST_TEXT);
        let Sample { host, process, executable, title, user, login_user, destination, .. } =
            &mut self;
        for texts in [host, process, executable, title, user, login_user, destination] {
            texts.truncate(MOST_LISTS);
            for text in texts.iter_mut().filter(|text| text.len() > LONGEST_TEXT) {
                let end = (0..=LONGEST_TEXT).rev().find(|&end| text.is_char_boundary(end));
                text.truncate(end.unwrap_or(0));
            }
        }
        self
    }
}

/// Whether a node can be given to a command as it is in the log: it is no option, and nothing that a
/// terminal acts on or that was replaced in it.
fn is_argument(node: &str) -> bool {
    let is_odd = |it: char| it.is_control() || it == char::REPLACEMENT_CHARACTER;
    !node.is_empty() && !node.starts_with('-') && !node.contains(is_odd)
}

impl Serialize for Sample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = |text: Option<&String>| text.cloned().map(Value::from);
        let texts = |texts: &[String]| match texts {
            [] | [_] => text(texts.first()),
            several => Some(several.to_vec().into()),
        };
        let number = |number: Option<u32>| number.map(Value::from);
        let fields = [
            ("@timestamp", Some(rfc3339(self.millis).into())),
            ("auditd.node", text(self.node.as_ref())),
            ("command", text(self.command().as_ref())),
            ("records_command", text(self.records_command().as_ref())),
            ("destination.ip", texts(&self.destination)),
            ("event.sequence", number(self.serial)),
            ("host.name", texts(&self.host)),
            ("process.executable", texts(&self.executable)),
            ("process.name", texts(&self.process)),
            ("process.parent.pid", number(self.parent_pid)),
            ("process.pid", number(self.pid)),
            ("process.title", texts(&self.title)),
            ("user.audit.name", texts(&self.login_user)),
            ("user.name", texts(&self.user)),
        ];
        let mut document = Map::new();
        for (field, value) in fields {
            if let Some(value) = value {
                nest(&mut document, field, value);
            }
        }
        document.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_cannot_be_made_to_do_more() {
        let command = |node: &str| {
            let node = Some(node.to_owned());
            Sample { serial: Some(7), node, ..Sample::default() }.command().unwrap()
        };
        assert_eq!(command("a; rm -rf /"), "ausearch -a 7 --node 'a; rm -rf /'");
        assert_eq!(command("it's"), "ausearch -a 7 --node \"it's\"");
        for node in ["nul\0", "--help", "a\u{1b}[2J", "a\nb", "a\u{9b}b", "a\u{fffd}", ""] {
            assert_eq!(command(node), "ausearch -a 7", "{node:?}");
        }
        let long = Some("n".repeat(LONGEST_TEXT + 1));
        let cut = Sample { serial: Some(7), node: long, ..Sample::default() }.cut();
        assert_eq!(cut.command().as_deref(), Some("ausearch -a 7"));
        assert_eq!(Sample::default().command(), None);
    }

    #[test]
    fn a_sample_has_nested_fields_and_short_texts() {
        let (title, login_user) = (vec!["é".repeat(LONGEST_TEXT)], vec!["alice".to_owned()]);
        let destination = (0..20).map(|n| format!("192.0.2.{n}")).collect();
        let sample = Sample {
            millis: 1000,
            pid: Some(5),
            parent_pid: Some(4),
            title,
            login_user,
            destination,
            ..Sample::default()
        };
        let document = serde_json::to_value(sample.cut()).unwrap();
        assert_eq!(document["@timestamp"], "1970-01-01T00:00:01.000Z");
        assert_eq!(document["process"]["parent"]["pid"], 4);
        assert_eq!(document["process"]["pid"], 5);
        assert_eq!(document["user"], serde_json::json!({"audit": {"name": "alice"}}));
        assert_eq!(document["process"]["title"].as_str().unwrap().len(), LONGEST_TEXT);
        assert_eq!(document["destination"]["ip"].as_array().unwrap().len(), MOST_LISTS);
        assert!(document.get("host").is_none());
    }
}
