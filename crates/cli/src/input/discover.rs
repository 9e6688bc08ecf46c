//! Which files the PATH arguments stand for.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::identity::FileId;
use super::log::{Log, Member};
use super::members::{FoundFile, members};
use super::rotation::RotatedName;
use crate::console::Console;
use crate::text::Inert;

/// The live log that a directory is searched for.
const AUDIT_LOG: &str = "audit.log";

/// How many levels below a named directory are searched.
const DEEPEST: usize = 8;

/// A log is known by the directory it is in and the name of its live file.
type LogKey = (PathBuf, String);

/// Files found so far, by log.
#[derive(Debug, Default)]
struct Found {
    logs: BTreeMap<LogKey, FoundLog>,
    /// By which path each file was found.
    paths: BTreeMap<FileId, PathBuf>,
}

/// Files found of one log, in no order.
#[derive(Debug, Default)]
struct FoundLog {
    files: Vec<FoundFile>,
    host: Option<String>,
}

/// How a file was found.
#[derive(Clone, Copy, Debug)]
enum Way<'a> {
    /// The command line names it.
    Named,
    /// It is in a directory, which may be that of a host.
    Directory { host: Option<&'a str> },
}

/// Turns PATH arguments into logs.
///
/// Files of one directory that are rotations of the same log make one [`Log`],
/// however they were named. A path that cannot be used is reported to the
/// console and left out.
///
/// # Errors
///
/// If nothing is named and stdin is a terminal, if stdin is named twice, and
/// if nothing is left to read.
pub(crate) fn discover(paths: &[PathBuf], console: &Console) -> Result<Vec<Log>> {
    let stdin = paths.iter().filter(|path| is_stdin(path)).count();
    if stdin > 1 {
        bail!("standard input (`-`) can be read once only; name it once");
    }
    if paths.is_empty() && io::stdin().is_terminal() {
        bail!(
            "nothing to read: name a log or a directory (such as /var/log/audit), or pipe a log in"
        );
    }
    let mut found = Found::default();
    let mut named: Vec<&PathBuf> = paths.iter().filter(|path| !is_stdin(path)).collect();
    links_last(&mut named);
    for path in named {
        if let Err(reason) = found.add(path, console) {
            console.error(reason);
        }
    }
    let mut logs = found.into_logs(console);
    if stdin > 0 || paths.is_empty() {
        logs.push(Log::new(vec![Member::Stdin], None));
    }
    if logs.is_empty() {
        bail!("nothing to read: none of the paths could be used");
    }
    Ok(logs)
}

/// The logs that paths stand for at the moment; what there is nothing of is
/// passed over.
pub(super) fn find_logs(paths: &[PathBuf], console: &Console) -> Vec<Log> {
    let mut found = Found::default();
    for path in paths {
        let _not_there_yet = found.add(path, console);
    }
    found.into_logs(console)
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

impl Found {
    /// Adds what a path stands for; the error says why it stands for nothing.
    fn add(&mut self, path: &Path, console: &Console) -> Result<(), String> {
        let metadata = fs::metadata(path).map_err(|error| unreadable_path(path, &error))?;
        if metadata.is_dir() {
            return self.add_directory(path, console);
        }
        self.add_file(path, Some(&metadata), Way::Named, console);
        Ok(())
    }

    /// Adds a file that was not found by another path before.
    fn add_file(
        &mut self,
        path: &Path,
        metadata: Option<&Metadata>,
        way: Way<'_>,
        console: &Console,
    ) {
        if let Some(known) = self.known(path, metadata) {
            let (path, known) = (shown(path), shown(&known));
            console.warn(if path.0 == known.0 {
                format!("{path} is named twice; it is read once")
            } else {
                format!("{path} is the same file as {known}; it is read once")
            });
            return;
        }
        let size = metadata.filter(|metadata| metadata.is_file()).map(Metadata::len);
        let name = match path.file_name() {
            Some(name) => RotatedName::parse(&name.to_string_lossy()),
            None => RotatedName::parse(&path.to_string_lossy()),
        };
        let directory = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let directory = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
        let log = self.logs.entry((directory, name.base.clone())).or_default();
        let (is_named, host) = match way {
            Way::Named => (true, None),
            Way::Directory { host } => (false, host),
        };
        log.host = log.host.take().or(host.map(str::to_owned));
        let member = Member::File { path: path.to_owned(), size };
        log.files.push(FoundFile { name, member, is_named });
    }

    /// The path by which a file was found before, if it was.
    fn known(&mut self, path: &Path, metadata: Option<&Metadata>) -> Option<PathBuf> {
        let id = FileId::of(path, metadata?)?;
        match self.paths.entry(id) {
            Entry::Occupied(known) => Some(known.get().clone()),
            Entry::Vacant(new) => {
                new.insert(path.to_owned());
                None
            }
        }
    }

    /// Adds the log in a directory or, if it has none, those below its
    /// subdirectories, each of which then names a host.
    fn add_directory(&mut self, directory: &Path, console: &Console) -> Result<(), String> {
        if self.add_log_of(directory, None, console)? {
            return Ok(());
        }
        let mut subdirectories = entries(directory)?;
        subdirectories.retain(|entry| entry.is_dir());
        links_last(&mut subdirectories);
        let mut search = Search { found: self, console, seen: BTreeSet::new(), any: false };
        for subdirectory in subdirectories {
            let host = subdirectory.file_name().map(|name| name.to_string_lossy());
            search.descend(&subdirectory, host.as_deref(), DEEPEST);
        }
        if search.any {
            return Ok(());
        }
        Err(format!(
            "{}: there is no {AUDIT_LOG} in this directory or up to {DEEPEST} levels below it; \
             name the files themselves if they are called otherwise",
            shown(directory)
        ))
    }

    /// Adds `audit.log` and its rotations from a directory; whether there were
    /// any. Files whose names only begin so are told.
    fn add_log_of(
        &mut self,
        directory: &Path,
        host: Option<&str>,
        console: &Console,
    ) -> Result<bool, String> {
        let mut any = false;
        let mut files = entries(directory)?;
        files.retain(|path| name_of(path).starts_with(AUDIT_LOG));
        links_last(&mut files);
        for path in files {
            let metadata = fs::metadata(&path).ok();
            if metadata.as_ref().is_some_and(|metadata| !metadata.is_file()) {
                continue;
            }
            if RotatedName::parse(&name_of(&path)).base == AUDIT_LOG {
                self.add_file(&path, metadata.as_ref(), Way::Directory { host }, console);
                any = true;
            } else {
                console.warn(format_args!(
                    "{} left out: its name is not that of a rotation of {AUDIT_LOG}; name the \
                     file itself if it is to be read",
                    shown(&path)
                ));
            }
        }
        Ok(any)
    }

    /// The logs in order of their path.
    fn into_logs(self, console: &Console) -> Vec<Log> {
        let logs = self.logs.into_values();
        logs.map(|FoundLog { files, host }| Log::new(members(files, console), host)).collect()
    }
}

/// A search below a named directory.
struct Search<'a> {
    found: &'a mut Found,
    console: &'a Console,
    /// Directories that were searched, without symbolic links in their paths.
    seen: BTreeSet<PathBuf>,
    any: bool,
}

impl Search<'_> {
    /// Adds the log in a directory or, if it has none, those up to `levels`
    /// below it. What cannot be read is reported to the console.
    fn descend(&mut self, directory: &Path, host: Option<&str>, levels: usize) {
        let real = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
        if levels == 0 || !self.seen.insert(real) {
            return;
        }
        match self.found.add_log_of(directory, host, self.console) {
            Ok(true) => self.any = true,
            Ok(false) => {
                for below in entries(directory).unwrap_or_default() {
                    // A link in an unpacked archive may lead to this machine's
                    // own logs.
                    if below.is_dir() && !below.is_symlink() {
                        self.descend(&below, host, levels - 1);
                    }
                }
            }
            Err(reason) => self.console.error(reason),
        }
    }
}

/// Puts symbolic links behind the rest, as what is found twice is of the log
/// or host that holds it, not of one that links to it.
fn links_last(paths: &mut [impl AsRef<Path>]) {
    paths.sort_by_key(|path| path.as_ref().is_symlink());
}

/// The name of a file in its directory.
fn name_of(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

/// Paths in a directory, sorted.
fn entries(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let read = || -> io::Result<Vec<PathBuf>> {
        let mut paths = fs::read_dir(directory)?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<PathBuf>>>()?;
        paths.sort();
        Ok(paths)
    };
    read().map_err(|error| unreadable_path(directory, &error))
}

fn shown(path: &Path) -> Inert<'_> {
    Inert(path.as_os_str().as_encoded_bytes())
}

/// Why a path cannot be read, and what to do about it.
pub(crate) fn unreadable_path(path: &Path, error: &io::Error) -> String {
    let path = shown(path);
    match error.kind() {
        io::ErrorKind::NotFound => format!("{path}: there is no such file or directory"),
        io::ErrorKind::PermissionDenied => format!(
            "{path}: permission denied; audit logs are kept for root and the group adm: \
             run as a member, or copy the log to a place you may read"
        ),
        _ => format!("{path}: {error}"),
    }
}

/// Why a file that is no log cannot be read.
pub(crate) fn unreadable_file(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => unreadable_path(path, error),
        _ => format!("{}: cannot be read: {error}", shown(path)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;
    use tempfile::TempDir;

    use super::*;
    use crate::args::Args;

    fn quiet() -> Console {
        Console::new(Args::parse_from(["rareport", "--quiet", "rules"]).console)
    }

    fn tree(files: &[&str]) -> TempDir {
        let directory = TempDir::new().unwrap();
        for file in files {
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        directory
    }

    /// Names of the members of each log, below `root`.
    fn names(root: &Path, logs: &[Log]) -> Vec<Vec<String>> {
        let name = |member: &Member| match member {
            Member::Stdin => "-".to_owned(),
            Member::File { path, .. } => path.strip_prefix(root).unwrap().display().to_string(),
        };
        logs.iter().map(|log| log.members.iter().map(name).collect()).collect()
    }

    #[test]
    fn a_directory_is_its_audit_log_oldest_first() {
        let tree =
            tree(&["audit.log", "audit.log.2.gz", "audit.log.10", "audit.log.1", "notes.txt"]);
        let logs = discover(&[tree.path().to_owned()], &quiet()).unwrap();
        assert_eq!(
            names(tree.path(), &logs),
            [["audit.log.10", "audit.log.2.gz", "audit.log.1", "audit.log"]]
        );
        assert_eq!(logs[0].host, None);
    }

    #[test]
    fn a_directory_of_directories_is_a_fleet() {
        let tree = tree(&["web01/audit.log", "db01/audit.log.1", "db01/audit.log", "empty/readme"]);
        let logs = discover(&[tree.path().to_owned()], &quiet()).unwrap();
        assert_eq!(
            names(tree.path(), &logs),
            [vec!["db01/audit.log.1", "db01/audit.log"], vec!["web01/audit.log"]]
        );
        assert_eq!(logs[0].host.as_deref(), Some("db01"));
    }

    #[test]
    fn logs_lie_deep_in_what_was_collected() {
        let deep = "web01/var/log/audit/audit.log";
        let tree =
            tree(&[deep, "db01/audit.log", "db01/old/audit.log", "x/1/2/3/4/5/6/7/8/audit.log"]);
        let logs = discover(&[tree.path().to_owned()], &quiet()).unwrap();
        assert_eq!(names(tree.path(), &logs), [["db01/audit.log"], [deep]]);
        assert_eq!(logs[1].host.as_deref(), Some("web01"));
    }

    #[cfg(unix)]
    #[test]
    fn links_neither_loop_nor_lead_elsewhere() {
        use std::os::unix::fs::symlink;
        let elsewhere = tree(&["audit.log"]);
        let tree = tree(&["web01/log/audit.log", "db01/notes"]);
        symlink(tree.path(), tree.path().join("all")).unwrap();
        symlink(tree.path(), tree.path().join("db01/up")).unwrap();
        symlink(elsewhere.path(), tree.path().join("db01/log")).unwrap();
        symlink(elsewhere.path(), tree.path().join("mounted")).unwrap();
        let logs = discover(&[tree.path().to_owned()], &quiet()).unwrap();
        let hosts: BTreeSet<_> = logs.iter().filter_map(|log| log.host.as_deref()).collect();
        assert_eq!(logs.len(), 2);
        assert_eq!(hosts, BTreeSet::from(["mounted", "web01"]));
    }

    #[test]
    fn files_named_one_by_one_are_put_in_order() {
        let tree = tree(&["audit.log", "audit.log.1", "audit.log.2", "other.log"]);
        let paths = ["audit.log", "other.log", "audit.log.1", "audit.log.2", "audit.log"]
            .map(|name| tree.path().join(name));
        let logs = discover(&paths, &quiet()).unwrap();
        assert_eq!(
            names(tree.path(), &logs),
            [vec!["audit.log.2", "audit.log.1", "audit.log"], vec!["other.log"]]
        );
    }

    #[test]
    fn the_compressed_copy_of_a_rotation_is_left_out() {
        let tree = tree(&["audit.log.1", "audit.log.1.gz"]);
        let copy = zstd::encode_all(&b"x"[..], 1).unwrap();
        fs::write(tree.path().join("audit.log.1.gz"), copy).unwrap();
        let logs = discover(&[tree.path().to_owned()], &quiet()).unwrap();
        assert_eq!(names(tree.path(), &logs), [["audit.log.1"]]);
        // Whoever names both wants both.
        let both = ["audit.log.1", "audit.log.1.gz"].map(|name| tree.path().join(name));
        let logs = discover(&both, &quiet()).unwrap();
        assert_eq!(names(tree.path(), &logs), [["audit.log.1", "audit.log.1.gz"]]);
    }

    #[test]
    fn a_name_alone_leaves_no_file_out() {
        let record = |second: u64| format!("type=EOE msg=audit({second}.000:1): \n");
        let (old, new) = (record(1000), record(2000));
        let packed = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
        for (first, second, wanted) in [
            (old.as_bytes(), &packed(&new)[..], ["audit.log.1.gz", "audit.log.1.xz"]),
            (&packed(&new), &packed(&old), ["audit.log.1.xz", "audit.log.1.gz"]),
            // One goes on where the other ends: nothing tells them to be copies.
            (&packed(&old), &packed(&(old.clone() + &new)), ["audit.log.1.gz", "audit.log.1.xz"]),
            (b"", b"no record", ["audit.log.1.gz", "audit.log.1.xz"]),
        ] {
            let tree = tree(&["audit.log.1.gz", "audit.log.1.xz"]);
            fs::write(tree.path().join("audit.log.1.gz"), first).unwrap();
            fs::write(tree.path().join("audit.log.1.xz"), second).unwrap();
            let logs = discover(&[tree.path().to_owned()], &quiet()).unwrap();
            assert_eq!(names(tree.path(), &logs), [wanted]);
        }
    }

    #[test]
    fn what_cannot_be_used_fails_only_if_nothing_is_left() {
        let tree = tree(&["audit.log"]);
        let missing = tree.path().join("missing");
        let console = quiet();
        let logs = discover(&[missing.clone(), tree.path().to_owned()], &console).unwrap();
        assert_eq!(logs.len(), 1);
        assert!(console.failed());
        assert!(discover(&[missing], &quiet()).is_err());
        assert!(discover(&["-".into(), "-".into()], &quiet()).is_err());
    }
}
