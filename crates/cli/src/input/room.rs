//! What logs that are read at once may take: memory for what is read of them,
//! and open files.

use anyhow::{Result, bail};
use auditparse::Limits;

use super::Input;
use crate::text::grouped;

/// Bytes that may be held of what is read of all logs, where they are read at once.
const READ_BYTES: usize = 64 << 20;

/// The fewest bytes that are worth to be read at a time.
const LEAST_READ_BYTES: usize = 8 << 10;

/// The bounds of each of so many logs that are read at once.
pub(super) fn limits_of_each(logs: usize) -> Limits {
    let limits = Limits::default();
    let share = (READ_BYTES / logs.max(1)).clamp(LEAST_READ_BYTES, limits.read_bytes);
    limits.with_read_bytes(share)
}

/// Files that may be open beside the logs: the standard streams, the terminal,
/// what libraries need.
const OTHER_FILES: u64 = 32;

impl Input<'_> {
    /// Lets all logs be open at once.
    ///
    /// # Errors
    ///
    /// If the system does not allow it; says what to do.
    pub(crate) fn make_room(&self) -> Result<()> {
        let logs = self.logs.len() as u64;
        let needed = logs + OTHER_FILES;
        let allowed = rlimit::increase_nofile_limit(needed).unwrap_or(needed);
        if allowed < needed {
            bail!(
                "these are {} logs, which are read at once, but this shell lets only {} files be \
                 open; say `ulimit -n {needed}` first (as root, if that is refused), or name fewer \
                 logs",
                grouped(logs),
                grouped(allowed),
            );
        }
        Ok(())
    }
}
