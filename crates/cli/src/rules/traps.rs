//! Filters that look right and miss connects, explained.

use super::coverage::number;
use super::syntax::{Filter, Op};

/// Why a rule with this filter does not log every connect, and what to do.
pub(super) fn explain(filter: &Filter) -> String {
    let text = &filter.text;
    match filter.field.as_str() {
        "success" | "exit" if only_success(filter) => format!(
            "`{text}` logs only connects that succeed at once. Most programs connect without \
             blocking, which reports EINPROGRESS (success=no), and a refused connect fails; both \
             are missed. Remove the filter"
        ),
        "success" | "exit" => {
            format!("`{text}` logs only connects that end in a certain way. Remove the filter")
        }
        "a2" => format!(
            "`{text}` compares the length that the caller gives for the address, which may be \
             larger than the address (28 and 128 are common). Filter by saddr_fam=2 and \
             saddr_fam=10 in two rules instead"
        ),
        "auid" | "loginuid" | "ses" | "sessionid" => format!(
            "`{text}` leaves out programs that no one logged in for: services, and whoever breaks \
             in through one. Remove the filter"
        ),
        "uid" | "euid" | "suid" | "fsuid" | "gid" | "egid" | "sgid" | "fsgid" => {
            format!("`{text}` logs the connects of some users only. Remove the filter")
        }
        "exe" | "pid" | "ppid" | "subj_type" | "subj_user" | "subj_role" => {
            format!("`{text}` logs the connects of some programs only. Remove the filter")
        }
        _ => format!("`{text}` logs some connects only. Remove the filter"),
    }
}

/// Whether the filter lets only `success=yes` or a result of 0 (or more) pass.
pub(super) fn only_success(filter: &Filter) -> bool {
    let yes = match filter.value.as_str() {
        "yes" => Some(1),
        "no" => Some(0),
        value => number(value),
    };
    match (filter.field.as_str(), filter.op, yes) {
        ("success", Op::Eq, Some(value)) => value != 0,
        ("success", Op::Ne, Some(value)) => value == 0,
        ("exit", Op::Eq | Op::Ge, Some(value)) => value == 0,
        _ => false,
    }
}

/// Why a `never` rule is in the way that keeps out the connects for which all
/// these filters hold, and what to do.
pub(super) fn explain_never(filters: &[&Filter]) -> String {
    let texts: Vec<String> = filters.iter().map(|filter| format!("`{}`", filter.text)).collect();
    let who = if filters.iter().any(|filter| is_no_login(filter)) {
        " (no one logged in for these programs: they are services, and whoever breaks in through \
         one)"
    } else {
        ""
    };
    format!(
        "this `never` rule keeps connects with {} out of the log{who}. Remove it, name other \
         system calls with `-S`, or add `-F exe=` to say for which program it is meant",
        texts.join(" and ")
    )
}

/// Whether the filter holds for programs that no one logged in for.
fn is_no_login(filter: &Filter) -> bool {
    let unset = matches!(filter.value.as_str(), "-1" | "unset" | "4294967295");
    matches!(filter.field.as_str(), "auid" | "loginuid" | "ses" | "sessionid")
        && unset
        && filter.op == Op::Eq
}

/// Whether the filter picks one program.
pub(super) fn names_program(filter: &Filter) -> bool {
    matches!(filter.field.as_str(), "exe" | "pid" | "ppid") && filter.op == Op::Eq
}

/// Whether the filter looks at how the call ended.
pub(super) fn is_about_outcome(filter: &Filter) -> bool {
    matches!(filter.field.as_str(), "success" | "exit")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::syntax::{Rule, Statement};

    fn filter(text: &str) -> Filter {
        match Statement::parse(&format!("-a always,exit -F {text}")) {
            Some(Statement::Rule(Rule { mut filters, .. })) => filters.remove(0),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn the_success_trap_in_all_its_forms() {
        for trap in ["success=1", "success=yes", "success!=0", "exit=0", "exit>=0"] {
            assert!(only_success(&filter(trap)), "{trap}");
            assert!(explain(&filter(trap)).contains("EINPROGRESS"), "{trap}");
        }
        for other in ["success=0", "success=no", "exit=-EACCES", "exit=-13", "auid=0"] {
            assert!(!only_success(&filter(other)), "{other}");
        }
    }
}
