//! Who made a call: the process, its users, and the rules that its event matched.

use std::borrow::Cow;

use crate::field::Field;
use crate::record::Record;
use crate::syscall::first;

/// A user or group id, with the name that the logging host had for it (ENRICHED format only).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<'a> {
    /// The id; `u32::MAX` stands for "not set".
    pub number: u32,
    /// The name; auditd writes `unset` and `unknown(1234)` where there is none.
    pub name: Option<&'a [u8]>,
}

impl<'a> Id<'a> {
    fn of(field: &Field<'a>) -> Option<Id<'a>> {
        Some(Id { number: field.as_id()?, name: None })
    }

    /// Whether the id is one, and not the kernel's "not set".
    pub fn is_set(&self) -> bool {
        self.number != u32::MAX
    }
}

/// Who made a call, on whose behalf, and with which arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Process<'a> {
    /// The process.
    pub pid: Option<u32>,
    /// Its parent.
    pub ppid: Option<u32>,
    /// The login user, who stays the same through `su` and `sudo`.
    pub auid: Option<Id<'a>>,
    /// The real user.
    pub uid: Option<Id<'a>>,
    /// The effective user.
    pub euid: Option<Id<'a>>,
    /// The real group.
    pub gid: Option<Id<'a>>,
    /// The login session; `u32::MAX` for none.
    pub ses: Option<u32>,
    /// The terminal; `None` without one.
    pub tty: Option<&'a [u8]>,
    /// The security context.
    pub subj: Option<&'a [u8]>,
    /// Name of the task.
    pub comm: Option<Cow<'a, [u8]>>,
    /// Path of the executable.
    pub exe: Option<Cow<'a, [u8]>>,
    /// The keys of the rules that matched.
    pub keys: Keys<'a>,
    /// The first four arguments of the call, `a0` to `a3`, in hexadecimal as the kernel writes
    /// them.
    pub arguments: [Option<&'a [u8]>; 4],
}

impl<'a> Process<'a> {
    pub(crate) fn read(&mut self, record: &Record<'a>) {
        for field in record.fields() {
            match field.key() {
                [b'a', index @ b'0'..=b'3'] => {
                    let argument = &mut self.arguments[usize::from(index - b'0')];
                    first(argument, || Some(field.raw_value()));
                }
                b"pid" => first(&mut self.pid, || field.as_id()),
                b"ppid" => first(&mut self.ppid, || field.as_id()),
                b"auid" => first(&mut self.auid, || Id::of(&field)),
                b"uid" => first(&mut self.uid, || Id::of(&field)),
                b"euid" => first(&mut self.euid, || Id::of(&field)),
                b"gid" => first(&mut self.gid, || Id::of(&field)),
                b"AUID" => name(&mut self.auid, &field),
                b"UID" => name(&mut self.uid, &field),
                b"EUID" => name(&mut self.euid, &field),
                b"GID" => name(&mut self.gid, &field),
                b"ses" => first(&mut self.ses, || field.as_id()),
                b"tty" => first(&mut self.tty, || terminal(field)),
                b"subj" => first(&mut self.subj, || Some(field.raw_value())),
                b"comm" => first(&mut self.comm, || present_text(field)),
                b"exe" => first(&mut self.exe, || present_text(field)),
                b"key" => first(&mut self.keys.joined, || present_text(field)),
                _ => {}
            }
        }
    }
}

/// Adds the name, which stands behind all numbers, to its id.
fn name<'a>(id: &mut Option<Id<'a>>, field: &Field<'a>) {
    if let Some(id) = id {
        id.name.get_or_insert(field.raw_value());
    }
}

/// The text of a field that says there is some.
pub(crate) fn present_text(field: Field<'_>) -> Option<Cow<'_, [u8]>> {
    (!field.is_absent()).then(|| field.text())
}

/// `tty=`, which is `(none)` for a process without a terminal.
pub(crate) fn terminal(field: Field<'_>) -> Option<&[u8]> {
    Some(field.raw_value()).filter(|&tty| tty != b"(none)" && !field.is_absent())
}

/// The keys of the audit rules that matched an event (`auditctl -k`). The kernel joins several
/// with a 0x01 byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys<'a> {
    pub(crate) joined: Option<Cow<'a, [u8]>>,
}

impl Keys<'_> {
    /// The keys one by one.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.joined.iter().flat_map(|joined| joined.split(|&byte| byte == 1))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.joined.is_none()
    }
}
