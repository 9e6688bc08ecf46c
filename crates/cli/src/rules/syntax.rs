//! The lines of a rules file, as auditctl(8) reads them.

use std::collections::BTreeSet;

use super::doors::Abi;
use super::names;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// `-a` or `-A`: a rule of some list.
    Rule(Rule),
    /// `-d`: delete the rules that are like this one.
    DeleteRule(Rule),
    /// `-D`: delete all rules, or those with a key.
    DeleteAll(Option<String>),
    /// `-i` or `-c` by itself: go on after a line that is wrong.
    IgnoreErrors,
    /// `-b N`: records that may wait in the kernel.
    Backlog(u64),
    /// `-e N`: 0 turns auditing off, 2 locks the rules.
    Enabled(u64),
    /// A line that has no bearing on connects, such as a watch.
    Other,
    /// `No rules`, which `auditctl -l` prints in place of rules.
    NoRules,
    /// A line that auditctl would not take either; says why.
    Wrong(String),
}

/// A rule of one of the kernel's lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) list: String,
    pub(super) action: Action,
    /// Whether the rule goes to the front of its list (`-A`).
    pub(super) first: bool,
    /// Names or numbers after `-S`; empty means every system call.
    pub(super) syscalls: Vec<String>,
    pub(super) filters: Vec<Filter>,
    /// Values of `-k` and `-F key=`.
    pub(super) keys: Vec<String>,
}

impl Rule {
    /// Whether `-d` with `deleted` deletes the rule: auditctl(8) wants an exact
    /// match of the system calls and of every field and value.
    pub(super) fn is_deleted_by(&self, deleted: &Rule) -> bool {
        let syscalls = |rule: &Rule| rule.syscalls.iter().cloned().collect::<BTreeSet<_>>();
        (&self.list, self.action) == (&deleted.list, deleted.action)
            && (&self.filters, &self.keys) == (&deleted.filters, &deleted.keys)
            && syscalls(self) == syscalls(deleted)
    }
}

/// What happens when a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Always,
    Never,
}

/// A condition: `-F field<op>value`, or `-C left<op>right`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) field: String,
    pub(super) op: Op,
    pub(super) value: String,
    /// As written in the file, with its option.
    pub(super) text: String,
}

/// Operators of `-F`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Mask,
    MaskEq,
}

/// Longest first, so that `>=` is not taken for `>`.
const OPS: [(&str, Op); 8] = [
    ("!=", Op::Ne),
    ("<=", Op::Le),
    (">=", Op::Ge),
    ("&=", Op::MaskEq),
    ("=", Op::Eq),
    ("<", Op::Lt),
    (">", Op::Gt),
    ("&", Op::Mask),
];

/// Options that take a value and say nothing about connects.
const WITH_VALUE: [&str; 12] =
    ["-w", "-W", "-p", "-k", "-f", "-r", "-q", "-t", "--backlog_wait_time", "--signal", "-m", "-R"];

/// Options without a value that say nothing about connects.
const WITHOUT_VALUE: [&str; 7] = [
    "-i",
    "-c",
    "-l",
    "-s",
    "--loginuid-immutable",
    "--reset-lost",
    "--reset_backlog_wait_time_actual",
];

impl Statement {
    /// Reads a line; `None` for a blank line or a comment.
    pub(super) fn parse(line: &str) -> Option<Statement> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        if line == "No rules" {
            return Some(Statement::NoRules);
        }
        let mut words = line.split_whitespace();
        if words.clone().all(|word| matches!(word, "-i" | "-c")) {
            return Some(Statement::IgnoreErrors);
        }
        Some(match statement(&mut words) {
            Ok(statement) => statement,
            Err(reason) => Statement::Wrong(reason),
        })
    }
}

/// Reads the words of a line.
fn statement<'a>(words: &mut impl Iterator<Item = &'a str>) -> Result<Statement, String> {
    let mut statement = Statement::Other;
    while let Some(option) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("`{option}` needs a value"));
        match (option, &mut statement) {
            ("-a" | "-A", Statement::Other) => {
                statement = Statement::Rule(rule(value()?, option == "-A")?);
            }
            ("-d", Statement::Other) => {
                statement = Statement::DeleteRule(rule(value()?, false)?);
            }
            ("-D", _) => statement = Statement::DeleteAll(None),
            ("-b", _) => statement = Statement::Backlog(count(option, value()?)?),
            ("-e", _) => statement = Statement::Enabled(count(option, value()?)?),
            ("-S", Statement::Rule(rule) | Statement::DeleteRule(rule)) => {
                for name in value()?.split(',') {
                    // Operations of io_uring are not all system calls.
                    if rule.list != "io_uring" {
                        names::syscall(name)?;
                    }
                    rule.syscalls.push(name.to_owned());
                }
            }
            ("-F" | "-C", Statement::Rule(rule) | Statement::DeleteRule(rule)) => {
                let filter = filter(option, value()?)?;
                match filter.field.as_str() {
                    "key" => rule.keys.push(filter.value),
                    _ => rule.filters.push(filter),
                }
            }
            ("-k", Statement::Rule(rule) | Statement::DeleteRule(rule)) => {
                rule.keys.push(value()?.to_owned());
            }
            ("-k", Statement::DeleteAll(key)) => *key = Some(value()?.to_owned()),
            (option, _) if WITH_VALUE.contains(&option) => {
                value()?;
            }
            (option, _) if WITHOUT_VALUE.contains(&option) => {}
            ("-S" | "-F" | "-C", _) => {
                return Err(format!("`{option}` must come after `-a`, `-A` or `-d`"));
            }
            _ => return Err(format!("`{option}` is no option of auditctl")),
        }
    }
    Ok(statement)
}

/// `always,exit` or `exit,always`.
fn rule(lists: &str, first: bool) -> Result<Rule, String> {
    let (left, right) = lists
        .split_once(',')
        .ok_or_else(|| format!("`{lists}`: expected a list and an action, such as always,exit"))?;
    let list_first = names::list(left).is_ok() || names::action(right).is_ok();
    let (list, word) = if list_first { (left, right) } else { (right, left) };
    names::list(list)?;
    names::action(word)?;
    let action = if word == "never" { Action::Never } else { Action::Always };
    let list = list.to_owned();
    Ok(Rule { list, action, first, syscalls: Vec::new(), filters: Vec::new(), keys: Vec::new() })
}

fn filter(option: &str, text: &str) -> Result<Filter, String> {
    let at = text.find(['=', '!', '<', '>', '&']).unwrap_or(text.len());
    let (field, rest) = text.split_at(at);
    let parsed = OPS.iter().find_map(|(sign, op)| Some((*op, rest.strip_prefix(sign)?)));
    match parsed {
        Some((op, value)) if !field.is_empty() => {
            names::field(field)?;
            if field == "arch" && Abi::named(value).is_none() {
                return Err(format!("`{value}` is no arch; write b64 or b32"));
            }
            let (field, value) = (field.to_owned(), value.to_owned());
            Ok(Filter { field, op, value, text: format!("{option} {text}") })
        }
        _ => Err(format!("`{option} {text}`: expected field, operator and value without blanks")),
    }
}

fn count(option: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("`{option} {value}`: expected a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed_rule(line: &str) -> Rule {
        match Statement::parse(line) {
            Some(Statement::Rule(rule)) => rule,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_rule_in_either_order() {
        let rule = parsed_rule(
            "-a always,exit -F arch=b64 -S connect,accept -S bind -F auid>=1000 -k net",
        );
        assert_eq!((rule.list.as_str(), rule.action, rule.first), ("exit", Action::Always, false));
        assert_eq!(rule.syscalls, ["connect", "accept", "bind"]);
        let filters: Vec<_> =
            rule.filters.iter().map(|filter| (&*filter.field, filter.op, &*filter.value)).collect();
        assert_eq!(filters, [("arch", Op::Eq, "b64"), ("auid", Op::Ge, "1000")]);
        assert_eq!(parsed_rule("-A exit,never -S connect").action, Action::Never);
        assert!(parsed_rule("-A exit,never -S connect").first);
    }

    #[test]
    fn a_deletion_must_match_exactly() {
        let rule = parsed_rule("-a always,exit -F arch=b64 -S connect -S bind -F uid=0 -k net");
        let deletes = |line: &str| match Statement::parse(line) {
            Some(Statement::DeleteRule(deleted)) => rule.is_deleted_by(&deleted),
            other => panic!("{line}: {other:?}"),
        };
        assert!(deletes("-d exit,always -F arch=b64 -S bind,connect -F uid=0 -F key=net"));
        for line in [
            "-d never,exit -F arch=b64 -S connect -S bind -F uid=0 -k net",
            "-d always,exit -F arch=b64 -S connect -F uid=0 -k net",
            "-d always,exit -F arch=b64 -S connect -S bind -k net",
            "-d always,exit -F arch=b64 -S connect -S bind -F uid=0",
            "-d always,exit -F arch=b64 -S connect -S bind -F uid=1 -k net",
        ] {
            assert!(!deletes(line), "{line}");
        }
    }

    #[test]
    fn operations_of_io_uring_need_not_be_system_calls() {
        assert_eq!(parsed_rule("-a always,io_uring -S uring_cmd").syscalls, ["uring_cmd"]);
    }

    #[test]
    fn other_statements() {
        let parse = Statement::parse;
        assert_eq!(parse("  # -a always,exit"), None);
        assert_eq!(parse(""), None);
        assert_eq!(parse("No rules"), Some(Statement::NoRules));
        assert_eq!(parse("-D"), Some(Statement::DeleteAll(None)));
        assert_eq!(parse("-D -k net"), Some(Statement::DeleteAll(Some("net".to_owned()))));
        assert_eq!(parse("-i"), Some(Statement::IgnoreErrors));
        assert_eq!(parse("-c"), Some(Statement::IgnoreErrors));
        assert_eq!(parse("-b 8192"), Some(Statement::Backlog(8192)));
        assert_eq!(parse("-e 2"), Some(Statement::Enabled(2)));
        assert_eq!(parse("-w /etc/passwd -p wa -k identity"), Some(Statement::Other));
        assert_eq!(parse("--loginuid-immutable"), Some(Statement::Other));
    }

    #[test]
    fn what_auditctl_would_not_take() {
        for line in [
            "-a",
            "-a always",
            "-a exit,task",
            "-S connect",
            "-b many",
            "-a always,exit -F auid",
            "hello",
            "-a always,exi",
            "-a alway,exit",
            "-a always,never",
            "-a always,exit -S conect",
            "-a always,exit -S connect,",
            "-a always,exit -F nosuch=1",
            "-a always,exit -F arch=b99",
            "-a always,exit -F = x",
        ] {
            assert!(matches!(Statement::parse(line), Some(Statement::Wrong(_))), "{line}");
        }
    }
}
