//! Events from audit logs: their connections, with the ECS fields that
//! Elastic's Auditd Manager gives them.
//!
//! The fields of `rareport events` are here too, and some by which filters
//! tell documents. Which connections pass is not decided here.

use std::sync::Arc;

use auditparse::{Connection, ConnectionKind, Event as AuditEvent, SockAddr, Via};
use rareport::datafeed::Values;
use rareport::evidence::LogFiles;

use super::fields::{Event, Fields};
use super::unaddressed::Unaddressed;
use crate::args::Profile;
use crate::ecs::{Caller, Document, Field, Titles, Value, family};
use crate::input::{FromConnection, Totals};
use crate::stamp::Stamper;

/// A field of a connection.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// One that `rareport events` gives.
    Field(Field),
    /// One that all have alike.
    Constant(&'static str),
    /// `network.direction`.
    Direction,
    /// `auditd.data.socket.family`.
    Family,
    /// `auditd.data.socket.port`: of a socket that is bound, the port it is bound to.
    SocketPort,
}

/// The fields that `rareport events` does not give.
const MORE: [(&str, Source); 7] = [
    ("agent.type", Source::Constant("auditbeat")),
    ("event.module", Source::Constant("auditd")),
    ("event.dataset", Source::Constant("auditd_manager.auditd")),
    ("user.name_map.uid", Source::Field(Field::UserName)),
    ("network.direction", Source::Direction),
    ("auditd.data.socket.family", Source::Family),
    ("auditd.data.socket.port", Source::SocketPort),
];

impl Source {
    fn named(name: &str) -> Option<Source> {
        let more = MORE.iter().find(|(known, _)| *known == name).map(|(_, source)| *source);
        more.or_else(|| Field::named(name).map(Source::Field))
    }
}

/// The names of the fields that connections have.
pub(crate) fn field_names() -> impl Iterator<Item = &'static str> {
    Field::ALL.into_iter().map(Field::name).chain(MORE.iter().map(|(name, _)| *name))
}

/// Whether connections have a field of this name.
pub(super) fn has_field(name: &str) -> bool {
    Source::named(name).is_some()
}

/// Command lines that are kept from one connection to another, of a log or by a
/// thread. Many logs may be read at once.
const TITLES: usize = 16;

/// A connection as an event.
#[derive(Clone)]
pub(super) struct ConnectionEvent {
    /// Fields with the place of their value.
    sources: Vec<(Source, usize)>,
    profile: Profile,
    stamper: Stamper,
    titles: Titles,
    event: Event,
}

impl ConnectionEvent {
    /// A place for connections, of which these fields are wanted.
    pub(super) fn new(fields: &Fields, profile: Profile) -> ConnectionEvent {
        let names = fields.names().iter().enumerate();
        let mut event = Event::new(fields);
        event.is_audit = true;
        ConnectionEvent {
            sources: names.filter_map(|(at, name)| Some((Source::named(name)?, at))).collect(),
            profile,
            stamper: Stamper::new(),
            titles: Titles::with_room_for(TITLES),
            event,
        }
    }

    /// The same for connections of the log in these files.
    pub(super) fn of_log(mut self, log: Option<Arc<LogFiles>>) -> ConnectionEvent {
        self.event.log = log;
        self
    }
}

impl FromConnection for ConnectionEvent {
    type Item = Event;

    fn item(&self) -> &Event {
        &self.event
    }

    fn take(&mut self, connection: &Connection<'_>, host: &str, totals: &mut Totals) {
        if connection.kind() == ConnectionKind::Connect {
            totals.used_connect(connection.address().is_ok());
        }
        let millis = connection.id().millis;
        let (caller, title) = (Caller::of(connection), self.titles.read(connection));
        let time = self.stamper.format(millis);
        let document = Document::new(connection, &caller, title, time, host);
        if !document.is_sound {
            totals.damage().look_at(connection);
        }
        self.event.clear();
        self.event.has_node = connection.node().is_some();
        self.event.millis = i64::try_from(millis).unwrap_or(i64::MAX);
        let is_blind = self.profile == Profile::Elastic && is_unknown_to_elastic(&document);
        for &(source, place) in &self.sources {
            let values = self.event.value_mut(place);
            if !(is_blind && put_blind(source, values)) {
                put(source, &document, self.profile, values);
            }
        }
    }

    fn wants_other_events(&self) -> bool {
        self.profile == Profile::Elastic
    }

    fn take_other(&mut self, event: &AuditEvent<'_>, host: &str) -> bool {
        let Some(call) = Unaddressed::of(event, host) else { return false };
        self.event.clear();
        self.event.has_node = event.node().is_some();
        self.event.millis = i64::try_from(event.id().millis).unwrap_or(i64::MAX);
        for &(source, place) in &self.sources {
            let values = self.event.value_mut(place);
            match source {
                Source::Constant(text) => values.push(text.as_bytes()),
                Source::Direction | Source::Family | Source::SocketPort => {}
                Source::Field(field) => call.put(field, values),
            }
        }
        true
    }

    fn time(&self) -> i64 {
        self.event.millis
    }
}

/// Adds the values of a field.
fn put(source: Source, document: &Document<'_>, profile: Profile, values: &mut Values) {
    match source {
        Source::Constant(text) => values.push(text.as_bytes()),
        Source::Direction => match document.connection.kind() {
            _ if document.address.is_none() => {}
            ConnectionKind::Bind => {}
            ConnectionKind::Accept => values.push(b"ingress"),
            _ => values.push(b"egress"),
        },
        Source::Family => {
            if let Some(family) = document.address.as_ref().map(family_of) {
                values.push(family.as_bytes());
            }
        }
        Source::SocketPort => {
            if let Some(port) = document.address.as_ref().and_then(SockAddr::port) {
                values.push(port.to_string().as_bytes());
            }
        }
        Source::Field(Field::ProcessName) if profile == Profile::Elastic => {
            if let Some(name) = undecoded_name(document) {
                values.push(name);
            }
        }
        Source::Field(field) => match document.model_value(field) {
            None => {}
            Some(Value::Types(types)) => {
                types.words().iter().for_each(|word| values.push(word.as_bytes()));
            }
            Some(Value::Keys(keys)) => keys.iter().for_each(|key| values.push(key)),
            Some(value) => values.push_with(|out| value.append_to(out)),
        },
    }
}

fn family_of(address: &SockAddr<'_>) -> String {
    family(address).to_string()
}

/// Whether Elastic's collector does not take the call for one of the network:
/// one by `socketcall(2)`, or by io_uring, which is no system call.
fn is_unknown_to_elastic(document: &Document<'_>) -> bool {
    let is_multiplexed = || document.syscall.is_some_and(|call| call.to_string() == "socketcall");
    document.connection.via() == Via::IoUring || is_multiplexed()
}

/// Adds the values of a field as Elastic's collector has them for a call that
/// it does not know; `false` if they are those of any other.
fn put_blind(source: Source, values: &mut Values) -> bool {
    match source {
        Source::Field(Field::EventCategory) => values.push(b"process"),
        Source::Field(Field::EventType) => values.push(b"info"),
        Source::Field(
            Field::EventAction
            | Field::SourceIp
            | Field::SourcePort
            | Field::DestinationAddress
            | Field::DestinationIp
            | Field::DestinationPort,
        )
        | Source::Direction => {}
        _ => return false,
    }
    true
}

/// The name of the task as the log has it: in hexadecimal, if it was written so.
fn undecoded_name<'a>(document: &Document<'a>) -> Option<&'a [u8]> {
    let field = document.connection.syscall_record()?.get("comm")?;
    (!field.is_absent()).then(|| field.raw_value())
}
