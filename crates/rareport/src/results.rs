//! Result documents: what a closed bucket has to say, with the field names of Elastic's results
//! (rare-model §9).

use serde::Serialize;

/// Everything written for one bucket.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BucketResults {
    /// Records by ascending probability.
    pub records: Vec<Record>,
    /// The bucket itself.
    pub bucket: BucketResult,
}

/// One by-field value that was rare in one bucket.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Start of the bucket in milliseconds since the epoch.
    pub timestamp: i64,
    /// Length of the bucket in seconds.
    pub bucket_span: u32,
    /// Always 0: a job has one detector.
    pub detector_index: u32,
    /// Function of the detector.
    pub function: &'static str,
    /// Function of the detector, in words.
    pub function_description: &'static str,
    /// Name of the by field.
    pub by_field_name: String,
    /// The value that was rare. Bytes that are not UTF-8 show as U+FFFD.
    pub by_field_value: String,
    /// Probability of a value as rare as this one or rarer.
    pub probability: f64,
    /// Score, 0 to 100.
    pub record_score: f64,
    /// Score at the time of writing, 0 to 100.
    pub initial_record_score: f64,
    /// Always −0: there is no multi-bucket feature.
    pub multi_bucket_impact: f64,
    /// The modelled probability, by itself in a list.
    pub typical: [f64; 1],
    /// Always 1, by itself in a list.
    pub actual: [f64; 1],
    /// Why the value is rare.
    pub anomaly_score_explanation: ScoreExplanation,
    /// Values of the influencer fields that were seen with this value in this bucket.
    pub influencers: Vec<RecordInfluencer>,
}

/// Why a by-field value is rare.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ScoreExplanation {
    /// Whether the value was never present in a bucket before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_field_first_occurrence: bool,
    /// How many times as much as this value the median value has been present.
    pub by_field_relative_rarity: f64,
}

/// The values of one influencer field that were seen with a record's by-field value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordInfluencer {
    /// Name of the field.
    pub influencer_field_name: String,
    /// Its values, in byte order.
    pub influencer_field_values: Vec<String>,
}

/// The bucket as a whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BucketResult {
    /// Start of the bucket in milliseconds since the epoch.
    pub timestamp: i64,
    /// Length of the bucket in seconds.
    pub bucket_span: u32,
    /// Number of events in the bucket, with or without a by-field value.
    pub event_count: u64,
}
