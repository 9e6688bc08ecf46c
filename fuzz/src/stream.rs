//! A fixed stream of events and the results of its buckets, which rules are executed over.

use std::sync::LazyLock;

use rareport::evidence::{LogEvent, Sample};
use rareport::results::BucketResults;
use rareport::{Detector, JobConfig, Observation};

/// A connection.
#[derive(Clone, Copy, Debug)]
pub struct Connect {
    /// When it was made, in seconds since 1970.
    pub time: i64,
    /// Port, host, process, user and address, as [`FIELDS`] has them.
    pub values: [&'static str; 5],
}

/// The fields of a connection.
pub const FIELDS: [&str; 5] =
    ["destination.port", "host.name", "process.name", "user.name", "destination.ip"];

impl LogEvent for Connect {
    fn millis(&self) -> i64 {
        self.time * 1000
    }

    fn value(&self, field: &str) -> Option<&[u8]> {
        let place = FIELDS.iter().position(|name| *name == field)?;
        Some(self.values[place].as_bytes())
    }

    fn sample(&self) -> Sample {
        Sample { millis: self.millis(), ..Sample::default() }
    }
}

/// A bucket's events, and the results that come with the first event after it.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// The events.
    pub events: Vec<Connect>,
    /// What closes.
    pub closed: Vec<BucketResults>,
}

/// The job of the stream.
#[must_use]
pub fn job() -> JobConfig {
    let mut job = JobConfig::rare(FIELDS[0]);
    job.job_id = "linux_rare_destination_port".to_owned();
    job.influencers = FIELDS[1..].iter().map(|field| (*field).to_owned()).collect();
    job
}

/// Number of buckets, of which the last third has a new port each.
const BUCKETS: i64 = 45;

/// Start of the first bucket: 2026-03-28T12:00Z, the night before a change of clocks in Europe.
const START: i64 = 1_774_699_200;

/// New ports.
const NEW: [&str; 5] = ["4444", "31337", "6667", "8081", "9"];

/// The stream. Two hosts use three ports in every bucket.
pub static BUCKET_STREAM: LazyLock<Vec<Bucket>> = LazyLock::new(|| {
    let mut detector = Detector::new(job()).expect("a job");
    let mut buckets = Vec::new();
    for bucket in 0..BUCKETS {
        let time = START + bucket * 900;
        let connect = |offset, port, host| Connect {
            time: time + offset,
            values: [port, host, "curl", "root", "192.0.2.7"],
        };
        let mut events =
            vec![connect(0, "22", "web01"), connect(1, "53", "db01"), connect(2, "443", "web01")];
        if bucket >= BUCKETS * 2 / 3 {
            let which = usize::try_from(bucket).expect("not negative") % NEW.len();
            events.push(connect(3, NEW[which], "web01"));
            events.push(connect(4, NEW[which], "db01"));
        }
        let mut closed = Vec::new();
        for event in &events {
            let influencers: Vec<_> =
                event.values[1..].iter().map(|value| Some(value.as_bytes())).collect();
            let observation = Observation {
                influencers: &influencers,
                ..Observation::new(event.time, event.values[0])
            };
            closed.extend(detector.push(&observation).expect("few values"));
        }
        buckets.push(Bucket { events, closed });
    }
    let closed = detector.finish().collect();
    buckets.push(Bucket { events: Vec::new(), closed });
    buckets
});
