//! Custom rules: values that are left out of the results or of the score history.
//!
//! A rule applies to a leaf if all entries of its scope hold, and an entry holds if a field's value
//! matches a filter, or does not (rare-model §13).

mod items;

use self::items::Items;
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
    items: Items,
    /// Whether the value must match an item, or none.
    include: bool,
}

#[derive(Clone, Copy, Debug)]
enum Field {
    By,
    Partition,
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
        let items = Items::of(filter.items.iter().map(String::as_bytes));
        Ok(Entry { field, items, include: scope.filter_type == FilterType::Include })
    }

    fn holds(&self, value: &[u8]) -> bool {
        self.items.match_value(value) == self.include
    }
}
