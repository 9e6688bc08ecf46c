//! The search for logs that are yet to come, at the paths that were named.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::discover::find_logs;
use super::super::foreign::is_json;
use super::super::log::{Log, Member};
use super::super::position::Positions;
use super::super::{Input, LOCALHOST, limits_of_each};
use super::followed::Followed;
use super::follower::Follower;
use super::listing::Listing;
use super::live_log::LiveLog;
use super::tail::Tail;
use crate::console::Console;
use crate::text::Inert;

/// Time between two searches for new logs.
const INTERVAL: Duration = Duration::from_secs(10);

/// A search that goes on.
pub(super) struct Search<'a> {
    input: &'a Input<'a>,
    silent: Console,
    /// Logs that are known, by the path of their live file; whether they are followed.
    known: HashMap<String, bool>,
    directories: Vec<PathBuf>,
    /// When it was searched last.
    searched: Option<Duration>,
}

impl<'a> Search<'a> {
    /// A search that has not begun.
    pub(super) fn new(input: &'a Input<'a>) -> Search<'a> {
        Search {
            input,
            silent: Console::silent(),
            known: HashMap::new(),
            directories: Vec::new(),
            searched: None,
        }
    }

    /// The directories in which it shows that something happens to logs.
    pub(super) fn directories(&self) -> &[PathBuf] {
        &self.directories
    }

    /// The logs that were not there the last time, from `resumed` on where they
    /// have a position; none before it is time to search again, which it always
    /// is if `has_none`.
    pub(super) fn new_logs<F: Follower>(
        &mut self,
        now: Duration,
        has_none: bool,
        resumed: &Positions,
        follower: &F,
    ) -> Vec<LiveLog<'a, F::Item>> {
        let is_due = |last| has_none || now.saturating_sub(last) >= INTERVAL;
        if !self.searched.is_none_or(is_due) {
            return Vec::new();
        }
        self.searched = Some(now);
        let input = self.input;
        self.directories = input.paths.iter().filter_map(|path| watched_of(path)).collect();
        let logs = find_logs(input.paths, &self.silent);
        let limits = limits_of_each(logs.len());
        let mut found = Vec::new();
        for log in &logs {
            let Some((directory, base)) = log.place() else { continue };
            let name = directory.join(&base).to_string_lossy().into_owned();
            if !self.known.contains_key(&name) && !self.is_foreign(&name, &directory, &base) {
                let first = self.named_first(log).map(|name| directory.join(name));
                let tail = Tail::new(&directory, &base, first, input.console);
                let host = input.host.or(log.host.as_deref()).unwrap_or(LOCALHOST);
                found.push(LiveLog {
                    followed: Followed::new(tail, resumed.get(&name), limits),
                    name,
                    host: host.to_owned(),
                    item: follower.place(log),
                    heard: now,
                    silence: Duration::ZERO,
                    is_ended: false,
                });
            }
            if !self.directories.contains(&directory) {
                self.directories.push(directory);
            }
        }
        found
    }

    /// The file to begin with, where one is named: behind a directory it is the
    /// oldest that there is when reading begins, whatever its name is by then.
    fn named_first<'log>(&self, log: &'log Log) -> Option<&'log OsStr> {
        let Some(Member::File { path, .. }) = log.members.first() else { return None };
        self.input.paths.contains(path).then(|| path.file_name()).flatten()
    }

    /// Whether a new log is none that can be followed, which is told once.
    fn is_foreign(&mut self, name: &str, directory: &Path, base: &str) -> bool {
        let mut listing = Listing::of(directory, base);
        listing.look();
        let is_foreign = listing.files().last().is_some_and(|file| is_json(&file.head));
        if is_foreign {
            self.input.console.error(format_args!(
                "{}: --follow reads audit logs, and this is JSON; read it without --follow",
                Inert(name.as_bytes())
            ));
        }
        self.known.insert(name.to_owned(), !is_foreign);
        is_foreign
    }
}

/// The directory in which it shows that something is at `path`.
fn watched_of(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.to_owned());
    }
    path.parent().filter(|parent| parent.is_dir()).map(Path::to_owned)
}
