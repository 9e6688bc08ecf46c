//! Which records exceptions hid, for whoever shows all records and not only alerts.

/// A record that would have been an alert of a rule, had no exception hidden it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hidden {
    /// Id of the record.
    pub record_id: String,
    /// Id of the rule.
    pub rule_id: String,
    /// Comments of the exceptions, in the order of the file.
    pub exceptions: Vec<String>,
}
