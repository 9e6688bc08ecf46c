//! Architectures as audit records name them, and the names of their system calls, from the tables of
//! the `syscalls` crate. Which calls matter here is [`syscall`](crate::ConnectionKind)'s; the errors
//! that they return are `errno`'s.

use core::fmt;

use crate::field::Field;

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
pub(crate) const X32_BIT: u32 = 0x4000_0000;

impl Arch {
    /// x86_64, and x32 as current kernels report it.
    ///
    /// ```
    /// use auditparse::Arch;
    ///
    /// assert_eq!(Arch::X86_64.syscall_name(42), Some("connect"));
    /// ```
    pub const X86_64: Arch = Arch(0xc000_003e);
    /// x32 with a token of its own.
    ///
    /// ```
    /// use auditparse::Arch;
    ///
    /// // Bit 30 marks a call of x32, whose recvfrom is 517.
    /// assert_eq!(Arch::X32.syscall_name(0x4000_0000 | 517), Some("recvfrom"));
    /// ```
    pub const X32: Arch = Arch(0x4000_003e);
    /// 32-bit x86.
    ///
    /// ```
    /// use auditparse::Arch;
    ///
    /// assert_eq!(Arch::I386.syscall_name(102), Some("socketcall"));
    /// ```
    pub const I386: Arch = Arch(0x4000_0003);

    /// The architecture that an `arch=` field names.
    pub(crate) fn of(field: &Field<'_>) -> Option<Arch> {
        u32::try_from(field.as_hex()?).ok().map(Arch)
    }

    /// The architecture with this token.
    ///
    /// ```
    /// use auditparse::Arch;
    ///
    /// assert_eq!(Arch::from_number(0xc000_00b7).name(), Some("aarch64"));
    /// ```
    pub const fn from_number(number: u32) -> Arch {
        Arch(number)
    }

    /// The token.
    ///
    /// ```
    /// use auditparse::Arch;
    ///
    /// // The machine 62, with the bits for 64 bits and little end first.
    /// assert_eq!(Arch::X86_64.number(), 62 | 0x8000_0000 | 0x4000_0000);
    /// ```
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Whether socket addresses of this architecture have their host-order parts, the family
    /// first of all, big end first.
    ///
    /// ```
    /// use auditparse::Arch;
    ///
    /// assert!(Arch::from_number(0x8000_0015).is_big_endian()); // ppc64
    /// assert!(!Arch::from_number(0xc000_0015).is_big_endian()); // ppc64le
    /// ```
    pub const fn is_big_endian(self) -> bool {
        self.0 & LITTLE_ENDIAN == 0
    }

    /// The name by which Linux calls the architecture; `None` for one not known here.
    ///
    /// ```
    /// use auditparse::Arch;
    ///
    /// assert_eq!(Arch::from_number(0xc000_00f3).name(), Some("riscv64"));
    /// assert_eq!(Arch::from_number(0x1234).name(), None);
    /// ```
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
    ///
    /// ```
    /// use auditparse::Arch;
    ///
    /// assert_eq!(Arch::X86_64.syscall_name(42), Some("connect"));
    /// assert_eq!(Arch::I386.syscall_name(42), Some("pipe"));
    /// assert_eq!(Arch::from_number(0xc000_00b7).syscall_name(203), Some("connect"));
    /// ```
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
/// first call that only one of them has, and again from 6424, where the numbers that all
/// architectures share start (`arch/mips/kernel/syscalls/syscall_n32.tbl`).
fn mips_n32_name(number: u32) -> Option<&'static str> {
    match number {
        6000..=6150 | 6424.. => {
            syscalls::mips64::Sysno::new((number - 1000) as usize).map(|call| call.name())
        }
        6297 => Some("accept4"),
        6307 => Some("sendmmsg"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_mips_n32() {
        let n32 = Arch(0xa000_0008);
        for (number, name) in [
            (6041, "connect"),
            (6048, "bind"),
            (6297, "accept4"),
            (6307, "sendmmsg"),
            (6425, "io_uring_setup"),
            (6426, "io_uring_enter"),
        ] {
            assert_eq!(n32.syscall_name(number), Some(name));
        }
        assert_eq!(n32.syscall_name(6302), None);
    }

    #[test]
    fn byte_order_follows_the_token() {
        assert!(!Arch::X86_64.is_big_endian());
        assert!(Arch(0x8000_0015).is_big_endian());
        assert!(!Arch(0xc000_0015).is_big_endian());
        assert!(Arch(0x0000_0008).is_big_endian());
    }
}
