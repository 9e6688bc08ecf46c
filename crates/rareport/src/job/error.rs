//! Why a job cannot be run.

use crate::misspelt::meant;

/// Why a job configuration cannot be read or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The text is not TOML of the form of a job.
    #[error("expected a job in TOML: {message}")]
    Toml {
        /// What is wrong, and where.
        message: String,
    },
    /// The text is not JSON.
    #[error("expected a job in JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Something in the JSON has another type than it should, or is missing.
    #[error("expected {expected} at {path}, found {found}")]
    Shape {
        /// Where, as a path of field names.
        path: String,
        /// What was expected there.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// The configuration asks for something that would change the results and that is not done.
    #[error("{path} is {found}, which cannot be honoured: {reason}")]
    NotHonoured {
        /// Where, as a path of field names.
        path: String,
        /// The value found.
        found: String,
        /// What can be done instead, or why not.
        reason: &'static str,
    },
    /// The bucket length is zero.
    #[error("expected a bucket span of at least 1 second, found 0")]
    ZeroBucketSpan,
    /// A limit is zero.
    #[error("expected limits.{limit} of at least 1, or none, found 0")]
    ZeroLimit {
        /// Name of the limit.
        limit: &'static str,
    },
    /// A field of the detector has no name.
    #[error("expected names for the fields of the detector, found an empty one")]
    EmptyField,
    /// `freq_rare` without an over field.
    #[error("expected an over field with the function freq_rare, found none")]
    OverFieldMissing,
    /// A field is named twice.
    #[error("expected each field once in {place}, found {field} twice")]
    RepeatedField {
        /// The field.
        field: String,
        /// Where it is named twice.
        place: &'static str,
    },
    /// More influencers than can be told apart.
    #[error("expected at most 65535 influencers, found {found}")]
    TooManyInfluencers {
        /// Their number.
        found: usize,
    },
    /// Custom rules in a population job.
    #[error("expected no custom rules together with an over field: their meaning is not known")]
    RulesWithOverField,
    /// A custom rule that nothing limits to certain values.
    #[error(
        "expected a scope in every custom rule, found none in the rule at index {index}, which \
         would apply to every value; name the values in a filter and scope the rule to it"
    )]
    RuleWithoutScope {
        /// Its place among the rules, from 0.
        index: usize,
    },
    /// Two filters have the same id.
    #[error("expected each filter once, found {id} twice; keep one of them")]
    RepeatedFilter {
        /// Name of the filters.
        id: String,
    },
    /// A rule's scope names a field that the detector does not look at.
    #[error("expected the by or partition field in the scope of a rule, found {field}")]
    ScopeField {
        /// The field named.
        field: String,
    },
    /// A rule refers to a filter that is not there.
    #[error("a rule refers to the filter {id}, which is not among the filters given")]
    NoSuchFilter {
        /// Name of the filter.
        id: String,
    },
}

impl JobError {
    /// What the reader of TOML has to say of a text, and what was probably meant.
    pub(super) fn toml(error: &toml::de::Error) -> JobError {
        let hint = meant(error.message());
        let hint = hint.map_or(String::new(), |word| format!("; did you mean {word}?"));
        JobError::Toml { message: format!("{}{hint}", error.to_string().trim_end()) }
    }
}
