//! Audit records and events as JSON documents of their own shape: nothing is
//! renamed, nothing left out.

use auditparse::{Completion, Event, Field, Origin, Record};
use foldhash::fast::RandomState;
use indexmap::IndexMap;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use smallvec::SmallVec;

use crate::text::Utf8;

/// A record by itself.
#[derive(Debug, Serialize)]
pub(crate) struct RecordDocument<'a> {
    #[serde(rename = "@timestamp")]
    timestamp: &'a str,
    serial: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<Utf8<'a>>,
    #[serde(flatten)]
    content: Content<'a>,
}

impl<'a> RecordDocument<'a> {
    /// The document of a record; `time` is its time as RFC 3339 text.
    pub(crate) fn new(record: &Record<'a>, time: &'a str) -> RecordDocument<'a> {
        RecordDocument {
            timestamp: time,
            serial: record.id().serial,
            node: record.node().map(Utf8),
            content: Content::new(record),
        }
    }
}

/// An event with its records.
#[derive(Debug, Serialize)]
pub(crate) struct EventDocument<'a, 't> {
    #[serde(rename = "@timestamp")]
    timestamp: &'t str,
    serial: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<Utf8<'a>>,
    completion: Completion,
    #[serde(skip_serializing_if = "Option::is_none")]
    argv: Option<Vec<String>>,
    records: Vec<Content<'a>>,
}

impl<'a, 't> EventDocument<'a, 't> {
    /// The document of an event; `time` is its time as RFC 3339 text.
    pub(crate) fn new(event: &Event<'a>, time: &'t str) -> EventDocument<'a, 't> {
        let argv = event.argv();
        EventDocument {
            timestamp: time,
            serial: event.id().serial,
            node: event.node().map(Utf8),
            completion: event.completion(),
            argv: argv.map(|argv| argv.iter().map(|part| Utf8(part).get().into_owned()).collect()),
            records: event.records().iter().map(Content::new).collect(),
        }
    }
}

/// What a record says, apart from its stamp.
#[derive(Debug, Serialize)]
struct Content<'a> {
    r#type: Utf8<'a>,
    fields: Fields<'a>,
    #[serde(skip_serializing_if = "Fields::is_empty")]
    message: Fields<'a>,
    #[serde(skip_serializing_if = "Fields::is_empty")]
    enrichment: Fields<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

impl<'a> Content<'a> {
    fn new(record: &Record<'a>) -> Content<'a> {
        let name = record.record_type().name().map_or(record.type_name(), str::as_bytes);
        let from =
            |origin| Fields(record.fields().filter(|field| field.origin() == origin).collect());
        Content {
            r#type: Utf8(name),
            fields: from(Origin::Body),
            message: from(Origin::Message),
            enrichment: from(Origin::Enrichment),
            problems: record.problems().map(|problem| problem.to_string()).collect(),
        }
    }
}

/// Fields as an object: values decoded, absent ones null. A key that occurs
/// again has an array of its values.
#[derive(Debug)]
struct Fields<'a>(Vec<Field<'a>>);

impl Fields<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut places: IndexMap<&[u8], Places, RandomState> = IndexMap::default();
        places.reserve(self.0.len());
        for (place, field) in self.0.iter().enumerate() {
            places.entry(field.key()).or_default().push(place);
        }
        let mut map = serializer.serialize_map(Some(places.len()))?;
        for (key, places) in &places {
            match places[..] {
                [place] => map.serialize_entry(&Utf8(key), &Value(&self.0[place]))?,
                _ => map.serialize_entry(&Utf8(key), &Values(&self.0, places))?,
            }
        }
        map.end()
    }
}

/// Where in a record the fields with one key are: mostly one.
type Places = SmallVec<[usize; 2]>;

/// The values of all fields with a key.
struct Values<'a, 'b>(&'b [Field<'a>], &'b Places);

impl Serialize for Values<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.1.iter().map(|&place| Value(&self.0[place])))
    }
}

/// The value of a field.
struct Value<'a, 'b>(&'b Field<'a>);

impl Serialize for Value<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_absent() {
            serializer.serialize_none()
        } else {
            Utf8(&self.0.text()).serialize(serializer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(line: &str) -> String {
        let record = Record::parse(line.as_bytes()).unwrap();
        serde_json::to_string(&RecordDocument::new(&record, "T")).unwrap()
    }

    #[test]
    fn a_record_keeps_everything_apart() {
        assert_eq!(
            json(
                "node=web01 type=SYSCALL msg=audit(1.002:7): arch=c000003e comm=612062 \
                 exe=\"612062\" key=(null)\u{1d}ARCH=x86_64"
            ),
            "{\"@timestamp\":\"T\",\"serial\":7,\"node\":\"web01\",\"type\":\"SYSCALL\",\
             \"fields\":{\"arch\":\"c000003e\",\"comm\":\"a b\",\"exe\":\"612062\",\"key\":null},\
             \"enrichment\":{\"ARCH\":\"x86_64\"}}"
        );
    }

    #[test]
    fn a_nested_message_is_an_object_of_its_own() {
        let text = json("type=USER_LOGIN msg=audit(1.002:7): pid=1 msg='op=login res=success'");
        assert!(text.contains("\"fields\":{\"pid\":\"1\"}"), "{text}");
        assert!(text.contains("\"message\":{\"op\":\"login\",\"res\":\"success\"}"), "{text}");
    }

    #[test]
    fn a_repeated_key_has_all_its_values() {
        let text = json("type=PATH msg=audit(1.002:7): a=1 b=2 a=3");
        assert!(text.contains("\"fields\":{\"a\":[\"1\",\"3\"],\"b\":\"2\"}"), "{text}");
    }
}
