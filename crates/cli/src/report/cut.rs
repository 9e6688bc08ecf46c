//! What of a document there was no room for.

use serde::Serialize;

/// What there was no room for.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Cut {
    /// Values that have no lane.
    pub(super) lanes: u64,
    /// Records that are not shown.
    pub(super) records: u64,
    /// Records that are shown without the events behind them.
    pub(super) evidence: u64,
    /// Ports that are shown without their users.
    pub(super) users: u64,
    /// Ports that are on the map only.
    pub(super) on_map_only: u64,
    /// Ports that are not even that.
    pub(super) ports: u64,
    /// Rules, exceptions and calendar windows.
    pub(super) rules: u64,
    /// Length of a bin in milliseconds, if it is longer than a bucket.
    pub(super) bin: Option<i64>,
}
