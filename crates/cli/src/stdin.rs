//! Standard input, as it is read and listened to.

use std::fs::File;
use std::io;

/// Standard input without a buffer, in which something to read could lie
/// unheard.
#[cfg(unix)]
pub(crate) fn stdin() -> io::Result<File> {
    use std::os::fd::AsFd;
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

/// Standard input without a buffer, in which something to read could lie
/// unheard.
#[cfg(windows)]
pub(crate) fn stdin() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    io::stdin().as_handle().try_clone_to_owned().map(File::from)
}
