//! A connection: who tried to reach what, and how it went, put together from the records of one
//! event. This module owns that reading, and the reasons why an event is none. It does not filter:
//! loopback, failed and denied attempts are connections too.

use core::fmt;
use std::borrow::Cow;

use thiserror::Error;

use crate::event_id::EventId;
use crate::field::{Field, Value, decode_hex};
use crate::record::Record;
use crate::record_type::RecordType;
use crate::sockaddr::{SockAddr, SockAddrBytes, SockAddrError};
use crate::syscall::{Arch, Call, ConnectionKind, errno_name};

/// How the call came to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Via {
    /// A system call of its own, or the multiplexed `socketcall` of older 32-bit ABIs.
    Syscall,
    /// An io_uring operation; the system call, if there is one, only submitted it.
    IoUring,
}

/// How a connection attempt went, as far as the audit event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Outcome {
    /// The call succeeded.
    Success,
    /// The call returned before the connection was made, and the kernel goes on with it:
    /// `EINPROGRESS` of a non-blocking socket, `EINTR`, `EALREADY`, or `EAGAIN` of io_uring.
    InProgress,
    /// The call failed.
    Failure,
    /// The event does not say.
    Unknown,
}

/// A user or group id, with the name that the logging host had for it (ENRICHED format only).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<'a> {
    /// The id; `u32::MAX` stands for "not set".
    pub number: u32,
    /// The name; auditd writes `unset` and `unknown(1234)` where there is none.
    pub name: Option<&'a [u8]>,
}

impl Id<'_> {
    /// Whether the id is one, and not the kernel's "not set".
    pub fn is_set(&self) -> bool {
        self.number != u32::MAX
    }
}

/// The security module that denied the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum SecurityModule {
    /// SELinux, in enforcing mode.
    SeLinux,
    /// AppArmor.
    AppArmor,
}

/// Why an event is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum NotAConnection {
    /// The event has neither a `SYSCALL` nor a `URINGOP` record, so what was done is not known.
    #[error("expected a SYSCALL or URINGOP record, found none")]
    NoSyscall,
    /// The call is not one that names an address.
    #[error("expected connect, accept, bind, sendto or sendmsg, found another call")]
    OtherCall,
    /// The call may name an address but did not: `sendto` on a connected socket, `accept` without
    /// an address buffer.
    #[error("expected a SOCKADDR record, found a call without an address")]
    NoAddress,
}

/// A call that names a peer or a local address, with everything the event tells about it.
///
/// ```
/// use auditparse::{ConnectionKind, Connections};
///
/// let log = b"\
/// type=SYSCALL msg=audit(1716998400.001:100): arch=c000003e syscall=42 success=no exit=-115 \
/// a0=5 a1=7f a2=10 a3=0 items=0 ppid=1 pid=1234 auid=4294967295 uid=33 gid=33 euid=33 suid=33 \
/// fsuid=33 egid=33 sgid=33 fsgid=33 tty=(none) ses=4294967295 comm=\"curl\" \
/// exe=\"/usr/bin/curl\" key=\"net\"
/// type=SOCKADDR msg=audit(1716998400.001:100): saddr=020001BB0A0000010000000000000000
/// type=PROCTITLE msg=audit(1716998400.001:100): proctitle=6375726C002D73
/// ";
/// let connection = Connections::new(log).next().unwrap();
/// assert_eq!(connection.kind(), ConnectionKind::Connect);
/// assert_eq!(connection.address()?.to_string(), "10.0.0.1:443");
/// assert_eq!(connection.pid(), Some(1234));
/// assert_eq!(connection.exe().as_deref(), Some(&b"/usr/bin/curl"[..]));
/// assert_eq!(connection.errno_name(), Some("EINPROGRESS"));
/// # Ok::<(), auditparse::SockAddrError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Connection<'a> {
    id: EventId,
    node: Option<&'a [u8]>,
    kind: ConnectionKind,
    via: Via,
    call: CallFields<'a>,
    address: Option<SockAddrBytes>,
    proctitle: Option<Value<'a>>,
    denied_by: Option<SecurityModule>,
    syscall: Option<Record<'a>>,
}

/// What `SYSCALL` and `URINGOP` records say.
#[derive(Clone, Copy, Default)]
struct CallFields<'a> {
    arch: Option<Arch>,
    number: Option<u32>,
    uring_op: Option<u64>,
    success: Option<bool>,
    exit: Option<i64>,
    a0: Option<u64>,
    pid: Option<u32>,
    ppid: Option<u32>,
    ses: Option<u32>,
    auid: Ids<'a>,
    uid: Ids<'a>,
    euid: Ids<'a>,
    gid: Ids<'a>,
    tty: Option<&'a [u8]>,
    subj: Option<&'a [u8]>,
    comm: Option<Value<'a>>,
    exe: Option<Value<'a>>,
    key: Option<Value<'a>>,
}

/// An id's number and its name, which stand in different parts of the record.
#[derive(Clone, Copy, Default)]
struct Ids<'a> {
    number: Option<u32>,
    name: Option<&'a [u8]>,
}

impl<'a> Ids<'a> {
    fn get(self) -> Option<Id<'a>> {
        Some(Id {
            number: self.number?,
            name: self.name,
        })
    }
}

impl<'a> CallFields<'a> {
    /// Takes over what `record` says; a later record of the same event overrides an earlier one.
    fn read(&mut self, record: &Record<'a>) {
        for field in record.fields() {
            match field.key() {
                b"arch" => {
                    let token = field.as_hex().and_then(|token| u32::try_from(token).ok());
                    self.arch = token.map(Arch::from_number);
                }
                b"syscall" => {
                    self.number = field.as_u64().and_then(|number| u32::try_from(number).ok());
                }
                b"uring_op" => self.uring_op = field.as_u64(),
                b"success" => self.success = success(&field),
                b"exit" => self.exit = field.as_i64(),
                b"a0" => self.a0 = field.as_hex(),
                b"pid" => self.pid = field.as_id(),
                b"ppid" => self.ppid = field.as_id(),
                b"ses" => self.ses = field.as_id(),
                b"auid" => self.auid.number = field.as_id(),
                b"uid" => self.uid.number = field.as_id(),
                b"euid" => self.euid.number = field.as_id(),
                b"gid" => self.gid.number = field.as_id(),
                b"AUID" => self.auid.name = Some(field.raw_value()),
                b"UID" => self.uid.name = Some(field.raw_value()),
                b"EUID" => self.euid.name = Some(field.raw_value()),
                b"GID" => self.gid.name = Some(field.raw_value()),
                b"tty" => self.tty = Some(field.raw_value()),
                b"subj" => self.subj = Some(field.raw_value()),
                b"comm" => self.comm = Some(field.value()),
                b"exe" => self.exe = Some(field.value()),
                b"key" => self.key = Some(field.value()),
                _ => {}
            }
        }
    }
}

/// `success=yes`.
fn success(field: &Field<'_>) -> Option<bool> {
    match field.raw_value() {
        b"yes" => Some(true),
        b"no" => Some(false),
        _ => None,
    }
}

/// `EINTR`, `EAGAIN`, `EALREADY` and `EINPROGRESS` (`asm-generic/errno.h`).
const STILL_CONNECTING: [i64; 4] = [-4, -11, -114, -115];

impl<'a> Connection<'a> {
    /// Reads the records of one event, in any order.
    pub(crate) fn from_records(
        id: EventId,
        node: Option<&'a [u8]>,
        records: impl Iterator<Item = Record<'a>>,
    ) -> Result<Connection<'a>, NotAConnection> {
        let mut call = CallFields::default();
        let mut uring: Option<CallFields<'a>> = None;
        let mut syscall = None;
        let mut address = None;
        let mut proctitle = None;
        let mut denied_by = None;
        for record in records {
            match record.record_type() {
                RecordType::SYSCALL => {
                    call.read(&record);
                    syscall = Some(record);
                }
                RecordType::URINGOP => uring.get_or_insert_default().read(&record),
                RecordType::SOCKADDR => {
                    let saddr = record.get("saddr");
                    address = saddr.map(|field| SockAddrBytes::from_hex(field.raw_value()));
                }
                RecordType::PROCTITLE => {
                    proctitle = record.get("proctitle").map(|field| field.value());
                }
                RecordType::AVC => denied_by = denied_by.or_else(|| denial(&record)),
                _ => {}
            }
        }
        let (kind, via) = kind_of(syscall.is_some(), &call, uring.as_ref())?;
        if address.is_none() && !kind.always_has_address() {
            return Err(NotAConnection::NoAddress);
        }
        if let (Via::IoUring, Some(uring)) = (via, uring) {
            call = with_uring_result(call, uring);
        }
        Ok(Connection {
            id,
            node,
            kind,
            via,
            call,
            address,
            proctitle,
            denied_by,
            syscall,
        })
    }

    /// Time and serial of the event.
    pub fn id(&self) -> EventId {
        self.id
    }

    /// The host that wrote the event, from `node=`.
    pub fn node(&self) -> Option<&'a [u8]> {
        self.node
    }

    /// What was done.
    pub fn kind(&self) -> ConnectionKind {
        self.kind
    }

    /// How it came to the kernel.
    pub fn via(&self) -> Via {
        self.via
    }

    /// The address: of the peer, or for [`ConnectionKind::Bind`] the local one.
    ///
    /// # Errors
    ///
    /// If the event has no address (the call passed an unreadable one) or a cut one.
    pub fn address(&self) -> Result<SockAddr<'_>, SockAddrError> {
        self.address
            .as_ref()
            .ok_or(SockAddrError::Missing)?
            .decode(self.call.arch)
    }

    /// The bytes of the address, as far as they could be read.
    pub fn address_bytes(&self) -> Option<&SockAddrBytes> {
        self.address.as_ref()
    }

    /// How the attempt went.
    pub fn outcome(&self) -> Outcome {
        match (self.call.success, self.call.exit) {
            (Some(true), _) => Outcome::Success,
            (_, Some(exit)) if STILL_CONNECTING.contains(&exit) => Outcome::InProgress,
            (Some(false), _) => Outcome::Failure,
            (None, _) => Outcome::Unknown,
        }
    }

    /// `success=`: whether the call returned without an error. A non-blocking connect that goes on
    /// in the background did not; see [`outcome`](Connection::outcome).
    pub fn success(&self) -> Option<bool> {
        self.call.success
    }

    /// `exit=`: the call's result, negative error numbers included.
    pub fn exit(&self) -> Option<i64> {
        self.call.exit
    }

    /// Name of the error in [`exit`](Connection::exit).
    pub fn errno_name(&self) -> Option<&'static str> {
        let number = self.call.exit.filter(|&exit| exit < 0)?.checked_neg()?;
        errno_name(i32::try_from(number).ok()?)
    }

    /// The security module that denied the call, if one logged that it did.
    pub fn denied_by(&self) -> Option<SecurityModule> {
        self.denied_by
    }

    /// The architecture whose ABI was used, which need not be that of the host.
    pub fn arch(&self) -> Option<Arch> {
        self.call.arch
    }

    /// Number of the system call, on [`arch`](Connection::arch).
    pub fn syscall_number(&self) -> Option<u32> {
        self.call.number
    }

    /// The io_uring operation, for [`Via::IoUring`].
    pub fn uring_op(&self) -> Option<u64> {
        self.call.uring_op
    }

    /// The process.
    pub fn pid(&self) -> Option<u32> {
        self.call.pid
    }

    /// Its parent.
    pub fn ppid(&self) -> Option<u32> {
        self.call.ppid
    }

    /// The real user.
    pub fn uid(&self) -> Option<Id<'a>> {
        self.call.uid.get()
    }

    /// The effective user.
    pub fn euid(&self) -> Option<Id<'a>> {
        self.call.euid.get()
    }

    /// The login user, who stays the same through `su` and `sudo`.
    pub fn auid(&self) -> Option<Id<'a>> {
        self.call.auid.get()
    }

    /// The real group.
    pub fn gid(&self) -> Option<Id<'a>> {
        self.call.gid.get()
    }

    /// The login session; `u32::MAX` for none.
    pub fn ses(&self) -> Option<u32> {
        self.call.ses
    }

    /// The terminal; `None` without one.
    pub fn tty(&self) -> Option<&'a [u8]> {
        self.call
            .tty
            .filter(|tty| !matches!(*tty, b"(none)" | b"(null)" | b"?"))
    }

    /// The security context.
    pub fn subj(&self) -> Option<&'a [u8]> {
        self.call.subj
    }

    /// Name of the task: the program's, cut to 15 bytes, or what a thread called itself.
    pub fn comm(&self) -> Option<Cow<'a, [u8]>> {
        self.call.comm.and_then(string)
    }

    /// Path of the executable.
    pub fn exe(&self) -> Option<Cow<'a, [u8]>> {
        self.call.exe.and_then(string)
    }

    /// The command line, cut to 128 bytes, its arguments ended by NULs. It is what the process
    /// shows of itself: a child that has not called `exec` still shows its parent's.
    pub fn proctitle(&self) -> Option<Cow<'a, [u8]>> {
        self.proctitle.and_then(string)
    }

    /// The keys of the rules that matched; a record joins several with a 0x01 byte.
    pub fn keys(&self) -> impl Iterator<Item = Cow<'a, [u8]>> + use<'a> {
        let joined = self.call.key.and_then(string);
        let (whole, parts) = match joined {
            Some(joined) if joined.contains(&1) => (None, Some(joined.into_owned())),
            whole => (whole, None),
        };
        let split = parts.into_iter().flat_map(|joined| {
            let keys: Vec<_> = joined
                .split(|&byte| byte == 1)
                .map(|key| Cow::Owned(key.to_vec()))
                .collect();
            keys
        });
        whole.into_iter().chain(split)
    }

    /// The `SYSCALL` record, for the fields that have no accessor here. An io_uring operation that
    /// the kernel's own thread ran has none.
    pub fn syscall_record(&self) -> Option<&Record<'a>> {
        self.syscall.as_ref()
    }
}

impl fmt::Debug for Connection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({} {} ", self.id, self.kind)?;
        match self.address() {
            Ok(address) => write!(f, "{address})"),
            Err(error) => write!(f, "{error})"),
        }
    }
}

/// What was done, told by the system call or, if that only submitted it, by the operation.
fn kind_of(
    has_syscall: bool,
    call: &CallFields<'_>,
    uring: Option<&CallFields<'_>>,
) -> Result<(ConnectionKind, Via), NotAConnection> {
    if let (Some(arch), Some(number)) = (call.arch, call.number)
        && let Some(Call::Network(kind)) = Call::from_number(arch, number, call.a0)
    {
        return Ok((kind, Via::Syscall));
    }
    match uring {
        Some(uring) => uring
            .uring_op
            .and_then(ConnectionKind::from_uring_op)
            .map(|kind| (kind, Via::IoUring))
            .ok_or(NotAConnection::OtherCall),
        None if has_syscall => Err(NotAConnection::OtherCall),
        None => Err(NotAConnection::NoSyscall),
    }
}

/// Who made the call from the `SYSCALL` record where there is one, how it went from `URINGOP`.
fn with_uring_result<'a>(call: CallFields<'a>, uring: CallFields<'a>) -> CallFields<'a> {
    let who = if call.number.is_some() { call } else { uring };
    CallFields {
        success: uring.success,
        exit: uring.exit,
        uring_op: uring.uring_op,
        ..who
    }
}

/// Whether an `AVC` record says that access was denied, and by whom.
fn denial(record: &Record<'_>) -> Option<SecurityModule> {
    let is = |key, value: &[u8]| {
        record
            .get(key)
            .is_some_and(|field| field.raw_value() == value)
    };
    if is("apparmor", b"DENIED") {
        return Some(SecurityModule::AppArmor);
    }
    (is("seresult", b"denied") && !is("permissive", b"1")).then_some(SecurityModule::SeLinux)
}

/// A string field's text: an unquoted `(null)` is none, other unquoted text is hexadecimal.
fn string(value: Value<'_>) -> Option<Cow<'_, [u8]>> {
    match value {
        Value::Bare(b"(null)" | b"?" | b"") => None,
        Value::Bare(digits) => Some(decode_hex(digits).map_or(Cow::Borrowed(digits), Cow::Owned)),
        value => Some(Cow::Borrowed(value.bytes())),
    }
}
