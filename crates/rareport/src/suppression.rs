//! Suppression: alerts that are like an earlier one are counted with it instead of being given.

mod group;

pub(crate) use group::{HeldState, Suppressor};

use crate::job::span;
use crate::moment;
use serde::{Deserialize, Serialize};

/// Which alerts are alike, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    /// Alerts with the same values of these fields, 1 to 3, are alike. Of a field with several
    /// values all must be the same.
    pub by: Vec<String>,
    /// How long after an alert others like it are counted with it, in seconds; `None` is for those
    /// of the same execution only.
    #[serde(default, with = "some_span", skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
    /// What is done with alerts that have no value of one of the fields.
    #[serde(default)]
    pub missing_fields: MissingFields,
}

impl Suppression {
    /// Most fields that alerts can be grouped by.
    pub const MOST_FIELDS: usize = 3;
}

/// A length of time that need not be there.
mod some_span {
    use super::span;
    use serde::{Deserializer, Serializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<u32>, D::Error> {
        span::deserialize(deserializer).map(Some)
    }

    pub(super) fn serialize<S: Serializer>(
        seconds: &Option<u32>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match seconds {
            Some(seconds) => span::serialize(seconds, serializer),
            None => serializer.serialize_none(),
        }
    }
}

/// What is done with alerts that have no value of a field they are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingFields {
    /// Those without it are alike.
    #[default]
    Suppress,
    /// Each is given.
    DoNotSuppress,
}

/// What was counted with an alert, as the fields `kibana.alert.suppression.*` tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suppressed {
    /// What makes alerts alike.
    pub terms: Vec<Term>,
    /// Start of the bucket of the first alert, in milliseconds since 1970.
    #[serde(serialize_with = "moment::serialize")]
    pub start: i64,
    /// Start of the bucket of the last one.
    #[serde(serialize_with = "moment::serialize")]
    pub end: i64,
    /// Number of alerts that were counted with this one.
    pub docs_count: u64,
}

/// The values of a field that alerts have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Term {
    /// The field.
    pub field: String,
    /// Its values in byte order; none if the alerts have no such field.
    pub value: Vec<String>,
}
