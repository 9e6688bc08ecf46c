//! Custom rules: values that are left out of the results or of the score history.
//!
//! A rule applies to a leaf if all entries of its scope hold, and an entry holds if a field's value
//! matches a filter, or does not (rare-model §13).

use crate::job::{Filter, FilterType, JobConfig, JobError, RuleAction, RuleConfig, ScopeConfig};

/// What rules say about one leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// It is given no result.
    pub(crate) skip_result: bool,
    /// It is kept out of the score history.
    pub(crate) skip_model_update: bool,
}

/// The rules of a detector, ready to be applied.
#[derive(Clone, Debug, Default)]
pub(crate) struct CustomRules(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    verdict: Verdict,
    scope: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    field: Field,
    items: Vec<Pattern>,
    /// Whether the value must match an item, or none.
    include: bool,
}

#[derive(Clone, Copy, Debug)]
enum Field {
    By,
    Partition,
}

/// An item of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Exactly(Box<[u8]>),
    StartsWith(Box<[u8]>),
    EndsWith(Box<[u8]>),
    Contains(Box<[u8]>),
}

impl CustomRules {
    pub(crate) fn of(job: &JobConfig) -> Result<Self, JobError> {
        let detector = &job.detector;
        if detector.over_field.is_some() && !detector.rules.is_empty() {
            return Err(JobError::RulesWithOverField);
        }
        detector.rules.iter().map(|rule| Rule::of(rule, job)).collect::<Result<_, _>>().map(Self)
    }

    /// What the rules say about a by-field value of a partition.
    pub(crate) fn verdict(&self, by: &[u8], partition: &[u8]) -> Verdict {
        let applying = self.0.iter().filter(|rule| rule.applies(by, partition));
        applying.fold(Verdict::default(), |verdict, rule| Verdict {
            skip_result: verdict.skip_result || rule.verdict.skip_result,
            skip_model_update: verdict.skip_model_update || rule.verdict.skip_model_update,
        })
    }
}

impl Rule {
    fn of(rule: &RuleConfig, job: &JobConfig) -> Result<Self, JobError> {
        let scope = rule.scope.iter().map(|(field, scope)| Entry::of(field, scope, job));
        Ok(Rule {
            verdict: Verdict {
                skip_result: rule.actions.contains(&RuleAction::SkipResult),
                skip_model_update: rule.actions.contains(&RuleAction::SkipModelUpdate),
            },
            scope: scope.collect::<Result<_, _>>()?,
        })
    }

    fn applies(&self, by: &[u8], partition: &[u8]) -> bool {
        self.scope.iter().all(|entry| match entry.field {
            Field::By => entry.holds(by),
            Field::Partition => entry.holds(partition),
        })
    }
}

impl Entry {
    fn of(name: &str, scope: &ScopeConfig, job: &JobConfig) -> Result<Self, JobError> {
        let detector = &job.detector;
        let field = if name == detector.by_field {
            Field::By
        } else if Some(name) == detector.partition_field.as_deref() {
            Field::Partition
        } else {
            return Err(JobError::ScopeField { field: name.to_owned() });
        };
        let wanted = |filter: &&Filter| filter.filter_id == scope.filter_id;
        let Some(filter) = job.filters.iter().find(wanted) else {
            return Err(JobError::NoSuchFilter { id: scope.filter_id.clone() });
        };
        let items = filter.items.iter().map(|item| Pattern::of(item.as_bytes())).collect();
        Ok(Entry { field, items, include: scope.filter_type == FilterType::Include })
    }

    fn holds(&self, value: &[u8]) -> bool {
        self.items.iter().any(|item| item.matches(value)) == self.include
    }
}

impl Pattern {
    /// Reads an item: `*` stands for any text at its start, at its end or at both.
    fn of(item: &[u8]) -> Self {
        match item {
            [b'*', inner @ .., b'*'] => Pattern::Contains(inner.into()),
            [b'*', end @ ..] => Pattern::EndsWith(end.into()),
            [start @ .., b'*'] => Pattern::StartsWith(start.into()),
            exact => Pattern::Exactly(exact.into()),
        }
    }

    fn matches(&self, value: &[u8]) -> bool {
        match self {
            Pattern::Exactly(text) => value == &**text,
            Pattern::StartsWith(text) => value.starts_with(text),
            Pattern::EndsWith(text) => value.ends_with(text),
            Pattern::Contains(text) => memchr::memmem::find(value, text).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_match_whole_values_or_what_the_asterisks_leave() {
        let matches =
            |item: &str, value: &str| Pattern::of(item.as_bytes()).matches(value.as_bytes());
        assert!(matches("80", "80") && !matches("80", "8080"));
        assert!(matches("80*", "8080") && !matches("80*", "1180"));
        assert!(matches("*80", "1180") && !matches("*80", "8081"));
        assert!(matches("*08*", "8080") && !matches("*08*", "8800"));
        assert!(matches("*", "") && matches("*", "anything"));
        assert!(!matches("8?", "80") && !matches("nc", "NC"));
    }
}
