//! A [`Document`] as JSON.

use std::fmt::Write;
use std::ops::Range;

use auditparse::{Connection, SockAddr, SockAddrBytes};

use super::{Account, Address, Document, Endpoint, Event, Symbol, Types, User};
use crate::output::JsonBuffer;

/// What follows the time in every document, up to the value of `event.action`.
const HEAD: &str = concat!(
    r#"","ecs":{"version":"8.17.0"},"agent":{"type":"rareport","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""},"data_stream":{"dataset":"auditd_manager.auditd","type":"logs","namespace":"default"},"#,
    r#""event":{"kind":"event","module":"auditd","dataset":"auditd_manager.auditd","#,
    r#""category":["network"],"action":""#
);

impl Document<'_> {
    /// Writes the document as a member.
    pub(crate) fn write_json(&self, json: &mut JsonBuffer) {
        json.raw(r#"{"@timestamp":""#);
        json.raw(self.timestamp);
        json.raw(HEAD);
        self.event.write_members(json);
        json.raw(r#"},"host":{"name":""#);
        json.text(self.host);
        json.raw(r#""os":{"type":"linux"}},"#);
        let ip = self.write_endpoint(json);
        self.write_process(json);
        self.user.write_json(json);
        self.write_auditd(ip, json);
        self.write_tags(json);
        json.close("},");
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
            json.raw(r#""source":{"address":""#);
            return source.write_members(json);
        }
        let destination = self.destination?;
        json.raw(r#""destination":{"address":""#);
        destination.write_members(json)
    }

    fn write_process(&self, json: &mut JsonBuffer) {
        let process = &self.process;
        json.raw(r#""process":{"#);
        write_text(r#""name":""#, process.comm.as_deref(), json);
        write_text(r#""executable":""#, process.exe.as_deref(), json);
        if let Some(pid) = process.pid {
            json.raw(r#""pid":"#);
            json.number(pid);
        }
        if let Some(pid) = process.ppid {
            json.raw(r#""parent":{"pid":"#);
            json.digits(pid);
            json.raw("},");
        }
        if let Some(title) = self.title.json() {
            json.raw(r#""title":"#);
            json.copy(title);
        }
        json.close("},");
    }

    fn write_auditd(&self, ip: Option<Range<usize>>, json: &mut JsonBuffer) {
        let connection = self.connection;
        json.raw(r#""auditd":{"message_type":""#);
        json.plain(message_type(connection));
        if connection.success().is_some() {
            json.raw(r#""result":""#);
            json.plain(self.event.outcome);
        }
        if let Some(node) = connection.node() {
            json.raw(r#""node":""#);
            json.text(node);
        }
        if let Some(session) = self.process.ses.filter(|&session| session != u32::MAX) {
            json.raw(r#""session":""#);
            json.quoted_number(session);
        }
        json.raw(r#""data":{"#);
        self.write_call(json);
        if let Some(bytes) = connection.address_bytes() {
            write_socket(bytes, self.address, ip, json);
        }
        json.close("}},");
    }

    fn write_call(&self, json: &mut JsonBuffer) {
        if let Some(arch) = self.connection.arch() {
            json.raw(r#""arch":""#);
            match arch.name() {
                Some(name) => json.plain(name),
                None => json.display(arch),
            }
        }
        if let Some(syscall) = self.syscall {
            json.raw(r#""syscall":""#);
            syscall.write(json);
        }
        if let Some(exit) = self.exit {
            json.raw(r#""exit":""#);
            exit.write(json);
        }
        let [a0, a1, a2, a3] = self.process.arguments;
        write_text(r#""a0":""#, a0, json);
        write_text(r#""a1":""#, a1, json);
        write_text(r#""a2":""#, a2, json);
        write_text(r#""a3":""#, a3, json);
        write_text(r#""tty":""#, self.process.tty, json);
        write_text(r#""subj":""#, self.process.subj, json);
    }

    fn write_tags(&self, json: &mut JsonBuffer) {
        let keys = &self.process.keys;
        if !keys.is_empty() {
            json.raw(r#""tags":["#);
            for key in keys.iter() {
                json.raw("\"");
                json.text(key);
            }
            json.close("],");
        }
    }
}

impl Event {
    /// Writes the members from the value of `action` on.
    fn write_members(&self, json: &mut JsonBuffer) {
        json.raw(self.action);
        json.raw(match self.types {
            Types::ConnectionStart => r#"","type":["connection","start"],"outcome":""#,
            Types::ConnectionInfo => r#"","type":["connection","info"],"outcome":""#,
            Types::Start => r#"","type":["start"],"outcome":""#,
        });
        json.raw(self.outcome);
        json.raw(r#"","sequence":"#);
        json.digits(self.sequence);
    }
}

impl Symbol {
    /// Ends a string with the name or number.
    fn write(self, json: &mut JsonBuffer) {
        match self {
            Symbol::Name(name) => json.plain(name),
            Symbol::Number(number) => json.quoted_number(number),
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

/// Writes the text, if there is one, behind its key and opening quote.
#[inline]
fn write_text(key: &str, text: Option<&[u8]>, json: &mut JsonBuffer) {
    if let Some(text) = text {
        json.raw(key);
        json.text(text);
    }
}

/// An address family as go-libaudit gives it.
pub(crate) fn family(address: &SockAddr<'_>) -> Symbol {
    match address {
        SockAddr::Inet { .. } => Symbol::Name("ipv4"),
        SockAddr::Inet6 { .. } => Symbol::Name("ipv6"),
        SockAddr::UnixPath(_) | SockAddr::UnixAbstract(_) | SockAddr::UnixUnnamed => {
            Symbol::Name("unix")
        }
        SockAddr::Netlink { .. } => Symbol::Name("netlink"),
        SockAddr::Packet { .. } => Symbol::Number(17),
        SockAddr::Vsock { .. } => Symbol::Number(40),
        SockAddr::Other { family, .. } => Symbol::Number(i64::from(*family)),
        _ => Symbol::Number(0),
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
        json.raw(r#""family":""#);
        family(&address).write(json);
    }
    let whole = address.map(SockAddr::unmapped);
    if let Some(written) = ip {
        json.raw(r#""addr":""#);
        json.again(written);
    } else if let Some(ip) = whole.and_then(|address| address.ip()) {
        json.raw(r#""addr":""#);
        json.ip(ip);
    }
    if let Some(port) = whole.and_then(|address| address.port()) {
        json.raw(r#""port":"#);
        json.number(port);
    }
    if let Some(path) = address.and_then(Address::of_unix) {
        json.raw(r#""path":""#);
        path.write(json);
    }
    if let Some(SockAddr::Inet6 { flow: flow @ 1.., .. }) = address {
        json.raw(r#""flow":""#);
        json.quoted_number(flow);
    }
    let told = whole.is_some_and(|address| Address::of(address).is_some());
    if !told && !matches!(address, Some(SockAddr::UnixUnnamed)) {
        json.raw(r#""saddr":""#);
        json.plain(&hex(bytes.as_bytes()));
    }
    json.close("},");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

impl Endpoint<'_> {
    /// Writes the members from the value of `address` on, and the end of the
    /// object; gives the place of the IP address.
    fn write_members(&self, json: &mut JsonBuffer) -> Option<Range<usize>> {
        let ip = self.address.write(json);
        if let Some(written) = ip.clone() {
            json.raw(r#""ip":""#);
            json.again(written);
        }
        if let Some(port) = self.port {
            json.raw(r#""port":"#);
            json.number(port);
        }
        json.close("},");
        ip
    }
}

impl Address<'_> {
    /// Ends a string with the address; gives its place if it is an IP address.
    fn write(self, json: &mut JsonBuffer) -> Option<Range<usize>> {
        match self {
            Address::Ip(ip) => return Some(json.ip(ip)),
            Address::Path(path) => json.text(path),
            Address::Abstract(_) => json.display(self),
        }
        None
    }
}

impl User<'_> {
    fn write_json(&self, json: &mut JsonBuffer) {
        json.raw(r#""user":{"#);
        if let Some(real) = self.real {
            json.raw(r#""id":""#);
            real.write_members(json);
        }
        for (key, account) in [
            (r#""effective":{"id":""#, self.effective),
            (r#""audit":{"id":""#, self.audit),
            (r#""group":{"id":""#, self.group),
        ] {
            if let Some(account) = account {
                json.raw(key);
                account.write_members(json);
                json.close("},");
            }
        }
        json.close("},");
    }
}

impl Account<'_> {
    /// Writes the members from the value of `id` on.
    fn write_members(&self, json: &mut JsonBuffer) {
        json.quoted_number(self.id);
        if let Some(name) = self.name {
            json.raw(r#""name":""#);
            json.text(name);
        }
    }
}
