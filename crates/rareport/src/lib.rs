//! Finds values of a field that are rare, in a stream of observations: the model of Elastic's
//! anomaly detection for the functions `rare` and `freq_rare`, number for number.
//!
//! A [`Detector`] runs a [`JobConfig`]. It takes [`Observation`]s in order of time, closes a bucket
//! when an observation comes after its end, and gives the result documents of each closed bucket:
//! [records](results::Record) of rare values, [influencers](results::Influencer), and the
//! [bucket](results::Bucket) itself. Time comes from the observations alone, nothing is random, and
//! the same observations give the same bytes.
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
//! println!("{}", record.explanation.as_ref().map_or("", |explanation| &explanation.sentence));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From an observation to a score
//! | step | module |
//! |---|---|
//! | what to look for: in code, TOML or Elastic's JSON, or from a catalogue | [`job`] |
//! | which documents a job is fed | [`datafeed`] |
//! | what the model sees of an event | [`observation`] |
//! | buckets opened, closed, learned and judged; old values forgotten | [`detector`] |
//! | how rare a value is among all known ones | [`category`] |
//! | probabilities of several values as one | [`aggregate`] |
//! | raw scores of probabilities | [`score`] |
//! | scores of 0 to 100, judged against the past | [`normalizer`], with its [`digest`] |
//! | what is written, and how it reads | [`results`], [`explain`] |
//! | stored results scored anew | [`renormalize`] |
//! | which results are alerts: rules, read from TOML | [`rule`], [`condition`], [`exception`], [`calendar`], [`suppression`] |
//! | rules executed over the time of the log | [`detection`], [`schedule`] |
//! | what an alert says, and the events behind it | [`alert`], [`evidence`] |
//! | the input counted in parts | [`summary`] |
//! | the state saved, and carried on from | [`snapshot`] |
//! | times and their text | [`moment`] |
//! | numerics | [`special`], [`constants`] |
//!
//! Of other crates only `serde` and `serde_json` show in the interface: what is read or written
//! implements `Serialize` or `Deserialize`, for TOML, JSON or what else serde serves.
//!
//! Section numbers in this documentation ("rare-model §5.3") are those of the specification that
//! the model was written from; `docs/model.md` in the repository explains it, and which of its
//! sections is about what.

pub mod aggregate;
pub mod alert;
mod bucket;
pub mod calendar;
pub mod category;
pub mod condition;
pub mod constants;
mod custom_rule;
pub mod datafeed;
pub mod detection;
pub mod detector;
mod dictionary;
pub mod digest;
pub mod evidence;
pub mod exception;
pub mod explain;
mod fields;
mod groups;
pub mod job;
mod misspelt;
pub mod moment;
pub mod normalizer;
mod normalizers;
pub mod observation;
mod packed;
mod partition;
mod population;
mod rare;
pub mod renormalize;
pub mod results;
pub mod rule;
pub mod schedule;
pub mod score;
pub mod snapshot;
pub mod special;
pub mod summary;
pub mod suppression;
mod tree;
mod value_list;
mod visit_order;

pub use detector::{Detector, DetectorError};
pub use job::JobConfig;
pub use observation::Observation;
