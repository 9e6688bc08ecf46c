//! `rareport status`: how a run that goes on is doing, by the file in which it
//! tells.

use std::{fs, io};

use anyhow::{Result, anyhow, bail};
use jiff::Timestamp;

use crate::args::StatusArgs;
use crate::daemon::Status;
use crate::exit::Exit;
use crate::input::unreadable_file;
use crate::output::Destination;
use crate::seems::Seems;
use crate::text::Inert;

/// A status is far shorter; a longer file is none.
const LONGEST: u64 = 1 << 20;

/// Runs the command.
pub(crate) fn run(args: &StatusArgs) -> Result<Exit> {
    let name = Inert(args.file.as_os_str().as_encoded_bytes()).to_string();
    let unreadable = |error: io::Error| anyhow!(unreadable_file(&args.file, &error));
    let length = fs::metadata(&args.file).map_err(unreadable)?.len();
    let text = match length {
        0..=LONGEST => fs::read(&args.file).map_err(unreadable)?,
        _ => Vec::new(),
    };
    let Ok(status) = serde_json::from_slice::<Status>(&text) else {
        match Seems::of_file(&args.file).map_err(unreadable)? {
            Seems::State => bail!(
                "{name}: is a state, not a status; `rareport state show {name}` says what it holds"
            ),
            seems => bail!(
                "{name}: is no status of rareport: it seems to be {seems}; name the file that \
                 `detect --status FILE` writes"
            ),
        }
    };
    let now = Timestamp::now();
    status.write_text(now, Destination::of(None)?)?;
    let is_well = !status.is_old(now) && !status.has_lost();
    Ok(if args.exit_code && !is_well { Exit::Found } else { Exit::Done })
}
