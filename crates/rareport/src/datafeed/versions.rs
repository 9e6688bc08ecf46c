//! The filters that are ready-made: those of Elastic's job for destination ports, version by
//! version, and one that leaves out less of what matters and more of what does not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Clause, Datafeed, Reason};
use crate::condition::{Condition, Network, Test};

/// What else the default filter is to let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Include {
    /// Datagrams that are sent without a connect: `sendto(2)`, `sendmsg(2)`.
    Udp,
    /// Flows, as Packetbeat and Auditbeat's socket data set tell of them.
    Flows,
}

/// Programs of Elastic's that have connections of their own.
const AGENTS: &[&str] = &[
    "elastic-agent",
    "elastic-agent.exe",
    "metricbeat",
    "metricbeat.exe",
    "filebeat",
    "filebeat.exe",
    "packetbeat",
    "packetbeat.exe",
    "winlogbeat",
    "winlogbeat.exe",
];

/// Distributions that are named where the operating system itself is not.
const FAMILIES: &[&str] = &["debian", "redhat", "suse", "ubuntu"];

impl Datafeed {
    /// The filter of the first version, of 2020: connects that Auditbeat tells of.
    #[must_use]
    pub fn v1() -> Datafeed {
        Datafeed::new(vec![
            Clause::must(Reason::NotStart, [is("event.action", &["connected-to"])]),
            Clause::must(Reason::NotAuditbeat, [is("agent.type", &["auditbeat"])]),
            destinations(&[]),
            Clause::must_not(Reason::User, [is("user.name_map.uid", &["jenkins"])]),
        ])
    }

    /// The filter of version 2: starts of connections on Linux, whoever tells of them.
    #[must_use]
    pub fn v2() -> Datafeed {
        Datafeed::new(starts(&[]))
    }

    /// The filter of version 3: the local resolver is left out too.
    #[must_use]
    pub fn v3() -> Datafeed {
        Datafeed::new(starts(&[RESOLVER]))
    }

    /// The filter of version 3 since stack 9.1, and of its successor for entity analytics:
    /// Elastic's own programs are left out too.
    #[must_use]
    pub fn ea() -> Datafeed {
        let mut clauses = starts(&[RESOLVER]);
        clauses.push(Clause::must_not(Reason::Agent, [is("process.name", AGENTS)]));
        Datafeed::new(clauses)
    }

    /// The default: attempts to reach another host, whoever makes them.
    ///
    /// Unlike [`v3`](Datafeed::v3) it leaves out what has no destination, all of the loop-back
    /// network, port 0, and connections that are taken and not made. It looks at every user,
    /// since a name that is not looked at is one to hide behind, and at documents of the audit
    /// system whose host does not name its operating system, since only Linux has it.
    #[must_use]
    pub fn outbound(include: &[Include]) -> Datafeed {
        let mut start = vec![is("event.type", &["start"])];
        for extra in include {
            match extra {
                Include::Udp => start.extend([
                    is("event.action", &["sent-to"]),
                    is("auditd.data.syscall", &["sendto", "sendmsg", "sendmmsg"]),
                ]),
                Include::Flows => start.push(is("event.action", &["network_flow"])),
            }
        }
        let mut linux = linux_terms();
        linux.push(is("event.module", &["auditd"]));
        Datafeed::new(vec![
            network(),
            Clause::must(Reason::NotStart, start),
            Clause::must(Reason::NotLinux, linux),
            Clause::must_not(Reason::Inbound, inbound()),
            Clause::must(Reason::NoAddress, addresses()),
            Clause::must(Reason::OtherFamily, [exists("destination.ip")]),
            Clause::must(Reason::OtherFamily, [exists("destination.port")]),
            Clause::must_not(Reason::Loopback, [within("destination.ip", loopback())]),
            Clause::must_not(Reason::Unspecified, [within("destination.ip", unspecified())]),
            Clause::must_not(Reason::PortZero, [is("destination.port", &["0"])]),
        ])
    }
}

/// Where systemd-resolved answers.
const RESOLVER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 53));

/// The clauses from version 2 on; `more` are destinations that later versions leave out.
fn starts(more: &[IpAddr]) -> Vec<Clause> {
    vec![
        network(),
        Clause::must(Reason::NotStart, [is("event.type", &["start"])]),
        Clause::must(Reason::NotLinux, linux_terms()),
        destinations(more),
        Clause::must_not(Reason::User, [is("user.name", &["jenkins"])]),
    ]
}

fn network() -> Clause {
    Clause::must(Reason::NotNetwork, [is("event.category", &["network"])])
}

fn linux_terms() -> Vec<Condition> {
    vec![is("host.os.type", &["linux"]), is("host.os.family", FAMILIES)]
}

/// Leaves out the addresses that all versions do, and some more.
fn destinations(more: &[IpAddr]) -> Clause {
    let all =
        [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::LOCALHOST.into()];
    let networks = all.iter().chain(more).map(|&ip| Network::from(ip));
    Clause::must_not(Reason::Destination, [within("destination.ip", networks)])
}

/// What tells that a connection is taken and not made, and that a socket waits for one.
fn inbound() -> Vec<Condition> {
    const ACTIONS: &[&str] = &[
        "accepted-connection-from",
        "bound-socket",
        "connection_accepted",
        "listen-for-connections",
    ];
    const CALLS: &[&str] = &["accept", "accept4", "bind", "listen"];
    vec![
        is("event.action", ACTIONS),
        is("network.direction", &["ingress", "inbound"]),
        is("auditd.data.syscall", CALLS),
    ]
}

/// What there is of an address that could be read, whatever its family.
fn addresses() -> Vec<Condition> {
    ["destination.address", "destination.ip", "auditd.data.socket.family"].map(exists).to_vec()
}

fn loopback() -> [Network; 2] {
    [Network::LOOPBACK_V4, IpAddr::V6(Ipv6Addr::LOCALHOST).into()]
}

fn unspecified() -> [Network; 2] {
    [IpAddr::V4(Ipv4Addr::UNSPECIFIED).into(), IpAddr::V6(Ipv6Addr::UNSPECIFIED).into()]
}

/// A value of the field is one of these.
fn is(field: &str, values: &[&str]) -> Condition {
    let values = values.iter().map(|&value| value.to_owned()).collect();
    holds(field, Test::IsOneOf(values))
}

/// A value of the field is an address in one of these networks.
fn within(field: &str, networks: impl IntoIterator<Item = Network>) -> Condition {
    holds(field, Test::Cidr(networks.into_iter().collect()))
}

/// The field has a value.
fn exists(field: &str) -> Condition {
    holds(field, Test::Exists)
}

fn holds(field: &str, test: Test) -> Condition {
    Condition { field: field.to_owned(), test, not: false }
}
