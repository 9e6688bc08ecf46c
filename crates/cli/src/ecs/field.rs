//! The fields of a [`Document`] by name, one value each: what a CSV has as
//! columns and what a job may name.

use std::fmt::{self, Display};
use std::io::Write;
use std::net::IpAddr;

use auditparse::Keys;

use super::{Address, CATEGORY, Document, OS, Symbol, Types};
use crate::text::Utf8;

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Timestamp,
    EventAction,
    EventCategory,
    EventType,
    EventOutcome,
    EventSequence,
    HostName,
    HostOsType,
    ProcessName,
    ProcessExecutable,
    ProcessPid,
    ProcessParentPid,
    ProcessTitle,
    UserId,
    UserName,
    UserAuditId,
    UserAuditName,
    SourceIp,
    SourcePort,
    DestinationAddress,
    DestinationIp,
    DestinationPort,
    AuditdDataSyscall,
    AuditdDataExit,
    Tags,
}

impl Field {
    /// Every field.
    pub(crate) const ALL: [Field; 25] = [
        Field::Timestamp,
        Field::EventAction,
        Field::EventCategory,
        Field::EventType,
        Field::EventOutcome,
        Field::EventSequence,
        Field::HostName,
        Field::HostOsType,
        Field::ProcessName,
        Field::ProcessExecutable,
        Field::ProcessPid,
        Field::ProcessParentPid,
        Field::ProcessTitle,
        Field::UserId,
        Field::UserName,
        Field::UserAuditId,
        Field::UserAuditName,
        Field::SourceIp,
        Field::SourcePort,
        Field::DestinationAddress,
        Field::DestinationIp,
        Field::DestinationPort,
        Field::AuditdDataSyscall,
        Field::AuditdDataExit,
        Field::Tags,
    ];

    /// The name that the schema has for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Field::Timestamp => "@timestamp",
            Field::EventAction => "event.action",
            Field::EventCategory => "event.category",
            Field::EventType => "event.type",
            Field::EventOutcome => "event.outcome",
            Field::EventSequence => "event.sequence",
            Field::HostName => "host.name",
            Field::HostOsType => "host.os.type",
            Field::ProcessName => "process.name",
            Field::ProcessExecutable => "process.executable",
            Field::ProcessPid => "process.pid",
            Field::ProcessParentPid => "process.parent.pid",
            Field::ProcessTitle => "process.title",
            Field::UserId => "user.id",
            Field::UserName => "user.name",
            Field::UserAuditId => "user.audit.id",
            Field::UserAuditName => "user.audit.name",
            Field::SourceIp => "source.ip",
            Field::SourcePort => "source.port",
            Field::DestinationAddress => "destination.address",
            Field::DestinationIp => "destination.ip",
            Field::DestinationPort => "destination.port",
            Field::AuditdDataSyscall => "auditd.data.syscall",
            Field::AuditdDataExit => "auditd.data.exit",
            Field::Tags => "tags",
        }
    }

    /// The field of this name.
    pub(crate) fn named(name: &str) -> Option<Field> {
        Field::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// The value of a field; displayed, several values are joined by commas.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Text(&'a [u8]),
    Number(u32),
    Ip(IpAddr),
    Address(Address<'a>),
    Symbol(Symbol),
    Types(Types),
    Keys(&'a Keys<'a>),
}

impl Value<'_> {
    /// Appends the value as bytes, those of a text as they are in the log.
    pub(crate) fn append_to(&self, out: &mut Vec<u8>) {
        match self {
            Value::Text(text) => out.extend_from_slice(text),
            // Writing to memory cannot fail.
            other => drop(write!(out, "{other}")),
        }
    }
}

impl Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => Utf8(text).fmt(f),
            Value::Number(number) => number.fmt(f),
            Value::Ip(ip) => ip.fmt(f),
            Value::Address(address) => address.fmt(f),
            Value::Symbol(symbol) => symbol.fmt(f),
            Value::Types(types) => types.fmt(f),
            Value::Keys(keys) => keys.iter().enumerate().try_for_each(|(index, key)| {
                let comma = if index > 0 { "," } else { "" };
                write!(f, "{comma}{}", Utf8(key))
            }),
        }
    }
}

impl Document<'_> {
    /// The value of a field, if the document has it.
    pub(crate) fn value(&self, field: Field) -> Option<Value<'_>> {
        let Document { event, process, user, source, destination, .. } = self;
        Some(match field {
            Field::Timestamp => text(self.timestamp),
            Field::EventAction => text(event.action),
            Field::EventCategory => text(CATEGORY),
            Field::EventType => Value::Types(event.types),
            Field::EventOutcome => text(event.outcome),
            Field::EventSequence => Value::Number(event.sequence),
            Field::HostName => Value::Text(self.host),
            Field::HostOsType => text(OS),
            Field::ProcessName => Value::Text(process.comm.as_deref()?),
            Field::ProcessExecutable => Value::Text(process.exe.as_deref()?),
            Field::ProcessPid => Value::Number(process.pid?),
            Field::ProcessParentPid => Value::Number(process.ppid?),
            Field::ProcessTitle => Value::Text(self.title.text()?),
            Field::UserId => Value::Number(user.real?.id),
            Field::UserName => Value::Text(user.real?.name?),
            Field::UserAuditId => Value::Number(user.audit?.id),
            Field::UserAuditName => Value::Text(user.audit?.name?),
            Field::SourceIp => Value::Ip(source.as_ref()?.ip()?),
            Field::SourcePort => Value::Number(source.as_ref()?.port?.into()),
            Field::DestinationAddress => Value::Address(destination.as_ref()?.address),
            Field::DestinationIp => Value::Ip(destination.as_ref()?.ip()?),
            Field::DestinationPort => Value::Number(destination.as_ref()?.port?.into()),
            Field::AuditdDataSyscall => Value::Symbol(self.syscall?),
            Field::AuditdDataExit => Value::Symbol(self.exit?),
            Field::Tags => Value::Keys(&process.keys),
        })
    }

    /// The value of a field as the model takes it: a user without a name is
    /// known by the id.
    pub(crate) fn model_value(&self, field: Field) -> Option<Value<'_>> {
        match (self.value(field), field) {
            (None, Field::UserName) => self.value(Field::UserId),
            (value, _) => value,
        }
    }
}

fn text(text: &str) -> Value<'_> {
    Value::Text(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_its_field() {
        for field in Field::ALL {
            assert_eq!(Field::named(field.name()), Some(field));
        }
        assert_eq!(Field::named("event.module"), None);
    }
}
