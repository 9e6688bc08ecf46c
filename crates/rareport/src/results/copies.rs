//! Results as they are written: with copies of their values under the names of their fields, as
//! Elastic's results have them (`"destination.port": ["4444"]`), so that a search for a value finds
//! them. The results themselves are `results`'s.

use super::{Influencer, Record};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Fields of records and influencers, of which no copy is made that would stand for another value.
const OWN: [&str; 29] = [
    "actual",
    "anomaly_score_explanation",
    "bucket_span",
    "by_field_name",
    "by_field_value",
    "causes",
    "detector_index",
    "explanation",
    "function",
    "function_description",
    "id",
    "influencer_field_name",
    "influencer_field_value",
    "influencer_score",
    "influencers",
    "initial_influencer_score",
    "initial_record_score",
    "is_interim",
    "job_id",
    "multi_bucket_impact",
    "over_field_name",
    "over_field_value",
    "partition_field_name",
    "partition_field_value",
    "probability",
    "record_score",
    "result_type",
    "timestamp",
    "typical",
];

/// A result with the copies of its values.
#[derive(Serialize)]
struct Document<'a, D, C> {
    #[serde(flatten)]
    result: &'a D,
    #[serde(flatten)]
    copies: C,
}

/// The values of a record by field, several to a field.
struct OfRecord<'a>(&'a Record);

impl Serialize for OfRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut written: Vec<&str> = Vec::new();
        for field in self.0.fields() {
            let values = self.0.values_of(field);
            if !values.is_empty() && is_free(field) && !written.contains(&field) {
                map.serialize_entry(field, &values)?;
                written.push(field);
            }
        }
        map.end()
    }
}

/// The value of an influencer by its field.
struct OfInfluencer<'a>(&'a Influencer);

impl Serialize for OfInfluencer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let Influencer { influencer_field_name: field, influencer_field_value: value, .. } = self.0;
        if is_free(field) {
            map.serialize_entry(field, value)?;
        }
        map.end()
    }
}

fn is_free(field: &str) -> bool {
    OWN.binary_search(&field).is_err()
}

impl Record {
    /// The record as it is written: with a list of its values under the name of each field that it
    /// has values of.
    pub fn document(&self) -> impl Serialize + '_ {
        Document { result: self, copies: OfRecord(self) }
    }
}

impl Influencer {
    /// The influencer as it is written: with its value under the name of its field.
    pub fn document(&self) -> impl Serialize + '_ {
        Document { result: self, copies: OfInfluencer(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::BucketResults;
    use serde_json::{Value, json};

    /// A record and an influencer of a job with an influencer that is called like a field.
    fn results() -> BucketResults {
        let influencers = json!([
            {"influencer_field_name": "host.name", "influencer_field_values": ["a", "b"]},
            {"influencer_field_name": "probability", "influencer_field_values": ["never"]},
        ]);
        let head = |kind: &str| {
            json!({"result_type": kind, "job_id": "j", "id": "i", "timestamp": 0, "bucket_span": 900,
                "is_interim": true, "probability": 0.5})
        };
        let with = |mut head: Value, more: Value| {
            head.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            head
        };
        let cause = json!({"by_field_value": "c", "probability": 0.5, "typical": [0.5],
            "actual": [1.0]});
        let explanation = json!({"sentence": "", "buckets_seen": 0, "buckets_learned": 0, "rank": 1,
            "known_values": 1, "nearest": [], "immature": false});
        let record = json!({"detector_index": 0, "function": "rare", "function_description": "rare",
            "by_field_name": "destination.port", "by_field_value": "4444",
            "over_field_name": "user.name", "over_field_value": "ann",
            "partition_field_name": "host.name", "partition_field_value": "a", "causes": [cause],
            "typical": [0.5], "actual": [1.0], "multi_bucket_impact": -0.0,
            "anomaly_score_explanation": {}, "record_score": 1.0, "initial_record_score": 1.0,
            "influencers": influencers, "explanation": explanation});
        let influencer = json!({"influencer_field_name": "destination.ip",
            "influencer_field_value": "10.0.0.1", "influencer_score": 1.0,
            "initial_influencer_score": 1.0});
        let bucket = json!({"event_count": 1, "anomaly_score": 1.0, "initial_anomaly_score": 1.0,
            "bucket_influencers": []});
        serde_json::from_value(json!({
            "records": [with(head("record"), record)],
            "influencers": [with(head("influencer"), influencer)],
            "bucket": with(head("bucket"), bucket),
        }))
        .unwrap()
    }

    #[test]
    fn values_stand_under_the_names_of_their_fields() {
        let results = results();
        let record = serde_json::to_value(results.records[0].document()).unwrap();
        assert_eq!(record["destination.port"], json!(["4444"]));
        assert_eq!(record["user.name"], json!(["ann"]));
        assert_eq!(record["host.name"], json!(["a"]));
        assert_eq!(record["probability"], json!(0.5));
        let influencer = serde_json::to_value(results.influencers[0].document()).unwrap();
        assert_eq!(influencer["destination.ip"], json!("10.0.0.1"));
    }

    #[test]
    fn own_fields_are_known() {
        let results = results();
        let own = [
            serde_json::to_value(&results.records[0]).unwrap(),
            serde_json::to_value(&results.influencers[0]).unwrap(),
        ];
        let mut names: Vec<&String> =
            own.iter().flat_map(|own| own.as_object().unwrap().keys()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names, OWN);
    }
}
