//! What auditctl(8) loads of rules files: the lines are taken one after the
//! other, some undo earlier ones, and some end the loading. This module finds
//! what is wrong with the loading; what the loaded rules miss is for
//! [`lint`](super::lint()).

use super::finding::{Findings, Place};
use super::source::Source;
use super::syntax::{Rule, Statement};

/// Fewest records that should be able to wait in the kernel.
const BACKLOG: u64 = 8192;

/// A rule and where it is.
pub(super) type Placed = (Place, Rule);

/// What is loaded in the end.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// The rules of all lists, in the order of the files.
    pub(super) rules: Vec<Placed>,
    /// The first line at which auditctl stopped; the lines that came after it
    /// are not loaded.
    pub(super) stopped: Option<Place>,
}

/// Loads files one after the other. Those of a directory are one file to
/// auditctl; each other file is loaded by a run of its own.
pub(super) fn load(files: &[Source], findings: &mut Findings<'_>) -> Loaded {
    let mut loader = Loader {
        findings,
        loaded: Loaded::default(),
        run: Run::default(),
        backlog: None,
        enabled: None,
    };
    for (file, source) in files.iter().enumerate() {
        if !source.merged {
            loader.run = Run::default();
        }
        for (index, line) in source.text.lines().enumerate() {
            let place = Place { file, line: index + 1 };
            if let Some(statement) = Statement::parse(line) {
                loader.take(place, statement, source.merged);
            }
        }
    }
    loader.check_settings();
    loader.loaded
}

/// The state between two lines.
struct Loader<'a, 'b> {
    findings: &'a mut Findings<'b>,
    loaded: Loaded,
    run: Run,
    /// The last `-b`.
    backlog: Option<(Place, u64)>,
    /// The last `-e`.
    enabled: Option<(Place, u64)>,
}

/// What holds for one run of auditctl.
#[derive(Default)]
struct Run {
    ignores_errors: bool,
    stopped: bool,
}

impl Loader<'_, '_> {
    fn take(&mut self, place: Place, statement: Statement, merged: bool) {
        // augenrules(8) moves these to the ends of the one file that it makes,
        // so they neither undo nor lock what stands around them.
        match statement {
            Statement::DeleteAll(None) if merged => return,
            Statement::Backlog(size) if merged => return self.backlog = Some((place, size)),
            Statement::Enabled(flag) if merged => return self.enabled = Some((place, flag)),
            _ => {}
        }
        match self.enabled {
            Some((locked, 2)) if !merged => self.not_loaded(place, locked),
            _ if self.run.stopped => self.after_the_end(place, statement),
            _ => self.execute(place, statement),
        }
    }

    fn execute(&mut self, place: Place, statement: Statement) {
        match statement {
            Statement::Rule(rule) => self.loaded.rules.push((place, rule)),
            Statement::DeleteRule(deleted) => {
                self.loaded.rules.retain(|(_, rule)| !rule.is_deleted_by(&deleted));
            }
            Statement::DeleteAll(None) => self.delete_all(place),
            Statement::DeleteAll(Some(key)) => {
                self.loaded.rules.retain(|(_, rule)| !rule.keys.contains(&key));
            }
            Statement::IgnoreErrors => self.run.ignores_errors = true,
            Statement::Backlog(size) => self.backlog = Some((place, size)),
            Statement::Enabled(flag) => self.enabled = Some((place, flag)),
            Statement::Other => {}
            Statement::NoRules => {
                let message = "no rules are loaded, says auditctl. Load some, then check again";
                self.findings.error(place, message.to_owned());
            }
            Statement::Wrong(reason) => self.wrong(place, &reason),
        }
    }

    fn wrong(&mut self, place: Place, reason: &str) {
        if self.run.ignores_errors {
            self.findings.error(place, format!("{reason}; auditctl does not load this line"));
            return;
        }
        let message = format!("{reason}; auditctl stops here, and no later line is loaded");
        self.findings.error(place, message);
        self.run.stopped = true;
        self.loaded.stopped.get_or_insert(place);
    }

    /// A line that auditctl does not come to: it is only looked at for what
    /// would be next to stop it.
    fn after_the_end(&mut self, place: Place, statement: Statement) {
        if let Statement::Wrong(reason) = statement {
            self.findings.error(place, format!("{reason}; auditctl would stop here, too"));
        }
    }

    fn not_loaded(&mut self, place: Place, locked: Place) {
        let message = format!(
            "comes after `-e 2` ({}), which locks the rules: it is not loaded. Move `-e 2` to the \
             end",
            self.findings.named(locked, Some(place))
        );
        self.findings.error(place, message);
    }

    fn delete_all(&mut self, place: Place) {
        if !self.loaded.rules.is_empty() {
            let message = "`-D` deletes every rule before it. Move it to the top".to_owned();
            self.findings.error(place, message);
        }
        self.loaded.rules.clear();
    }

    fn check_settings(&mut self) {
        if let Some((place, 0)) = self.enabled {
            let message = "`-e 0` turns auditing off. Remove it, or write `-e 1`".to_owned();
            self.findings.error(place, message);
        }
        match self.backlog {
            None => self.findings.warning(
                None,
                format!(
                    "no `-b`: by default the kernel lets 64 records wait, and a burst of connects \
                     loses the rest. Add `-b {BACKLOG}` (unless another file in rules.d has it)"
                ),
            ),
            Some((place, size)) if size < BACKLOG => self.findings.warning(
                place,
                format!("`-b {size}` is little room for a burst of connects. Write `-b {BACKLOG}`"),
            ),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
