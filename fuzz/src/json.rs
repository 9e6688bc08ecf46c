//! JSON as it is written: members in order, repeated ones too. What the reader of documents is held
//! against.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// A text, number or truth value, as its text.
    Scalar(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The value, if a text is one, with nothing else beside it.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Json> {
        serde_json::from_slice(text).ok()
    }

    /// The values of a field, joined by commas: those to which the names of members lead that,
    /// joined by dots, are the name of the field. Arrays add no name, nor does the `_source` of a hit.
    #[must_use]
    pub fn field(&self, name: &str) -> String {
        let mut found = Vec::new();
        self.collect(None, name, &mut found);
        found.retain(|value| !value.is_empty());
        found.join(",")
    }

    /// Adds the values of `name` in this one, to which `path` leads; the outermost has none.
    fn collect(&self, path: Option<&str>, name: &str, found: &mut Vec<String>) {
        match self {
            Json::Null => {}
            Json::Scalar(text) => found.extend((path == Some(name)).then(|| text.clone())),
            Json::Array(elements) => {
                elements.iter().for_each(|element| element.collect(path, name, found));
            }
            Json::Object(members) => {
                for (key, value) in members {
                    match path {
                        None if key == "_source" => value.collect_source(name, found),
                        None => value.collect(Some(key), name, found),
                        Some(path) => value.collect(Some(&format!("{path}.{key}")), name, found),
                    }
                }
            }
        }
    }

    /// As [`collect`](Json::collect) does for the document in a hit, whose members begin names.
    fn collect_source(&self, name: &str, found: &mut Vec<String>) {
        match self {
            Json::Null | Json::Scalar(_) => {}
            Json::Array(elements) => {
                elements.iter().for_each(|element| element.collect_source(name, found));
            }
            Json::Object(members) => {
                members.iter().for_each(|(key, value)| value.collect(Some(key), name, found));
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(Whole)
    }
}

struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Json, E> {
        Ok(Json::Scalar(truth.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Scalar(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Scalar(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Scalar(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Scalar(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Json::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}
