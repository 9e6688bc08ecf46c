//! What was learned, in a file from which the next run carries on.
//!
//! Owns how the file is read, written and locked, and what is done if that
//! fails: the newest snapshot beside it that is whole is taken for a damaged
//! file, and a run that cannot save goes on and fails in the end. What the
//! state of the model is made of is `rareport::snapshot`'s to say.

mod boundary;
mod container;
mod content;
mod lock;
mod snapshots;
mod thinning;
mod writing;

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

pub(crate) use self::boundary::{IDENTITY, Taken};
pub(crate) use self::container::Flaw;
use self::container::MAGIC;
pub(crate) use self::content::{About, Content, OtherJob, Ways};
use self::lock::{Lock, Unlocked};
use self::snapshots::Snapshots;
pub(crate) use self::snapshots::{BEFORE_REVERT, Snapshot};
use crate::console::Console;
use crate::input::unreadable_file;
use crate::seems::{HEAD, Seems};
use crate::sink::Owed;
use crate::stamp::rfc3339;
use crate::text::Inert;

/// A state file, taken for this run alone if it can be written.
#[derive(Debug)]
pub(crate) struct StateFile {
    /// As it was named.
    name: String,
    path: PathBuf,
    snapshots: Snapshots,
    /// `None` if the file is only read.
    lock: Option<Lock>,
    /// Up to when the file that is there has learned, in milliseconds since
    /// 1970; `None` if there is none, or none that is good.
    current: Option<i64>,
}

impl StateFile {
    /// Takes a file, which need not be there yet. If it cannot be written, that
    /// is told, and it is only read.
    ///
    /// # Errors
    ///
    /// If another process has it, or there cannot be such a file.
    pub(crate) fn open(path: &Path, console: &Console) -> Result<StateFile> {
        let name = shown(path);
        if path.is_dir() {
            bail!("{name}: is a directory; name a file in it");
        }
        if !writing::directory_of(path).is_dir() {
            bail!("{name}: there is no such directory to put it in");
        }
        // A link stays a link to what is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let snapshots = Snapshots::of(&path);
        // Nothing is put beside a file that was named by mistake.
        let flaw = flaw_of_start(&path);
        if let Some(flaw) = flaw.filter(|_| snapshots.list().is_ok_and(|list| list.is_empty())) {
            bail!(mistaken(&name, &flaw));
        }
        let lock = match Lock::take(&path) {
            Ok(lock) => Some(lock),
            Err(Unlocked::InUse) => bail!(
                "{}: another rareport is using this state; wait until it has ended, or name \
                 another file",
                name
            ),
            Err(Unlocked::Unwritable(error)) => {
                console.error(format_args!(
                    "{}: no file can be written there ({error}), so what this run learns is not \
                     saved",
                    name
                ));
                None
            }
        };
        Ok(StateFile { snapshots, name, path, lock, current: None })
    }

    /// A file that is only looked at.
    pub(crate) fn look_at(path: &Path) -> StateFile {
        let (name, snapshots) = (shown(path), Snapshots::of(path));
        StateFile { name, snapshots, path: path.to_owned(), lock: None, current: None }
    }

    /// The file, as people know it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What the file holds or, if it is damaged, the newest snapshot that is
    /// whole, which is told; `None` if there is no file yet.
    ///
    /// # Errors
    ///
    /// If the file is there and neither it nor a snapshot can be used.
    pub(crate) fn load(&mut self, console: &Console) -> Result<Option<Content>> {
        let flaw = match read(&self.path) {
            Ok(content) => {
                self.current = content.about.learned_until;
                return Ok(Some(content));
            }
            Err(Unusable::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(Unusable::Unreadable(error)) => {
                return Err(error).with_context(|| format!("{}: cannot be read", self.name));
            }
            Err(Unusable::Flawed(flaw)) => flaw,
        };
        let shown = &self.name;
        let is_newer = matches!(flaw, Flaw::Newer { .. });
        match self.newest_good().filter(|_| !is_newer) {
            Some((snapshot, content)) => {
                console.error(format_args!(
                    "{shown} {flaw}; the snapshot {} is used instead, which has learned up to {}",
                    snapshot.name,
                    rfc3339(snapshot.time * 1000)
                ));
                Ok(Some(content))
            }
            None if is_newer => bail!("{shown} {flaw}"),
            None if matches!(flaw, Flaw::Other(_)) => bail!(mistaken(shown, &flaw)),
            None => bail!(
                "{shown} {flaw}, and there is no good snapshot of it; take it away to learn anew, \
                 or name another file"
            ),
        }
    }

    /// Whether it can be saved, which was told if it cannot.
    pub(crate) fn is_writable(&self) -> bool {
        self.lock.is_some()
    }

    /// All snapshots, the latest first.
    ///
    /// # Errors
    ///
    /// If their directory is there and cannot be read, or if there are none and no
    /// state either.
    pub(crate) fn snapshots(&self) -> Result<Vec<Snapshot>> {
        let listed = self.snapshots.list();
        let listed = listed.with_context(|| format!("{}.snapshots: cannot be read", self.name))?;
        if listed.is_empty() {
            if let Some(flaw) = flaw_of_start(&self.path) {
                bail!("{} {flaw}", self.name);
            }
            File::open(&self.path).map_err(|error| anyhow!(unreadable_file(&self.path, &error)))?;
        }
        Ok(listed)
    }

    /// Where the state is that was there before one was gone back to, if there is one.
    pub(crate) fn before_revert(&self) -> Option<PathBuf> {
        Some(self.snapshots.before_revert()).filter(|path| path.exists())
    }

    fn newest_good(&self) -> Option<(Snapshot, Content)> {
        let snapshots = self.snapshots.list().unwrap_or_default();
        snapshots.into_iter().find_map(|snapshot| {
            let content = read(&snapshot.path).ok()?;
            Some((snapshot, content))
        })
    }

    /// Writes what the file is to hold from now on; what it held becomes a
    /// snapshot. A file that is only read stays as it is.
    ///
    /// # Errors
    ///
    /// If it cannot be written. The old one stays then.
    pub(crate) fn save(&mut self, content: &Content) -> Result<()> {
        if self.lock.is_none() {
            return Ok(());
        }
        let mut kept = Ok(());
        let replaced = to_bytes(content).and_then(|bytes| {
            writing::replace(&self.path, &bytes, || {
                let time = self.current.map(|millis| millis.div_euclid(1000));
                kept = time.map_or(Ok(()), |time| self.snapshots.keep(&self.path, time));
            })
        });
        replaced.with_context(|| self.not_saved())?;
        self.current = content.about.learned_until;
        let now = self.current.map(|millis| millis.div_euclid(1000));
        kept.and_then(|()| now.map_or(Ok(()), |now| self.snapshots.thin(now))).with_context(|| {
            format!("{}.snapshots: the state is saved, but not the one before", self.name)
        })
    }

    /// Forgets of the alerts that the file says are owed those that are not among `left`. All else
    /// stays; a damaged file is replaced by its newest good snapshot.
    ///
    /// # Errors
    ///
    /// If it cannot be written. The old one stays then.
    pub(crate) fn keep_owed(&mut self, left: &[Owed]) -> Result<()> {
        if self.lock.is_none() {
            return Ok(());
        }
        let mut content = match read(&self.path) {
            Ok(content) => content,
            Err(Unusable::Unreadable(_)) => return Ok(()),
            Err(Unusable::Flawed(_)) => match self.newest_good() {
                Some((_, content)) => content,
                None => return Ok(()),
            },
        };
        let left: HashSet<&Owed> = left.iter().collect();
        let owed = &mut content.about.owed;
        let before = owed.len();
        owed.retain(|alert| left.contains(alert));
        if owed.len() == before {
            return Ok(());
        }
        let replaced =
            to_bytes(&content).and_then(|bytes| writing::replace(&self.path, &bytes, || ()));
        replaced.with_context(|| self.not_saved())
    }

    fn not_saved(&self) -> String {
        format!("{}: the state cannot be saved; the one before is still there", self.name)
    }

    /// Goes back to a snapshot. Later ones are given up, and the state that was
    /// there is kept as [`BEFORE_REVERT`].
    ///
    /// # Errors
    ///
    /// If there is no such snapshot, it is not whole, or cannot be put in place.
    pub(crate) fn revert(&self, name: &str) -> Result<()> {
        if self.lock.is_none() {
            bail!("{}: cannot be written", self.name);
        }
        let before = self.snapshots.before_revert();
        let source = match name {
            BEFORE_REVERT => before.clone(),
            _ => {
                let known = self.snapshots()?.into_iter().find(|snapshot| snapshot.name == name);
                known.map(|snapshot| snapshot.path).with_context(|| {
                    format!(
                        "{}: has no snapshot {name:?}; `rareport state list` shows which there are",
                        self.name
                    )
                })?
            }
        };
        let content = content_of(&source)?;
        let bytes = fs::read(&source).with_context(|| shown(&source))?;
        let mut kept = Ok(());
        let keep = || {
            if self.path.exists() {
                kept = self.snapshots.put(&self.path, &before);
            }
        };
        writing::replace(&self.path, &bytes, keep)
            .with_context(|| format!("{}: cannot be written", self.name))?;
        let until = content.about.learned_until.map_or(i64::MIN, |millis| millis.div_euclid(1000));
        kept.and_then(|()| self.snapshots.forget_after(until))
            .with_context(|| format!("{}.snapshots: cannot be changed", self.name))
    }
}

/// Why a file does not give a state.
#[derive(Debug)]
enum Unusable {
    Unreadable(io::Error),
    Flawed(Flaw),
}

fn read(path: &Path) -> Result<Content, Unusable> {
    let bytes = read_whole(path).map_err(Unusable::Unreadable)?;
    from_bytes(&bytes).map_err(Unusable::Flawed)
}

/// What the bytes of a state file hold.
///
/// # Errors
///
/// If they are not those of a state.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Content, Flaw> {
    container::unpack(bytes).and_then(|body| Content::from_body(&body))
}

/// The bytes of a state file.
///
/// # Errors
///
/// If they cannot be compressed, for want of memory.
pub(crate) fn to_bytes(content: &Content) -> io::Result<Vec<u8>> {
    container::pack(&content.to_body()?)
}

/// Why a file is no state, if its start tells; `None` if it cannot be read either,
/// which is told when it is to be.
fn flaw_of_start(path: &Path) -> Option<Flaw> {
    match Seems::of_file(path).ok()? {
        Seems::Empty | Seems::State => None,
        seems => Some(Flaw::Other(seems)),
    }
}

/// What is told of a file that was named by mistake, for which nothing is to be
/// learned anew.
fn mistaken(name: &str, flaw: &Flaw) -> String {
    format!("{name} {flaw}; is the name right? It is left as it is, name another file for a state")
}

/// The bytes of a file, but only its first if they are not those of a state,
/// for it may be of any size then.
fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(HEAD).read_to_end(&mut bytes)?;
    if bytes.starts_with(&MAGIC) {
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// What a state or a snapshot holds.
///
/// # Errors
///
/// If it cannot be used.
pub(crate) fn content_of(path: &Path) -> Result<Content> {
    match read(path) {
        Ok(content) => Ok(content),
        Err(Unusable::Unreadable(error)) => {
            bail!(unreadable_file(path, &error))
        }
        Err(Unusable::Flawed(flaw)) => bail!("{} {flaw}", shown(path)),
    }
}

/// The path of something beside a file: its name with a suffix.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn shown(path: &Path) -> String {
    Inert(path.as_os_str().as_encoded_bytes()).to_string()
}
