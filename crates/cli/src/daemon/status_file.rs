//! The file in which a run tells how it is doing. Who reads it finds a whole
//! document, whenever that is.

use std::fs::Permissions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::Builder;

use super::status::Status;
use crate::text::Inert;

/// A file that is written over and over.
#[derive(Debug)]
pub(crate) struct StatusFile {
    path: PathBuf,
    /// Whether it could not be written the last time.
    failed: bool,
}

impl StatusFile {
    /// The file at `path`, which need not be there.
    pub(crate) fn new(path: &Path) -> StatusFile {
        StatusFile { path: path.to_owned(), failed: false }
    }

    /// Writes a status in place of the one before it. What goes wrong is told
    /// once, until it goes well again.
    pub(crate) fn write(&mut self, status: &Status) -> Result<(), String> {
        let written = self.replace(status);
        let had_failed = std::mem::replace(&mut self.failed, written.is_err());
        match written {
            Err(error) if !had_failed => {
                let path = Inert(self.path.as_os_str().as_encoded_bytes());
                Err(format!("{path}: the status cannot be written: {error}"))
            }
            _ => Ok(()),
        }
    }

    fn replace(&self, status: &Status) -> io::Result<()> {
        let directory = match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let mut builder = Builder::new();
        builder.prefix(".rareport-").suffix(".part");
        let mut file = readable(&mut builder).tempfile_in(directory)?;
        serde_json::to_writer_pretty(&mut file, status)?;
        file.write_all(b"\n")?;
        file.persist(&self.path)?;
        Ok(())
    }
}

/// Who monitors a host may not be root.
#[cfg(unix)]
fn readable<'a, 'b>(builder: &'a mut Builder<'b, 'b>) -> &'a mut Builder<'b, 'b> {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable<'a, 'b>(builder: &'a mut Builder<'b, 'b>) -> &'a mut Builder<'b, 'b> {
    builder
}

#[cfg(test)]
mod tests {
    use std::fs::{self, create_dir};
    use std::time::Instant;

    use super::*;
    use crate::daemon::health::{Found, Health};

    #[test]
    fn trouble_is_told_once_until_it_is_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run/status.json");
        let status =
            Health::new(0, Instant::now()).status(0, Instant::now(), Found::default(), None);
        let mut file = StatusFile::new(&path);
        assert!(file.write(&status).unwrap_err().contains("status.json: the status cannot be"));
        assert_eq!(file.write(&status), Ok(()));
        create_dir(path.parent().unwrap()).unwrap();
        assert_eq!(file.write(&status), Ok(()));
        let text = fs::read_to_string(&path).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 1);
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
        assert!(file.write(&status).is_err());
    }
}
