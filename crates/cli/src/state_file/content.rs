//! What a state file holds: the state of the model as bytes, and what a run
//! must know to carry on from it.
//!
//! The latter is JSON, so that a later version may add to it and an earlier
//! file lacks only what is new.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::boundary::Boundary;
use super::container::Flaw;
use crate::args::FeedArgs;
use crate::input::Positions;
use crate::sink::Owed;

/// All that a state file holds.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) about: About,
    /// The model and the rules, as `rareport::snapshot` encodes them.
    pub(crate) model: Vec<u8>,
    /// The same of the other jobs, in the order of [`About::others`].
    pub(crate) others: Vec<Vec<u8>>,
}

/// What a run must know to carry on, and what people want to know.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct About {
    /// Version of rareport that wrote the file.
    pub(crate) written_by: String,
    /// When it did, by the clock, in milliseconds since 1970.
    pub(crate) written_at: i64,
    /// How events were read.
    pub(crate) ways: Ways,
    /// The field whose values are rare or not.
    pub(crate) field: String,
    /// Start of the first bucket that was learned, in milliseconds since 1970.
    pub(crate) first_bucket: Option<i64>,
    /// End of the last one.
    pub(crate) learned_until: Option<i64>,
    /// Number of buckets that were learned.
    pub(crate) buckets: u64,
    /// Which events were taken.
    pub(crate) boundary: Boundary,
    /// Up to where logs of files were read.
    #[serde(default)]
    pub(crate) positions: Positions,
    /// Alerts whose command had not ended well when this was written.
    #[serde(default)]
    pub(crate) owed: Vec<Owed>,
    /// The other jobs that learned from the same events.
    #[serde(default)]
    pub(crate) others: Vec<OtherJob>,
}

impl About {
    /// Buckets that a job has learned, by its place: the first, then those beside it.
    pub(crate) fn buckets_of(&self, job: usize) -> u64 {
        match job.checked_sub(1) {
            None => self.buckets,
            Some(other) => self.others.get(other).map_or(0, |other| other.buckets),
        }
    }
}

/// A job beside the first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct OtherJob {
    pub(crate) job_id: String,
    /// The field whose values are rare or not.
    pub(crate) field: String,
    /// Number of buckets that were learned.
    pub(crate) buckets: u64,
    /// Length of its model in the file.
    bytes: u64,
}

impl OtherJob {
    /// A job that has learned nothing yet.
    pub(crate) fn new(job_id: String, field: String) -> OtherJob {
        OtherJob { job_id, field, ..OtherJob::default() }
    }
}

/// How events are read: what makes two readings of a log give other values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ways {
    profile: String,
    datafeed: Option<String>,
    include: Vec<String>,
}

impl Ways {
    /// Those that the command line asks for.
    pub(crate) fn of(args: &FeedArgs) -> Ways {
        let mut include: Vec<String> = args.include.iter().map(name).collect();
        include.sort();
        include.dedup();
        Ways { profile: name(&args.profile), datafeed: args.datafeed.as_ref().map(name), include }
    }
}

/// As options of the command line.
impl fmt::Display for Ways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--profile {}", self.profile)?;
        if let Some(datafeed) = &self.datafeed {
            write!(f, " --datafeed {datafeed}")?;
        }
        if !self.include.is_empty() {
            write!(f, " --include {}", self.include.join(","))?;
        }
        Ok(())
    }
}

fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

impl Content {
    /// As the body of a container: the length of the JSON in 8 bytes,
    /// little-endian, the JSON, and the models.
    ///
    /// # Errors
    ///
    /// Never in practice: it is plain data.
    pub(super) fn to_body(&self) -> serde_json::Result<Vec<u8>> {
        let mut about = self.about.clone();
        for (job, model) in about.others.iter_mut().zip(&self.others) {
            job.bytes = model.len() as u64;
        }
        let about = serde_json::to_vec(&about)?;
        let length = (about.len() as u64).to_le_bytes();
        Ok([&length[..], &about, &self.model, &self.others.concat()].concat())
    }

    /// What the body of a container holds.
    ///
    /// # Errors
    ///
    /// If it does not hold what a body does.
    pub(super) fn from_body(body: &[u8]) -> Result<Content, Flaw> {
        let (length, rest) = body.split_first_chunk().ok_or(Flaw::Damaged)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| Flaw::Damaged)?;
        let (about, mut models) = rest.split_at_checked(length).ok_or(Flaw::Damaged)?;
        let about: About = serde_json::from_slice(about).map_err(|_| Flaw::Damaged)?;
        let mut others = Vec::new();
        for job in about.others.iter().rev() {
            let start = usize::try_from(job.bytes).ok();
            let start = start.and_then(|bytes| models.len().checked_sub(bytes));
            let (before, model) = models.split_at(start.ok_or(Flaw::Damaged)?);
            others.push(model.to_vec());
            models = before;
        }
        others.reverse();
        Ok(Content { about, model: models.to_vec(), others })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_holds_both_parts() {
        let about = About { buckets: 7, learned_until: Some(-900_000), ..About::default() };
        let others = Vec::new();
        let body = Content { about, model: vec![1, 2, 3], others }.to_body().unwrap();
        let content = Content::from_body(&body).unwrap();
        assert_eq!((content.about.buckets, content.model), (7, vec![1, 2, 3]));
        assert!(content.others.is_empty());
        assert_eq!(content.about.learned_until, Some(-900_000));
        for wrong in [&body[..4], &body[..20], &[0xff; 8], &[1, 0, 0, 0, 0, 0, 0, 0, b'{']] {
            assert!(Content::from_body(wrong).is_err());
        }
    }

    #[test]
    fn a_body_holds_every_job() {
        let job = |name: &str| OtherJob { job_id: name.to_owned(), ..OtherJob::default() };
        let about = About { others: vec![job("a"), job("b")], ..About::default() };
        let others = vec![vec![4, 5], vec![6]];
        let body = Content { about, model: vec![1, 2, 3], others }.to_body().unwrap();
        let content = Content::from_body(&body).unwrap();
        assert_eq!(content.model, [1, 2, 3]);
        assert_eq!(content.others, [vec![4, 5], vec![6]]);
        let lengths = content.about.others.iter().map(|job| job.bytes);
        assert_eq!(lengths.collect::<Vec<_>>(), [2, 1]);
        // Shorter than the models are said to be.
        assert!(Content::from_body(&body[..body.len() - 4]).is_err());
    }

    #[test]
    fn what_is_added_later_may_be_missing() {
        let text = r#"{"written_by":"0.1.0","written_at":0,"field":"destination.port","first_bucket":null,
            "learned_until":null,"buckets":0,"boundary":{},
            "ways":{"profile":"rareport","datafeed":null,"include":[]},"of_later":1}"#;
        let about: About = serde_json::from_str(text).unwrap();
        assert_eq!(about.positions, Positions::default());
        assert_eq!(about.ways.to_string(), "--profile rareport");
    }
}
