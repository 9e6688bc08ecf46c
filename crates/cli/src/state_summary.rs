//! What a state holds, in short.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use rareport::explain::MATURE_AFTER;
use rareport::job::span_text;
use rareport::snapshot::{self, Snapshot};
use serde::{Serialize, Serializer};

use crate::stamp::rfc3339;
use crate::state_file::{OtherJob, content_of};
use crate::text::{Inert, count};

/// What a state holds.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    file: String,
    /// Size of the file in bytes.
    bytes: u64,
    written_by: String,
    #[serde(serialize_with = "time")]
    written_at: Option<i64>,
    options: String,
    job_id: String,
    /// Length of a bucket in seconds.
    bucket_span: u32,
    /// Buckets that were closed, with events or without.
    buckets: u64,
    #[serde(serialize_with = "time")]
    first_bucket: Option<i64>,
    #[serde(serialize_with = "time")]
    learned_until: Option<i64>,
    #[serde(serialize_with = "time")]
    latest_event: Option<i64>,
    /// Hosts of which events were taken.
    hosts: usize,
    /// The field whose values are rare or not.
    field: String,
    /// Values that are known of it, and of the over field if there is one.
    values: usize,
    partitions: usize,
    mature: bool,
    rules: Vec<String>,
    /// Alerts whose command has not ended well yet.
    owed_alerts: usize,
    /// The jobs that learned beside the first.
    others: Vec<OtherSummary>,
}

/// What a state holds of a job beside the first.
#[derive(Debug, Serialize)]
struct OtherSummary {
    job_id: String,
    field: String,
    buckets: u64,
    values: usize,
    partitions: usize,
    mature: bool,
    rules: Vec<String>,
}

impl OtherSummary {
    fn of(job: OtherJob, snapshot: &Snapshot) -> OtherSummary {
        let rules = snapshot.detection.iter().flat_map(|detection| detection.rule_ids());
        OtherSummary {
            job_id: job.job_id,
            field: job.field,
            buckets: job.buckets,
            values: snapshot.detector.value_count(),
            partitions: snapshot.detector.partition_count(),
            mature: snapshot.detector.is_mature(),
            rules: rules.map(str::to_owned).collect(),
        }
    }

    fn write_text(&self, out: &mut impl Write) -> io::Result<()> {
        let OtherSummary { job_id, field, rules, mature, .. } = self;
        let values = count(self.values as u64, "value", "values");
        let buckets = count(self.buckets, "bucket", "buckets");
        let mature = if *mature { "mature" } else { "not mature" };
        writeln!(out, "also         {job_id}: {values} of {field} in {buckets}, {mature}")?;
        writeln!(out, "             rules {}", rules.join(", "))
    }
}

impl Summary {
    /// The summary of a state file or a snapshot.
    ///
    /// # Errors
    ///
    /// If it cannot be used.
    pub(crate) fn of(path: &Path) -> Result<Summary> {
        let content = content_of(path)?;
        let file = Inert(path.as_os_str().as_encoded_bytes()).to_string();
        let bytes = path.metadata().with_context(|| file.clone())?.len();
        let snapshot = snapshot::decode(&content.model).with_context(|| file.clone())?;
        let (detector, about) = (snapshot.detector, content.about);
        let mut others = Vec::new();
        for (job, model) in about.others.into_iter().zip(&content.others) {
            let snapshot = snapshot::decode(model).with_context(|| file.clone())?;
            others.push(OtherSummary::of(job, &snapshot));
        }
        let rules = snapshot.detection.iter().flat_map(|detection| detection.rule_ids());
        Ok(Summary {
            file,
            bytes,
            written_by: about.written_by,
            written_at: Some(about.written_at),
            options: about.ways.to_string(),
            job_id: detector.job_id().to_owned(),
            bucket_span: detector.bucket_span(),
            buckets: about.buckets,
            first_bucket: about.first_bucket,
            learned_until: about.learned_until,
            latest_event: about.boundary.latest(),
            field: about.field,
            hosts: about.boundary.hosts(),
            values: detector.value_count(),
            partitions: detector.partition_count(),
            mature: detector.is_mature(),
            rules: rules.map(str::to_owned).collect(),
            owed_alerts: about.owed.len(),
            others,
        })
    }

    /// The summary in sentences.
    pub(crate) fn write_text(&self, mut out: impl Write) -> io::Result<()> {
        let or_never = |millis: Option<i64>| millis.map_or_else(|| "never".to_owned(), rfc3339);
        writeln!(out, "{}: {}", self.file, count(self.bytes, "byte", "bytes"))?;
        writeln!(
            out,
            "written      {} by rareport {}",
            or_never(self.written_at),
            self.written_by
        )?;
        writeln!(out, "job          {}, with {}", self.job_id, self.options)?;
        match self.first_bucket.zip(self.learned_until) {
            None => writeln!(out, "learned      nothing yet: no bucket is complete")?,
            Some((first, until)) => writeln!(
                out,
                "learned      {} of {}, {} to {}",
                count(self.buckets, "bucket", "buckets"),
                span_text(self.bucket_span),
                rfc3339(first),
                rfc3339(until)
            )?,
        }
        writeln!(out, "latest event {}", or_never(self.latest_event))?;
        let hosts = count(self.hosts as u64, "host", "hosts");
        let of = format!("of {}", self.field);
        let values = count(self.values as u64, "value", "values");
        match self.partitions {
            0 | 1 => writeln!(out, "knows        {values} {of}, {hosts}")?,
            many => writeln!(out, "knows        {values} {of} in {many} partitions, {hosts}")?,
        }
        match self.mature {
            true => writeln!(out, "mature       yes")?,
            false => writeln!(
                out,
                "mature       no: scores mean little before {MATURE_AFTER} buckets with events"
            )?,
        }
        if !self.rules.is_empty() {
            writeln!(out, "rules        {}", self.rules.join(", "))?;
        }
        if self.owed_alerts > 0 {
            let owed = count(self.owed_alerts as u64, "alert", "alerts");
            writeln!(out, "owes         {owed} to --exec, whose command has not ended well yet")?;
        }
        self.others.iter().try_for_each(|other| other.write_text(&mut out))
    }
}

/// A time, if there is one, as people and machines read it.
fn time<S: Serializer>(millis: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    millis.map(rfc3339).serialize(serializer)
}
