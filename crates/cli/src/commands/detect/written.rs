//! The files that a run writes: each is named for one purpose only, for what is
//! written for one would destroy the other, or be lost with it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::args::DetectArgs;
use crate::text::Inert;

/// Checks that no file is to be written for two purposes, or read as well.
///
/// # Errors
///
/// If one is.
pub(super) fn check(args: &DetectArgs) -> Result<()> {
    let read = args.input.paths.iter().map(|path| ("as what is to be read", path.as_path()));
    let written = [
        ("by --state", args.state.state.as_deref()),
        ("by --append", args.sinks.append.as_deref()),
        ("by --status", args.daemon.status.as_deref()),
    ];
    let written = written.into_iter().filter_map(|(option, path)| Some((option, path?)));
    let mut named: Vec<(&str, PathBuf)> = Vec::new();
    for (how, path) in read.chain(written) {
        let Some(place) = place(path) else { continue };
        let is_input = how.starts_with("as");
        let same = named.iter().find(|(_, other)| *other == place && !is_input);
        if let Some((other, _)) = same {
            bail!(
                "{}: is named {other} and {how}; give each a file of its own",
                Inert(path.as_os_str().as_encoded_bytes())
            );
        }
        named.push((how, place));
    }
    Ok(())
}

/// Where a file is or will be; `None` for a device, a directory and what cannot be.
fn place(path: &Path) -> Option<PathBuf> {
    match path.metadata() {
        Ok(metadata) => metadata.is_file().then(|| fs::canonicalize(path).ok())?,
        Err(_) => {
            let parent = path.parent().filter(|parent| *parent != Path::new(""));
            let parent = fs::canonicalize(parent.unwrap_or(Path::new("."))).ok()?;
            Some(parent.join(path.file_name()?))
        }
    }
}
