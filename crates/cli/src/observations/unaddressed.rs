//! Events of the network without an address of the network: `listen(2)`,
//! `accept(2)` by a program that does not ask who it is, and auditd that takes or
//! loses a connection of a host whose log it gathers. They are no attempts to
//! reach another host, but Elastic's collector gives them the category of the
//! network.

use auditparse::{Arch, Event, Id, Record, RecordType};
use rareport::datafeed::Values;

use crate::ecs::{Account, CATEGORY, Field, OS, Types};

/// An event without an address.
pub(super) struct Unaddressed<'a> {
    record: Record<'a>,
    /// The host that wrote the event.
    host: &'a [u8],
    /// The system call, if it is one.
    call: Option<&'static str>,
    action: &'static str,
    types: Types,
}

impl<'a> Unaddressed<'a> {
    /// What an event is about, if it is one of these; `host` is for events that
    /// carry no name of a host.
    pub(super) fn of<'e: 'a>(event: &Event<'e>, host: &'a str) -> Option<Unaddressed<'a>> {
        let host = event.node().unwrap_or(host.as_bytes());
        Unaddressed::call(event, host).or_else(|| Unaddressed::gathering(event, host))
    }

    /// auditd gathers the logs of other hosts.
    fn gathering<'e: 'a>(event: &Event<'e>, host: &'a [u8]) -> Option<Unaddressed<'a>> {
        let actions = [
            (RecordType::DAEMON_ACCEPT, "remote-audit-connected"),
            (RecordType::DAEMON_CLOSE, "remote-audit-disconnected"),
        ];
        let of = |(kind, action)| Some((*event.record(kind)?, action));
        let (record, action) = actions.into_iter().find_map(of)?;
        Some(Unaddressed { record, host, call: None, action, types: Types::ConnectionStart })
    }

    /// A call that names no address.
    fn call<'e: 'a>(event: &Event<'e>, host: &'a [u8]) -> Option<Unaddressed<'a>> {
        let record = *event.record(RecordType::SYSCALL)?;
        let arch = Arch::from_number(u32::try_from(record.get("arch")?.as_hex()?).ok()?);
        let number = u32::try_from(record.get("syscall")?.as_u64()?).ok()?;
        let call = arch.syscall_name(number)?;
        let (action, types) = match call {
            "listen" => ("listen-for-connections", Types::Start),
            "accept" | "accept4" => ("accepted-connection-from", Types::ConnectionStart),
            _ => return None,
        };
        Some(Unaddressed { record, host, call: Some(call), action, types })
    }

    /// Adds the values of a field, the name of the task as it is in the log.
    pub(super) fn put(&self, field: Field, values: &mut Values) {
        match field {
            Field::EventAction => values.push(self.action.as_bytes()),
            Field::EventCategory => values.push(CATEGORY.as_bytes()),
            Field::EventType => {
                self.types.words().iter().for_each(|word| values.push(word.as_bytes()));
            }
            Field::EventSequence => values.push(self.record.id().serial.to_string().as_bytes()),
            Field::HostName => values.push(self.host),
            Field::HostOsType => values.push(OS.as_bytes()),
            Field::AuditdDataSyscall => {
                self.call.iter().for_each(|call| values.push(call.as_bytes()));
            }
            Field::ProcessName => self.put_raw("comm", values),
            Field::ProcessPid => self.put_raw("pid", values),
            Field::ProcessParentPid => self.put_raw("ppid", values),
            Field::ProcessExecutable => {
                if let Some(path) = self.record.get("exe").filter(|path| !path.is_absent()) {
                    values.push(&path.text());
                }
            }
            Field::UserId => {
                if let Some(user) = self.user() {
                    values.push(user.id.to_string().as_bytes());
                }
            }
            Field::UserName => match self.user() {
                Some(Account { name: Some(name), .. }) => values.push(name),
                _ => self.put(Field::UserId, values),
            },
            _ => {}
        }
    }

    fn put_raw(&self, key: &str, values: &mut Values) {
        if let Some(field) = self.record.get(key).filter(|field| !field.is_absent()) {
            values.push(field.raw_value());
        }
    }

    /// The real user.
    fn user(&self) -> Option<Account<'a>> {
        let number = self.record.get("uid")?.as_id()?;
        let name = self.record.get("UID").map(|name| name.raw_value());
        Account::of(Id { number, name })
    }
}
