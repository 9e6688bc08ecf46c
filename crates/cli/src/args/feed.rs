//! What may be said of the events that are looked at.

use clap::{Args, ValueEnum};

/// Heading of the options about what is looked at.
const LOOKED_AT: &str = "What is looked at";

/// What of the input is looked at.
#[derive(Debug, Args)]
pub(crate) struct FeedArgs {
    /// What the input holds
    #[arg(long, help_heading = LOOKED_AT, value_name = "FORMAT", default_value = "auto")]
    pub(crate) input_format: InputFormat,
    /// Whose ways to follow: how audit logs are read, which filter is the
    /// default, and which results are alerts
    #[arg(long, help_heading = LOOKED_AT, value_name = "PROFILE", default_value = "rareport")]
    pub(crate) profile: Profile,
    /// Filter of one of Elastic's jobs, instead of that of the profile
    #[arg(long, help_heading = LOOKED_AT, value_name = "VERSION")]
    pub(crate) datafeed: Option<FeedVersion>,
    /// Let these pass too
    #[arg(long, help_heading = LOOKED_AT, value_name = "KIND", value_delimiter = ',')]
    #[arg(conflicts_with = "datafeed")]
    pub(crate) include: Vec<FeedInclude>,
}

/// What the input holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// Told by the first line
    Auto,
    /// Audit logs
    Audit,
    /// ECS documents with the time in `@timestamp` or `time`: one a line, each
    /// on several lines, in an array, or as the hits of a search response
    Ndjson,
    /// Comma-separated values under a header line of ECS field names
    Csv,
}

/// How closely Elastic is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Ours: every connect to another host, with names decoded; no alert is
    /// lost to those given before
    Rareport,
    /// Elastic's: what its collector, its job and its rule make of it, flaws
    /// included
    Elastic,
}

/// Versions of the filter of Elastic's job for destination ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FeedVersion {
    /// Stack 7.7: connects that Auditbeat tells of
    V1,
    /// Stack 7.11: starts of connections on Linux
    V2,
    /// Stack 8.3: the same without 127.0.0.53
    V3,
    /// Stack 9.1: the same without Elastic's own programs
    Ea,
    /// No filter: everything passes
    None,
}

/// What the default filter may let pass besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FeedInclude {
    /// What is sent by sendto(2) or sendmsg(2) without a connect
    Udp,
    /// Flows of Packetbeat and of Auditbeat's socket data set
    Flows,
}
