//! A lock against two writers of one state file.
//!
//! The lock is on a file of its own beside the state, because the state itself
//! is replaced by every save. It goes with the process, however that ends; the
//! empty file stays, for taking it away would let two in.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use super::beside;

/// The right to write a state file, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum Unlocked {
    /// Another process has it.
    InUse,
    /// There can be no file beside the state.
    Unwritable(io::Error),
}

impl Lock {
    /// Takes the lock of the state file at `path`, without waiting for it.
    ///
    /// # Errors
    ///
    /// If another process has it, or there cannot be a file to lock.
    pub(super) fn take(path: &Path) -> Result<Lock, Unlocked> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let file = options.open(beside(path, ".lock")).map_err(Unlocked::Unwritable)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Unlocked::InUse),
            Err(TryLockError::Error(error)) => Err(Unlocked::Unwritable(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_the_lock_until_it_is_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        let lock = Lock::take(&path).unwrap();
        assert!(matches!(Lock::take(&path), Err(Unlocked::InUse)));
        assert!(Lock::take(&directory.path().join("other")).is_ok());
        drop(lock);
        assert!(Lock::take(&path).is_ok());
        assert!(directory.path().join("state.lock").exists());
    }

    #[test]
    fn without_a_directory_there_is_no_lock() {
        let taken = Lock::take(Path::new("/nonexistent/state"));
        assert!(matches!(taken, Err(Unlocked::Unwritable(_))));
    }
}
