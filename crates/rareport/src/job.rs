//! What to look for: the configuration of a job.
//!
//! A job can be made in code, read from TOML or from Elastic's own job JSON, or taken from the
//! [catalogue](catalogue()). What a configuration means for the results is described with the
//! part of the model that it sets.

mod catalogue;
mod elastic;
mod error;
mod limits;
pub(crate) mod span;

pub use catalogue::{CatalogueJob, Feed, catalogue};
pub use error::JobError;
pub use limits::Limits;
pub use span::text as span_text;

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Bucket length that Elastic's jobs of this kind use, in seconds.
const DEFAULT_BUCKET_SPAN: u32 = 900;

/// A job: one detector with its bucket length and influencers.
///
/// ```
/// use rareport::job::JobConfig;
///
/// let mut job = JobConfig::rare("destination.port");
/// job.influencers = vec!["host.name".into(), "process.name".into()];
/// assert_eq!(job.bucket_span, 900);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobConfig {
    /// Name of the job, part of the ids of its results.
    pub job_id: String,
    /// Bucket length in seconds, at least 1. In TOML also a text such as `15m` or `1h`.
    #[serde(default = "default_bucket_span", deserialize_with = "span::deserialize")]
    pub bucket_span: u32,
    /// How late an event may come, in seconds; rounded up to whole buckets (rare-model §13). In
    /// TOML also a text such as `1h`.
    #[serde(default, deserialize_with = "span::deserialize")]
    pub latency: u32,
    /// What is rare.
    pub detector: DetectorConfig,
    /// Fields whose values explain a record, in the order in which observations give them.
    #[serde(default)]
    pub influencers: Vec<String>,
    /// Lists of values that custom rules refer to.
    #[serde(default)]
    pub filters: Vec<Filter>,
    /// The field that says when an event happened.
    #[serde(default = "default_time_field")]
    pub time_field: String,
    /// How the time field is written.
    #[serde(default)]
    pub time_format: TimeFormat,
    /// How many days back results are scored anew (rare-model §8.8); `None` stands for the longer
    /// of 30 days and 100 buckets.
    #[serde(default)]
    pub renormalization_window_days: Option<u32>,
    /// How much is kept.
    #[serde(default)]
    pub limits: Limits,
}

/// What a job's detector looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorConfig {
    /// How values are judged.
    #[serde(default)]
    pub function: Function,
    /// The field whose values are rare or not.
    pub by_field: String,
    /// The field whose values are the members of a population, if any: then they are what is
    /// rare, judged by their by-field values (rare-model §14.2).
    #[serde(default)]
    pub over_field: Option<String>,
    /// The field each value of which has a model of its own, if any (rare-model §14.1).
    #[serde(default)]
    pub partition_field: Option<String>,
    /// Whether a missing by-field value is a value like any other (rare-model §13).
    #[serde(default)]
    pub use_null: bool,
    /// Custom rules, all of which are applied.
    #[serde(default)]
    pub rules: Vec<RuleConfig>,
}

/// How values are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// By how many buckets, or members of the population, had them.
    #[default]
    Rare,
    /// The same, with a member's frequent values weighing more (rare-model §14.3).
    FreqRare,
}

/// What is done with by-field values in a scope (rare-model §13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleConfig {
    /// What is done; the result is skipped unless a configuration says otherwise.
    #[serde(default = "RuleConfig::default_actions")]
    pub actions: Vec<RuleAction>,
    /// Conditions on the detector's fields, all of which must hold; at least one.
    #[serde(default)]
    pub scope: BTreeMap<String, ScopeConfig>,
}

impl RuleConfig {
    fn default_actions() -> Vec<RuleAction> {
        vec![RuleAction::SkipResult]
    }
}

/// What a custom rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleAction {
    /// The value gets no result.
    SkipResult,
    /// The value is kept out of the score history; the model still learns it.
    SkipModelUpdate,
}

/// A condition on a field of the detector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeConfig {
    /// The filter that the field's value is held against.
    pub filter_id: String,
    /// Whether the value must be in the filter, or must not.
    #[serde(default)]
    pub filter_type: FilterType,
}

/// Whether a value must be in a filter, or must not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterType {
    /// The value must be in the filter.
    #[default]
    Include,
    /// The value must not be in the filter.
    Exclude,
}

/// A list of values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Name of the list.
    pub filter_id: String,
    /// Values; a `*` at the start or end of one stands for any text (rare-model §13).
    #[serde(default)]
    pub items: Vec<String>,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// Not said: to be seen from the times themselves.
    #[default]
    Auto,
    /// Seconds since the epoch, a fraction being dropped.
    Epoch,
    /// Milliseconds since the epoch.
    EpochMs,
}

fn default_bucket_span() -> u32 {
    DEFAULT_BUCKET_SPAN
}

fn default_time_field() -> String {
    "@timestamp".to_owned()
}

/// A job read from a text, with what was strange about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedJob {
    /// The job.
    pub job: JobConfig,
    /// What was not understood or has no effect, one sentence each.
    pub warnings: Vec<String>,
}

impl JobConfig {
    /// A job that looks for rare values of a field in buckets of 15 minutes, without influencers.
    #[must_use]
    pub fn rare(by_field: &str) -> Self {
        JobConfig {
            job_id: format!("rare_{}", by_field.replace('.', "_")),
            bucket_span: DEFAULT_BUCKET_SPAN,
            latency: 0,
            detector: DetectorConfig {
                function: Function::Rare,
                by_field: by_field.to_owned(),
                over_field: None,
                partition_field: None,
                use_null: false,
                rules: Vec::new(),
            },
            influencers: Vec::new(),
            filters: Vec::new(),
            time_field: default_time_field(),
            time_format: TimeFormat::Auto,
            renormalization_window_days: None,
            limits: Limits::default(),
        }
    }

    /// Reads a job from TOML, or from Elastic's JSON if the text starts with a brace.
    ///
    /// # Errors
    /// If the text is neither, or if the job cannot be run as it says.
    pub fn parse(text: &str) -> Result<ParsedJob, JobError> {
        if text.trim_start().starts_with('{') {
            JobConfig::from_elastic_json(text)
        } else {
            let job = JobConfig::from_toml(text)?;
            Ok(ParsedJob { job, warnings: Vec::new() })
        }
    }

    /// Reads a job from TOML.
    ///
    /// ```
    /// use rareport::job::JobConfig;
    ///
    /// let job = JobConfig::from_toml(
    ///     r#"
    ///     job_id = "ports_by_host"
    ///     bucket_span = "15m"
    ///     influencers = ["process.name", "user.name"]
    ///
    ///     [detector]
    ///     by_field = "destination.port"
    ///     partition_field = "host.name"
    ///     "#,
    /// )?;
    /// assert_eq!(job.detector.partition_field.as_deref(), Some("host.name"));
    /// # Ok::<(), rareport::job::JobError>(())
    /// ```
    ///
    /// # Errors
    /// If the text is not TOML of this form, or if the job cannot be run as it says.
    pub fn from_toml(text: &str) -> Result<Self, JobError> {
        let job: JobConfig = toml::from_str(text).map_err(|error| JobError::toml(&error))?;
        job.validate()?;
        Ok(job)
    }

    /// Reads a job from the JSON that Elastic's anomaly detection takes and gives.
    ///
    /// Fields that are not known are named in a warning. What would change the results but cannot
    /// be done is an error.
    ///
    /// ```
    /// use rareport::job::JobConfig;
    ///
    /// let parsed = JobConfig::from_elastic_json(
    ///     r#"{
    ///         "analysis_config": {
    ///             "bucket_span": "15m",
    ///             "detectors": [{"function": "rare", "by_field_name": "destination.port"}],
    ///             "influencers": ["host.name"]
    ///         },
    ///         "data_description": {"time_field": "time", "time_format": "epoch"}
    ///     }"#,
    /// )?;
    /// assert_eq!(parsed.job.detector.by_field, "destination.port");
    /// # Ok::<(), rareport::job::JobError>(())
    /// ```
    ///
    /// # Errors
    /// If the text is not JSON of this form, or if the job cannot be run as it says.
    pub fn from_elastic_json(text: &str) -> Result<ParsedJob, JobError> {
        let parsed = elastic::read(text)?;
        parsed.job.validate()?;
        Ok(parsed)
    }

    /// Adds the filters of a JSON text of the form `{"filters": [{"filter_id": …, "items": […]}]}`,
    /// of the list in it alone, or of a single filter.
    ///
    /// Returns what is not known of them and has no effect, in sentences.
    ///
    /// # Errors
    /// If the text is not of this form, or if there are two filters with the same id. The job then
    /// stays as it was.
    pub fn add_filters_json(&mut self, text: &str) -> Result<Vec<String>, JobError> {
        let (added, warnings) = elastic::read_filters(text)?;
        let filters = [self.filters.clone(), added].concat();
        check_filter_ids(&filters)?;
        self.filters = filters;
        Ok(warnings)
    }

    /// Whether the job can be run; filters that rules refer to are looked for by the detector.
    pub(crate) fn validate(&self) -> Result<(), JobError> {
        let detector = &self.detector;
        if self.bucket_span == 0 {
            return Err(JobError::ZeroBucketSpan);
        }
        self.limits.validate()?;
        if detector.function == Function::FreqRare && detector.over_field.is_none() {
            return Err(JobError::OverFieldMissing);
        }
        let optional = [&detector.over_field, &detector.partition_field];
        let fields: Vec<&String> =
            optional.into_iter().flatten().chain([&detector.by_field]).collect();
        let repeated = |all: &[&String]| {
            let first_of = |field: &String| all.iter().position(|other| *other == field);
            (0..all.len())
                .find(|&index| first_of(all[index]) != Some(index))
                .map(|i| all[i].clone())
        };
        if fields.iter().any(|field| field.is_empty()) {
            return Err(JobError::EmptyField);
        }
        if let Some(field) = repeated(&fields) {
            return Err(JobError::RepeatedField { field, place: "detector" });
        }
        let influencers: Vec<&String> = self.influencers.iter().collect();
        if let Some(field) = repeated(&influencers) {
            return Err(JobError::RepeatedField { field, place: "influencers" });
        }
        if influencers.len() > usize::from(u16::MAX) {
            return Err(JobError::TooManyInfluencers { found: influencers.len() });
        }
        // Such a rule would apply to every value.
        if let Some(index) = detector.rules.iter().position(|rule| rule.scope.is_empty()) {
            return Err(JobError::RuleWithoutScope { index });
        }
        check_filter_ids(&self.filters)
    }

    /// For how long, in seconds, one observation may close buckets; always long enough for one.
    pub(crate) fn largest_gap(&self) -> Option<i64> {
        self.limits.largest_gap.map(|gap| i64::from(gap.max(self.bucket_span)))
    }

    /// By how many buckets an event may be late.
    pub(crate) fn latency_buckets(&self) -> i64 {
        i64::from(self.latency.div_ceil(self.bucket_span))
    }
}

fn check_filter_ids(filters: &[Filter]) -> Result<(), JobError> {
    let mut known = BTreeSet::new();
    match filters.iter().find(|filter| !known.insert(&filter.filter_id)) {
        Some(filter) => Err(JobError::RepeatedFilter { id: filter.filter_id.clone() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
