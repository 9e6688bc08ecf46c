//! Where data goes: stdout, or a file that is there when it is whole.
//!
//! A file is written beside its name and renamed to it in the end, so that
//! nobody reads half of it and a run that fails leaves what was there before.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, IsTerminal, StdoutLock, Write};
use std::path::{Path, PathBuf};

use anyhow::{Error, Result, anyhow};
use tempfile::{Builder, NamedTempFile};

use crate::text::Inert;

/// Something that data is written to.
#[derive(Debug)]
pub(crate) enum Destination {
    /// Standard output.
    Stdout(StdoutLock<'static>),
    /// A file that is written under another name, which goes if it is not kept.
    Whole {
        /// The file as it is now.
        file: NamedTempFile,
        /// What it is to be.
        path: PathBuf,
    },
    /// A pipe or device, which cannot be replaced.
    Device(File),
}

impl Destination {
    /// The file of this name or, if there is none, stdout.
    ///
    /// # Errors
    ///
    /// If there cannot be such a file.
    pub(crate) fn of(output: Option<&Path>) -> Result<Destination> {
        let Some(path) = output else { return Ok(Destination::Stdout(io::stdout().lock())) };
        Destination::file(path).map_err(|error| cannot_write(path, error))
    }

    fn file(path: &Path) -> io::Result<Destination> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                // A link stays a link to what is replaced.
                Destination::whole(fs::canonicalize(path)?, Some(metadata.permissions()))
            }
            Ok(_) => OpenOptions::new().write(true).open(path).map(Destination::Device),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Destination::whole(path.to_owned(), None)
            }
            Err(error) => Err(error),
        }
    }

    /// A file that is to be at `path`, with the permissions of the one that is
    /// there.
    fn whole(path: PathBuf, permissions: Option<Permissions>) -> io::Result<Destination> {
        let directory = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let mut builder = Builder::new();
        builder.prefix(".rareport-").suffix(".part");
        // Not by `tempfile_in`, whose errors tell a name that nobody asked for.
        let file = builder.make_in(directory, |path| File::create_new(path))?;
        if let Some(permissions) = permissions {
            file.as_file().set_permissions(permissions)?;
        }
        Ok(Destination::Whole { file, path })
    }

    /// Whether it is a terminal, where a progress bar would tear data apart.
    pub(crate) fn is_terminal(&self) -> bool {
        match self {
            Destination::Stdout(out) => out.is_terminal(),
            Destination::Whole { .. } => false,
            Destination::Device(file) => file.is_terminal(),
        }
    }

    /// Gives a file its name, now that all is written.
    ///
    /// # Errors
    ///
    /// If that cannot be done; the file is gone then.
    pub(crate) fn keep(self) -> Result<()> {
        let Destination::Whole { file, path } = self else { return Ok(()) };
        let kept = file.as_file().sync_all();
        let kept = kept.and_then(|()| file.persist(&path).map_err(|error| error.error));
        kept.map_err(|error| cannot_write(&path, error))?;
        Ok(())
    }
}

/// That a file cannot be written, and why.
fn cannot_write(path: &Path, error: io::Error) -> Error {
    let shown = Inert(path.as_os_str().as_encoded_bytes());
    match error.kind() {
        io::ErrorKind::NotFound => anyhow!("{shown}: there is no such directory to put it in"),
        _ => Error::new(error).context(format!("{shown}: cannot be written")),
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Destination::Stdout(out) => out.write(bytes),
            Destination::Whole { file, .. } => file.as_file_mut().write(bytes),
            Destination::Device(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Destination::Stdout(out) => out.flush(),
            Destination::Whole { file, .. } => file.as_file_mut().flush(),
            Destination::Device(file) => file.flush(),
        }
    }
}
