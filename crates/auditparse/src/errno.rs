//! Names of error numbers. Most architectures share one numbering, which the `syscalls` crate has;
//! alpha, mips, parisc and sparc have their own from 35 on. Of those this module owns the errors
//! that calls with a socket address return.

use crate::arch::Arch;

/// Name of an error number as the kernel's `exit=-N` gives it, by the numbering that all
/// architectures but alpha, mips, parisc and sparc share (`asm-generic/errno.h`). Those are in
/// [`Arch::errno_name`].
///
/// ```
/// assert_eq!(auditparse::errno_name(115), Some("EINPROGRESS"));
/// ```
pub fn errno_name(number: i32) -> Option<&'static str> {
    syscalls::Errno::new(number).name()
}

impl Arch {
    /// Name of an error number as the kernel's `exit=-N` gives it on this architecture. On alpha,
    /// mips, parisc and sparc, of the numbers above 34 only those of sockets are known.
    ///
    /// ```
    /// use auditparse::Arch;
    ///
    /// let mips = Arch::from_number(8);
    /// assert_eq!(mips.errno_name(150), Some("EINPROGRESS"));
    /// assert_eq!(Arch::X86_64.errno_name(115), Some("EINPROGRESS"));
    /// ```
    pub fn errno_name(self, number: i32) -> Option<&'static str> {
        let Some(numbering) = Numbering::of(self) else {
            return errno_name(number);
        };
        match (numbering, number) {
            (Numbering::Alpha, 11) => Some("EDEADLK"),
            (Numbering::Alpha, 35) => Some("EAGAIN"),
            (_, ..=LAST_SHARED) => errno_name(number),
            _ => {
                let is_meant =
                    |(_, numbers): &&(_, [i32; 4])| numbers[numbering as usize] == number;
                SOCKET_ERRORS.iter().find(is_meant).map(|&(name, _)| name)
            }
        }
    }
}

/// The last of the numbers that are the same everywhere but on alpha (`asm-generic/errno-base.h`).
const LAST_SHARED: i32 = 34;

/// A numbering of its own; the value is its column in [`SOCKET_ERRORS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Numbering {
    Mips,
    Sparc,
    Alpha,
    Parisc,
}

impl Numbering {
    fn of(arch: Arch) -> Option<Numbering> {
        Some(match arch.name()? {
            "mips" | "mipsel" | "mips64" | "mipsel64" | "mips64n32" | "mipsel64n32" => {
                Numbering::Mips
            }
            "sparc" | "sparc64" => Numbering::Sparc,
            "alpha" => Numbering::Alpha,
            "parisc" | "parisc64" => Numbering::Parisc,
            _ => return None,
        })
    }
}

/// The errors of sockets above 34 on mips, sparc, alpha and parisc
/// (`arch/*/include/uapi/asm/errno.h`).
const SOCKET_ERRORS: [(&str, [i32; 4]); 31] = [
    ("ENAMETOOLONG", [78, 63, 63, 248]),
    ("ELOOP", [90, 62, 62, 249]),
    ("ENOTSOCK", [95, 38, 38, 216]),
    ("EDESTADDRREQ", [96, 39, 39, 217]),
    ("EMSGSIZE", [97, 40, 40, 218]),
    ("EPROTOTYPE", [98, 41, 41, 219]),
    ("ENOPROTOOPT", [99, 42, 42, 220]),
    ("EPROTONOSUPPORT", [120, 43, 43, 221]),
    ("ESOCKTNOSUPPORT", [121, 44, 44, 222]),
    ("EOPNOTSUPP", [122, 45, 45, 223]),
    ("EPFNOSUPPORT", [123, 46, 46, 224]),
    ("EAFNOSUPPORT", [124, 47, 47, 225]),
    ("EADDRINUSE", [125, 48, 48, 226]),
    ("EADDRNOTAVAIL", [126, 49, 49, 227]),
    ("ENETDOWN", [127, 50, 50, 228]),
    ("ENETUNREACH", [128, 51, 51, 229]),
    ("ENETRESET", [129, 52, 52, 230]),
    ("ECONNABORTED", [130, 53, 53, 231]),
    ("ECONNRESET", [131, 54, 54, 232]),
    ("ENOBUFS", [132, 55, 55, 233]),
    ("EISCONN", [133, 56, 56, 234]),
    ("ENOTCONN", [134, 57, 57, 235]),
    ("ESHUTDOWN", [143, 58, 58, 236]),
    ("ETOOMANYREFS", [144, 59, 59, 237]),
    ("ETIMEDOUT", [145, 60, 60, 238]),
    ("ECONNREFUSED", [146, 61, 61, 239]),
    ("EHOSTDOWN", [147, 64, 64, 241]),
    ("EHOSTUNREACH", [148, 65, 65, 242]),
    ("EALREADY", [149, 37, 37, 244]),
    ("EINPROGRESS", [150, 36, 36, 245]),
    ("ECANCELED", [158, 127, 131, 253]),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// From the kernel's headers: `asm-generic/errno.h` for x86_64, `arch/*/include/uapi/asm/errno.h`
    /// for the others.
    #[test]
    fn numbers_are_those_of_the_architecture() {
        for (arch, numbers) in [
            (0xc000_003e, [115, 114, 111, 110, 113]),
            (0x0000_0008, [150, 149, 146, 145, 148]),
            (0xe000_0008, [150, 149, 146, 145, 148]),
            (0x8000_002b, [36, 37, 61, 60, 65]),
            (0xc000_9026, [36, 37, 61, 60, 65]),
            (0x8000_000f, [245, 244, 239, 238, 242]),
        ] {
            let names = numbers.map(|number| Arch::from_number(arch).errno_name(number));
            let expected =
                ["EINPROGRESS", "EALREADY", "ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH"].map(Some);
            assert_eq!(names, expected, "{arch:08x}");
        }
    }

    #[test]
    fn low_numbers_are_shared_but_for_eagain_of_alpha() {
        let name = |arch, number| Arch::from_number(arch).errno_name(number);
        for arch in [8, 0x8000_002b, 0x8000_000f, 0xc000_003e] {
            assert_eq!([name(arch, 11), name(arch, 13)], [Some("EAGAIN"), Some("EACCES")]);
        }
        assert_eq!(name(0xc000_9026, 11), Some("EDEADLK"));
        assert_eq!(name(0xc000_9026, 35), Some("EAGAIN"));
        assert_eq!(name(0xc000_9026, 13), Some("EACCES"));
        assert_eq!(name(8, 115), None);
        assert_eq!(name(8, -1), None);
    }
}
