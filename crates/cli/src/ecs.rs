//! A connection event as a document of the Elastic Common Schema.
//!
//! Field for field what Elastic's Auditd Manager integration stores for the
//! same event, so that whatever reads its documents reads these: ports are
//! numbers, ids are strings, names are there if the log is enriched with them.
//! Two repairs: `comm` in hexadecimal is decoded, and a connect by
//! `socketcall(2)` or io_uring is a connect. One addition: `auditd.node` is the
//! `node=` of the log, which `ausearch` has to be told.

mod field;
mod json;
mod title;

use std::fmt::{self, Display};
use std::net::IpAddr;

use auditparse::{Connection, ConnectionKind, Id, Process, SecurityModule, SockAddr};

pub(crate) use self::field::{Field, Value};
pub(crate) use self::json::family;
pub(crate) use self::title::{Title, Titles};
use crate::text::Utf8;

/// The document; fields have the names of the schema.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    /// `@timestamp`: RFC 3339.
    pub(crate) timestamp: &'a str,
    /// `event.*`.
    pub(crate) event: Event,
    /// `host.name`.
    pub(crate) host: &'a [u8],
    /// `source.*`.
    pub(crate) source: Option<Endpoint<'a>>,
    /// `destination.*`.
    pub(crate) destination: Option<Endpoint<'a>>,
    /// Most of `process.*`, and the accounts of `user.*`.
    pub(crate) process: &'a Process<'a>,
    /// `process.title`.
    pub(crate) title: &'a Title,
    /// `user.*`.
    pub(crate) user: User<'a>,
    /// `auditd.data.syscall`.
    pub(crate) syscall: Option<Symbol>,
    /// `auditd.data.exit`.
    pub(crate) exit: Option<Symbol>,
    /// The address, whatever its family, by which `source`, `destination` and
    /// `auditd.data.socket` are told.
    pub(crate) address: Option<SockAddr<'a>>,
    /// Whether nothing is wrong in the records, for certain.
    pub(crate) is_sound: bool,
    /// What everything else is told by.
    pub(crate) connection: &'a Connection<'a>,
}

/// `event.*`.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) action: &'static str,
    pub(crate) types: Types,
    pub(crate) outcome: &'static str,
    pub(crate) sequence: u32,
}

/// `event.type`, a list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Types {
    ConnectionStart,
    ConnectionInfo,
    Start,
}

/// `source.*` or `destination.*`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoint<'a> {
    pub(crate) address: Address<'a>,
    pub(crate) port: Option<u16>,
}

/// `user.*`: the real user and its group, and others where they differ.
#[derive(Debug)]
pub(crate) struct User<'a> {
    pub(crate) real: Option<Account<'a>>,
    effective: Option<Account<'a>>,
    pub(crate) audit: Option<Account<'a>>,
    group: Option<Account<'a>>,
}

/// An id, and its name if the log has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account<'a> {
    pub(crate) id: u32,
    pub(crate) name: Option<&'a [u8]>,
}

/// `event.category`, of every event here.
pub(crate) const CATEGORY: &str = "network";

/// `host.os.type`: only Linux has this log.
pub(crate) const OS: &str = "linux";

/// Who made a connection.
#[derive(Debug)]
pub(crate) struct Caller<'a> {
    process: Process<'a>,
    /// Whether nothing is wrong in the records of the call, for certain.
    is_sound: bool,
}

impl<'a> Caller<'a> {
    /// Who made this connection.
    // It is large, and would be moved when it is returned.
    #[inline(always)]
    pub(crate) fn of(connection: &Connection<'a>) -> Caller<'a> {
        match connection.sound_process() {
            Some(process) => Caller { process, is_sound: true },
            None => Caller { process: connection.process(), is_sound: false },
        }
    }
}

impl<'a> Document<'a> {
    /// The document of a connection.
    ///
    /// `caller` is who made it, `title` the command line; `time` is the event's
    /// time as RFC 3339 text; `host` is the host's name if the event carries none.
    // It is large, and would be moved when it is returned.
    #[inline(always)]
    pub(crate) fn new(
        connection: &'a Connection<'a>,
        caller: &'a Caller<'a>,
        title: &'a Title,
        time: &'a str,
        host: &'a str,
    ) -> Document<'a> {
        let address = connection.address().ok();
        let endpoint = address.and_then(Endpoint::of);
        let (source, destination) = match connection.kind() {
            ConnectionKind::Accept => (endpoint, None),
            ConnectionKind::Connect | ConnectionKind::SendTo | ConnectionKind::SendMsg => {
                (None, endpoint)
            }
            _ => (None, None),
        };
        Document {
            timestamp: time,
            event: Event::of(connection),
            host: connection.node().unwrap_or(host.as_bytes()),
            source,
            destination,
            user: User::of(&caller.process),
            title,
            process: &caller.process,
            syscall: syscall(connection),
            exit: exit(connection),
            address,
            is_sound: caller.is_sound && title.is_sound,
            connection,
        }
    }
}

impl Event {
    fn of(connection: &Connection<'_>) -> Event {
        let (action, types) = match connection.kind() {
            ConnectionKind::Accept => ("accepted-connection-from", Types::ConnectionStart),
            ConnectionKind::Bind => ("bound-socket", Types::Start),
            ConnectionKind::SendTo | ConnectionKind::SendMsg => ("sent-to", Types::ConnectionInfo),
            _ => ("connected-to", Types::ConnectionStart),
        };
        let action = match connection.denied_by() {
            Some(SecurityModule::SeLinux) => "violated-selinux-policy",
            Some(SecurityModule::AppArmor) => "violated-apparmor-policy",
            None => action,
        };
        // As the call returned: a connect that goes on in the background is a
        // failure whose exit is EINPROGRESS.
        let outcome = match connection.success() {
            Some(true) => "success",
            Some(false) => "failure",
            None => "unknown",
        };
        Event { action, types, outcome, sequence: connection.id().serial }
    }
}

impl Display for Types {
    /// As a cell of a table: joined by commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(","))
    }
}

impl Types {
    /// The elements of the list.
    pub(crate) const fn words(self) -> &'static [&'static str] {
        match self {
            Types::ConnectionStart => &["connection", "start"],
            Types::ConnectionInfo => &["connection", "info"],
            Types::Start => &["start"],
        }
    }
}

impl<'a> Endpoint<'a> {
    fn of(address: SockAddr<'a>) -> Option<Endpoint<'a>> {
        let address = address.unmapped();
        Some(Endpoint { address: Address::of(address)?, port: address.port() })
    }

    /// The address, if it is one of the internet.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        match self.address {
            Address::Ip(ip) => Some(ip),
            Address::Path(_) | Address::Abstract(_) => None,
        }
    }
}

impl<'a> User<'a> {
    fn of(process: &Process<'a>) -> User<'a> {
        let differs = |euid: &Id<'_>| process.uid.is_none_or(|uid| uid.number != euid.number);
        User {
            real: process.uid.and_then(Account::of),
            effective: process.euid.filter(differs).and_then(Account::of),
            audit: process.auid.and_then(Account::of),
            group: process.gid.and_then(Account::of),
        }
    }
}

impl<'a> Account<'a> {
    /// The account of an id that is set. auditd writes `unknown(1234)` and
    /// `unset` where there is no name.
    pub(crate) fn of(id: Id<'a>) -> Option<Account<'a>> {
        let named = |name: &&[u8]| !name.starts_with(b"unknown(") && *name != b"unset";
        id.is_set().then(|| Account { id: id.number, name: id.name.filter(named) })
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
        Address::of_unix(address).or_else(|| address.ip().map(Address::Ip))
    }

    fn of_unix(address: SockAddr<'a>) -> Option<Address<'a>> {
        match address {
            SockAddr::UnixPath(path) => Some(Address::Path(path)),
            SockAddr::UnixAbstract(name) => Some(Address::Abstract(name)),
            _ => None,
        }
    }
}

impl Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Ip(ip) => ip.fmt(f),
            Address::Path(path) => Utf8(path).fmt(f),
            Address::Abstract(name) => write!(f, "@{}", Utf8(name)),
        }
    }
}

/// A name, or a number where the name is not known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Symbol {
    Name(&'static str),
    Number(i64),
}

impl Symbol {
    fn new(name: Option<&'static str>, number: i64) -> Symbol {
        name.map_or(Symbol::Number(number), Symbol::Name)
    }
}

impl Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Symbol::Name(name) => f.write_str(name),
            Symbol::Number(number) => number.fmt(f),
        }
    }
}

/// The system call.
fn syscall(connection: &Connection<'_>) -> Option<Symbol> {
    let number = connection.syscall_number()?;
    let name = connection.arch().and_then(|arch| arch.syscall_name(number));
    Some(Symbol::new(name, i64::from(number)))
}

/// What it returned: a number, or the name of the error.
fn exit(connection: &Connection<'_>) -> Option<Symbol> {
    Some(Symbol::new(connection.errno_name(), connection.exit()?))
}
