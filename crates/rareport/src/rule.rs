//! Detection rules as data: which records of a job are alerts, how often is looked, and what an
//! alert says.
//!
//! Rules are read from TOML, together with the [exceptions](crate::exception) and
//! [calendar windows](crate::calendar) that hold for them. When a rule is executed is decided by
//! its [schedule](crate::schedule), and what becomes of records by the
//! [detection](crate::detection).

pub(crate) mod error;
mod reading;
mod threat;

pub use error::RuleError;
pub use threat::{Tactic, Technique, Threat};

use crate::calendar::Window;
use crate::exception::Exception;
use crate::job::span;
use crate::suppression::Suppression;
use reading::Place;
use serde::{Deserialize, Serialize};

/// The file that holds the default rule.
pub const DEFAULT_TOML: &str = include_str!("rule/default.toml");

/// Most executions that may look at the same record.
const MOST_OVERLAP: u32 = 10_000;

/// A rule: from which score on records of some jobs are alerts, and what these say.
///
/// Lengths of time are whole seconds; in TOML a number of them, or a text such as `15m`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Name, part of every alert.
    pub name: String,
    /// What identifies the rule wherever it is used; a file may leave it out, and it is the name in
    /// small letters and hyphens then.
    #[serde(default)]
    pub rule_id: String,
    /// What identifies this instance of the rule and goes into the ids of alerts; `None` stands
    /// for the `rule_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Whether the rule is executed.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Version of the rule's text, from 1.
    #[serde(default = "one")]
    pub version: u32,
    /// Who wrote it.
    #[serde(default)]
    pub author: Vec<String>,
    /// Licence of the rule's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// What the rule finds, in a sentence or two.
    #[serde(default)]
    pub description: String,
    /// Jobs whose records are looked at; none stands for the job that is run.
    #[serde(default)]
    pub job_ids: Vec<String>,
    /// Lowest record score that is an alert, 0 to 100.
    #[serde(default = "default_threshold")]
    pub threshold: f64,
    /// Time between two executions, at least 1 second.
    #[serde(default = "quarter_hour", with = "span")]
    pub interval: u32,
    /// How far back each execution looks for starts of buckets, at least 1 second and at most
    /// 10,000 times the interval.
    #[serde(default = "default_look_back", with = "span")]
    pub look_back: u32,
    /// Time after the end of a bucket until its results are there.
    #[serde(default = "minute", with = "span")]
    pub query_delay: u32,
    /// Most alerts of one execution, not of the whole log, at least 1; those with the highest
    /// scores are given.
    #[serde(default = "default_max_alerts")]
    pub max_alerts: usize,
    /// How bad it is if an alert is right.
    #[serde(default)]
    pub severity: Severity,
    /// How bad it is, as a number from 0 to 100.
    #[serde(default = "default_risk_score")]
    pub risk_score: u8,
    /// Words to search for.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Tactics and techniques of attackers that the rule finds.
    #[serde(default)]
    pub threat: Vec<Threat>,
    /// When an alert is no attack.
    #[serde(default)]
    pub false_positives: Vec<String>,
    /// How to look into an alert, in Markdown.
    #[serde(default)]
    pub note: String,
    /// Where to read on.
    #[serde(default)]
    pub references: Vec<String>,
    /// Which alerts are counted instead of given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppression: Option<Suppression>,
}

/// How bad it is if an alert is right.
#[allow(missing_docs, reason = "the words say it")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    #[default]
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// Where rules differ between this crate and Elastic's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// A record that has alerted leaves its place to others, and an exception hides a record only
    /// if it covers every event behind it.
    #[default]
    Rareport,
    /// As Elastic does it: records that have alerted use up places of
    /// [`max_alerts`](Rule::max_alerts) as long as they are looked at, and an exception hides a
    /// record if any of the record's values match. Ties of scores, whose order Elastic leaves
    /// open, are in order of time and value.
    Elastic,
}

/// Rules with the exceptions and calendar windows that hold for them: what a file has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// The rules; `[[rule]]` in TOML.
    #[serde(rename = "rule", default)]
    pub rules: Vec<Rule>,
    /// The exceptions; `[[exception]]` in TOML.
    #[serde(rename = "exception", default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
    /// The calendar windows; `[[calendar]]` in TOML.
    #[serde(rename = "calendar", default, skip_serializing_if = "Vec::is_empty")]
    pub calendar: Vec<Window>,
}

impl RuleSet {
    /// The default rule, without exceptions.
    ///
    /// # Errors
    /// Never in practice: the text is part of this crate and tested.
    pub fn default_rules() -> Result<RuleSet, RuleError> {
        RuleSet::from_toml_with(DEFAULT_TOML, &[])
    }

    /// Reads rules from TOML. Exceptions and calendar windows without a rule are for the default
    /// one.
    ///
    /// ```
    /// use rareport::rule::RuleSet;
    ///
    /// let set = RuleSet::from_toml(
    ///     r#"
    ///     [[rule]]
    ///     name = "Rare port"
    ///     rule_id = "rare-port"
    ///     job_ids = ["linux_rare_destination_port"]
    ///     threshold = 75
    ///     "#,
    /// )?;
    /// assert_eq!(set.rules[0].look_back, 45 * 60);
    /// let misspelt = RuleSet::from_toml("[[rule]]\nname = \"x\"\ntreshold = 75");
    /// assert!(misspelt.unwrap_err().to_string().contains("did you mean threshold?"));
    /// # Ok::<(), rareport::rule::RuleError>(())
    /// ```
    ///
    /// # Errors
    /// If the text is not TOML of this form, or if something in it cannot be meant so.
    pub fn from_toml(text: &str) -> Result<RuleSet, RuleError> {
        RuleSet::from_toml_with(text, &RuleSet::default_rules()?.rules)
    }

    /// Reads rules from TOML. Exceptions and calendar windows without a rule are for those of
    /// `without_any`, such as that of another job.
    ///
    /// # Errors
    /// Those of [`from_toml`](RuleSet::from_toml).
    pub fn from_toml_with(text: &str, without_any: &[Rule]) -> Result<RuleSet, RuleError> {
        let mut set: RuleSet =
            toml::from_str(text).map_err(|error| RuleError::toml(text, &error))?;
        if set.rules.is_empty() && !set.is_empty() {
            set.rules = without_any.to_vec();
        }
        for rule in set.rules.iter_mut().filter(|rule| rule.rule_id.is_empty()) {
            rule.rule_id = slug(&rule.name);
        }
        set.check(|place, error| error.at(text, place))?;
        Ok(set)
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.exceptions.is_empty() && self.calendar.is_empty()
    }

    /// Names the job that is run in the rules that name none.
    pub fn complete(&mut self, job_id: &str) {
        for rule in self.rules.iter_mut().filter(|rule| rule.job_ids.is_empty()) {
            rule.job_ids.push(job_id.to_owned());
        }
    }

    /// The rules as TOML that can be read again, with every default spelled out.
    ///
    /// # Errors
    /// Never in practice: rules are plain data.
    pub fn to_toml(&self) -> Result<String, RuleError> {
        toml::to_string_pretty(self)
            .map_err(|error| RuleError::Unwritable { message: error.to_string() })
    }

    /// The fields that conditions of exceptions and calendar windows look at; a field may come more
    /// than once.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let of_exceptions = self.exceptions.iter().flat_map(|exception| &exception.conditions);
        let of_windows = self.calendar.iter().flat_map(|window| &window.conditions);
        of_exceptions.chain(of_windows).map(|condition| condition.field.as_str())
    }

    /// Whether everything can be meant so. What [`from_toml`](RuleSet::from_toml) gives is; a set
    /// that is made in code need not be, and [`Detection::new`](crate::detection::Detection::new)
    /// asks.
    ///
    /// ```
    /// use rareport::rule::RuleSet;
    ///
    /// let mut set = RuleSet::default_rules()?;
    /// assert!(set.validate().is_ok());
    /// set.rules.push(set.rules[0].clone());
    /// assert!(set.validate().unwrap_err().to_string().contains("there are two rules"));
    /// # Ok::<(), rareport::rule::RuleError>(())
    /// ```
    ///
    /// # Errors
    /// The first of the rules, then of the exceptions, then of the windows that cannot be meant so,
    /// by its id or comment.
    pub fn validate(&self) -> Result<(), RuleError> {
        self.check(|_, error| error)
    }

    /// Whether everything can be meant so; `at` adds its place to an error.
    fn check(&self, at: impl Fn(Place, RuleError) -> RuleError) -> Result<(), RuleError> {
        for (index, rule) in self.rules.iter().enumerate() {
            let place = |key| Place { table: "rule", index, key };
            rule.validate().map_err(|error| at(place(error.key()), error))?;
            let same = |other: &Rule| other.rule_id == rule.rule_id;
            if self.rules[..index].iter().any(same) {
                let error = RuleError::RepeatedRule { rule_id: rule.rule_id.clone() };
                return Err(at(place(Some("rule_id")), error));
            }
        }
        for (index, exception) in self.exceptions.iter().enumerate() {
            let place = Place { table: "exception", index, key: None };
            self.check_exception(exception).map_err(|error| at(place, error))?;
        }
        for (index, window) in self.calendar.iter().enumerate() {
            let place = Place { table: "calendar", index, key: None };
            window.validate().map_err(|error| at(place, error))?;
        }
        Ok(())
    }

    fn check_exception(&self, exception: &Exception) -> Result<(), RuleError> {
        exception.validate()?;
        let is_known = |id: &&String| self.rules.iter().any(|rule| rule.rule_id == **id);
        match exception.rules.iter().find(|id| !is_known(id)) {
            Some(id) => Err(exception.wrong(format!("there is no rule {id}"))),
            None => Ok(()),
        }
    }
}

impl Rule {
    /// What goes into the ids of alerts.
    #[must_use]
    pub fn instance(&self) -> &str {
        self.uuid.as_deref().unwrap_or(&self.rule_id)
    }

    /// Whether the rule can be executed as it says.
    ///
    /// # Errors
    /// [`RuleError::Value`] for the first field that is out of its range.
    pub fn validate(&self) -> Result<(), RuleError> {
        let wrong = |field: &'static str, expected: &'static str, found: String| {
            Err(RuleError::Value { rule_id: self.rule_id.clone(), field, expected, found })
        };
        for (field, text) in [("name", &self.name), ("rule_id", &self.rule_id)] {
            if text.is_empty() {
                return wrong(field, "a text", "an empty one".to_owned());
            }
        }
        if !(0.0..=100.0).contains(&self.threshold) {
            return wrong("threshold", "a score from 0 to 100", self.threshold.to_string());
        }
        if self.risk_score > 100 {
            return wrong("risk_score", "a number from 0 to 100", self.risk_score.to_string());
        }
        if self.interval == 0 {
            return wrong("interval", "at least 1 second", "0".to_owned());
        }
        if self.look_back == 0 || self.look_back / self.interval > MOST_OVERLAP {
            let expected = "at least 1 second and at most 10,000 times the interval";
            return wrong("look_back", expected, format!("{} s", self.look_back));
        }
        if self.max_alerts == 0 {
            return wrong("max_alerts", "at least 1", "0".to_owned());
        }
        match &self.suppression {
            Some(suppression)
                if !(1..=Suppression::MOST_FIELDS).contains(&suppression.by.len()) =>
            {
                wrong("suppression.by", "1 to 3 fields", suppression.by.len().to_string())
            }
            _ => Ok(()),
        }
    }
}

/// A text as an id: its letters and digits in small, with hyphens between words.
fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

fn default_threshold() -> f64 {
    50.0
}

fn quarter_hour() -> u32 {
    15 * 60
}

fn default_look_back() -> u32 {
    45 * 60
}

fn minute() -> u32 {
    60
}

fn default_max_alerts() -> usize {
    100
}

fn default_risk_score() -> u8 {
    21
}

#[cfg(test)]
mod tests;
