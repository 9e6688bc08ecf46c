//! What rules files miss.

use std::fmt;

use super::coverage::{Connect, Family, Match};
use super::doors::Door;
use super::recommend::rules_for;
use super::source::Source;
use super::syntax::{Action, Filter, Rule, Statement};
use super::traps;
use crate::args::Machine;

/// Fewest records that should be able to wait in the kernel.
const BACKLOG: u64 = 8192;

/// Something wrong with a rules file, in a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Where it is; `None` if it is about the rules as a whole.
    pub(crate) place: Option<Place>,
    /// Whether connects are missed because of it.
    pub(crate) severity: Severity,
    /// The sentence.
    pub(crate) message: String,
}

/// A line of one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Index of the file.
    pub(crate) file: usize,
    /// Line number from 1.
    pub(crate) line: usize,
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

/// A rule and where it is.
type Placed = (Place, Rule);

/// Checks rules files that are loaded one after the other on a machine.
/// Findings come in order of their place, those about the whole last.
pub(crate) fn lint(files: &[Source], machine: Machine) -> Vec<Finding> {
    let mut lint = Lint { files, machine, findings: Vec::new() };
    let rules = lint.statements();
    lint.excluded_records(&rules);
    let exit: Vec<&Placed> = in_effect(&rules);
    lint.ineffective_nevers(&exit);
    lint.coverage(&exit);
    lint.findings.sort_by_key(|finding| (finding.place.is_none(), finding.place));
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
struct Lint<'a> {
    files: &'a [Source],
    machine: Machine,
    findings: Vec<Finding>,
}

/// What the lines up to one have set.
#[derive(Default)]
struct State {
    rules: Vec<Placed>,
    backlog: Option<(Place, u64)>,
    locked: Option<Place>,
}

impl Lint<'_> {
    /// Adds a finding, unless it is known: a rule may be found wanting for
    /// several kinds of connect.
    fn add(&mut self, place: Option<Place>, severity: Severity, message: String) {
        let finding = Finding { place, severity, message };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    fn error(&mut self, place: Place, message: String) {
        self.add(Some(place), Severity::Error, message);
    }

    fn warning(&mut self, place: Place, message: String) {
        self.add(Some(place), Severity::Warning, message);
    }

    /// How a message about one place names another.
    fn named(&self, other: Place, from: Place) -> String {
        match self.files.get(other.file) {
            Some(file) if other.file != from.file => format!("{}:{}", file.name, other.line),
            _ => format!("line {}", other.line),
        }
    }

    /// Reads the files, checks what single lines say, and returns the rules
    /// that are left at the end.
    fn statements(&mut self) -> Vec<Placed> {
        let mut state = State::default();
        for (file, source) in self.files.iter().enumerate() {
            for (index, line) in source.text.lines().enumerate() {
                let place = Place { file, line: index + 1 };
                if let Some(statement) = Statement::parse(line) {
                    self.statement(place, statement, &mut state);
                }
            }
        }
        self.backlog(state.backlog);
        state.rules
    }

    fn statement(&mut self, place: Place, statement: Statement, state: &mut State) {
        let merged = self.files[place.file].merged;
        if let Some(locked) = state.locked {
            let message = format!(
                "comes after `-e 2` ({}), which locks the rules: it is not loaded. Move `-e 2` to \
                 the end",
                self.named(locked, place)
            );
            self.error(place, message);
            return;
        }
        match statement {
            Statement::Rule(rule) => state.rules.push((place, rule)),
            // These are moved when the files of a directory become one.
            Statement::DeleteAll | Statement::Enabled(2) if merged => {}
            Statement::DeleteAll => self.delete_all(place, &mut state.rules),
            Statement::Backlog(size) => state.backlog = Some((place, size)),
            Statement::Enabled(0) => self
                .error(place, "`-e 0` turns auditing off. Remove it, or write `-e 1`".to_owned()),
            Statement::Enabled(2) => state.locked = Some(place),
            Statement::Enabled(_) | Statement::Other => {}
            Statement::NoRules => self.error(
                place,
                "no rules are loaded, says auditctl. Load some, then check again".to_owned(),
            ),
            Statement::Wrong(reason) => self.error(
                place,
                format!("{reason}; auditctl stops here, and no later line is loaded"),
            ),
        }
    }

    fn delete_all(&mut self, place: Place, rules: &mut Vec<Placed>) {
        if !rules.is_empty() {
            let message = "`-D` deletes every rule before it. Move it to the top".to_owned();
            self.error(place, message);
        }
        rules.clear();
    }

    fn backlog(&mut self, backlog: Option<(Place, u64)>) {
        match backlog {
            None => self.add(
                None,
                Severity::Warning,
                format!(
                    "no `-b`: by default the kernel lets 64 records wait, and a burst of connects \
                     loses the rest. Add `-b {BACKLOG}` (unless another file in rules.d has it)"
                ),
            ),
            Some((place, size)) if size < BACKLOG => self.warning(
                place,
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
                let before = self.named(*before, *line);
                let message = format!(
                    "this `never` rule has no effect: {before} is tried first and logs the same \
                     calls. Move it before {before}"
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
                (Action::Never, Match::Some(filters)) => self.partial_never(*line, &filters),
            }
        }
        for (line, filters) in partial {
            for filter in filters {
                self.error(line, traps::explain(filter));
            }
        }
        false
    }

    /// Reports a `never` rule that keeps connects out of the log for which all
    /// of the filters hold, unless it is meant for one program.
    fn partial_never(&mut self, place: Place, filters: &[&Filter]) {
        let mut by_outcome =
            filters.iter().filter(|filter| traps::is_about_outcome(filter)).peekable();
        if by_outcome.peek().is_none() {
            if !filters.iter().any(|filter| traps::names_program(filter)) {
                self.warning(place, traps::explain_never(filters));
            }
            return;
        }
        for filter in by_outcome {
            let message = format!(
                "this `never` rule with `{}` keeps connects out of the log by how they end; a \
                 non-blocking connect counts as failed. Remove it",
                filter.text
            );
            self.error(place, message);
        }
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

    fn source(name: &str, text: &str, merged: bool) -> Source {
        Source { name: name.to_owned(), text: text.to_owned(), merged }
    }

    /// Findings as `line severity: start of message`.
    fn findings(text: &str) -> Vec<String> {
        let shown = |finding: Finding| {
            let line = finding.place.map_or("-".to_owned(), |place| place.line.to_string());
            format!("{line} {}: {}", finding.severity, finding.message)
        };
        lint(&[source("x", text, false)], Machine::X86_64).into_iter().map(shown).collect()
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
            assert_eq!(lint(&[source("x", &recommend(machine), false)], machine), []);
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
    fn a_never_rule_before_the_others_that_drops_some_connects() {
        for filter in ["auid=-1", "auid=unset", "auid=4294967295", "auid!=1000", "uid=33"] {
            for scope in ["-F arch=b64 -S connect ", "-F arch=b64 ", ""] {
                let never = format!("-a never,exit {scope}-F {filter}\n");
                let part = format!("`-F {filter}`");
                assert_findings(&format!("{never}{GOOD}"), &[("1 warning", &part)]);
            }
        }
        let program = "-a never,exit -F arch=b64 -S connect -F exe=/usr/bin/x -F uid=0\n";
        assert_findings(&format!("{program}{GOOD}"), &[]);
        let others = "-a never,exit -F arch=b64 -S connect -F exe!=/usr/bin/x\n";
        assert_findings(&format!("{others}{GOOD}"), &[("1 warning", "exe!=")]);
        let no_connect = "-a never,exit -F arch=b64 -S openat -F auid=unset\n";
        assert_findings(&format!("{no_connect}{GOOD}"), &[]);
    }

    #[test]
    fn words_that_auditctl_does_not_know() {
        for (line, part) in [
            ("-a always,exit -F arch=b64 -S conect", "is `connect` meant?); auditctl stops here"),
            ("-a always,exi -S connect", "is `exit` meant?); auditctl stops here"),
            ("-a always,exit -S connect -F nosuch=1", "`nosuch` is no field"),
            ("-a always,exit -F arch=b99 -S connect", "`b99` is no arch"),
        ] {
            assert_findings(&format!("{GOOD}{line}\n"), &[("4 error", part)]);
        }
        let none = findings("No rules\n");
        assert!(none[0].starts_with("1 error: no rules are loaded"), "{none:#?}");
    }

    #[test]
    fn files_of_a_directory_are_one() {
        let places = |merged| {
            let files = [
                source("1.rules", "-e 2\n-b 8192\n", merged),
                source("2.rules", GOOD, merged),
                source("3.rules", "-D\n-a never,exit -F arch=b64 -S connect\n", merged),
            ];
            lint(&files, Machine::X86_64)
        };
        let merged = places(true);
        assert_eq!(merged.len(), 1, "{merged:#?}");
        assert_eq!(merged[0].place, Some(Place { file: 2, line: 2 }));
        assert!(merged[0].message.contains("before 2.rules:2"), "{merged:#?}");
        let single = places(false);
        assert!(single.iter().any(|finding| finding.message.contains("(1.rules:1)")));
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
