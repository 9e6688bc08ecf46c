//! Finds values of a field that are rare, in a stream of observations.
//!
//! ```
//! use rareport::{Detector, JobConfig, Observation};
//!
//! let mut detector = Detector::new(JobConfig::rare("destination.port"));
//! for bucket in 0..100 {
//!     for port in ["22", "53", "80", "443"] {
//!         for closed in detector.push(&Observation::new(bucket * 900, port)) {
//!             assert!(closed.records.is_empty());
//!         }
//!     }
//! }
//! detector.push(&Observation::new(99 * 900 + 1, "4444"));
//! let results: Vec<_> = detector.finish().collect();
//! assert_eq!(results[0].records[0].by_field_value, "4444");
//! ```

pub mod aggregate;
mod bucket;
pub mod category;
pub mod constants;
pub mod detector;
mod dictionary;
pub mod digest;
pub mod job;
pub mod normalizer;
pub mod observation;
pub mod results;
pub mod score;
pub mod special;

pub use detector::Detector;
pub use job::JobConfig;
pub use observation::Observation;
