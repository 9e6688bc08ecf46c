//! Why a rule file cannot be used.

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
    /// Something in the text cannot be meant so.
    #[error("line {line}: {error}")]
    At {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there; part of the message, and so no source.
        error: Box<RuleError>,
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
    /// A calendar window that cannot be meant so.
    #[error("the calendar window “{comment}”: {problem}")]
    Window {
        /// The window.
        comment: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Rules cannot be written as TOML.
    #[error("the rules cannot be written: {message}")]
    Unwritable {
        /// Why.
        message: String,
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
