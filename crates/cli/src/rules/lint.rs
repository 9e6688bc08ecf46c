//! What a rules file misses.

use std::fmt;

use super::coverage::{Connect, Family, Match};
use super::doors::Door;
use super::recommend::rules_for;
use super::syntax::{Action, Rule, Statement};
use super::traps;
use crate::args::Machine;

/// Fewest records that should be able to wait in the kernel.
const BACKLOG: u64 = 8192;

/// Something wrong with a rules file, in a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Line number from 1; `None` if it is about the file as a whole.
    pub(crate) line: Option<usize>,
    /// Whether connects are missed because of it.
    pub(crate) severity: Severity,
    /// The sentence.
    pub(crate) message: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Connects are missing from the log.
    Error,
    /// Records may be lost, or a rule does not do what it seems to.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// A rule and the line it is on.
type Placed = (usize, Rule);

/// Checks the text of a rules file for a machine. Findings come in line order,
/// those about the whole file last.
pub(crate) fn lint(text: &str, machine: Machine) -> Vec<Finding> {
    let mut lint = Lint { machine, findings: Vec::new() };
    let rules = lint.statements(text);
    lint.excluded_records(&rules);
    let exit: Vec<&Placed> = in_effect(&rules);
    lint.ineffective_nevers(&exit);
    lint.coverage(&exit);
    lint.findings.sort_by_key(|finding| finding.line.unwrap_or(usize::MAX));
    lint.findings.dedup();
    lint.findings
}

/// The rules of the exit list in the order the kernel tries them: `-A` puts a
/// rule before all others.
fn in_effect(rules: &[Placed]) -> Vec<&Placed> {
    let exit = || rules.iter().filter(|(_, rule)| rule.list == "exit");
    let first = exit().filter(|(_, rule)| rule.first).rev();
    first.chain(exit().filter(|(_, rule)| !rule.first)).collect()
}

/// Findings being gathered.
struct Lint {
    machine: Machine,
    findings: Vec<Finding>,
}

impl Lint {
    fn add(&mut self, line: Option<usize>, severity: Severity, message: String) {
        self.findings.push(Finding { line, severity, message });
    }

    fn error(&mut self, line: usize, message: String) {
        self.add(Some(line), Severity::Error, message);
    }

    fn warning(&mut self, line: usize, message: String) {
        self.add(Some(line), Severity::Warning, message);
    }

    /// Reads the file, checks what single lines say, and returns the rules
    /// that are left at its end.
    fn statements(&mut self, text: &str) -> Vec<Placed> {
        let mut rules = Vec::new();
        let (mut backlog, mut locked) = (None, None);
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let Some(statement) = Statement::parse(line) else {
                continue;
            };
            if let Some(locked) = locked {
                let message = format!(
                    "comes after `-e 2` (line {locked}), which locks the rules: it is not loaded. \
                     Move `-e 2` to the end"
                );
                self.error(number, message);
                continue;
            }
            match statement {
                Statement::Rule(rule) => rules.push((number, rule)),
                Statement::DeleteAll => self.delete_all(number, &mut rules),
                Statement::Backlog(size) => backlog = Some((number, size)),
                Statement::Enabled(0) => self.error(
                    number,
                    "`-e 0` turns auditing off. Remove it, or write `-e 1`".to_owned(),
                ),
                Statement::Enabled(2) => locked = Some(number),
                Statement::Enabled(_) | Statement::Other => {}
                Statement::Wrong(reason) => self.error(
                    number,
                    format!("{reason}; auditctl stops here, and no later line is loaded"),
                ),
            }
        }
        self.backlog(backlog);
        rules
    }

    fn delete_all(&mut self, line: usize, rules: &mut Vec<Placed>) {
        if !rules.is_empty() {
            let message = "`-D` deletes every rule before it. Move it to the top".to_owned();
            self.error(line, message);
        }
        rules.clear();
    }

    fn backlog(&mut self, backlog: Option<(usize, u64)>) {
        match backlog {
            None => self.add(
                None,
                Severity::Warning,
                format!(
                    "no `-b`: by default the kernel lets 64 records wait, and a burst of connects \
                     loses the rest. Add `-b {BACKLOG}` (unless another file in rules.d has it)"
                ),
            ),
            Some((line, size)) if size < BACKLOG => self.warning(
                line,
                format!("`-b {size}` is little room for a burst of connects. Write `-b {BACKLOG}`"),
            ),
            Some(_) => {}
        }
    }

    /// Rules of other lists that take connects out of the log.
    fn excluded_records(&mut self, rules: &[Placed]) {
        for (line, rule) in rules {
            match rule.list.as_str() {
                "task" if rule.action == Action::Never => self.error(
                    *line,
                    "`never,task` turns system call auditing off for every process started from \
                     then on, whatever the other rules say. Remove it"
                        .to_owned(),
                ),
                "exclude" => {
                    let types = rule.filters.iter().filter(|filter| filter.field == "msgtype");
                    for filter in types {
                        if let "SYSCALL" | "SOCKADDR" | "1300" | "1306" = filter.value.as_str() {
                            let message = format!(
                                "`{}` drops records that every connect needs. Remove it",
                                filter.text
                            );
                            self.error(*line, message);
                        }
                    }
                }
                "entry" => self.error(
                    *line,
                    "the list `entry` is gone since Linux 2.6.38. Write `exit`".to_owned(),
                ),
                _ => {}
            }
        }
    }

    /// `never` rules that can have no effect, because a rule that is tried
    /// before them logs the same calls.
    fn ineffective_nevers(&mut self, exit: &[&Placed]) {
        for (index, (line, never)) in exit.iter().enumerate() {
            let connects = self.connects_of(never);
            if never.action != Action::Never || connects.is_empty() {
                continue;
            }
            let logged_before = |connect: &Connect| {
                exit[..index].iter().find(|(_, rule)| {
                    rule.action == Action::Always
                        && rule.matches(connect, self.machine.native()) == Match::All
                })
            };
            let before: Option<Vec<_>> = connects.iter().map(logged_before).collect();
            if let Some((before, _)) = before.and_then(|rules| rules.first().copied()) {
                let message = format!(
                    "this `never` rule has no effect: line {before} is tried first and logs the \
                     same calls. Move it before line {before}"
                );
                self.warning(*line, message);
            }
        }
    }

    /// Which connects get into the log, and by what they are kept out.
    fn coverage(&mut self, exit: &[&Placed]) {
        for (line, rule) in exit {
            let native_only = !rule.filters.iter().any(|filter| filter.field == "arch");
            if native_only && !rule.syscalls.is_empty() && !self.connects_of(rule).is_empty() {
                let message = "there is no `-F arch=`: the numbers of the native system calls \
                     are used for 32-bit programs too, where they mean other calls. Write one rule \
                     with `-F arch=b64` and one with `-F arch=b32`"
                    .to_owned();
                self.warning(*line, message);
            }
        }
        for &door in self.machine.doors() {
            let mut missed = Vec::new();
            for family in [Family::Inet, Family::Inet6] {
                if !self.covered(&Connect { door, family }, exit) {
                    missed.push(family);
                }
            }
            self.missed(&door, &missed);
        }
    }

    /// Whether every connect of the kind is logged, apart from what a `never`
    /// rule leaves out on purpose. Reports the rules that stand in the way.
    fn covered(&mut self, connect: &Connect, exit: &[&Placed]) -> bool {
        let mut partial = Vec::new();
        for (line, rule) in exit {
            match (rule.action, rule.matches(connect, self.machine.native())) {
                (_, Match::No) => {}
                (Action::Always, Match::All) => return true,
                (Action::Always, Match::Some(filters)) => partial.push((*line, filters)),
                (Action::Never, Match::All) => {
                    let message = format!(
                        "this `never` rule keeps every {} out of the log. Remove it, or add \
                         `-F exe=` to say for which program it is meant",
                        connect.door
                    );
                    self.error(*line, message);
                    break;
                }
                (Action::Never, Match::Some(filters)) => {
                    for filter in
                        filters.into_iter().filter(|filter| traps::is_about_outcome(filter))
                    {
                        let message = format!(
                            "this `never` rule with `{}` keeps connects out of the log by how they \
                             end; a non-blocking connect counts as failed. Remove it",
                            filter.text
                        );
                        self.error(*line, message);
                    }
                }
            }
        }
        for (line, filters) in partial {
            for filter in filters {
                self.error(line, traps::explain(filter));
            }
        }
        false
    }

    fn missed(&mut self, door: &Door, families: &[Family]) {
        let to = match families {
            [] => return,
            [Family::Inet] => " to IPv4 addresses",
            [Family::Inet6] => " to IPv6 addresses",
            _ => "",
        };
        let rules = rules_for(door).into_iter().filter(|rule| {
            door.is_socketcall()
                || families
                    .iter()
                    .any(|family| rule.contains(&format!("saddr_fam={} ", *family as u64)))
        });
        let rules: Vec<String> = rules.map(|rule| format!("`{rule}`")).collect();
        let message = format!("no rule logs every {door}{to}. Add {}", rules.join(" and "));
        self.add(None, Severity::Error, message);
    }

    /// The kinds of connect that a rule matches, if only some of them.
    fn connects_of(&self, rule: &Rule) -> Vec<Connect> {
        let kinds =
            self.machine.doors().iter().flat_map(|&door| {
                [Family::Inet, Family::Inet6].map(|family| Connect { door, family })
            });
        kinds.filter(|connect| rule.matches(connect, self.machine.native()) != Match::No).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::recommend;

    /// Findings as `line severity: start of message`.
    fn findings(text: &str) -> Vec<String> {
        let shown = |finding: Finding| {
            let line = finding.line.map_or("-".to_owned(), |line| line.to_string());
            format!("{line} {}: {}", finding.severity, finding.message)
        };
        lint(text, Machine::X86_64).into_iter().map(shown).collect()
    }

    /// Asserts that there are exactly these findings, by their line and a part
    /// of their text.
    fn assert_findings(text: &str, expected: &[(&str, &str)]) {
        let found = findings(text);
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, (line, part)) in found.iter().zip(expected) {
            assert!(found.starts_with(line) && found.contains(part), "{found} / {part}");
        }
    }

    const GOOD: &str = "-b 8192\n\
        -a always,exit -F arch=b64 -S connect -k net\n\
        -a always,exit -F arch=b32 -S connect,socketcall -k net\n";

    #[test]
    fn what_we_recommend_has_no_finding_on_any_machine() {
        use clap::ValueEnum;
        for &machine in Machine::value_variants() {
            assert_eq!(lint(&recommend(machine), machine), []);
        }
        assert_findings(GOOD, &[]);
    }

    #[test]
    fn an_empty_file_misses_everything() {
        assert_findings(
            "",
            &[
                ("- warning", "-b 8192"),
                (
                    "- error",
                    "64-bit connect(2). Add `-a always,exit -F arch=b64 -S connect -F saddr_fam=2",
                ),
                ("- error", "32-bit connect(2)"),
                (
                    "- error",
                    "32-bit socketcall(2). Add `-a always,exit -F arch=b32 -S socketcall -F a0=3",
                ),
            ],
        );
    }

    #[test]
    fn one_family_only() {
        let text = GOOD.replace("b64 -S connect", "b64 -S connect -F saddr_fam=2");
        assert_findings(
            &text,
            &[(
                "- error",
                "64-bit connect(2) to IPv6 addresses. Add `-a always,exit -F arch=b64 -S connect -F saddr_fam=10",
            )],
        );
    }

    #[test]
    fn the_success_trap() {
        let text = GOOD.replace("b64 -S connect", "b64 -S connect -F success=1");
        assert_findings(
            &text,
            &[("2 error", "EINPROGRESS"), ("- error", "64-bit connect(2). Add")],
        );
    }

    #[test]
    fn a_restricted_rule_beside_a_full_one_is_fine() {
        let text = format!("-a always,exit -F arch=b64 -S connect -F success=1 -k ok\n{GOOD}");
        assert_findings(&text, &[]);
    }

    #[test]
    fn never_rules_before_and_after() {
        let never = "-a never,exit -F arch=b64 -S connect -F exe=/usr/sbin/rsyslogd\n";
        assert_findings(&format!("{never}{GOOD}"), &[]);
        assert_findings(&format!("{GOOD}{never}"), &[("4 warning", "before line 2")]);
        assert_findings(&format!("{GOOD}{}", never.replace("-a", "-A")), &[]);
        let all = "-a never,exit -F arch=b64 -S connect\n";
        assert_findings(
            &format!("{all}{GOOD}"),
            &[("1 error", "keeps every 64-bit connect(2) out"), ("- error", "64-bit connect(2)")],
        );
        let failed = "-a never,exit -F arch=b64 -S connect -F success=0\n";
        assert_findings(&format!("{failed}{GOOD}"), &[("1 error", "by how they end")]);
    }

    #[test]
    fn lines_that_undo_the_others() {
        assert_findings(&format!("{GOOD}-a never,task\n"), &[("4 error", "never,task")]);
        assert_findings(&format!("{GOOD}-e 0\n"), &[("4 error", "-e 0")]);
        assert_findings(
            &format!("{GOOD}-a always,exclude -F msgtype=SOCKADDR\n"),
            &[("4 error", "msgtype=SOCKADDR")],
        );
        assert_eq!(findings(&format!("{GOOD}-D\n")).len(), 4);
        assert_eq!(findings(&format!("-e 2\n{GOOD}")).len(), 3 + 4);
        assert_findings(&GOOD.replace("8192", "64"), &[("1 warning", "-b 64")]);
        assert_findings(&format!("{GOOD}-a exit\n"), &[("4 error", "auditctl stops here")]);
    }

    #[test]
    fn a_rule_without_arch() {
        let text = GOOD.replace("-F arch=b64 ", "");
        assert_findings(&text, &[("2 warning", "no `-F arch=`")]);
    }
}
