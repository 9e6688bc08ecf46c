//! A connection: who tried to reach what, and how it went, put together from the records of one
//! event. This module owns that reading. It does not filter: loopback, failed and denied attempts are
//! connections too.

mod who;

use core::fmt;

use crate::arch::Arch;
use crate::attempt::{NotAConnection, Outcome, SecurityModule, Via};
use crate::call_records::{CallRecords, is_other_address, read_address};
use crate::errno::errno_name;
use crate::event_id::EventId;
use crate::field::Field;
use crate::problems::ConnectionProblems;
use crate::record::Record;
use crate::record_type::RecordType;
use crate::sockaddr::{SockAddr, SockAddrBytes, SockAddrError};
use crate::syscall::{CallHead, ConnectionKind, first};

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
    head: CallHead,
    address: Option<SockAddrBytes>,
    is_contradicted: bool,
    denied_by: Option<SecurityModule>,
    records: CallRecords<'a>,
}

impl<'a> Connection<'a> {
    /// Reads the records of one event, in any order. `head` is the front of its `SYSCALL` record,
    /// for a caller that has read it.
    #[inline]
    pub(crate) fn from_records(
        id: EventId,
        head: Option<CallHead>,
        records: impl Iterator<Item = Record<'a>>,
    ) -> Result<Connection<'a>, NotAConnection> {
        let mut call = CallRecords::default();
        let mut node = None;
        let mut address = None;
        let mut is_contradicted = false;
        let mut denied_by = None;
        for record in records {
            first(&mut node, || record.node());
            match record.record_type() {
                RecordType::SYSCALL => match call.syscall {
                    None => call.syscall = Some(record),
                    Some(first) => is_contradicted |= first.body() != record.body(),
                },
                // An operation is logged when it is tried and when it is done.
                RecordType::URINGOP => call.uringop = Some(record),
                RecordType::PROCTITLE => first(&mut call.proctitle, || Some(record)),
                RecordType::SOCKADDR => match &address {
                    None => address = read_address(&record),
                    Some((digits, _)) => is_contradicted |= is_other_address(digits, &record),
                },
                RecordType::AVC => {
                    denied_by = denied_by.or_else(|| SecurityModule::denying(&record))
                }
                _ => {}
            }
        }
        let (kind, via, head) = call.read(head)?;
        if address.is_none() && !kind.always_has_address() {
            return Err(NotAConnection::NoAddress);
        }
        let address = address.map(|(_, bytes)| bytes);
        let records = call;
        Ok(Connection { id, node, kind, via, head, address, is_contradicted, denied_by, records })
    }

    /// Time and serial of the event.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1716998400.001:7): arch=c000003e syscall=42 a0=3";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.id().to_string(), "1716998400.001:7");
    /// ```
    pub fn id(&self) -> EventId {
        self.id
    }

    /// The host that wrote the event; see [`Record::node`].
    ///
    /// ```
    /// let log = b"node=web01 type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.node(), Some(&b"web01"[..]));
    /// ```
    pub fn node(&self) -> Option<&'a [u8]> {
        self.node
    }

    /// What was done.
    ///
    /// ```
    /// use auditparse::{ConnectionKind, Connections};
    ///
    /// // Call 203 of aarch64.
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c00000b7 syscall=203 a0=3";
    /// let connection = Connections::new(log).next().unwrap();
    /// assert_eq!(connection.kind(), ConnectionKind::Connect);
    /// ```
    pub fn kind(&self) -> ConnectionKind {
        self.kind
    }

    /// How it came to the kernel.
    ///
    /// ```
    /// use auditparse::{Connections, Via};
    ///
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3";
    /// assert_eq!(Connections::new(log).next().unwrap().via(), Via::Syscall);
    /// let log = b"type=URINGOP msg=audit(1.001:7): uring_op=16 success=yes exit=0 pid=2";
    /// assert_eq!(Connections::new(log).next().unwrap().via(), Via::IoUring);
    /// ```
    pub fn via(&self) -> Via {
        self.via
    }

    /// The address: of the peer, or for [`ConnectionKind::Bind`] the local one.
    ///
    /// ```
    /// let log = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 a0=3
    /// type=SOCKADDR msg=audit(1.001:7): saddr=0200115CCB0071090000000000000000
    /// ";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.address()?.to_string(), "203.0.113.9:4444");
    /// # Ok::<(), auditparse::SockAddrError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the event has no address (the call passed an unreadable one) or a cut one.
    #[inline]
    pub fn address(&self) -> Result<SockAddr<'_>, SockAddrError> {
        self.address.as_ref().ok_or(SockAddrError::Missing)?.decode(self.head.arch)
    }

    /// The bytes of the address, as far as they could be read.
    ///
    /// ```
    /// let cut = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 a0=3
    /// type=SOCKADDR msg=audit(1.001:7): saddr=0200115C
    /// ";
    /// let connection = auditparse::Connections::new(cut).next().unwrap();
    /// assert!(connection.address().is_err());
    /// assert_eq!(connection.address_bytes().unwrap().as_bytes(), [2, 0, 0x11, 0x5C]);
    /// ```
    pub fn address_bytes(&self) -> Option<&SockAddrBytes> {
        self.address.as_ref()
    }

    /// Whether the event has a second `SYSCALL` or `SOCKADDR` record that differs from the first.
    /// The kernel writes one of each for an event, so one of the two is forged, or records of two
    /// events were mixed up. What this connection tells is of the first, which is then not to be
    /// trusted.
    ///
    /// ```
    /// let log = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 a0=3
    /// type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A0000010000000000000000
    /// type=SOCKADDR msg=audit(1.001:7): saddr=0200115CCB0071090000000000000000
    /// ";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert!(connection.is_contradicted());
    /// ```
    pub fn is_contradicted(&self) -> bool {
        self.is_contradicted
    }

    /// How the attempt went.
    ///
    /// ```
    /// use auditparse::{Connections, Outcome};
    ///
    /// // ECONNREFUSED.
    /// let log = b"type=SYSCALL msg=audit(1.001:7): \
    ///     arch=c000003e syscall=42 success=no exit=-111 a0=3";
    /// assert_eq!(Connections::new(log).next().unwrap().outcome(), Outcome::Failure);
    /// ```
    pub fn outcome(&self) -> Outcome {
        match self.head.success {
            Some(true) => Outcome::Success,
            _ if self.goes_on() => Outcome::InProgress,
            Some(false) => Outcome::Failure,
            None => Outcome::Unknown,
        }
    }

    /// Whether the kernel still connects, though the call has returned. io_uring tries again what
    /// would have to wait; to a system call `EAGAIN` says that there is no room.
    fn goes_on(&self) -> bool {
        self.kind == ConnectionKind::Connect
            && match self.errno_name() {
                Some("EINTR" | "EALREADY" | "EINPROGRESS") => true,
                Some("EAGAIN") => self.via == Via::IoUring,
                _ => false,
            }
    }

    /// `success=`: whether the call returned without an error. A non-blocking connect that goes on
    /// in the background did not; see [`outcome`](Connection::outcome).
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): \
    ///     arch=c000003e syscall=42 success=yes exit=0 a0=3";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.success(), Some(true));
    /// ```
    pub fn success(&self) -> Option<bool> {
        self.head.success
    }

    /// `exit=`: the call's result, negative error numbers included.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): \
    ///     arch=c000003e syscall=42 success=no exit=-111 a0=3";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.exit(), Some(-111));
    /// ```
    pub fn exit(&self) -> Option<i64> {
        self.head.exit
    }

    /// Name of the error in [`exit`](Connection::exit), by the numbers of
    /// [`arch`](Connection::arch).
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): \
    ///     arch=c000003e syscall=42 success=no exit=-111 a0=3";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.errno_name(), Some("ECONNREFUSED"));
    /// ```
    pub fn errno_name(&self) -> Option<&'static str> {
        let number = self.head.exit.filter(|&exit| exit < 0)?.checked_neg()?;
        let number = i32::try_from(number).ok()?;
        match self.head.arch {
            Some(arch) => arch.errno_name(number),
            None => errno_name(number),
        }
    }

    /// The security module that denied the call, if one logged that it did.
    ///
    /// ```
    /// use auditparse::{Connections, SecurityModule};
    ///
    /// let log = b"\
    /// type=AVC msg=audit(1.001:7): avc:  denied  { name_connect } for  dest=4444 permissive=0
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=no exit=-13 a0=3 pid=9
    /// ";
    /// let connection = Connections::new(log).next().unwrap();
    /// assert_eq!(connection.denied_by(), Some(SecurityModule::SeLinux));
    /// ```
    pub fn denied_by(&self) -> Option<SecurityModule> {
        self.denied_by
    }

    /// The architecture whose ABI was used, which need not be that of the host.
    ///
    /// ```
    /// use auditparse::{Arch, Connections};
    ///
    /// // A program of 32 bits, on a host of 64 as may be.
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=40000003 syscall=362 a0=3";
    /// assert_eq!(Connections::new(log).next().unwrap().arch(), Some(Arch::I386));
    /// ```
    pub fn arch(&self) -> Option<Arch> {
        self.head.arch
    }

    /// Number of the system call, on [`arch`](Connection::arch).
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=40000003 syscall=362 a0=3";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.syscall_number(), Some(362));
    /// ```
    pub fn syscall_number(&self) -> Option<u32> {
        self.head.number
    }

    /// The io_uring operation, for [`Via::IoUring`].
    ///
    /// ```
    /// let log = b"type=URINGOP msg=audit(1.001:7): uring_op=16 success=yes exit=0 pid=2";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// assert_eq!(connection.uring_op(), Some(16)); // IORING_OP_CONNECT
    /// ```
    pub fn uring_op(&self) -> Option<u64> {
        self.head.uring_op
    }

    /// The `SYSCALL` record, for the fields that have no accessor here. An io_uring operation that
    /// the kernel's own thread ran has none.
    ///
    /// ```
    /// let log = b"type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 a0=3 items=0 suid=33";
    /// let connection = auditparse::Connections::new(log).next().unwrap();
    /// let suid = connection.syscall_record().unwrap().get("suid").unwrap();
    /// assert_eq!(suid.as_id(), Some(33));
    /// ```
    pub fn syscall_record(&self) -> Option<&Record<'a>> {
        self.records.syscall.as_ref()
    }

    /// What in the records is not as the format wants it: a record that was cut, words that are no
    /// fields, digits of the address that are none. Empty for a sound event. The records are
    /// searched when asked for, each once.
    ///
    /// ```
    /// use auditparse::Connections;
    ///
    /// let log = b"\
    /// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=42 success=yes exit=0 a0=3
    /// type=SOCKADDR msg=audit(1.001:7): saddr=0200115CCB007109ZZ
    /// ";
    /// let connection = Connections::new(log).next().unwrap();
    /// assert_eq!(connection.address().unwrap().to_string(), "203.0.113.9:4444");
    /// assert_eq!(
    ///     connection.problems().next().unwrap().to_string(),
    ///     "SOCKADDR: expected a hexadecimal digit, found another character at digit 16"
    /// );
    /// ```
    pub fn problems(&self) -> ConnectionProblems<'a> {
        let CallRecords { syscall, uringop, proctitle } = self.records;
        let address = self.address.as_ref().and_then(SockAddrBytes::problem);
        ConnectionProblems::of([syscall, uringop, proctitle], address)
    }

    fn field(&self, key: &str) -> Option<Field<'a>> {
        self.records.who()?.get(key)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Connections;

    #[test]
    fn only_a_connect_goes_on_after_an_error() {
        let outcome = |call: &str, record: &str| {
            let line = format!(
                "type={record} msg=audit(1.001:1): {call}\n\
                 type=SOCKADDR msg=audit(1.001:1): saddr=020001BB0A000001\n"
            );
            Connections::new(line.as_bytes()).next().unwrap().outcome()
        };
        let call = |arch: &str, syscall: u32, exit: i32| {
            let body = format!("arch={arch} syscall={syscall} success=no exit={exit} a0=3");
            outcome(&body, "SYSCALL")
        };
        let uring = |op: u32, exit: i32| {
            outcome(&format!("uring_op={op} success=no exit={exit}"), "URINGOP")
        };
        for exit in [-4, -114, -115] {
            assert_eq!(call("c000003e", 42, exit), Outcome::InProgress, "connect {exit}");
            assert_eq!(uring(16, exit), Outcome::InProgress, "connect by io_uring {exit}");
            for other in [43, 44, 49] {
                assert_eq!(call("c000003e", other, exit), Outcome::Failure, "{other} {exit}");
            }
            assert_eq!(uring(13, exit), Outcome::Failure, "accept by io_uring {exit}");
        }
        assert_eq!(call("c000003e", 42, -11), Outcome::Failure);
        assert_eq!(uring(16, -11), Outcome::InProgress);
        assert_eq!(uring(13, -11), Outcome::Failure);
        // mips: EINPROGRESS, and what EINPROGRESS is elsewhere.
        assert_eq!(call("8", 4170, -150), Outcome::InProgress);
        assert_eq!(call("8", 4170, -115), Outcome::Failure);
        // sparc64: EINPROGRESS and ECONNREFUSED.
        assert_eq!(call("8000002b", 98, -36), Outcome::InProgress);
        assert_eq!(call("8000002b", 98, -61), Outcome::Failure);
    }
}
