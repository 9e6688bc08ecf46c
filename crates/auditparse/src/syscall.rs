//! Architectures and system calls as audit records name them: the `arch=` token, the number in
//! `syscall=`, and which calls carry a socket address. Names come from the `syscalls` crate's
//! tables. This module does not own what an event means; that is
//! [`connection`](crate::connection)'s.

use core::fmt;

use nom::branch::alt;
use nom::combinator::{map_opt, opt, value};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use crate::field::{Field, nibble};
use crate::record::{Record, literal};

/// An `arch=` token: the ELF machine number with bits for word size and byte order
/// (`AUDIT_ARCH_*` in `include/uapi/linux/audit.h`).
///
/// ```
/// use auditparse::Arch;
///
/// let arch = Arch::from_number(0xc000_003e);
/// assert_eq!(arch.name(), Some("x86_64"));
/// assert_eq!(arch.syscall_name(42), Some("connect"));
/// assert!(Arch::from_number(0x8000_0016).is_big_endian()); // s390x
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Arch(u32);

/// `__AUDIT_ARCH_LE`.
const LITTLE_ENDIAN: u32 = 0x4000_0000;
/// `__X32_SYSCALL_BIT`: marks a call of x86_64's ILP32 interface.
const X32_BIT: u32 = 0x4000_0000;

impl Arch {
    /// x86_64, and x32 as current kernels report it.
    pub const X86_64: Arch = Arch(0xc000_003e);
    /// x32 with a token of its own.
    pub const X32: Arch = Arch(0x4000_003e);
    /// 32-bit x86.
    pub const I386: Arch = Arch(0x4000_0003);

    /// The architecture that an `arch=` field names.
    fn of(field: &Field<'_>) -> Option<Arch> {
        u32::try_from(field.as_hex()?).ok().map(Arch)
    }

    /// The architecture with this token.
    pub const fn from_number(number: u32) -> Arch {
        Arch(number)
    }

    /// The token.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Whether socket addresses of this architecture have their host-order parts, the family
    /// first of all, big end first.
    pub const fn is_big_endian(self) -> bool {
        self.0 & LITTLE_ENDIAN == 0
    }

    /// The name by which Linux calls the architecture; `None` for one not known here.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0xc000_003e => "x86_64",
            0x4000_003e => "x32",
            0x4000_0003 => "i386",
            0xc000_00b7 => "aarch64",
            0x4000_0028 => "arm",
            0x0000_0028 => "armeb",
            0x0000_0014 => "ppc",
            0x8000_0015 => "ppc64",
            0xc000_0015 => "ppc64le",
            0x0000_0016 => "s390",
            0x8000_0016 => "s390x",
            0xc000_00f3 => "riscv64",
            0x4000_00f3 => "riscv32",
            0x0000_0008 => "mips",
            0x4000_0008 => "mipsel",
            0x8000_0008 => "mips64",
            0xa000_0008 => "mips64n32",
            0xc000_0008 => "mipsel64",
            0xe000_0008 => "mipsel64n32",
            0xc000_0102 => "loongarch64",
            0x0000_0002 => "sparc",
            0x8000_002b => "sparc64",
            0xc000_9026 => "alpha",
            0xc000_0032 => "ia64",
            0x0000_000f => "parisc",
            0x8000_000f => "parisc64",
            0x0000_0004 => "m68k",
            0x0000_005c => "openrisc",
            _ => return None,
        })
    }

    /// The name of a system call by its number on this architecture.
    pub fn syscall_name(self, number: u32) -> Option<&'static str> {
        macro_rules! table {
            ($arch:ident, $number:expr) => {
                syscalls::$arch::Sysno::new($number as usize).map(|call| call.name())
            };
        }
        match self.name()? {
            "x86_64" | "x32" => match number & !X32_BIT {
                low @ 0..512 => table!(x86_64, low),
                high if number & X32_BIT != 0 || self == Arch::X32 => x32_name(high),
                high => table!(x86_64, high),
            },
            "i386" => table!(x86, number),
            "aarch64" => table!(aarch64, number),
            "arm" | "armeb" => table!(arm, number),
            "ppc" => table!(powerpc, number),
            "ppc64" | "ppc64le" => table!(powerpc64, number),
            "s390" | "s390x" => table!(s390x, number),
            "riscv64" => table!(riscv64, number),
            "riscv32" => table!(riscv32, number),
            "mips" | "mipsel" => table!(mips, number),
            "mips64" | "mipsel64" => table!(mips64, number),
            "mips64n32" | "mipsel64n32" => mips_n32_name(number),
            "loongarch64" => table!(loongarch64, number),
            "sparc" => table!(sparc, number),
            "sparc64" => table!(sparc64, number),
            _ => None,
        }
    }
}

impl fmt::Debug for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arch({:08x})", self.0)
    }
}

impl fmt::Display for Arch {
    /// The name, or the token in hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "{:08x}", self.0),
        }
    }
}

/// The socket calls among those that x32 numbers apart from x86_64
/// (`arch/x86/entry/syscalls/syscall_64.tbl`).
fn x32_name(number: u32) -> Option<&'static str> {
    match number {
        517 => Some("recvfrom"),
        518 => Some("sendmsg"),
        519 => Some("recvmsg"),
        537 => Some("recvmmsg"),
        538 => Some("sendmmsg"),
        _ => None,
    }
}

/// MIPS n32 numbers its calls from 6000 in the order of n64, which starts at 5000, up to the
/// first call that only one of them has (`arch/mips/kernel/syscalls/syscall_n32.tbl`).
fn mips_n32_name(number: u32) -> Option<&'static str> {
    match number {
        6000..=6150 => {
            syscalls::mips64::Sysno::new((number - 1000) as usize).map(|call| call.name())
        }
        6297 => Some("accept4"),
        _ => None,
    }
}

/// Name of an error number as the kernel's `exit=-N` gives it, by the numbering that all
/// architectures but alpha, mips, parisc and sparc share (`asm-generic/errno.h`).
///
/// ```
/// assert_eq!(auditparse::errno_name(115), Some("EINPROGRESS"));
/// ```
pub fn errno_name(number: i32) -> Option<&'static str> {
    syscalls::Errno::new(number).name()
}

/// A call that names a peer or a local address.
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
}

impl CallHead {
    /// Reads a record no further than its first argument.
    pub(crate) fn read(record: &Record<'_>) -> CallHead {
        match kernel_form(record.body()) {
            Ok((_, head)) => head,
            Err(_) => CallHead::read_fields(record),
        }
    }

    /// Reads a record field by field, whatever their order. Of a field that repeats, the first
    /// counts, as everywhere.
    fn read_fields(record: &Record<'_>) -> CallHead {
        let mut head = CallHead::default();
        let mut a0 = None;
        for field in record.fields() {
            match field.key() {
                b"arch" => first(&mut head.arch, || Arch::of(&field)),
                b"syscall" => first(&mut head.number, || u32::try_from(field.as_u64()?).ok()),
                b"uring_op" => first(&mut head.uring_op, || field.as_u64()),
                b"success" => first(&mut head.success, || success(&field)),
                b"exit" => first(&mut head.exit, || field.as_i64()),
                b"a0" => {
                    a0 = field.as_hex();
                    break;
                }
                // What follows tells of the process.
                b"items" | b"ppid" | b"pid" => break,
                _ => {}
            }
        }
        if let (Some(arch), Some(number)) = (head.arch, head.number) {
            head.call = Call::from_number(arch, number, a0);
        }
        head
    }
}

/// `arch=c000003e syscall=42 success=yes exit=0 a0=3 `: the front of nearly every `SYSCALL` record,
/// as `audit_log_exit` in `kernel/auditsc.c` prints it. Any other is read field by field.
fn kernel_form(body: &[u8]) -> IResult<&[u8], CallHead, ()> {
    let (rest, arch) = preceded(literal(b"arch="), hex_u32_word).parse(body)?;
    let (rest, number) = preceded(literal(b"syscall="), decimal_word).parse(rest)?;
    let (rest, success) = alt((
        value(true, literal(b"success=yes ")),
        value(false, literal(b"success=no ")),
    ))
    .parse(rest)?;
    let (rest, minus) = preceded(literal(b"exit="), opt(literal(b"-"))).parse(rest)?;
    let (rest, exit) = decimal_word(rest)?;
    let (rest, a0) = preceded(literal(b"a0="), hex_word).parse(rest)?;
    let arch = Arch(arch);
    let head = CallHead {
        arch: Some(arch),
        number: Some(number),
        uring_op: None,
        success: Some(success),
        exit: Some(if minus.is_some() {
            -i64::from(exit)
        } else {
            i64::from(exit)
        }),
        call: Call::from_number(arch, number, Some(a0)),
    };
    Ok((rest, head))
}

/// Decimal digits and a blank, below 2³².
fn decimal_word(input: &[u8]) -> IResult<&[u8], u32, ()> {
    terminated(nom::character::complete::u32, literal(b" ")).parse(input)
}

/// Up to sixteen hexadecimal digits and a blank.
fn hex_word(input: &[u8]) -> IResult<&[u8], u64, ()> {
    let mut number = 0;
    let mut digits = 0;
    for &byte in input {
        let Some(digit) = nibble(byte) else { break };
        number = number << 4 | u64::from(digit);
        digits += 1;
    }
    let (rest, ()) = literal(b" ")(&input[digits..])?;
    if (1..=16).contains(&digits) {
        Ok((rest, number))
    } else {
        Err(nom::Err::Error(()))
    }
}

fn hex_u32_word(input: &[u8]) -> IResult<&[u8], u32, ()> {
    map_opt(hex_word, |number| u32::try_from(number).ok()).parse(input)
}

/// Sets what is not set yet.
pub(crate) fn first<T>(value: &mut Option<T>, read: impl FnOnce() -> Option<T>) {
    if value.is_none() {
        *value = read();
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

impl Call {
    /// By the number, and for `socketcall` the first argument.
    fn from_number(arch: Arch, number: u32, a0: Option<u64>) -> Call {
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
            Some("socketcall") => a0.and_then(ConnectionKind::from_socketcall),
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
                Call::from_number(Arch(arch), number, None),
                Call::Network(ConnectionKind::Connect),
                "{name}"
            );
        }
    }

    #[test]
    fn socketcall_is_told_by_its_first_argument() {
        for (arch, number) in [(0x4000_0003, 102), (0x8000_0016, 102), (0x0000_0008, 4102)] {
            let call = |a0| Call::from_number(Arch(arch), number, a0);
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
        assert_eq!(
            call("arch=c000003e syscall=42 success=yes exit=0 a0=3"),
            connect
        );
        assert_eq!(
            call("arch=40000003 syscall=102 success=yes exit=0 a0=3"),
            connect
        );
        assert_eq!(
            call("arch=40000003 syscall=102 success=yes exit=0"),
            Call::Other
        );
        assert_eq!(call("arch=c000003e syscall=426"), Call::IoUring);
        assert_eq!(call("arch=c000003e syscall=59"), Call::Other);
        assert_eq!(call("arch=dead syscall=42"), Call::Other);
        assert_eq!(
            call("arch=c000003e syscall=59 arch=c000003e syscall=42"),
            Call::Other
        );
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
            "arch= syscall= success= exit= a0= a1=",
        ] {
            let line = format!("type=SYSCALL msg=audit(1.001:1): {body}");
            let record = Record::parse(line.as_bytes()).unwrap();
            assert_eq!(
                CallHead::read(&record),
                CallHead::read_fields(&record),
                "{body}"
            );
        }
    }

    #[test]
    fn byte_order_follows_the_token() {
        assert!(!Arch::X86_64.is_big_endian());
        assert!(Arch(0x8000_0015).is_big_endian());
        assert!(!Arch(0xc000_0015).is_big_endian());
        assert!(Arch(0x0000_0008).is_big_endian());
    }
}
