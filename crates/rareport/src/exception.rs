//! Exceptions: events that are known and need no alert.
//!
//! What becomes of a record whose events are covered is decided by the
//! [detection](crate::detection).

use crate::condition::Condition;
use crate::moment;
use crate::rule::error::RuleError;
use serde::{Deserialize, Serialize};

/// Events that give no alert.
///
/// ```
/// use rareport::exception::{Action, Exception};
///
/// let backup: Exception = toml::from_str(
///     r#"
///     comment = "The backup of db01 goes to a port of its own"
///     expires = 2027-01-31
///     conditions = [
///         { field = "host.name", is = "db01" },
///         { field = "destination.port", is = 8291 },
///     ]
///     "#,
/// )?;
/// assert_eq!(backup.action, Action::Hide);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Why the exception is there; it names the exception in reports.
    pub comment: String,
    /// From when on it no longer counts, in milliseconds since 1970, compared with the time of
    /// the event. In TOML a date or a time.
    #[serde(default, with = "moment::optional", skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// What becomes of the events.
    #[serde(default)]
    pub action: Action,
    /// Ids of the rules that it is for; none stands for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// What must hold of an event, all of it.
    pub conditions: Vec<Condition>,
}

/// What becomes of the events of an exception.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// They are learned, but no alert is given for them.
    #[default]
    Hide,
    /// They are not learned either, as if they were not in the log: no time passes by them.
    Ignore,
}

impl Exception {
    /// Whether it can be meant so. Which rules there are is known to the
    /// [set](crate::rule::RuleSet::validate).
    ///
    /// # Errors
    /// [`RuleError::Exception`] if it has no conditions, if one of them cannot be meant so, or if
    /// it is to keep events from being learned for some rules only.
    pub fn validate(&self) -> Result<(), RuleError> {
        if self.conditions.is_empty() {
            return Err(self.wrong("it has no conditions and would cover everything"));
        }
        if self.action == Action::Ignore && !self.rules.is_empty() {
            return Err(self.wrong(
                "what is not learned cannot be learned for other rules; leave `rules` out or \
                 hide the alerts only",
            ));
        }
        let mut conditions = self.conditions.iter();
        conditions.try_for_each(Condition::validate).map_err(|problem| self.wrong(problem))
    }

    /// The error that the exception cannot be meant so.
    pub(crate) fn wrong(&self, problem: impl Into<String>) -> RuleError {
        RuleError::Exception { comment: self.comment.clone(), problem: problem.into() }
    }

    /// Whether all conditions hold, given the values of each field, none of which are empty.
    pub fn covers<'v, V>(&self, values: impl Fn(&str) -> V) -> bool
    where
        V: IntoIterator<Item = &'v [u8]>,
    {
        self.conditions.iter().all(|condition| condition.holds(values(&condition.field)))
    }

    /// Whether it no longer counts at `time`, in milliseconds since 1970.
    #[must_use]
    pub fn has_expired(&self, time: i64) -> bool {
        self.expires.is_some_and(|expires| time >= expires)
    }

    /// Whether it is for the rule with this id.
    #[must_use]
    pub fn is_for(&self, rule_id: &str) -> bool {
        self.rules.is_empty() || self.rules.iter().any(|id| id == rule_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_conditions_must_hold_and_time_runs_out() {
        let exception: Exception = toml::from_str(
            r#"
            comment = "c"
            expires = 2026-06-01
            conditions = [{ field = "a", is = 1 }, { field = "b", exists = false }]
            "#,
        )
        .unwrap();
        let covers = |a: &'static str, b: Option<&'static str>| {
            exception.covers(|field| {
                let value = if field == "a" { Some(a) } else { b };
                value.map(str::as_bytes)
            })
        };
        assert!(covers("1", None) && !covers("2", None) && !covers("1", Some("x")));
        assert!(!exception.has_expired(1_780_271_999_999));
        assert!(exception.has_expired(1_780_272_000_000));
    }
}
