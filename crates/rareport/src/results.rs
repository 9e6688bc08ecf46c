//! Result documents: what a closed bucket has to say, with the field names of Elastic's results
//! (rare-model §9).
//!
//! Which documents there are is decided by the result tree; here is what they look like.

mod copies;
mod id;

pub(crate) use id::Place;
pub use id::values_id;

use crate::explain::Explanation;
use crate::job::Function;
use serde::{Deserialize, Serialize};

/// Everything written for one bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BucketResults {
    /// Records by ascending probability; equal ones in byte order of their values.
    pub records: Vec<Record>,
    /// Influencers by field and value, in byte order.
    pub influencers: Vec<Influencer>,
    /// The bucket itself.
    pub bucket: Bucket,
}

/// Tells the documents apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultType {
    /// A [`Record`].
    #[default]
    Record,
    /// An [`Influencer`].
    Influencer,
    /// A [`Bucket`].
    Bucket,
}

/// One value that was rare in one bucket: of the by field, or of the over field in a population
/// job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Always [`ResultType::Record`].
    pub result_type: ResultType,
    /// Name of the job.
    pub job_id: String,
    /// Identifies the document within all results of all jobs.
    pub id: String,
    /// Start of the bucket in milliseconds since the epoch.
    pub timestamp: i64,
    /// Length of the bucket in seconds.
    pub bucket_span: u32,
    /// Whether the bucket was still open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_interim: bool,
    /// Always 0: a job has one detector.
    pub detector_index: u32,
    /// Function of the detector.
    pub function: Function,
    /// Function of the detector, in words.
    pub function_description: Function,
    /// Name of the by field.
    pub by_field_name: String,
    /// The value that was rare; not in a population job. Bytes that are not UTF-8 show as U+FFFD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_field_value: Option<String>,
    /// Name of the over field, in a population job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_field_name: Option<String>,
    /// The member of the population that was rare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_field_value: Option<String>,
    /// Name of the partition field, if the job has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_field_name: Option<String>,
    /// The partition; empty for events without a value of the partition field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_field_value: Option<String>,
    /// The by-field values that make a member of the population rare, rarest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causes: Option<Vec<Cause>>,
    /// The modelled probability, by itself in a list; not in a population job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typical: Option<[f64; 1]>,
    /// 1, by itself in a list; not in a population job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<[f64; 1]>,
    /// −0, as there is no multi-bucket feature; not in a population job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_bucket_impact: Option<f64>,
    /// Why the value is rare, in numbers; not in a population job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anomaly_score_explanation: Option<ScoreExplanation>,
    /// Probability of a value as rare as this one or rarer.
    pub probability: f64,
    /// Score, 0 to 100; scoring results anew may change it.
    pub record_score: f64,
    /// Score at the time of writing, 0 to 100.
    pub initial_record_score: f64,
    /// Values of the influencer fields that were seen with this value in this bucket.
    pub influencers: Vec<RecordInfluencer>,
    /// Why the value is rare, for people; in a population job, why the first of the causes is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

impl Record {
    /// The value that was rare, of the by field or, in a population job, of the over field.
    #[must_use]
    pub fn value(&self) -> &str {
        let value = self.over_field_value.as_ref().or(self.by_field_value.as_ref());
        value.map_or("", String::as_str)
    }

    /// Names of the fields that the record has values of: those of the detector, and influencers.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let over = self.over_field_name.as_deref();
        let partition = self.partition_field_name.as_deref();
        let influencers = self.influencers.iter().map(|field| &*field.influencer_field_name);
        [Some(&*self.by_field_name), over, partition].into_iter().flatten().chain(influencers)
    }

    /// The values of a field that the record has: of a field of the detector one, of an influencer
    /// all that were seen with the record's value.
    #[must_use]
    pub fn values_of(&self, field: &str) -> Vec<&str> {
        let named = [
            (Some(&self.by_field_name), &self.by_field_value),
            (self.over_field_name.as_ref(), &self.over_field_value),
            (self.partition_field_name.as_ref(), &self.partition_field_value),
        ];
        let of_detector =
            named.into_iter().find(|(name, _)| name.is_some_and(|name| name == field));
        if let Some((_, value)) = of_detector {
            return value.as_deref().filter(|value| !value.is_empty()).into_iter().collect();
        }
        let mut influencers = self.influencers.iter();
        let influencer = influencers.find(|influencer| influencer.influencer_field_name == field);
        let values = influencer.map_or(&[][..], |found| &found.influencer_field_values);
        values.iter().map(String::as_str).collect()
    }
}

/// Why a by-field value is rare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoreExplanation {
    /// Whether the value was never present in a bucket before, as far as is remembered
    /// ([`Explanation::remembered_since`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_field_first_occurrence: bool,
    /// How many times as much as this value the median value has been present; `None` for a value
    /// that an open bucket has and that was not learned yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_field_relative_rarity: Option<f64>,
}

/// A by-field value that makes a member of a population rare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// The value.
    pub by_field_value: String,
    /// Probability of a value as rare as this one or rarer.
    pub probability: f64,
    /// A modelled probability, by itself in a list (rare-model §14.2 says of which value).
    pub typical: [f64; 1],
    /// Always 1, by itself in a list.
    pub actual: [f64; 1],
}

/// The values of one influencer field that were seen with a record's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordInfluencer {
    /// Name of the field.
    pub influencer_field_name: String,
    /// Its values, the most influential first, equal ones in byte order.
    pub influencer_field_values: Vec<String>,
}

/// A value of an influencer field that stood out in one bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Influencer {
    /// Always [`ResultType::Influencer`].
    pub result_type: ResultType,
    /// Name of the job.
    pub job_id: String,
    /// Identifies the document within all results of all jobs.
    pub id: String,
    /// Start of the bucket in milliseconds since the epoch.
    pub timestamp: i64,
    /// Length of the bucket in seconds.
    pub bucket_span: u32,
    /// Whether the bucket was still open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_interim: bool,
    /// Name of the field.
    pub influencer_field_name: String,
    /// Its value.
    pub influencer_field_value: String,
    /// Probability that stands for the value's raw score.
    pub probability: f64,
    /// Score, 0 to 100; scoring results anew may change it.
    pub influencer_score: f64,
    /// Score at the time of writing, 0 to 100.
    pub initial_influencer_score: f64,
}

/// The bucket as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Always [`ResultType::Bucket`].
    pub result_type: ResultType,
    /// Name of the job.
    pub job_id: String,
    /// Identifies the document within all results of all jobs.
    pub id: String,
    /// Start of the bucket in milliseconds since the epoch.
    pub timestamp: i64,
    /// Length of the bucket in seconds.
    pub bucket_span: u32,
    /// Whether the bucket was still open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_interim: bool,
    /// Number of events in the bucket, with or without a by-field value.
    pub event_count: u64,
    /// Largest score of the bucket influencers, 0 to 100; 0 without any.
    pub anomaly_score: f64,
    /// The same at the time of writing.
    pub initial_anomaly_score: f64,
    /// The influencer fields that stood out, and the bucket's time if there is a record.
    pub bucket_influencers: Vec<BucketInfluencer>,
}

/// What contributed to a bucket's score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BucketInfluencer {
    /// Name of the influencer field, or [`BUCKET_TIME`] for the records of the bucket together.
    pub influencer_field_name: String,
    /// Probability that stands for the raw score.
    pub probability: f64,
    /// Raw score, 0 to 100.
    pub raw_anomaly_score: f64,
    /// Score, 0 to 100; scoring results anew may change it.
    pub anomaly_score: f64,
    /// Score at the time of writing, 0 to 100.
    pub initial_anomaly_score: f64,
}

/// What the bucket influencer is called that stands for all records of a bucket together.
pub const BUCKET_TIME: &str = "bucket_time";

impl BucketResults {
    /// The documents as JSON texts, one line each without its end, in the order in which they are
    /// written.
    ///
    /// # Errors
    /// Never in practice: the documents are plain data.
    pub fn to_json_lines(&self) -> Result<Vec<String>, serde_json::Error> {
        let records = self.records.iter().map(|record| serde_json::to_string(&record.document()));
        let influencers =
            self.influencers.iter().map(|influencer| serde_json::to_string(&influencer.document()));
        records.chain(influencers).chain([serde_json::to_string(&self.bucket)]).collect()
    }
}
