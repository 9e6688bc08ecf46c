//! The connections of `corpus/fleet-day`: real events for tests of rules.

use auditparse::{ConnectionKind, Connections, SockAddr};
use rareport::evidence::{LogEvent, Sample};
use rareport::{JobConfig, Observation};
use std::io::Read;
use std::path::Path;

/// Fields of a connection that rules look at.
const FIELDS: [&str; 5] =
    ["destination.port", "host.name", "process.name", "user.name", "destination.ip"];

/// A connect to an internet address.
#[derive(Clone, Debug)]
pub(crate) struct Connect {
    millis: i64,
    serial: u32,
    pid: Option<u32>,
    /// The values of [`FIELDS`].
    values: [Vec<u8>; 5],
}

/// The job for rare ports, with all fields as influencers.
pub(crate) fn job() -> JobConfig {
    let mut job = JobConfig::rare("destination.port");
    job.influencers = FIELDS[1..].iter().map(|field| (*field).to_owned()).collect();
    job
}

/// All connects of the log, in order.
pub(crate) fn fleet_day() -> Vec<Connect> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/fleet-day/audit.log.xz");
    let mut log = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    liblzma::read::XzDecoder::new(file).read_to_end(&mut log).unwrap();
    let connects = Connections::new(&log);
    let connects = connects.filter(|connection| connection.kind() == ConnectionKind::Connect);
    connects.filter_map(|connection| Connect::of(&connection)).collect()
}

impl Connect {
    fn of(connection: &auditparse::Connection<'_>) -> Option<Connect> {
        let (ip, port) = match connection.address().ok()?.unmapped() {
            SockAddr::Inet { ip, port, .. } => (ip.to_string(), port),
            SockAddr::Inet6 { ip, port, .. } => (ip.to_string(), port),
            _ => return None,
        };
        let uid = connection.uid().map(|uid| uid.number.to_string());
        let id = connection.id();
        Some(Connect {
            millis: id.millis.try_into().unwrap(),
            serial: id.serial,
            pid: connection.pid(),
            values: [
                port.to_string().into_bytes(),
                connection.node().unwrap_or_default().to_vec(),
                connection.comm().unwrap_or_default().into_owned(),
                uid.unwrap_or_default().into_bytes(),
                ip.into_bytes(),
            ],
        })
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.millis.div_euclid(1000)
    }

    /// Calls `then` with the connect as the model sees it.
    pub(crate) fn observe<T>(&self, then: impl FnOnce(&Observation<'_>) -> T) -> T {
        let influencers: Vec<Option<&[u8]>> =
            self.values[1..].iter().map(|value| Some(value.as_slice())).collect();
        then(&Observation {
            time: self.seconds(),
            by: Some(&self.values[0]),
            over: None,
            partition: None,
            influencers: &influencers,
        })
    }
}

impl LogEvent for Connect {
    fn millis(&self) -> i64 {
        self.millis
    }

    fn value(&self, field: &str) -> Option<&[u8]> {
        let place = FIELDS.iter().position(|other| *other == field)?;
        Some(&self.values[place])
    }

    fn sample(&self) -> Sample {
        let text = |place: usize| String::from_utf8(self.values[place].clone()).ok();
        Sample {
            millis: self.millis,
            serial: Some(self.serial),
            host: text(1).into_iter().collect(),
            pid: self.pid,
            process: text(2).into_iter().collect(),
            ..Sample::default()
        }
    }
}
