//! System calls: which of them carry a socket address, told by the front of a `SYSCALL` record.
//! This module does not own what an event means; that is [`connection`](crate::connection)'s.

use core::fmt;

use nom::branch::alt;
use nom::combinator::{map, opt, peek, value};
use nom::sequence::{delimited, terminated};
use nom::{IResult, Parser};

use crate::arch::{Arch, X32_BIT};
use crate::event_id::decimal_u32;
use crate::field::Field;
use crate::header::literal;
use crate::hex::nibble;
use crate::record::Record;

/// A call that names a peer or a local address.
///
/// ```
/// use auditparse::{ConnectionKind, Connections};
///
/// let log = b"\
/// type=SYSCALL msg=audit(1.001:7): arch=c000003e syscall=49 success=yes exit=0 a0=3
/// type=SOCKADDR msg=audit(1.001:7): saddr=020001BB0A000001
/// ";
/// let connection = Connections::new(log).next().unwrap();
/// assert_eq!(connection.kind(), ConnectionKind::Bind);
/// assert_eq!(connection.kind().name(), "bind");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum ConnectionKind {
    /// `connect`: the address is the peer's.
    Connect,
    /// `sendto`: the address, if there is one, is the peer's.
    SendTo,
    /// `sendmsg` or `sendmmsg`: the address, if there is one, is the peer's.
    SendMsg,
    /// `accept` or `accept4`: the address is the peer's, its port an ephemeral one.
    Accept,
    /// `bind`: the address is local.
    Bind,
}

impl ConnectionKind {
    /// The name of the system call.
    ///
    /// ```
    /// use auditparse::ConnectionKind;
    ///
    /// assert_eq!(ConnectionKind::SendMsg.name(), "sendmsg");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            ConnectionKind::Connect => "connect",
            ConnectionKind::SendTo => "sendto",
            ConnectionKind::SendMsg => "sendmsg",
            ConnectionKind::Accept => "accept",
            ConnectionKind::Bind => "bind",
        }
    }

    /// Whether the kernel logs an address for every such call that gets as far as reading it.
    pub(crate) fn always_has_address(self) -> bool {
        matches!(self, ConnectionKind::Connect | ConnectionKind::Bind)
    }

    fn from_name(name: &str) -> Option<ConnectionKind> {
        Some(match name {
            "connect" => ConnectionKind::Connect,
            "sendto" => ConnectionKind::SendTo,
            "sendmsg" | "sendmmsg" => ConnectionKind::SendMsg,
            "accept" | "accept4" => ConnectionKind::Accept,
            "bind" => ConnectionKind::Bind,
            _ => return None,
        })
    }

    /// By the first argument of `socketcall` (`SYS_*` in `include/uapi/linux/net.h`).
    fn from_socketcall(call: u64) -> Option<ConnectionKind> {
        Some(match call {
            2 => ConnectionKind::Bind,
            3 => ConnectionKind::Connect,
            5 | 18 => ConnectionKind::Accept,
            11 => ConnectionKind::SendTo,
            16 | 20 => ConnectionKind::SendMsg,
            _ => return None,
        })
    }

    /// By an io_uring operation (`enum io_uring_op` in `include/uapi/linux/io_uring.h`).
    pub(crate) fn from_uring_op(op: u64) -> Option<ConnectionKind> {
        Some(match op {
            9 | 48 => ConnectionKind::SendMsg,
            13 => ConnectionKind::Accept,
            16 => ConnectionKind::Connect,
            56 => ConnectionKind::Bind,
            _ => return None,
        })
    }
}

impl fmt::Display for ConnectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a system call does, as far as it matters here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Call {
    /// A call with an address.
    Network(ConnectionKind),
    /// `io_uring_enter`, which may have run operations with addresses.
    IoUring,
    /// Any other, or one that cannot be told.
    #[default]
    Other,
}

/// The front of a `SYSCALL` or `URINGOP` record: what was called, and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CallHead {
    pub(crate) arch: Option<Arch>,
    pub(crate) number: Option<u32>,
    pub(crate) uring_op: Option<u64>,
    pub(crate) success: Option<bool>,
    pub(crate) exit: Option<i64>,
    /// Which call it is, by all of these and the first argument.
    pub(crate) call: Call,
    /// Where the arguments start in the record's body, if the front is in the kernel's own form;
    /// 0 if not.
    pub(crate) arguments: u32,
}

impl CallHead {
    /// Reads a record no further than its first argument.
    pub(crate) fn read(record: &Record<'_>) -> CallHead {
        match kernel_form(record) {
            Ok((_, head)) => head,
            Err(_) => CallHead::read_fields(record),
        }
    }

    /// Reads a record field by field, whatever their order. Of a field that repeats, the first
    /// counts, as everywhere, also if it cannot be read.
    fn read_fields(record: &Record<'_>) -> CallHead {
        let (mut arch, mut number, mut uring_op) = (None, None, None);
        let (mut success, mut exit, mut a0) = (None, None, None);
        for field in record.fields() {
            match field.key() {
                b"arch" => once(&mut arch, || Arch::of(&field)),
                b"syscall" => once(&mut number, || u32::try_from(field.as_u64()?).ok()),
                b"uring_op" => once(&mut uring_op, || field.as_u64()),
                b"success" => once(&mut success, || yes_or_no(&field)),
                b"exit" => once(&mut exit, || field.as_i64()),
                b"a0" => {
                    a0 = field.as_hex();
                    break;
                }
                // What follows tells of the process.
                b"items" | b"ppid" | b"pid" => break,
                _ => {}
            }
        }
        let (arch, number) = (arch.flatten(), number.flatten());
        let call = match (arch, number) {
            (Some(arch), Some(number)) => Call::from_number(arch, number, || a0),
            _ => Call::Other,
        };
        CallHead {
            arch,
            number,
            uring_op: uring_op.flatten(),
            success: success.flatten(),
            exit: exit.flatten(),
            call,
            arguments: 0,
        }
    }
}

/// `arch=c000003e syscall=42 success=yes exit=0 a0=`: the front of nearly every `SYSCALL` record, as
/// `audit_log_exit` in `kernel/auditsc.c` prints it. Any other is read field by field.
fn kernel_form<'a>(record: &Record<'a>) -> IResult<&'a [u8], CallHead, ()> {
    // Most are, and comparing is faster than reading.
    let x86_64 = value(Arch::X86_64, literal(b"arch=c000003e syscall="));
    let other = delimited(literal(b"arch="), hex_word, literal(b"syscall="));
    let (rest, arch) = alt((x86_64, map(other, Arch::from_number))).parse(record.body())?;
    let (rest, number) = decimal_word(rest)?;
    let yes = value(true, literal(b"success=yes exit="));
    let no = value(false, literal(b"success=no exit="));
    let (rest, success) = alt((yes, no)).parse(rest)?;
    let (rest, minus) = opt(literal(b"-")).parse(rest)?;
    let (rest, exit) = terminated(decimal_word, peek(literal(b"a0="))).parse(rest)?;
    let head = CallHead {
        arch: Some(arch),
        number: Some(number),
        uring_op: None,
        success: Some(success),
        exit: Some(if minus.is_some() { -i64::from(exit) } else { i64::from(exit) }),
        call: Call::from_number(arch, number, || record.get("a0")?.as_hex()),
        arguments: (record.body().len() - rest.len()) as u32,
    };
    Ok((rest, head))
}

/// Decimal digits and a blank, below 2³².
fn decimal_word(input: &[u8]) -> IResult<&[u8], u32, ()> {
    terminated(decimal_u32, literal(b" ")).parse(input)
}

/// Up to eight hexadecimal digits and a blank.
fn hex_word(input: &[u8]) -> IResult<&[u8], u32, ()> {
    let mut number = 0;
    let mut digits = 0;
    for &byte in input {
        let Some(digit) = nibble(byte) else { break };
        number = number << 4 | u32::from(digit);
        digits += 1;
    }
    let (rest, ()) = literal(b" ")(&input[digits..])?;
    if (1..=8).contains(&digits) { Ok((rest, number)) } else { Err(nom::Err::Error(())) }
}

/// Reads what was not read yet, whether or not it can be.
pub(crate) fn once<T>(value: &mut Option<Option<T>>, read: impl FnOnce() -> Option<T>) {
    if value.is_none() {
        *value = Some(read());
    }
}

/// Sets what is not set yet.
pub(crate) fn first<T>(value: &mut Option<T>, read: impl FnOnce() -> Option<T>) {
    if value.is_none() {
        *value = read();
    }
}

/// `success=yes`.
fn yes_or_no(field: &Field<'_>) -> Option<bool> {
    match field.raw_value() {
        b"yes" => Some(true),
        b"no" => Some(false),
        _ => None,
    }
}

impl Call {
    /// By the number, and for `socketcall` the first argument.
    fn from_number(arch: Arch, number: u32, a0: impl FnOnce() -> Option<u64>) -> Call {
        use syscalls::x86_64::Sysno;

        /// The number of an x86_64 call in a constant that patterns can name.
        macro_rules! numbers {
            ($($name:ident = $call:ident;)*) => { $(const $name: u32 = Sysno::$call as u32;)* };
        }
        numbers! {
            CONNECT = connect; BIND = bind; ACCEPT = accept; ACCEPT4 = accept4;
            SENDTO = sendto; SENDMSG = sendmsg; SENDMMSG = sendmmsg;
            IO_URING_ENTER = io_uring_enter;
        }
        if arch == Arch::X86_64 && number & X32_BIT == 0 {
            return match number {
                CONNECT => Call::Network(ConnectionKind::Connect),
                BIND => Call::Network(ConnectionKind::Bind),
                ACCEPT | ACCEPT4 => Call::Network(ConnectionKind::Accept),
                SENDTO => Call::Network(ConnectionKind::SendTo),
                SENDMSG | SENDMMSG => Call::Network(ConnectionKind::SendMsg),
                IO_URING_ENTER => Call::IoUring,
                _ => Call::Other,
            };
        }
        let kind = match arch.syscall_name(number) {
            Some("io_uring_enter") => return Call::IoUring,
            Some("socketcall") => a0().and_then(ConnectionKind::from_socketcall),
            Some(name) => ConnectionKind::from_name(name),
            None => None,
        };
        kind.map_or(Call::Other, Call::Network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Token and number of `connect` from the kernel's system call tables.
    const CONNECT: [(u32, u32, &str); 18] = [
        (0xc000_003e, 42, "x86_64"),
        (0xc000_003e, 0x4000_002a, "x32 in x86_64"),
        (0x4000_003e, 0x4000_002a, "x32"),
        (0x4000_0003, 362, "i386"),
        (0xc000_00b7, 203, "aarch64"),
        (0x4000_0028, 283, "arm"),
        (0x0000_0014, 328, "ppc"),
        (0x8000_0015, 328, "ppc64"),
        (0xc000_0015, 328, "ppc64le"),
        (0x0000_0016, 362, "s390"),
        (0x8000_0016, 362, "s390x"),
        (0xc000_00f3, 203, "riscv64"),
        (0x0000_0008, 4170, "mips"),
        (0x4000_0008, 4170, "mipsel"),
        (0x8000_0008, 5041, "mips64"),
        (0xa000_0008, 6041, "mips64n32"),
        (0xc000_0102, 203, "loongarch64"),
        (0x8000_002b, 98, "sparc64"),
    ];

    #[test]
    fn connect_is_known_on_every_architecture() {
        for (arch, number, name) in CONNECT {
            assert_eq!(
                Call::from_number(Arch::from_number(arch), number, || None),
                Call::Network(ConnectionKind::Connect),
                "{name}"
            );
        }
    }

    #[test]
    fn socketcall_is_told_by_its_first_argument() {
        for (arch, number) in [(0x4000_0003, 102), (0x8000_0016, 102), (0x0000_0008, 4102)] {
            let call = |a0| Call::from_number(Arch::from_number(arch), number, || a0);
            assert_eq!(call(None), Call::Other);
            assert_eq!(call(Some(1)), Call::Other);
            assert_eq!(call(Some(3)), Call::Network(ConnectionKind::Connect));
            assert_eq!(call(Some(5)), Call::Network(ConnectionKind::Accept));
        }
    }

    #[test]
    fn a_record_is_classified_from_its_front() {
        let call = |body: &str| {
            let line = format!("type=SYSCALL msg=audit(1.001:1): {body}");
            CallHead::read(&Record::parse(line.as_bytes()).unwrap()).call
        };
        let connect = Call::Network(ConnectionKind::Connect);
        assert_eq!(call("arch=c000003e syscall=42 success=yes exit=0 a0=3"), connect);
        assert_eq!(call("arch=40000003 syscall=102 success=yes exit=0 a0=3"), connect);
        assert_eq!(call("arch=40000003 syscall=102 success=yes exit=0"), Call::Other);
        assert_eq!(call("arch=c000003e syscall=426"), Call::IoUring);
        assert_eq!(call("arch=c000003e syscall=59"), Call::Other);
        assert_eq!(call("arch=dead syscall=42"), Call::Other);
        assert_eq!(call("arch=c000003e syscall=59 arch=c000003e syscall=42"), Call::Other);
        assert_eq!(call(""), Call::Other);
    }

    #[test]
    fn the_kernels_own_form_and_the_fields_agree() {
        for body in [
            "arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=7f",
            "arch=c000003e syscall=42 success=no exit=-115 a0=ffffffffffffffff a1=0",
            "arch=40000003 syscall=102 success=yes exit=2147483647 a0=3 a1=0",
            "arch=c000003e syscall=42 success=yes exit=7fff a0=3 a1=0",
            "arch=c000003e syscall=42 success=yes exit=-9223372036854775808 a0=3 a1=0",
            "arch=c000003e syscall=42 success=yes exit=9999999999 a0=3 a1=0",
            "arch=1c000003e syscall=42 success=yes exit=0 a0=3 a1=0",
            "arch=c000003e syscall=42 per=8 success=yes exit=0 a0=3 a1=0",
            "arch=c000003e syscall=42 success=yes exit=0 a0=3",
            "arch=c000003e syscall=42 success=yes exit=0 a0=10000000000000000 a1=0",
            "arch=c000003e syscall=42 success=maybe exit=0 a0=3 a1=0",
            "arch=c000003e syscall=x syscall=42 success=yes exit=0 a0=3 a1=0",
            "arch= syscall= success= exit= a0= a1=",
        ] {
            let line = format!("type=SYSCALL msg=audit(1.001:1): {body}");
            let record = Record::parse(line.as_bytes()).unwrap();
            let read = CallHead::read(&record);
            let plain = CallHead { arguments: read.arguments, ..CallHead::read_fields(&record) };
            assert_eq!(read, plain, "{body}");
        }
    }
}
