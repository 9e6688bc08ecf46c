//! The system calls by which a program can connect, for each machine.
//!
//! Numbers are those of the kernel's system call tables (`syscall.tbl`,
//! `unistd.h` of each architecture).

use std::fmt;

use clap::ValueEnum;

use crate::args::Machine;

/// The bit of an architecture's number that says 64-bit
/// (`__AUDIT_ARCH_64BIT` in linux/audit.h). The bit below it is the byte order.
const AUDIT_ARCH_64BIT: u32 = 1 << 31;

/// Width of the system call interface, as `-F arch=` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Abi {
    B64,
    B32,
}

impl Abi {
    /// The interface that a value of `arch` means: `b64`, `b32`, a machine's
    /// name or the number from linux/audit.h, in which the highest bit says
    /// 64-bit.
    pub(super) fn named(value: &str) -> Option<Abi> {
        match value.to_ascii_lowercase().as_str() {
            "b64" | "x86_64" | "aarch64" | "ppc64" | "ppc64le" | "s390x" | "riscv64"
            | "loongarch64" | "ia64" => Some(Abi::B64),
            "b32" | "i386" | "i486" | "i586" | "i686" | "arm" | "armeb" | "armv5tejl"
            | "armv6l" | "armv7l" | "ppc" | "s390" => Some(Abi::B32),
            hex => Abi::of_token(hex),
        }
    }

    /// The interface of a hexadecimal number, which has `0x` before it or all
    /// of its digits, so that it cannot be a name with a slip in it.
    fn of_token(hex: &str) -> Option<Abi> {
        let digits = hex.strip_prefix("0x").or((hex.len() == 8).then_some(hex))?;
        let token = u32::from_str_radix(digits, 16).ok()?;
        Some(if token & AUDIT_ARCH_64BIT != 0 { Abi::B64 } else { Abi::B32 })
    }
}

impl fmt::Display for Abi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Abi::B64 => "b64",
            Abi::B32 => "b32",
        })
    }
}

/// Value of `a0` that makes `socketcall(2)` a connect (`SYS_CONNECT` in
/// linux/net.h).
pub(super) const SYS_CONNECT: u64 = 3;

/// One system call that connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Door {
    pub(super) abi: Abi,
    pub(super) syscall: &'static str,
    pub(super) number: u32,
}

impl Door {
    /// Whether the door is `socketcall(2)`, which is told what to do by `a0`.
    pub(super) fn is_socketcall(&self) -> bool {
        self.syscall == "socketcall"
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = match self.abi {
            Abi::B64 => "64-bit",
            Abi::B32 => "32-bit",
        };
        write!(f, "{bits} {}(2)", self.syscall)
    }
}

const fn connect(abi: Abi, number: u32) -> Door {
    Door { abi, syscall: "connect", number }
}

const fn socketcall(abi: Abi) -> Door {
    Door { abi, syscall: "socketcall", number: 102 }
}

impl Machine {
    /// The machine this program runs on, if rules are known for it.
    pub(crate) fn this() -> Option<Machine> {
        match std::env::consts::ARCH {
            "powerpc64" if cfg!(target_endian = "little") => Some(Machine::Ppc64le),
            "x86" => Some(Machine::I386),
            name => Machine::from_str(name, true).ok(),
        }
    }

    /// The machine's name, as `uname -m` gives it.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The machine's own interface.
    pub(super) fn native(self) -> Abi {
        match self {
            Machine::I386 | Machine::Arm => Abi::B32,
            _ => Abi::B64,
        }
    }

    /// Every system call of the machine that connects.
    pub(super) fn doors(self) -> &'static [Door] {
        use Abi::{B32, B64};
        match self {
            Machine::X86_64 => const { &[connect(B64, 42), connect(B32, 362), socketcall(B32)] },
            Machine::I386 => const { &[connect(B32, 362), socketcall(B32)] },
            Machine::Aarch64 => const { &[connect(B64, 203), connect(B32, 283)] },
            Machine::Arm => const { &[connect(B32, 283)] },
            Machine::Ppc64le => const { &[connect(B64, 328), socketcall(B64)] },
            Machine::Ppc64 => {
                const { &[connect(B64, 328), socketcall(B64), connect(B32, 328), socketcall(B32)] }
            }
            Machine::S390x => {
                const { &[connect(B64, 362), socketcall(B64), connect(B32, 362), socketcall(B32)] }
            }
            Machine::Riscv64 | Machine::Loongarch64 => const { &[connect(B64, 203)] },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_arch() {
        // AUDIT_ARCH_X86_64, _I386, _S390X, _S390, _PPC64LE, _PPC64 and _PPC of
        // linux/audit.h.
        for (value, abi) in [
            ("b64", Abi::B64),
            ("c000003e", Abi::B64),
            ("0x40000003", Abi::B32),
            ("80000016", Abi::B64),
            ("0x16", Abi::B32),
            ("C0000015", Abi::B64),
            ("0x80000015", Abi::B64),
            ("00000014", Abi::B32),
        ] {
            assert_eq!(Abi::named(value), Some(abi), "{value}");
        }
        for value in ["b99", "b46", "x86-64", ""] {
            assert_eq!(Abi::named(value), None, "{value}");
        }
    }

    #[test]
    fn every_machine_has_a_door_and_a_name() {
        for machine in Machine::value_variants() {
            assert!(machine.doors().iter().any(|door| door.syscall == "connect"));
            assert_eq!(Machine::from_str(&machine.name(), false), Ok(*machine));
        }
    }
}
