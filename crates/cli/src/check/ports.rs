//! The destination ports of each bucket, for the model to say whether some of
//! them would hide others.

use std::collections::HashSet;

use auditparse::{Connection, ConnectionKind};
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
    /// Notes where a connect goes, if that is to another host. `span` is the
    /// length of a bucket in seconds.
    pub(crate) fn note(&mut self, connection: &Connection<'_>, span: u32) {
        if connection.kind() != ConnectionKind::Connect || self.seen.len() >= MOST {
            return;
        }
        let Ok(address) = connection.address() else { return };
        let address = address.unmapped();
        let (Some(ip), Some(port)) = (address.ip(), address.port()) else { return };
        if port == 0 || ip.is_loopback() || ip.is_unspecified() {
            return;
        }
        let seconds = i64::try_from(connection.id().millis / 1000).unwrap_or(i64::MAX);
        self.seen.insert((seconds - seconds.rem_euclid(i64::from(span)), port));
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
