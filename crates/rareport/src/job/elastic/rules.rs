//! The custom rules of a detector in Elastic's JSON.

use super::{Object, not_honoured};
use crate::job::{FilterType, JobError, RuleAction, RuleConfig, ScopeConfig};
use serde_json::Value;
use std::collections::BTreeMap;

/// Takes the rules out of a detector; what is not known of them is named in a warning.
pub(super) fn read(
    detector: &mut Object,
    warnings: &mut Vec<String>,
) -> Result<Vec<RuleConfig>, JobError> {
    let path = detector.path_of("custom_rules");
    let rules: Vec<Value> = detector.optional("custom_rules")?.unwrap_or_default();
    let rule = |(index, value)| rule(Object::of(&format!("{path}[{index}]"), value)?, warnings);
    rules.into_iter().enumerate().map(rule).collect()
}

fn rule(mut rule: Object, warnings: &mut Vec<String>) -> Result<RuleConfig, JobError> {
    rule.refuse("conditions", "rules on values have no conditions; use a scope")?;
    let path = rule.path_of("actions");
    let actions: Option<Vec<String>> = rule.optional("actions")?;
    let actions = match actions {
        None => RuleConfig::default_actions(),
        Some(names) => names.iter().map(|name| action(&path, name)).collect::<Result<_, _>>()?,
    };
    if actions.is_empty() {
        warnings.push(format!("{} is empty: the rule has no effect", rule.path_of("actions")));
    }
    let scope = scope(rule.optional_object("scope")?, warnings)?;
    rule.warn_of_rest(warnings);
    Ok(RuleConfig { actions, scope })
}

fn action(path: &str, name: &str) -> Result<RuleAction, JobError> {
    match name {
        "skip_result" => Ok(RuleAction::SkipResult),
        "skip_model_update" => Ok(RuleAction::SkipModelUpdate),
        _ => {
            let actions = "the actions are skip_result and skip_model_update";
            Err(not_honoured(path.to_owned(), format!("{name:?}"), actions))
        }
    }
}

fn scope(
    scope: Object,
    warnings: &mut Vec<String>,
) -> Result<BTreeMap<String, ScopeConfig>, JobError> {
    let path = scope.path;
    let mut entry = |(field, value): (String, Value)| {
        let mut entry = Object::of(&format!("{path}[{field:?}]"), value)?;
        let filter_id = entry.required("filter_id")?;
        let filter_type: Option<FilterType> = entry.optional("filter_type")?;
        entry.warn_of_rest(warnings);
        Ok((field, ScopeConfig { filter_id, filter_type: filter_type.unwrap_or_default() }))
    };
    scope.fields.into_iter().map(&mut entry).collect()
}
