//! Finds values of a field that are rare, in a stream of observations.
//!
//! ```
//! use rareport::{Detector, JobConfig, Observation};
//!
//! let mut detector = Detector::new(JobConfig::rare("destination.port"))?;
//! for bucket in 0..100 {
//!     for port in ["22", "53", "80", "443"] {
//!         for closed in detector.push(&Observation::new(bucket * 900, port))? {
//!             assert!(closed.records.is_empty());
//!         }
//!     }
//! }
//! detector.push(&Observation::new(99 * 900 + 1, "4444"))?;
//! let results: Vec<_> = detector.finish().collect();
//! let record = &results[0].records[0];
//! assert_eq!(record.by_field_value.as_deref(), Some("4444"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod aggregate;
mod bucket;
pub mod category;
pub mod constants;
mod custom_rule;
pub mod detector;
mod dictionary;
pub mod digest;
pub mod explain;
pub mod job;
pub mod normalizer;
mod normalizers;
pub mod observation;
mod partition;
mod population;
mod rare;
pub mod renormalize;
pub mod results;
pub mod score;
pub mod special;
pub mod summary;
mod tree;
mod visit_order;

pub use detector::{Detector, DetectorError};
pub use job::JobConfig;
pub use observation::Observation;
