//! What is in a log: events, connects, the time they cover, and what their
//! clocks did, host by host. Gathered event by event in the order of the log.

use std::collections::HashSet;
use std::num::NonZeroU16;

use auditparse::{Completion, Connection, ConnectionKind, Event, Outcome};
use indexmap::IndexMap;
use serde::Serialize;

use super::ports::{Ports, remote_port};
use crate::ecs::Account;

/// Hosts that are told apart. Events of any others are counted as of one host
/// without a name.
const MOST_HOSTS: usize = 65_536;

/// How far, in milliseconds, an event may lie behind the one before it until
/// the clock is said to have stepped back. Events are logged when they end,
/// which may be a moment after others that began later.
const STEP_BACK: i64 = 60_000;

/// Buckets that are told apart: 30 years of quarters of an hour.
const MOST_BUCKETS: usize = 1 << 20;

/// What is in a log.
#[derive(Debug)]
pub(crate) struct Survey {
    hosts: IndexMap<Vec<u8>, Host, foldhash::fast::RandomState>,
    /// Length of a bucket in seconds.
    bucket_span: u32,
    /// Numbers of the buckets in which there is an event.
    buckets: HashSet<i64, foldhash::fast::RandomState>,
    ports: Ports,
}

/// What is in a log of one host.
#[derive(Debug, Default)]
pub(crate) struct Host {
    /// Time of the first and the last event, in milliseconds since 1970.
    pub(crate) span: Option<(i64, i64)>,
    /// Events of any kind.
    pub(crate) events: u64,
    /// Calls that name an address.
    pub(crate) connections: u64,
    /// Those of them that are connects.
    pub(crate) connects: Connects,
    /// How often an event came more than a minute before the one before it.
    pub(crate) steps_back: u64,
    /// The longest time without an event.
    pub(crate) silence: Silence,
    previous: i64,
}

/// Connects, and what they lack or how they went.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Connects {
    /// All of them.
    pub(crate) total: u64,
    /// Those that failed or that went on in the background.
    pub(crate) unsuccessful: u64,
    /// Those to an IPv4 or IPv6 address.
    pub(crate) internet: u64,
    /// Those without a readable address.
    pub(crate) without_address: u64,
    /// Those of a user whose name the log does not tell.
    pub(crate) without_name: u64,
}

/// What counts of an event. Many wait where threads read logs ahead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sighting {
    /// When it was, in milliseconds since 1970.
    millis: i64,
    /// Whether it is what came of an event that was over.
    is_late: bool,
    is_connection: bool,
    /// If it is a connect.
    connect: Option<Connect>,
    /// The port of a connect to another host.
    port: Option<NonZeroU16>,
}

/// What is said of a connect, as [`Connects`] count it.
#[derive(Clone, Copy, Debug)]
struct Connect {
    is_unsuccessful: bool,
    is_internet: bool,
    has_address: bool,
    has_name: bool,
}

/// A time without an event, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Silence {
    /// When the event before it was.
    pub(crate) from: i64,
    /// When the event after it was.
    pub(crate) to: i64,
}

impl Silence {
    /// How long it was, in milliseconds.
    pub(crate) fn millis(self) -> u64 {
        self.to.abs_diff(self.from)
    }
}

impl Survey {
    /// Nothing yet. The length of a bucket is in seconds.
    pub(crate) fn new(bucket_span: u32) -> Survey {
        Survey {
            hosts: IndexMap::default(),
            bucket_span,
            buckets: HashSet::default(),
            ports: Ports::default(),
        }
    }

    /// How many buckets have an event.
    pub(crate) fn buckets(&self) -> u64 {
        self.buckets.len() as u64
    }

    /// Adds an event of a host.
    pub(crate) fn add(&mut self, name: &[u8], event: &Sighting) {
        let bucket = event.millis.div_euclid(i64::from(self.bucket_span) * 1000);
        if self.buckets.len() < MOST_BUCKETS {
            self.buckets.insert(bucket);
        }
        // What comes of an event after it was over is no event of its own.
        if event.is_late {
            return;
        }
        self.host(name).add(event);
        if let Some(port) = event.port {
            self.ports.note(event.millis, port.get(), self.bucket_span);
        }
    }

    fn host(&mut self, name: &[u8]) -> &mut Host {
        let known = self.hosts.get_index_of(name);
        let index = known.unwrap_or_else(|| {
            let name = if self.hosts.len() < MOST_HOSTS { name } else { b"" };
            self.hosts.entry(name.to_vec()).or_default();
            self.hosts.get_index_of(name).unwrap_or(0)
        });
        &mut self.hosts[index]
    }

    /// The ports of all connects.
    pub(crate) fn ports(&self) -> &Ports {
        &self.ports
    }

    /// The hosts with their names, in the order in which they appeared.
    pub(crate) fn hosts(&self) -> impl ExactSizeIterator<Item = (&[u8], &Host)> {
        self.hosts.iter().map(|(name, host)| (name.as_slice(), host))
    }

    /// All hosts together: their counts and the time that they cover.
    pub(crate) fn fleet(&self) -> Host {
        let mut fleet = Host::default();
        for host in self.hosts.values() {
            fleet.events += host.events;
            fleet.connections += host.connections;
            fleet.connects.add(host.connects);
            fleet.steps_back += host.steps_back;
            if host.silence.millis() > fleet.silence.millis() {
                fleet.silence = host.silence;
            }
            if let Some((first, last)) = host.span {
                fleet.cover(first);
                fleet.cover(last);
            }
        }
        fleet
    }
}

impl Host {
    fn add(&mut self, event: &Sighting) {
        self.at(event.millis);
        self.events += 1;
        self.connections += u64::from(event.is_connection);
        event.connect.iter().for_each(|connect| self.connects.count(*connect));
    }

    /// Notes what the clock did.
    fn at(&mut self, millis: i64) {
        if self.span.is_some() {
            let silence = Silence { from: self.previous, to: millis.max(self.previous) };
            if silence.millis() > self.silence.millis() {
                self.silence = silence;
            }
            self.steps_back += u64::from(millis.saturating_add(STEP_BACK) < self.previous);
        }
        self.previous = millis;
        self.cover(millis);
    }

    fn cover(&mut self, millis: i64) {
        let (first, last) = self.span.unwrap_or((millis, millis));
        self.span = Some((first.min(millis), last.max(millis)));
    }

    /// The time from the first event to the last, in milliseconds.
    pub(crate) fn millis(&self) -> u64 {
        self.span.map_or(0, |(first, last)| last.abs_diff(first))
    }
}

impl Sighting {
    /// What counts of an event.
    pub(crate) fn of(event: &Event<'_>) -> Sighting {
        let connection = event.connection().ok();
        let connect = connection.filter(|it| it.kind() == ConnectionKind::Connect);
        Sighting {
            millis: i64::try_from(event.id().millis).unwrap_or(i64::MAX),
            is_late: event.completion() == Completion::Late,
            is_connection: connection.is_some(),
            connect: connect.map(|connect| Connect::of(&connect)),
            port: connect.and_then(|connect| NonZeroU16::new(remote_port(&connect)?)),
        }
    }
}

impl Connect {
    fn of(connect: &Connection<'_>) -> Connect {
        let address = connect.address();
        let user = connect.uid().and_then(Account::of);
        Connect {
            is_unsuccessful: matches!(connect.outcome(), Outcome::Failure | Outcome::InProgress),
            is_internet: address.is_ok_and(|address| address.ip().is_some()),
            has_address: address.is_ok(),
            has_name: user.is_some_and(|user| user.name.is_some()),
        }
    }
}

impl Connects {
    fn count(&mut self, connect: Connect) {
        self.total += 1;
        self.unsuccessful += u64::from(connect.is_unsuccessful);
        self.internet += u64::from(connect.is_internet);
        self.without_address += u64::from(!connect.has_address);
        self.without_name += u64::from(!connect.has_name);
    }

    fn add(&mut self, other: Connects) {
        self.total += other.total;
        self.unsuccessful += other.unsuccessful;
        self.internet += other.internet;
        self.without_address += other.without_address;
        self.without_name += other.without_name;
    }
}

#[cfg(test)]
mod tests {
    use auditparse::Events;

    use super::*;

    fn survey(log: &str) -> Survey {
        let mut survey = Survey::new(900);
        for event in Events::new(log.as_bytes()) {
            survey.add(event.node().unwrap_or(b"here"), &Sighting::of(&event));
        }
        survey
    }

    /// A line of an event that is one record.
    fn line(seconds: u64, node: &str) -> String {
        format!("{node}type=CRYPTO_KEY_USER msg=audit({seconds}.000:{seconds}): pid=1\n")
    }

    #[test]
    fn hosts_have_clocks_of_their_own() {
        let log = [
            line(1000, ""),
            line(500, "node=a "),
            line(1010, ""),
            line(9510, "node=a "),
            line(9450, "node=a "),
            line(9389, "node=a "),
        ];
        let survey = survey(&log.concat());
        let names: Vec<_> = survey.hosts().map(|(name, _)| name).collect();
        assert_eq!(names, [&b"here"[..], b"a"]);
        let (_, here) = survey.hosts().next().unwrap();
        assert_eq!((here.events, here.steps_back, here.silence.millis()), (2, 0, 10_000));
        let (_, other) = survey.hosts().nth(1).unwrap();
        // Back by 60 seconds is no step, by 61 it is one.
        assert_eq!((other.events, other.steps_back), (4, 1));
        assert_eq!((other.silence.from, other.silence.to), (500_000, 9_510_000));
        let fleet = survey.fleet();
        assert_eq!((fleet.events, fleet.span), (6, Some((500_000, 9_510_000))));
    }

    #[test]
    fn connects_are_counted_by_what_they_lack() {
        let connect = |serial: u32, result: &str, uid: &str, saddr: &str| {
            format!(
                "type=SYSCALL msg=audit(1.000:{serial}): arch=c000003e syscall=42 {result} a0=3 \
                 pid=1 uid=0{uid}\ntype=SOCKADDR msg=audit(1.000:{serial}): saddr={saddr}\n"
            )
        };
        let named = "\u{1d}UID=\"root\"";
        let log = [
            connect(1, "success=yes exit=0", named, "0200115CCB007109"),
            connect(2, "success=no exit=-111", named, "0200115CCB007109"),
            connect(3, "success=no exit=-115", "", "01002F746D702F7300"),
            connect(4, "success=yes exit=0", "\u{1d}UID=\"unknown(0)\"", "0200"),
        ];
        let Connects { total, unsuccessful, internet, without_address, without_name } =
            survey(&log.concat()).fleet().connects;
        assert_eq!((total, unsuccessful, internet), (4, 2, 2));
        assert_eq!((without_address, without_name), (1, 2));
    }
}
