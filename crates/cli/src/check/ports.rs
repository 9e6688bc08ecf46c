//! The destination ports of each bucket, for the model to say whether some of
//! them would hide others.

use std::collections::HashSet;

use rareport::{Detector, JobConfig, Observation};

/// Ports of buckets that are remembered; a log with more is judged by the first.
const MOST: usize = 1 << 20;

/// Ports with the buckets that they were in.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    /// Start of the bucket, in seconds since 1970, and port.
    seen: HashSet<(i64, u16), foldhash::fast::RandomState>,
}

impl Ports {
    /// Notes that a connect goes to a port in the bucket that starts at a time in
    /// seconds since 1970.
    pub(crate) fn note(&mut self, bucket: i64, port: u16) {
        if self.seen.len() < MOST {
            self.seen.insert((bucket, port));
        }
    }

    /// A model of a job that has learned them. Whatever it cannot learn it leaves
    /// out, as `detect` does.
    pub(crate) fn learned(&self, job: JobConfig) -> Option<Detector> {
        let mut seen: Vec<_> = self.seen.iter().copied().collect();
        seen.sort_unstable();
        let mut detector = Detector::new(job).ok()?;
        for (start, port) in seen {
            let port = port.to_string();
            detector.push(&Observation::new(start, &port)).ok()?.for_each(drop);
        }
        detector.finish().for_each(drop);
        Some(detector)
    }
}
