//! Earlier states beside a state file, in a directory of their own: which there
//! are, and how one is put there.
//!
//! A snapshot is named by the time of the log up to which it has learned. Which
//! are kept is said by [`thinning`](super::thinning).

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::fmt::strtime;

use super::beside;
use super::thinning::kept;
use super::writing::{make_private_directory, sync_directory};

/// The state that was there before one was gone back to.
pub(crate) const BEFORE_REVERT: &str = "before-revert";

/// How names are made of times, in UTC.
const NAME: &str = "%Y-%m-%dT%H%M%SZ";

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Its name, by which people ask for it.
    pub(crate) name: String,
    /// Up to when it has learned, in seconds since 1970.
    pub(crate) time: i64,
    /// Where it is.
    pub(crate) path: PathBuf,
}

/// The snapshots of a state file.
#[derive(Debug)]
pub(super) struct Snapshots {
    directory: PathBuf,
}

impl Snapshots {
    /// Those of the state file at `path`; nothing is read yet.
    pub(super) fn of(path: &Path) -> Snapshots {
        Snapshots { directory: beside(path, ".snapshots") }
    }

    /// All snapshots, the latest first. Other files are passed over.
    ///
    /// # Errors
    ///
    /// If the directory is there and cannot be read.
    pub(super) fn list(&self) -> io::Result<Vec<Snapshot>> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            found.extend(self.snapshot(&name));
        }
        found.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.time));
        Ok(found)
    }

    fn snapshot(&self, name: &OsStr) -> Option<Snapshot> {
        let name = name.to_str()?;
        let time = strtime::parse(NAME, name).ok()?.to_datetime().ok()?;
        let time = jiff::tz::TimeZone::UTC.to_timestamp(time).ok()?.as_second();
        Some(Snapshot { name: name.to_owned(), time, path: self.directory.join(name) })
    }

    /// The path of the state that was there before one was gone back to.
    pub(super) fn before_revert(&self) -> PathBuf {
        self.directory.join(BEFORE_REVERT)
    }

    /// Keeps the file at `path`, which has learned up to `time` (seconds since
    /// 1970), as the snapshot of this time.
    ///
    /// # Errors
    ///
    /// If it cannot be kept; a snapshot of the same time stays then.
    pub(super) fn keep(&self, path: &Path, time: i64) -> io::Result<()> {
        let time = Timestamp::from_second(time).map_err(io::Error::other)?;
        let name = strtime::format(NAME, time).map_err(io::Error::other)?;
        self.put(path, &self.directory.join(name))
    }

    /// Puts the file at `path` into the directory too, instead of what is there
    /// by this name.
    pub(super) fn put(&self, path: &Path, place: &Path) -> io::Result<()> {
        make_private_directory(&self.directory)?;
        let part = beside(place, ".part");
        let _ = fs::remove_file(&part);
        // Some file systems have no links to files.
        if fs::hard_link(path, &part).is_err() {
            let copied = fs::copy(path, &part);
            copied.inspect_err(|_| drop(fs::remove_file(&part)))?;
        }
        fs::rename(&part, place)?;
        sync_directory(&self.directory)
    }

    /// Takes the snapshots away that are not kept when the state is at `now`,
    /// in seconds since 1970.
    ///
    /// # Errors
    ///
    /// If one cannot be taken away.
    pub(super) fn thin(&self, now: i64) -> io::Result<()> {
        let mut snapshots = self.list()?;
        snapshots.reverse();
        let times: Vec<i64> = snapshots.iter().map(|snapshot| snapshot.time).collect();
        let superfluous = snapshots.iter().zip(kept(&times, now)).filter(|(_, kept)| !kept);
        superfluous.map(|(snapshot, _)| snapshot).try_for_each(|it| fs::remove_file(&it.path))
    }

    /// Takes the snapshots away that have learned up to later than `time`, in
    /// seconds since 1970.
    ///
    /// # Errors
    ///
    /// If one cannot be taken away.
    pub(super) fn forget_after(&self, time: i64) -> io::Result<()> {
        let snapshots = self.list()?;
        let mut later = snapshots.iter().take_while(|snapshot| snapshot.time > time);
        later.try_for_each(|snapshot| fs::remove_file(&snapshot.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_are_named_by_their_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        let snapshots = Snapshots::of(&path);
        assert!(snapshots.list().unwrap().is_empty());
        // By `date -u -d 2026-06-04T12:45:00Z +%s`.
        for (time, text) in [(1_780_577_100, "first"), (1_780_578_000, "second")] {
            fs::write(&path, text).unwrap();
            snapshots.keep(&path, time).unwrap();
            fs::remove_file(&path).unwrap();
        }
        fs::write(directory.path().join("state.snapshots/notes.txt"), "").unwrap();
        let list = snapshots.list().unwrap();
        let names: Vec<&str> = list.iter().map(|snapshot| snapshot.name.as_str()).collect();
        assert_eq!(names, ["2026-06-04T130000Z", "2026-06-04T124500Z"]);
        assert_eq!(list[1].time, 1_780_577_100);
        assert_eq!(fs::read_to_string(&list[1].path).unwrap(), "first");
        snapshots.forget_after(1_780_577_100).unwrap();
        assert_eq!(snapshots.list().unwrap().len(), 1);
        snapshots.thin(1_780_577_100 + 11 * 86_400).unwrap();
        assert!(snapshots.list().unwrap().is_empty());
        assert!(directory.path().join("state.snapshots/notes.txt").exists());
    }
}
