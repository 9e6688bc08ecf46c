//! A connection event as a document of the Elastic Common Schema.
//!
//! Field for field what Elastic's Auditd Manager integration stores for the
//! same event, so that whatever reads its documents reads these: ports are
//! numbers, ids are strings, names are there if the log is enriched with them.
//! Two repairs: `comm` in hexadecimal is decoded, and a connect by
//! `socketcall(2)` or io_uring is a connect.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::net::IpAddr;

use auditparse::{Arch, Connection, ConnectionKind, Id, SecurityModule, SockAddr, SockAddrBytes};
use serde::{Serialize, Serializer};

use crate::text::Utf8;

/// Version of the schema that the fields follow.
const ECS_VERSION: &str = "8.17.0";

/// The document.
#[derive(Debug, Serialize)]
pub(crate) struct Document<'a> {
    #[serde(rename = "@timestamp")]
    pub(crate) timestamp: &'a str,
    ecs: Ecs,
    agent: Agent,
    data_stream: DataStream,
    pub(crate) event: EventFields,
    pub(crate) host: Host<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<Network>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<Endpoint<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) destination: Option<Endpoint<'a>>,
    pub(crate) process: Process<'a>,
    pub(crate) user: User<'a>,
    pub(crate) auditd: Auditd<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<Text<'a>>,
    /// The address of the event, for people.
    #[serde(skip)]
    pub(crate) address: Option<SockAddr<'a>>,
}

#[derive(Debug, Serialize)]
struct Ecs {
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct Agent {
    r#type: &'static str,
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct DataStream {
    dataset: &'static str,
    r#type: &'static str,
    namespace: &'static str,
}

/// `event.*`.
#[derive(Debug, Serialize)]
pub(crate) struct EventFields {
    pub(crate) action: &'static str,
    pub(crate) category: [&'static str; 1],
    pub(crate) r#type: &'static [&'static str],
    kind: &'static str,
    module: &'static str,
    dataset: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) sequence: u32,
}

/// `host.*`.
#[derive(Debug, Serialize)]
pub(crate) struct Host<'a> {
    pub(crate) name: Utf8<'a>,
    pub(crate) os: Os,
}

/// `host.os.*`.
#[derive(Debug, Serialize)]
pub(crate) struct Os {
    pub(crate) r#type: &'static str,
}

#[derive(Debug, Serialize)]
struct Network {
    direction: &'static str,
}

/// `source.*` or `destination.*`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Endpoint<'a> {
    pub(crate) address: Address<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) port: Option<u16>,
}

/// `process.*`.
#[derive(Debug, Serialize)]
pub(crate) struct Process<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) executable: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<Parent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<Title<'a>>,
}

/// `process.parent.*`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Parent {
    pub(crate) pid: u32,
}

/// `user.*`: the real user, and others where they differ.
#[derive(Debug, Serialize)]
pub(crate) struct User<'a> {
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "as_optional_text"
    )]
    pub(crate) id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Utf8<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective: Option<Account<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) audit: Option<Account<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Account<'a>>,
}

/// An id, and its name if the log has it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Account<'a> {
    #[serde(serialize_with = "as_text")]
    pub(crate) id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Utf8<'a>>,
}

/// `auditd.*`.
#[derive(Debug, Serialize)]
pub(crate) struct Auditd<'a> {
    message_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'static str>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "as_optional_text"
    )]
    session: Option<u32>,
    pub(crate) data: Data<'a>,
}

/// `auditd.data.*`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Data<'a> {
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "as_optional_text"
    )]
    arch: Option<Arch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) syscall: Option<Syscall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exit: Option<ExitCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    a0: Option<Utf8<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    a1: Option<Utf8<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    a2: Option<Utf8<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    a3: Option<Utf8<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tty: Option<Utf8<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subj: Option<Utf8<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) socket: Option<Socket<'a>>,
}

/// `auditd.data.socket.*`.
#[derive(Debug, Serialize)]
pub(crate) struct Socket<'a> {
    family: Family,
    #[serde(skip_serializing_if = "Option::is_none")]
    addr: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Address<'a>>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "as_optional_text"
    )]
    flow: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saddr: Option<Hex<'a>>,
}

impl<'a> Document<'a> {
    /// The document of a connection.
    ///
    /// `time` is the event's time as RFC 3339 text; `host` is the host's name
    /// if the event carries none.
    pub(crate) fn new(
        connection: &'a Connection<'a>,
        time: &'a str,
        host: &'a str,
    ) -> Document<'a> {
        let address = connection.address().ok().map(SockAddr::unmapped);
        let endpoint = address.and_then(Endpoint::of);
        let kind = connection.kind();
        let (source, destination) = match kind {
            ConnectionKind::Accept => (endpoint, None),
            ConnectionKind::Connect | ConnectionKind::SendTo | ConnectionKind::SendMsg => {
                (None, endpoint)
            }
            _ => (None, None),
        };
        Document {
            timestamp: time,
            ecs: Ecs {
                version: ECS_VERSION,
            },
            agent: Agent {
                r#type: "rareport",
                version: env!("CARGO_PKG_VERSION"),
            },
            data_stream: DataStream {
                dataset: DATASET,
                r#type: "logs",
                namespace: "default",
            },
            event: EventFields::new(connection),
            host: Host {
                name: Utf8(connection.node().unwrap_or(host.as_bytes())),
                os: Os { r#type: "linux" },
            },
            network: direction(kind).map(|direction| Network { direction }),
            source,
            destination,
            process: Process::new(connection),
            user: User::new(connection),
            auditd: Auditd::new(connection),
            tags: connection.keys().map(Text).collect(),
            address,
        }
    }
}

/// Name of the data stream.
const DATASET: &str = "auditd_manager.auditd";

fn direction(kind: ConnectionKind) -> Option<&'static str> {
    match kind {
        ConnectionKind::Connect | ConnectionKind::SendTo | ConnectionKind::SendMsg => {
            Some("egress")
        }
        ConnectionKind::Accept => Some("ingress"),
        _ => None,
    }
}

impl EventFields {
    fn new(connection: &Connection<'_>) -> EventFields {
        let (action, types): (_, &'static [_]) = match connection.kind() {
            ConnectionKind::Accept => ("accepted-connection-from", &["connection", "start"]),
            ConnectionKind::Bind => ("bound-socket", &["start"]),
            ConnectionKind::SendTo | ConnectionKind::SendMsg => {
                ("sent-to", &["connection", "info"])
            }
            _ => ("connected-to", &["connection", "start"]),
        };
        let action = match connection.denied_by() {
            Some(SecurityModule::SeLinux) => "violated-selinux-policy",
            Some(SecurityModule::AppArmor) => "violated-apparmor-policy",
            None => action,
        };
        EventFields {
            action,
            category: ["network"],
            r#type: types,
            kind: "event",
            module: "auditd",
            dataset: DATASET,
            outcome: result(connection).unwrap_or("unknown"),
            sequence: connection.id().serial,
        }
    }
}

/// `success` or `failure`, as the call returned it: a connect that goes on in
/// the background is a `failure` whose exit is `EINPROGRESS`.
fn result(connection: &Connection<'_>) -> Option<&'static str> {
    connection
        .success()
        .map(|success| if success { "success" } else { "failure" })
}

impl<'a> Endpoint<'a> {
    fn of(address: SockAddr<'a>) -> Option<Endpoint<'a>> {
        let shown = Address::of(address)?;
        Some(Endpoint {
            address: shown,
            ip: address.ip(),
            port: address.port(),
        })
    }
}

impl<'a> Process<'a> {
    fn new(connection: &Connection<'a>) -> Process<'a> {
        Process {
            name: connection.comm().map(Text),
            executable: connection.exe().map(Text),
            pid: connection.pid(),
            parent: connection.ppid().map(|pid| Parent { pid }),
            title: connection.proctitle().map(Title),
        }
    }
}

impl<'a> User<'a> {
    fn new(connection: &Connection<'a>) -> User<'a> {
        let account = |id: Option<Id<'a>>| id.filter(Id::is_set).map(Account::from);
        let effective = connection
            .euid()
            .filter(|euid| connection.uid().is_none_or(|uid| uid.number != euid.number));
        let real = account(connection.uid());
        User {
            id: real.map(|real| real.id),
            name: real.and_then(|real| real.name),
            effective: account(effective),
            audit: account(connection.auid()),
            group: account(connection.gid()),
        }
    }
}

impl<'a> From<Id<'a>> for Account<'a> {
    fn from(id: Id<'a>) -> Account<'a> {
        let named = |name: &&[u8]| !name.starts_with(b"unknown(") && *name != b"unset";
        Account {
            id: id.number,
            name: id.name.filter(named).map(Utf8),
        }
    }
}

impl<'a> Auditd<'a> {
    fn new(connection: &'a Connection<'a>) -> Auditd<'a> {
        Auditd {
            message_type: match (connection.denied_by(), connection.syscall_record()) {
                (Some(_), _) => "avc",
                (None, Some(_)) => "syscall",
                (None, None) => "uringop",
            },
            result: result(connection),
            session: connection.ses().filter(|&ses| ses != u32::MAX),
            data: Data::new(connection),
        }
    }
}

impl<'a> Data<'a> {
    fn new(connection: &'a Connection<'a>) -> Data<'a> {
        let arch = connection.arch();
        let syscall = connection.syscall_number().map(|number| {
            let name = arch.and_then(|arch| arch.syscall_name(number));
            name.map_or(Syscall::Number(number), Syscall::Name)
        });
        let exit = connection.exit().map(|exit| {
            connection
                .errno_name()
                .map_or(ExitCode::Number(exit), ExitCode::Name)
        });
        let mut data = Data {
            arch,
            syscall,
            exit,
            tty: connection.tty().map(Utf8),
            subj: connection.subj().map(Utf8),
            socket: Socket::new(connection),
            ..Data::default()
        };
        for field in connection
            .syscall_record()
            .into_iter()
            .flat_map(|record| record.fields())
        {
            let value = Some(Utf8(field.raw_value()));
            match field.key() {
                b"a0" => data.a0 = value,
                b"a1" => data.a1 = value,
                b"a2" => data.a2 = value,
                b"a3" => data.a3 = value,
                // The arguments stand together, before `items`.
                b"items" => break,
                _ => {}
            }
        }
        data
    }
}

impl<'a> Socket<'a> {
    fn new(connection: &'a Connection<'a>) -> Option<Socket<'a>> {
        let bytes = connection.address_bytes()?;
        let Ok(address) = connection.address() else {
            let saddr = Some(Hex(bytes));
            let family = Family::Unknown;
            return Some(Socket {
                family,
                addr: None,
                port: None,
                path: None,
                flow: None,
                saddr,
            });
        };
        let family = Family::of(&address);
        let flow = match address {
            SockAddr::Inet6 { flow, .. } if flow != 0 => Some(flow),
            _ => None,
        };
        let path = match address {
            SockAddr::UnixPath(_) | SockAddr::UnixAbstract(_) => Address::of(address),
            _ => None,
        };
        let address = address.unmapped();
        let saddr = matches!(family, Family::Netlink | Family::Number(_)).then_some(Hex(bytes));
        Some(Socket {
            family,
            addr: address.ip(),
            port: address.port(),
            path,
            flow,
            saddr,
        })
    }
}

/// Address families by the names that go-libaudit gives them.
#[derive(Clone, Copy, Debug)]
enum Family {
    Unix,
    Ipv4,
    Ipv6,
    Netlink,
    Number(u16),
    Unknown,
}

impl Family {
    fn of(address: &SockAddr<'_>) -> Family {
        match address {
            SockAddr::UnixPath(_) | SockAddr::UnixAbstract(_) | SockAddr::UnixUnnamed => {
                Family::Unix
            }
            SockAddr::Inet { .. } => Family::Ipv4,
            SockAddr::Inet6 { .. } => Family::Ipv6,
            SockAddr::Netlink { .. } => Family::Netlink,
            SockAddr::Unspec => Family::Number(0),
            SockAddr::Packet { .. } => Family::Number(17),
            SockAddr::Vsock { .. } => Family::Number(40),
            SockAddr::Other { family, .. } => Family::Number(*family),
            _ => Family::Unknown,
        }
    }
}

impl Serialize for Family {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Family::Unix => serializer.serialize_str("unix"),
            Family::Ipv4 => serializer.serialize_str("ipv4"),
            Family::Ipv6 => serializer.serialize_str("ipv6"),
            Family::Netlink => serializer.serialize_str("netlink"),
            Family::Number(number) => serializer.collect_str(number),
            Family::Unknown => serializer.serialize_str("unknown"),
        }
    }
}

/// A decoded string of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, [u8]>);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Utf8(&self.0).fmt(f)
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Utf8(&self.0).serialize(serializer)
    }
}

/// A command line: arguments ended by NULs, shown with blanks between.
#[derive(Clone, Debug)]
pub(crate) struct Title<'a>(Cow<'a, [u8]>);

impl Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self
            .0
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1);
        for (index, argument) in self.0[..end].split(|&byte| byte == 0).enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(&Utf8(argument).get())?;
        }
        Ok(())
    }
}

impl Serialize for Title<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An address as `source.address` and `destination.address` give it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Address<'a> {
    /// Of the internet; its port is another field.
    Ip(IpAddr),
    /// A socket in the file system.
    Path(&'a [u8]),
    /// A socket in the abstract name space, shown after `@`.
    Abstract(&'a [u8]),
}

impl<'a> Address<'a> {
    fn of(address: SockAddr<'a>) -> Option<Address<'a>> {
        match address {
            SockAddr::UnixPath(path) => Some(Address::Path(path)),
            SockAddr::UnixAbstract(name) => Some(Address::Abstract(name)),
            _ => address.ip().map(Address::Ip),
        }
    }
}

impl Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Ip(ip) => ip.fmt(f),
            Address::Path(path) => f.write_str(&Utf8(path).get()),
            Address::Abstract(name) => write!(f, "@{}", Utf8(name).get()),
        }
    }
}

impl Serialize for Address<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A system call by name, or by number where the name is not known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Syscall {
    Name(&'static str),
    Number(u32),
}

impl Display for Syscall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Syscall::Name(name) => f.write_str(name),
            Syscall::Number(number) => number.fmt(f),
        }
    }
}

impl Serialize for Syscall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The result of a call: a number, or the name of the error.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ExitCode {
    Name(&'static str),
    Number(i64),
}

impl Display for ExitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExitCode::Name(name) => f.write_str(name),
            ExitCode::Number(number) => number.fmt(f),
        }
    }
}

impl Serialize for ExitCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The bytes of an address in hexadecimal.
#[derive(Clone, Copy, Debug)]
struct Hex<'a>(&'a SockAddrBytes);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .as_bytes()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn as_optional_text<S: Serializer>(
    value: &Option<impl Display>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}
