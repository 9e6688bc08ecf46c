//! Why a rule file cannot be used.

/// How alike a misspelt key must be to a known one, of 0 to 1, for this to be proposed.
const ALIKE: f64 = 0.6;

/// Why rules cannot be read or executed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// The text is not TOML of the form of rules.
    #[error("line {line}: {message}")]
    Toml {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// A value that a rule cannot have.
    #[error("rule {rule_id}: expected {expected} as {field}, found {found}")]
    Value {
        /// The rule.
        rule_id: String,
        /// The field.
        field: &'static str,
        /// What can be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// Two rules with one id.
    #[error("there are two rules with the rule_id {rule_id}; each needs its own")]
    RepeatedRule {
        /// The id.
        rule_id: String,
    },
    /// An exception that cannot be meant so.
    #[error("the exception “{comment}”: {problem}")]
    Exception {
        /// The exception.
        comment: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Alerts are to be told apart by a field that records do not have.
    #[error(
        "rule {rule_id}: records of the job {job_id} cannot be grouped by {field}; they have {known}"
    )]
    SuppressionField {
        /// The rule.
        rule_id: String,
        /// The job.
        job_id: String,
        /// The field.
        field: String,
        /// Fields that records have.
        known: String,
    },
}

impl RuleError {
    /// What the reader of TOML has to say of a text.
    pub(super) fn toml(text: &str, error: &toml::de::Error) -> RuleError {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.as_bytes().get(..start).unwrap_or_default();
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let message = error.message();
        let hint = meant(message).map_or(String::new(), |key| format!("; did you mean {key}?"));
        RuleError::Toml { line, message: format!("{message}{hint}") }
    }
}

/// The known key that is most like the unknown one, if a message is about one.
fn meant(message: &str) -> Option<&str> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    let likeness = |known: &str| strsim::normalized_damerau_levenshtein(unknown, known);
    let nearest = quoted.max_by(|x, y| likeness(x).total_cmp(&likeness(y)))?;
    (likeness(nearest) >= ALIKE).then_some(nearest)
}
