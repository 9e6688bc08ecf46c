//! Whether rules that each log some connects log all of them together.

use std::collections::BTreeSet;

use super::coverage::number;
use super::syntax::{Filter, Op};

/// Whether every call meets all conditions of at least one alternative, as far
/// as that follows from conditions that exclude each other, such as
/// `success=1` and `success=0`.
pub(super) fn exhaust(alternatives: &[Vec<&Filter>]) -> bool {
    let mut open: Vec<BTreeSet<Condition>> = alternatives
        .iter()
        .map(|filters| filters.iter().map(|filter| Condition::of(filter)).collect())
        .collect();
    // Conditions that suffice. A call that is still to be logged meets none of
    // them, so it meets their opposites, which the others need not ask for.
    let mut enough = BTreeSet::new();
    loop {
        for conditions in &mut open {
            conditions.retain(|condition| {
                !condition.opposite().is_some_and(|opposite| enough.contains(&opposite))
            });
        }
        if open.iter().any(BTreeSet::is_empty) {
            return true;
        }
        let known = enough.len();
        enough.extend(open.iter().filter(|conditions| conditions.len() == 1).flatten().cloned());
        if enough.len() == known {
            return false;
        }
    }
}

/// A filter in a form that is the same for all spellings of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Condition {
    field: String,
    op: Op,
    value: String,
}

impl Condition {
    fn of(filter: &Filter) -> Condition {
        let field = match filter.field.as_str() {
            "loginuid" => "auid",
            "sessionid" => "ses",
            field => field,
        };
        let value = match filter.value.as_str() {
            "yes" if field == "success" => "1".to_owned(),
            "no" if field == "success" => "0".to_owned(),
            // audit.rules(7): "They are all equivalent."
            "-1" | "unset" if field != "exit" => u32::MAX.to_string(),
            text => number(text).map_or_else(|| text.to_owned(), |number| number.to_string()),
        };
        // auditctl(8): "If the exit value is >= 0 this is true/yes".
        let (field, op, value) = match (field, filter.op, value.as_str()) {
            ("success", Op::Eq, "1") | ("success", Op::Ne, "0") => ("exit", Op::Ge, "0".to_owned()),
            ("success", Op::Eq, "0") | ("success", Op::Ne, "1") => ("exit", Op::Lt, "0".to_owned()),
            (field, op, _) => (field, op, value),
        };
        Condition { field: field.to_owned(), op, value }
    }

    /// The condition that holds for exactly the other calls, if one filter can
    /// say it.
    fn opposite(&self) -> Option<Condition> {
        let op = match self.op {
            Op::Eq => Op::Ne,
            Op::Ne => Op::Eq,
            Op::Lt => Op::Ge,
            Op::Ge => Op::Lt,
            Op::Gt => Op::Le,
            Op::Le => Op::Gt,
            Op::Mask | Op::MaskEq => return None,
        };
        Some(Condition { op, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::syntax::Statement;

    /// Whether rules with these filters log every call, each text one rule.
    fn all_logged(rules: &[&str]) -> bool {
        let filters: Vec<Vec<Filter>> = rules
            .iter()
            .map(|text| match Statement::parse(&format!("-a always,exit {text}")) {
                Some(Statement::Rule(rule)) => rule.filters,
                other => panic!("{text}: {other:?}"),
            })
            .collect();
        exhaust(&filters.iter().map(|rule| rule.iter().collect()).collect::<Vec<_>>())
    }

    #[test]
    fn two_halves() {
        for (left, right) in [
            ("success=1", "success=0"),
            ("success=yes", "success!=1"),
            ("success=1", "exit<0"),
            ("auid>=1000", "auid<1000"),
            ("auid=unset", "loginuid!=4294967295"),
            ("a2<=0x10", "a2>16"),
            ("exe=/bin/a", "exe!=/bin/a"),
        ] {
            let rules = [format!("-F {left}"), format!("-F {right}")];
            assert!(all_logged(&[&rules[0], &rules[1]]), "{left} {right}");
            assert!(all_logged(&[&rules[1], &rules[0]]), "{right} {left}");
        }
    }

    #[test]
    fn three_parts() {
        let users = "-F auid>=1000 -F auid!=unset";
        assert!(all_logged(&[users, "-F auid<1000", "-F auid=-1"]));
        assert!(!all_logged(&[users, "-F auid<1000"]));
        assert!(!all_logged(&[users, "-F auid=-1"]));
    }

    #[test]
    fn what_leaves_a_gap() {
        for rules in [
            &["-F success=1"][..],
            &["-F success=1", "-F success=1"],
            &["-F success=1", "-F exit=-13"],
            &["-F success=1 -F uid=0", "-F success=0"],
            &["-F auid>1000", "-F auid<1000"],
            &["-F a2&1", "-F a2&=1"],
            &[],
        ] {
            assert!(!all_logged(rules), "{rules:?}");
        }
    }
}
