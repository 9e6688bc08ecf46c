//! Streams of observations made up for benchmarks, the same every time, everywhere.
//!
//! Few ports and hosts have most of the events, as on a real fleet.

#![allow(dead_code, reason = "no benchmark needs all of it")]

use rareport::{Detector, JobConfig, Observation};
use std::hint::black_box;

/// Bucket length in seconds.
pub(crate) const SPAN: i64 = 900;

const PROCESSES: [&str; 10] = [
    "nginx",
    "sshd",
    "curl",
    "java",
    "postgres",
    "python3",
    "rsync",
    "node",
    "chronyd",
    "systemd-resolve",
];

const USERS: [&str; 8] =
    ["root", "www-data", "alice", "bob", "svc-backup", "postgres", "deploy", "nobody"];

/// A linear congruential generator.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A number below `limit`, with a weight that falls off as its inverse.
    pub(crate) fn heavy_tailed(&mut self, limit: u64) -> u64 {
        let share = self.below(1 << 24) as f64 / f64::from(1 << 24);
        ((limit as f64 + 1.0).powf(share) - 1.0) as u64
    }
}

/// An event: its time in the stream, its port, and four influencer values.
pub(crate) struct Event {
    pub(crate) time: i64,
    pub(crate) port: String,
    pub(crate) influencers: [String; 4],
}

impl Event {
    /// An event of the hardest stream: a port on a host belongs to one process and one user, and each
    /// of these goes to 254 addresses, so that most addresses are seen once.
    pub(crate) fn random(random: &mut Random, time: i64, port: u64) -> Event {
        let host = random.heavy_tailed(200);
        let kind = (port * 31 + host) % 1_000_003;
        Event {
            time,
            port: (port * 97 % 65_537).to_string(),
            influencers: [
                format!("host-{host:04}"),
                PROCESSES[kind as usize % 10].to_owned(),
                USERS[kind as usize / 10 % 8].to_owned(),
                format!("10.{}.{}.{}", port % 4, kind % 250, 1 + random.below(254)),
            ],
        }
    }

    /// An event of a stream whose values come again and again: 4 hosts, 6 processes, 5 users and 117
    /// addresses, each with any port.
    pub(crate) fn of_few(random: &mut Random, time: i64, port: u64) -> Event {
        Event {
            time,
            port: (port * 97 % 65_537).to_string(),
            influencers: [
                format!("web-{}", random.below(4)),
                PROCESSES[random.below(6) as usize].to_owned(),
                USERS[random.below(5) as usize].to_owned(),
                format!("10.0.0.{}", random.below(117)),
            ],
        }
    }

    /// Calls `take` with the observation, `shift` seconds later.
    pub(crate) fn observe<T>(&self, shift: i64, take: impl FnOnce(&Observation<'_>) -> T) -> T {
        let values = self.influencers.each_ref().map(|value| Some(value.as_bytes()));
        take(&Observation::new(self.time + shift, &self.port).with_influencers(&values))
    }

    pub(crate) fn push(&self, detector: &mut Detector, shift: i64) {
        let is_taken = self.observe(shift, |observation| detector.push(observation).is_ok());
        black_box(is_taken);
    }
}

/// How an event at a port is made up.
type Make = fn(&mut Random, i64, u64) -> Event;

/// Both streams by name: 50,000 events at 500 ports, all in the second bucket.
pub(crate) fn streams() -> [(&'static str, Vec<Event>); 2] {
    const EVENTS: u64 = 50_000;
    let kinds: [(&str, Make); 2] =
        [("addresses seen once", Event::random), ("values that repeat", Event::of_few)];
    kinds.map(|(name, make)| {
        let mut random = Random(1);
        let event = |_| {
            let port = random.heavy_tailed(500);
            make(&mut random, SPAN, port)
        };
        (name, (0..EVENTS).map(event).collect())
    })
}

/// The job for destination ports with four influencers.
pub(crate) fn job() -> JobConfig {
    let mut job = JobConfig::rare("destination.port");
    job.influencers =
        ["host.name", "process.name", "user.name", "destination.ip"].map(str::to_owned).to_vec();
    job
}

/// A detector of that job that has seen nothing.
pub(crate) fn detector() -> Detector {
    match Detector::new(job()) {
        Ok(detector) => detector,
        Err(error) => panic!("{error}"),
    }
}
