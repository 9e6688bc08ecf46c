//! Whether logs are followed.

use clap::Args;

/// Whether reading goes on at the end of the logs.
#[derive(Debug, Args)]
pub(crate) struct FollowArgs {
    /// Read on as the logs are written, over rotations, until stopped
    ///
    /// Logs and directories may be yet to come. A bucket is closed by an event
    /// of a later one or, when all logs are silent, two minutes after its end.
    #[arg(long, short, conflicts_with = "output")]
    pub(crate) follow: bool,
}
