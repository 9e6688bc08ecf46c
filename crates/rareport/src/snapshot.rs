//! Snapshots: the whole state of a detector and of the rules executed over its results, as plain
//! data and as bytes, so that a run can be cut anywhere and carried on to the same results.
//!
//! [`Detector::snapshot`](crate::Detector::snapshot) and
//! [`Detection::snapshot`](crate::detection::Detection::snapshot) give the state, their `restore`
//! takes it back. What the state is made of stands beside the part of the model that it is the
//! state of. Here is how it becomes bytes and what is wrong with bytes that cannot be used. Where
//! they are kept, compressed and locked, and which of several is taken, is the caller's business.
//!
//! ```
//! use rareport::snapshot::{self, Snapshot};
//! use rareport::{Detector, JobConfig, Observation};
//!
//! let job = JobConfig::rare("destination.port");
//! let mut detector = Detector::new(job.clone())?;
//! for bucket in 0..100 {
//!     detector.push(&Observation::new(bucket * 900, "443"))?;
//! }
//! let bytes = snapshot::encode(&Snapshot { detector: detector.snapshot(), detection: None })?;
//! drop(detector);
//!
//! let mut detector = Detector::restore(job, &snapshot::decode(&bytes)?.detector)?;
//! detector.push(&Observation::new(99 * 900 + 1, "4444"))?;
//! let results: Vec<_> = detector.finish().collect();
//! assert_eq!(results[0].records[0].by_field_value.as_deref(), Some("4444"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is kept
//! Everything of rare-model §12, reals as binary64: nothing is rounded, and the sums of the
//! [category model](crate::category) are those that were. What can be worked out from the rest (tables
//! by which values are found, sums, numbers of known values) is not kept. Equal states give equal
//! bytes.
//!
//! # What is checked
//! [`decode`] finds out whether bytes are as they were written, and `restore` whether a detector can
//! be in the state at all: whoever changes a snapshot and mends its checksum gets an error, or a
//! detector that works, but no panic, no endless loop and no more memory than goes with the length of
//! the bytes.
//!
//! # Format
//! | bytes | what |
//! |---|---|
//! | 8 | [`MAGIC`] |
//! | 4 | version of the format, little-endian as all numbers here |
//! | 8 | length of the body |
//! | 8 | XXH3 (64 bits, no seed) of the version, the length and the body |
//! | … | the [`Snapshot`] as [postcard](https://postcard.jamesmunns.com/wire-format) |
//!
//! The first 28 bytes are the same in every version. Version 1 is the only one so far; a later one
//! keeps the types of earlier bodies and makes its own of them where [`decode`] looks at the version.

pub(crate) mod as_json;
mod error;
mod format;
mod job;
mod times;

pub use crate::detection::DetectionState;
pub use crate::detector::DetectorState;
pub use error::SnapshotError;
pub use format::{MAGIC, NEWEST_VERSION, decode, encode};

pub(crate) use error::impossible;
pub(crate) use job::SnapshotJob;
pub(crate) use times::Times;

use serde::{Deserialize, Serialize};

/// The state of a detector, and of the rules executed over its results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The model.
    pub detector: DetectorState,
    /// The rules, if any are executed.
    pub detection: Option<DetectionState>,
}
