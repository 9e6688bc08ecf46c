//! What the rules that are loaded miss: which connects, and by what they are
//! kept out of the log. [`load`](super::load) says which rules are loaded.

use super::condition::exhaust;
use super::coverage::{Connect, Family, Match};
use super::doors::Door;
use super::finding::{Finding, Findings, Place};
use super::load::{Placed, load};
use super::recommend::{URING_RULE, rules_for};
use super::source::Source;
use super::syntax::{Action, Filter, Rule};
use super::traps;
use crate::args::Machine;

/// Checks rules files that are loaded one after the other on a machine; what is
/// wrong, in order of its place, and last what is about the whole.
pub(crate) fn lint(files: &[Source], machine: Machine) -> Vec<Finding> {
    let mut findings = Findings::new(files);
    let loaded = load(files, &mut findings);
    let mut lint = Lint { machine, stopped: loaded.stopped, findings };
    lint.excluded_records(&loaded.rules);
    let exit: Vec<&Placed> = in_effect(&loaded.rules);
    lint.ineffective_nevers(&exit);
    lint.coverage(&exit);
    lint.io_uring(&loaded.rules);
    lint.findings.in_order()
}

/// The rules of the exit list in the order the kernel tries them: `-A` puts a
/// rule before all others.
fn in_effect(rules: &[Placed]) -> Vec<&Placed> {
    let exit = || rules.iter().filter(|(_, rule)| rule.list == "exit");
    let first = exit().filter(|(_, rule)| rule.first).rev();
    first.chain(exit().filter(|(_, rule)| !rule.first)).collect()
}

/// Whether rules of the list `io_uring` log every connect.
fn logs_io_uring(rules: &[Placed]) -> bool {
    let connects = || rules.iter().filter(|(_, rule)| rule.names_uring_connect());
    connects().any(|(_, rule)| rule.action == Action::Always && rule.filters.is_empty())
        && connects().all(|(_, rule)| rule.action == Action::Always)
}

/// A check under way.
struct Lint<'a> {
    machine: Machine,
    /// Where auditctl stopped.
    stopped: Option<Place>,
    findings: Findings<'a>,
}

impl Lint<'_> {
    /// Rules of other lists that take connects out of the log.
    fn excluded_records(&mut self, rules: &[Placed]) {
        for (line, rule) in rules {
            match rule.list.as_str() {
                "task" if rule.action == Action::Never => self.findings.error(
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
                            self.findings.error(*line, message);
                        }
                    }
                }
                "entry" => self.findings.error(
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
                let before = self.findings.named(*before, Some(*line));
                let message = format!(
                    "this `never` rule has no effect: {before} is tried first and logs the same \
                     calls. Move it before {before}"
                );
                self.findings.warning(*line, message);
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
                self.findings.warning(*line, message);
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
        let (mut places, mut partial) = (Vec::new(), Vec::new());
        for (line, rule) in exit {
            match (rule.action, rule.matches(connect, self.machine.native())) {
                (_, Match::No) => {}
                (Action::Always, Match::All) => return true,
                (Action::Always, Match::Some(filters)) => {
                    places.push(*line);
                    partial.push(filters);
                }
                (Action::Never, _) if exhaust(&partial) => return true,
                (Action::Never, Match::All) => {
                    let message = format!(
                        "this `never` rule keeps every {} out of the log. Remove it, or add \
                         `-F exe=` to say for which program it is meant",
                        connect.door
                    );
                    self.findings.error(*line, message);
                    break;
                }
                (Action::Never, Match::Some(filters)) => self.partial_never(*line, &filters),
            }
        }
        if exhaust(&partial) {
            return true;
        }
        for (line, filters) in places.into_iter().zip(partial) {
            for filter in filters {
                self.findings.error(line, traps::explain(filter));
            }
        }
        false
    }

    /// Remarks that connects through io_uring are not all logged, where a rule
    /// for them belongs: behind the last one.
    fn io_uring(&mut self, rules: &[Placed]) {
        if !logs_io_uring(rules) {
            let message = format!(
                "connects through io_uring, which need no system call, are not all logged. With \
                 Linux 5.16 and audit 3.1 or later, add `{URING_RULE}`"
            );
            self.findings.remark(rules.iter().map(|(place, _)| *place).max(), message);
        }
    }

    /// Reports a `never` rule that keeps connects out of the log for which all
    /// of the filters hold, unless it is meant for one program.
    fn partial_never(&mut self, place: Place, filters: &[&Filter]) {
        let mut by_outcome =
            filters.iter().filter(|filter| traps::is_about_outcome(filter)).peekable();
        if by_outcome.peek().is_none() {
            if !filters.iter().any(|filter| traps::names_program(filter)) {
                self.findings.warning(place, traps::explain_never(filters));
            }
            return;
        }
        for filter in by_outcome {
            let message = format!(
                "this `never` rule with `{}` keeps connects out of the log by how they end; a \
                 non-blocking connect counts as failed. Remove it",
                filter.text
            );
            self.findings.error(place, message);
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
        let rules = rules.join(" and ");
        let message = match self.stopped.map(|line| self.findings.named(line, None)) {
            None => format!("no rule logs every {door}{to}. Add {rules}"),
            Some(line) => format!(
                "no rule that is loaded logs every {door}{to}; auditctl stops at {line}. Correct \
                 that, or add {rules} before it"
            ),
        };
        self.findings.error(None, message);
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
mod tests;
