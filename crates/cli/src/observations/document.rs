//! The wanted values of one JSON document, picked without keeping the rest.

use std::fmt;
use std::io::Write;
use std::ops::Range;

use rareport::datafeed::Values;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fields::{Event, Fields};

/// The member of a hit that has the document.
const SOURCE: &str = "_source";

/// Picks the values of fields out of documents.
pub(super) struct Picker<'a> {
    fields: &'a Fields,
    /// Values of the names that the time may have.
    times: Vec<Values>,
    /// Fields that the objects around a place of the document may still lead
    /// to, those of the innermost object last.
    open: Vec<Open>,
}

/// A field whose name begins with the keys that led to a place of the document.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// Place of the value; those of times follow those of the event.
    place: usize,
    /// Length of the part of the name that was met.
    met: usize,
}

impl<'a> Picker<'a> {
    pub(super) fn new(fields: &'a Fields) -> Picker<'a> {
        let times = vec![Values::default(); fields.times().len()];
        Picker { fields, times, open: Vec::new() }
    }

    /// Puts the values of a document into an event that has none, and gives the
    /// text of its time. `None` if the text is not one JSON object.
    pub(super) fn pick(&mut self, text: &[u8], event: &mut Event) -> Option<&[u8]> {
        self.times.iter_mut().for_each(Values::clear);
        self.open.clear();
        let count = self.fields.names().len() + self.times.len();
        self.open.extend((0..count).map(|place| Open { place, met: 0 }));
        if text.trim_ascii_start().first() != Some(&b'{') {
            return None;
        }
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let root = Node { picker: self, event, open: 0..count, is_root: true };
        root.deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        let mut times = self.times.iter().map(Values::joined);
        Some(times.find(|time| !time.is_empty()).unwrap_or_default())
    }

    fn name(&self, place: usize) -> &'a str {
        let names = self.fields.names();
        names.get(place).unwrap_or_else(|| &self.fields.times()[place - names.len()])
    }

    /// Notes the fields of `open` again; gives where.
    fn stay(&mut self, open: Range<usize>) -> Range<usize> {
        let start = self.open.len();
        self.open.extend_from_within(open);
        start..self.open.len()
    }

    /// Notes the fields of `open` that a key may lead to; gives where.
    fn follow(&mut self, open: Range<usize>, key: &str) -> Range<usize> {
        let start = self.open.len();
        for index in open {
            let Open { place, met } = self.open[index];
            let Some(rest) = self.name(place)[met..].strip_prefix(key) else { continue };
            if rest.is_empty() {
                let met = self.name(place).len();
                self.open.push(Open { place, met });
            } else if rest.starts_with('.') {
                self.open.push(Open { place, met: met + key.len() + 1 });
            }
        }
        start..self.open.len()
    }

    /// Adds a value to the fields of `open` whose whole name was met.
    fn add(&mut self, open: Range<usize>, event: &mut Event, value: impl fmt::Display) {
        for index in open {
            let Open { place, met } = self.open[index];
            if met < self.name(place).len() {
                continue;
            }
            let names = self.fields.names().len();
            let values =
                if place < names { event.value_mut(place) } else { &mut self.times[place - names] };
            // Writing to memory cannot fail.
            values.push_with(|out| drop(write!(out, "{value}")));
        }
    }
}

/// A place of the document that fields lead to.
struct Node<'p, 'a> {
    picker: &'p mut Picker<'a>,
    event: &'p mut Event,
    /// Those fields, in [`Picker::open`].
    open: Range<usize>,
    /// Whether it is the whole document, or the hit that has it.
    is_root: bool,
}

impl Node<'_, '_> {
    fn add<E>(self, value: impl fmt::Display) -> Result<(), E> {
        self.picker.add(self.open, self.event, value);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Node { picker, event, open, is_root } = self;
        while let Some(led_to) = map.next_key_seed(Key { picker, open: open.clone(), is_root })? {
            let start = led_to.start;
            if led_to.is_empty() {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(Node { picker, event, open: led_to, is_root: false })?;
            }
            picker.open.truncate(start);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Node { picker, event, open, is_root: _ } = self;
        loop {
            let element = Node { picker, event, open: open.clone(), is_root: false };
            if seq.next_element_seed(element)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.add(text)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<(), E> {
        self.add(truth)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.add(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.add(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.add(number)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A key of an object, which leads some of the fields on.
struct Key<'p, 'a> {
    picker: &'p mut Picker<'a>,
    open: Range<usize>,
    is_root: bool,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = Range<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = Range<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(match self.is_root && key == SOURCE {
            true => self.picker.stay(self.open),
            false => self.picker.follow(self.open, key),
        })
    }
}

#[cfg(test)]
mod tests {
    use rareport::JobConfig;

    use super::*;

    /// Port, host and time of a document.
    fn pick(text: &str) -> Option<[String; 3]> {
        let mut job = JobConfig::rare("destination.port");
        job.influencers = vec!["host.name".to_owned()];
        let fields = Fields::of(&job, None);
        let (mut picker, mut event) = (Picker::new(&fields), Event::new(&fields));
        let time = picker.pick(text.as_bytes(), &mut event)?.to_vec();
        let values = [event.value(0), event.value(1), &time];
        Some(values.map(|value| String::from_utf8(value.to_vec()).unwrap()))
    }

    fn picked(port: &str, host: &str, time: &str) -> Option<[String; 3]> {
        Some([port, host, time].map(str::to_owned))
    }

    #[test]
    fn fields_are_nested_or_dotted() {
        let all = picked("443", "a", "1");
        for text in [
            r#"{"@timestamp":1,"destination":{"ip":"::1","port":443},"host":{"name":"a"}}"#,
            r#"{"@timestamp":"1","destination.port":"443","host.name":"a","port":1,"name":2}"#,
            r#"{"host":{"os":{"name":"x"},"name":"a"},"destination":{"port":443.0},"time":1}"#,
        ] {
            assert_eq!(pick(text), all, "{text}");
        }
    }

    #[test]
    fn a_document_may_be_in_a_hit() {
        let hit = r#"{"_id":"x","host":1,"_source":{"host.name":"a","_source":{"time":2},"time":1,
            "destination":{"port":443}},"sort":[3]}"#;
        assert_eq!(pick(hit), picked("443", "a", "1"));
    }

    #[test]
    fn several_values_are_joined_by_commas() {
        assert_eq!(
            pick(r#"{"destination":{"port":[1,null,[2]]},"host":[{"name":"a"},{"name":"b"}]}"#),
            picked("1,2", "a,b", "")
        );
        assert_eq!(
            pick(r#"{"host":{"name":"a"},"host.name":"b","destination":{"port":true}}"#),
            picked("true", "a,b", "")
        );
    }

    #[test]
    fn what_is_no_value_is_none() {
        for text in [
            "{}",
            r#"{"host":null,"destination":{"port":{"x":1}}}"#,
            r#"{"host":"a","destination":[443],"host.":{"name":"b"},"destination.port.x":1}"#,
        ] {
            assert_eq!(pick(text), picked("", "", ""), "{text}");
        }
    }

    #[test]
    fn the_time_of_the_job_comes_first() {
        assert_eq!(pick(r#"{"time":2,"@timestamp":1}"#), picked("", "", "1"));
        assert_eq!(pick(r#"{"time":2,"@timestamp":null}"#), picked("", "", "2"));
    }

    #[test]
    fn anything_but_an_object_is_refused() {
        let deep = format!("{{\"host\":{}1{}}}", "[".repeat(500), "]".repeat(500));
        for text in ["", "1", "[]", "[{}]", "{", "{} {}", r#"{"host":}"#, r#"{"a":"b}"#, &deep] {
            assert_eq!(pick(text), None, "{text}");
        }
    }
}
