//! A [`Document`] as JSON.

use std::fmt::Write;
use std::ops::Range;

use auditparse::{Connection, SockAddr, SockAddrBytes};

use super::{Account, Address, Document, Endpoint, ExitCode, OS, Syscall, User};
use crate::output::JsonBuffer;

/// What follows the time in every document, up to the value of `event.action`.
const HEAD: &str = concat!(
    r#""ecs":{"version":"8.17.0"},"agent":{"type":"rareport","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""},"data_stream":{"dataset":"auditd_manager.auditd","type":"logs","namespace":"default"},"#,
    r#""event":{"kind":"event","module":"auditd","dataset":"auditd_manager.auditd","#,
    r#""category":["network"],"action":"#
);

impl Document<'_> {
    /// Writes the document as a member.
    pub(crate) fn write_json(&self, json: &mut JsonBuffer) {
        json.raw(r#"{"@timestamp":"#);
        json.string(self.timestamp.as_bytes());
        json.raw(HEAD);
        self.write_event(json);
        json.raw(r#""host":{"name":"#);
        json.string(self.host);
        json.raw(r#""os":{"type":"#);
        json.plain(OS);
        json.close("}");
        json.close("}");
        let ip = self.write_endpoint(json);
        self.write_process(json);
        self.user.write_json(json);
        self.write_auditd(ip, json);
        self.write_tags(json);
        json.close("}");
    }

    fn write_event(&self, json: &mut JsonBuffer) {
        json.plain(self.event.action);
        json.raw(r#""type":["#);
        for name in self.event.types {
            json.plain(name);
        }
        json.close("]");
        json.raw(r#""outcome":"#);
        json.plain(self.event.outcome);
        json.raw(r#""sequence":"#);
        json.number(self.event.sequence);
        json.close("}");
    }

    /// Writes where the network is told of; gives the place of the IP address.
    fn write_endpoint(&self, json: &mut JsonBuffer) -> Option<Range<usize>> {
        use auditparse::ConnectionKind::{Accept, Bind};
        match self.connection.kind() {
            Bind => {}
            Accept => json.raw(r#""network":{"direction":"ingress"},"#),
            _ => json.raw(r#""network":{"direction":"egress"},"#),
        }
        if let Some(source) = &self.source {
            json.raw(r#""source":{"#);
            return source.write_json(json);
        }
        let destination = self.destination?;
        json.raw(r#""destination":{"#);
        destination.write_json(json)
    }

    fn write_process(&self, json: &mut JsonBuffer) {
        let process = &self.process;
        json.raw(r#""process":{"#);
        if let Some(name) = &process.comm {
            json.raw(r#""name":"#);
            json.string(name);
        }
        if let Some(executable) = &process.exe {
            json.raw(r#""executable":"#);
            json.string(executable);
        }
        if let Some(pid) = process.pid {
            json.raw(r#""pid":"#);
            json.number(pid);
        }
        if let Some(pid) = process.ppid {
            json.raw(r#""parent":{"pid":"#);
            json.number(pid);
            json.close("}");
        }
        if let Some(title) = &self.title {
            json.raw(r#""title":"#);
            json.string(title);
        }
        json.close("}");
    }

    fn write_auditd(&self, ip: Option<Range<usize>>, json: &mut JsonBuffer) {
        let connection = self.connection;
        json.raw(r#""auditd":{"message_type":"#);
        json.plain(message_type(connection));
        if connection.success().is_some() {
            json.raw(r#""result":"#);
            json.plain(self.event.outcome);
        }
        if let Some(session) = self.process.ses.filter(|&session| session != u32::MAX) {
            json.raw(r#""session":"#);
            json.quoted_number(session);
        }
        json.raw(r#""data":{"#);
        self.write_call(json);
        if let Some(bytes) = connection.address_bytes() {
            write_socket(bytes, self.address, ip, json);
        }
        json.close("}");
        json.close("}");
    }

    fn write_call(&self, json: &mut JsonBuffer) {
        let connection = self.connection;
        if let Some(arch) = connection.arch() {
            json.raw(r#""arch":"#);
            match arch.name() {
                Some(name) => json.plain(name),
                None => json.display(arch),
            }
        }
        match self.syscall {
            Some(Syscall::Name(name)) => {
                json.raw(r#""syscall":"#);
                json.plain(name);
            }
            Some(Syscall::Number(number)) => {
                json.raw(r#""syscall":"#);
                json.quoted_number(number);
            }
            None => {}
        }
        match self.exit {
            Some(ExitCode::Name(name)) => {
                json.raw(r#""exit":"#);
                json.plain(name);
            }
            Some(ExitCode::Number(number)) => {
                json.raw(r#""exit":"#);
                json.quoted_number(number);
            }
            None => {}
        }
        write_arguments(&self.process.arguments, json);
        if let Some(tty) = self.process.tty {
            json.raw(r#""tty":"#);
            json.string(tty);
        }
        if let Some(subject) = self.process.subj {
            json.raw(r#""subj":"#);
            json.string(subject);
        }
    }

    fn write_tags(&self, json: &mut JsonBuffer) {
        let keys = &self.process.keys;
        if !keys.is_empty() {
            json.raw(r#""tags":["#);
            keys.iter().for_each(|key| json.string(key));
            json.close("]");
        }
    }
}

/// The record that the event is named by.
fn message_type(connection: &Connection<'_>) -> &'static str {
    match (connection.denied_by(), connection.syscall_record()) {
        (Some(_), _) => "avc",
        (None, Some(_)) => "syscall",
        (None, None) => "uringop",
    }
}

fn write_arguments(arguments: &[Option<&[u8]>; 4], json: &mut JsonBuffer) {
    const KEYS: [&str; 4] = [r#""a0":"#, r#""a1":"#, r#""a2":"#, r#""a3":"#];
    for (key, argument) in KEYS.iter().zip(arguments) {
        if let Some(argument) = argument {
            json.raw(key);
            json.string(argument);
        }
    }
}

/// An address family as go-libaudit gives it.
enum Family {
    Name(&'static str),
    Number(u16),
}

fn family(address: &SockAddr<'_>) -> Family {
    match address {
        SockAddr::Inet { .. } => Family::Name("ipv4"),
        SockAddr::Inet6 { .. } => Family::Name("ipv6"),
        SockAddr::UnixPath(_) | SockAddr::UnixAbstract(_) | SockAddr::UnixUnnamed => {
            Family::Name("unix")
        }
        SockAddr::Netlink { .. } => Family::Name("netlink"),
        SockAddr::Packet { .. } => Family::Number(17),
        SockAddr::Vsock { .. } => Family::Number(40),
        SockAddr::Other { family, .. } => Family::Number(*family),
        _ => Family::Number(0),
    }
}

/// Writes `auditd.data.socket`: what the address says, or its bytes if it is of
/// a family that has no fields here or could not be read. `ip` is the place
/// where its IP address was written before.
fn write_socket(
    bytes: &SockAddrBytes,
    address: Option<SockAddr<'_>>,
    ip: Option<Range<usize>>,
    json: &mut JsonBuffer,
) {
    json.raw(r#""socket":{"#);
    if let Some(address) = address {
        json.raw(r#""family":"#);
        match family(&address) {
            Family::Name(name) => json.plain(name),
            Family::Number(number) => json.quoted_number(number),
        }
    }
    let whole = address.map(SockAddr::unmapped);
    if let Some(written) = ip {
        json.raw(r#""addr":"#);
        json.again(written);
    } else if let Some(ip) = whole.and_then(|address| address.ip()) {
        json.raw(r#""addr":"#);
        json.ip(ip);
    }
    if let Some(port) = whole.and_then(|address| address.port()) {
        json.raw(r#""port":"#);
        json.number(port);
    }
    if let Some(path @ (SockAddr::UnixPath(_) | SockAddr::UnixAbstract(_))) = address {
        json.raw(r#""path":"#);
        Address::of(path).into_iter().for_each(|path| path.write_json(json));
    }
    if let Some(SockAddr::Inet6 { flow: flow @ 1.., .. }) = address {
        json.raw(r#""flow":"#);
        json.quoted_number(flow);
    }
    let told = whole.is_some_and(|address| Address::of(address).is_some());
    if !told && !matches!(address, Some(SockAddr::UnixUnnamed)) {
        json.raw(r#""saddr":"#);
        json.string(hex(bytes.as_bytes()).as_bytes());
    }
    json.close("}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

impl Endpoint<'_> {
    /// Writes the members of the object and its end; gives the place of the IP
    /// address.
    fn write_json(&self, json: &mut JsonBuffer) -> Option<Range<usize>> {
        json.raw(r#""address":"#);
        let ip = match self.address {
            Address::Ip(ip) => Some(json.ip(ip)),
            path => {
                path.write_json(json);
                None
            }
        };
        if let Some(written) = ip.clone() {
            json.raw(r#""ip":"#);
            json.again(written);
        }
        if let Some(port) = self.port {
            json.raw(r#""port":"#);
            json.number(port);
        }
        json.close("}");
        ip
    }
}

impl Address<'_> {
    fn write_json(self, json: &mut JsonBuffer) {
        match self {
            Address::Ip(ip) => drop(json.ip(ip)),
            Address::Path(path) => json.string(path),
            Address::Abstract(_) => json.display(self),
        }
    }
}

impl User<'_> {
    fn write_json(&self, json: &mut JsonBuffer) {
        json.raw(r#""user":{"#);
        if let Some(real) = self.real {
            real.write_members(json);
        }
        for (key, account) in [
            (r#""effective":{"#, self.effective),
            (r#""audit":{"#, self.audit),
            (r#""group":{"#, self.group),
        ] {
            if let Some(account) = account {
                json.raw(key);
                account.write_members(json);
                json.close("}");
            }
        }
        json.close("}");
    }
}

impl Account<'_> {
    fn write_members(&self, json: &mut JsonBuffer) {
        json.raw(r#""id":"#);
        json.quoted_number(self.id);
        if let Some(name) = self.name {
            json.raw(r#""name":"#);
            json.string(name);
        }
    }
}
