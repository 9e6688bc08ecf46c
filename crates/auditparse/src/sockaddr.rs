//! Socket addresses: the hexadecimal `saddr=` of a `SOCKADDR` record, which is the `struct
//! sockaddr` that the call passed, byte for byte. This module owns its layouts in either byte
//! order, whole and cut short. The text that auditd adds (`SADDR={ … }`) is not read: it is made
//! from the same bytes, and is not escaped.

mod bytes;

use core::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nom::IResult;
use nom::bytes::complete::take;
use nom::number::Endianness;
use nom::number::complete::{be_u16, u8, u16, u32};
use thiserror::Error;

use crate::arch::Arch;

pub use bytes::{SockAddrBytes, SockAddrHexError};

/// The size of the kernel's `struct sockaddr_storage`, the longest address there is.
///
/// ```
/// use auditparse::{MAX_SOCKADDR, SockAddrBytes, SockAddrHexError};
///
/// let long = SockAddrBytes::from_hex(&b"41".repeat(MAX_SOCKADDR + 1));
/// assert_eq!(long.as_bytes().len(), 128);
/// assert_eq!(long.problem(), Some(SockAddrHexError::TooLong));
/// ```
pub const MAX_SOCKADDR: usize = 128;

/// A socket address. Text and unknown addresses borrow the bytes that were decoded.
///
/// ```
/// use auditparse::{SockAddr, SockAddrBytes};
///
/// let bytes = SockAddrBytes::from_hex(b"020001BB0A0000010000000000000000");
/// let address = bytes.decode(None)?;
/// assert_eq!(address.to_string(), "10.0.0.1:443");
/// assert_eq!(address.port(), Some(443));
/// # Ok::<(), auditparse::SockAddrError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SockAddr<'a> {
    /// `AF_UNSPEC`: connecting to it dissolves a datagram socket's association.
    Unspec,
    /// `AF_UNIX` with a path in the file system.
    UnixPath(&'a [u8]),
    /// `AF_UNIX` with a name in the abstract namespace; the name may hold NULs.
    UnixAbstract(&'a [u8]),
    /// `AF_UNIX` without a name.
    UnixUnnamed,
    /// `AF_INET`.
    Inet {
        /// The address.
        ip: Ipv4Addr,
        /// The port.
        port: u16,
    },
    /// `AF_INET6`.
    Inet6 {
        /// The address.
        ip: Ipv6Addr,
        /// The port.
        port: u16,
        /// Traffic class and flow label.
        flow: u32,
        /// Interface index of a link-local address, else 0. Also 0 in the 24-byte form of RFC
        /// 2133, which lacks it.
        scope: u32,
    },
    /// `AF_NETLINK`.
    Netlink {
        /// Port id, by habit the process id; 0 is the kernel.
        pid: u32,
        /// Multicast groups.
        groups: u32,
    },
    /// `AF_PACKET`.
    Packet {
        /// Ethernet protocol number.
        protocol: u16,
        /// Interface index.
        interface: u32,
        /// Link-layer address, up to eight bytes.
        hardware: &'a [u8],
    },
    /// `AF_VSOCK`: between a virtual machine and its host.
    Vsock {
        /// Context id of the machine; 2 is the host.
        cid: u32,
        /// The port.
        port: u32,
    },
    /// Any other family.
    Other {
        /// The family (`AF_*`).
        family: u16,
        /// The bytes behind the family.
        bytes: &'a [u8],
    },
}

/// Why bytes are not a whole address.
///
/// ```
/// use auditparse::{SockAddrBytes, SockAddrError};
///
/// let cut = SockAddrBytes::from_hex(b"020001BB");
/// let error = cut.decode(None).unwrap_err();
/// assert_eq!(error, SockAddrError::TooShort { family: 2, expected: 8, found: 4 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SockAddrError {
    /// The event has no `SOCKADDR` record: the call passed no readable address.
    #[error("expected a SOCKADDR record, found none")]
    Missing,
    /// Fewer bytes than the family's address has.
    #[error("expected {expected} bytes of an address of family {family}, found {found}")]
    TooShort {
        /// The family, or 0 if not even that is there.
        family: u16,
        /// The fewest bytes that hold address and port.
        expected: usize,
        /// The bytes there are.
        found: usize,
    },
}

/// Address families (`include/linux/socket.h`).
mod family {
    pub(super) const UNSPEC: u16 = 0;
    pub(super) const UNIX: u16 = 1;
    pub(super) const INET: u16 = 2;
    pub(super) const INET6: u16 = 10;
    pub(super) const NETLINK: u16 = 16;
    pub(super) const PACKET: u16 = 17;
    pub(super) const VSOCK: u16 = 40;
}

impl<'a> SockAddr<'a> {
    /// Decodes a `struct sockaddr`. The family and a few other parts are in the byte order of the
    /// host that made the call; without `arch` it is told from the family, whose high byte is 0.
    ///
    /// ```
    /// use auditparse::SockAddr;
    ///
    /// let address = SockAddr::decode(b"\x01\0/run/log\0", None)?;
    /// assert_eq!(address, SockAddr::UnixPath(b"/run/log"));
    /// # Ok::<(), auditparse::SockAddrError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SockAddrError::TooShort`] if address or port are not all there. Parts behind them (zero
    /// padding, the scope of the 24-byte `AF_INET6` form) may be missing.
    pub fn decode(bytes: &'a [u8], arch: Option<Arch>) -> Result<SockAddr<'a>, SockAddrError> {
        let order = match (arch, bytes) {
            (Some(arch), _) if arch.is_big_endian() => Endianness::Big,
            (Some(_), _) => Endianness::Little,
            (None, [0, low, ..]) if *low != 0 => Endianness::Big,
            (None, _) => Endianness::Little,
        };
        let too_short =
            |family, expected| SockAddrError::TooShort { family, expected, found: bytes.len() };
        let (rest, family) =
            u16::<_, ()>(order)(bytes).map_err(|_: nom::Err<()>| too_short(0, 2))?;
        let whole = |parsed: IResult<&'a [u8], SockAddr<'a>, ()>, expected| {
            parsed.map(|(_, address)| address).map_err(|_| too_short(family, expected))
        };
        match family {
            family::UNSPEC => Ok(SockAddr::Unspec),
            family::UNIX => Ok(unix(rest)),
            family::INET => whole(inet(rest), 8),
            family::INET6 => whole(inet6(rest, order), 24),
            family::NETLINK => whole(netlink(rest, order), 12),
            family::PACKET => whole(packet(rest, order), 12),
            family::VSOCK => whole(vsock(rest, order), 12),
            _ => Ok(SockAddr::Other { family, bytes: rest }),
        }
    }

    /// The IP address of `Inet` and `Inet6`.
    ///
    /// ```
    /// use auditparse::SockAddr;
    ///
    /// let address = SockAddr::decode(&[2, 0, 0, 80, 192, 0, 2, 1], None)?;
    /// assert_eq!(address.ip(), Some([192, 0, 2, 1].into()));
    /// assert_eq!(SockAddr::UnixUnnamed.ip(), None);
    /// # Ok::<(), auditparse::SockAddrError>(())
    /// ```
    pub fn ip(&self) -> Option<IpAddr> {
        match *self {
            SockAddr::Inet { ip, .. } => Some(IpAddr::V4(ip)),
            SockAddr::Inet6 { ip, .. } => Some(IpAddr::V6(ip)),
            _ => None,
        }
    }

    /// The port of `Inet` and `Inet6`. Vsock ports are 32 bits wide and not meant here.
    ///
    /// ```
    /// use auditparse::SockAddr;
    ///
    /// let address = SockAddr::decode(&[2, 0, 0x11, 0x5C, 203, 0, 113, 9], None)?;
    /// assert_eq!(address.port(), Some(4444));
    /// assert_eq!(SockAddr::Vsock { cid: 2, port: 1024 }.port(), None);
    /// # Ok::<(), auditparse::SockAddrError>(())
    /// ```
    pub fn port(&self) -> Option<u16> {
        match *self {
            SockAddr::Inet { port, .. } | SockAddr::Inet6 { port, .. } => Some(port),
            _ => None,
        }
    }

    /// An IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) as the IPv4 address that is really
    /// connected to; all else as it is.
    ///
    /// ```
    /// use auditparse::SockAddrBytes;
    ///
    /// let hex = b"0A0000500000000000000000000000000000FFFFC000020100000000";
    /// let bytes = SockAddrBytes::from_hex(hex);
    /// let address = bytes.decode(None)?;
    /// assert_eq!(address.to_string(), "[::ffff:192.0.2.1]:80");
    /// assert_eq!(address.unmapped().to_string(), "192.0.2.1:80");
    /// # Ok::<(), auditparse::SockAddrError>(())
    /// ```
    pub fn unmapped(self) -> SockAddr<'a> {
        match self {
            SockAddr::Inet6 { ip, port, .. } => {
                ip.to_ipv4_mapped().map_or(self, |ip| SockAddr::Inet { ip, port })
            }
            _ => self,
        }
    }

    /// The family in words: `inet`, `inet6`, `unix`, …; `None` for [`SockAddr::Other`].
    ///
    /// ```
    /// use auditparse::SockAddr;
    ///
    /// assert_eq!(SockAddr::UnixAbstract(b"/tmp/.X11-unix/X0").family_name(), Some("unix"));
    /// assert_eq!(SockAddr::Other { family: 31, bytes: &[] }.family_name(), None); // bluetooth
    /// ```
    pub fn family_name(&self) -> Option<&'static str> {
        Some(match self {
            SockAddr::Unspec => "unspec",
            SockAddr::UnixPath(_) | SockAddr::UnixAbstract(_) | SockAddr::UnixUnnamed => "unix",
            SockAddr::Inet { .. } => "inet",
            SockAddr::Inet6 { .. } => "inet6",
            SockAddr::Netlink { .. } => "netlink",
            SockAddr::Packet { .. } => "packet",
            SockAddr::Vsock { .. } => "vsock",
            SockAddr::Other { .. } => return None,
        })
    }
}

impl fmt::Display for SockAddr<'_> {
    /// `10.0.0.1:443`, `[fe80::1%2]:443`, a path, `@name` for an abstract one; bytes that are not
    /// printable ASCII are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SockAddr::Unspec => f.write_str("unspec"),
            SockAddr::UnixPath(path) => write!(f, "{}", path.escape_ascii()),
            SockAddr::UnixAbstract(name) => write!(f, "@{}", name.escape_ascii()),
            SockAddr::UnixUnnamed => f.write_str("unnamed"),
            SockAddr::Inet { ip, port } => write!(f, "{ip}:{port}"),
            SockAddr::Inet6 { ip, port, scope: 0, .. } => write!(f, "[{ip}]:{port}"),
            SockAddr::Inet6 { ip, port, scope, .. } => write!(f, "[{ip}%{scope}]:{port}"),
            SockAddr::Netlink { pid, groups } => write!(f, "netlink:{pid}:{groups}"),
            SockAddr::Packet { protocol, interface, .. } => {
                write!(f, "packet:{protocol:04x}:{interface}")
            }
            SockAddr::Vsock { cid, port } => write!(f, "vsock:{cid}:{port}"),
            SockAddr::Other { family, bytes } => {
                write!(f, "family-{family}:")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

type Parsed<'a> = IResult<&'a [u8], SockAddr<'a>, ()>;

/// `struct sockaddr_un`, logged at the length that the call passed.
fn unix(rest: &[u8]) -> SockAddr<'_> {
    match rest {
        [] => SockAddr::UnixUnnamed,
        [0] => SockAddr::UnixUnnamed,
        [0, name @ ..] => SockAddr::UnixAbstract(name),
        path => {
            let end = path.iter().position(|&byte| byte == 0).unwrap_or(path.len());
            SockAddr::UnixPath(&path[..end])
        }
    }
}

/// `struct sockaddr_in` up to its address.
fn inet(rest: &[u8]) -> Parsed<'_> {
    let (rest, port) = be_u16(rest)?;
    let (rest, ip) = nom::number::complete::be_u32(rest)?;
    Ok((rest, SockAddr::Inet { ip: Ipv4Addr::from(ip), port }))
}

/// `struct sockaddr_in6`, whose scope may be missing.
fn inet6(rest: &[u8], order: Endianness) -> Parsed<'_> {
    let (rest, port) = be_u16(rest)?;
    let (rest, flow) = nom::number::complete::be_u32(rest)?;
    let (rest, ip) = nom::number::complete::be_u128(rest)?;
    let (rest, scope) = u32::<_, ()>(order)(rest).unwrap_or((rest, 0));
    Ok((rest, SockAddr::Inet6 { ip: Ipv6Addr::from(ip), port, flow, scope }))
}

/// `struct sockaddr_nl`.
fn netlink(rest: &[u8], order: Endianness) -> Parsed<'_> {
    let (rest, _padding) = take(2usize)(rest)?;
    let (rest, pid) = u32(order)(rest)?;
    let (rest, groups) = u32(order)(rest)?;
    Ok((rest, SockAddr::Netlink { pid, groups }))
}

/// `struct sockaddr_ll`; its last byte but the address counts the address's bytes.
fn packet(rest: &[u8], order: Endianness) -> Parsed<'_> {
    let (rest, protocol) = be_u16(rest)?;
    let (rest, interface) = u32(order)(rest)?;
    let (rest, _hardware_and_packet_type) = take(3usize)(rest)?;
    let (rest, length) = u8(rest)?;
    let hardware = &rest[..rest.len().min(usize::from(length)).min(8)];
    Ok((rest, SockAddr::Packet { protocol, interface, hardware }))
}

/// `struct sockaddr_vm`.
fn vsock(rest: &[u8], order: Endianness) -> Parsed<'_> {
    let (rest, _reserved) = take(2usize)(rest)?;
    let (rest, port) = u32(order)(rest)?;
    let (rest, cid) = u32(order)(rest)?;
    Ok((rest, SockAddr::Vsock { cid, port }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(hex: &str) -> String {
        match SockAddrBytes::from_hex(hex.as_bytes()).decode(None) {
            Ok(address) => address.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn inet_in_both_byte_orders_and_cut() {
        assert_eq!(shown("020001BB0A0000010000000000000000"), "10.0.0.1:443");
        assert_eq!(shown("000201BB0A0000010000000000000000"), "10.0.0.1:443");
        assert_eq!(shown("020001bb0a000001"), "10.0.0.1:443");
        assert_eq!(shown("02000050"), "expected 8 bytes of an address of family 2, found 4");
        assert_eq!(shown("0200"), "expected 8 bytes of an address of family 2, found 2");
        assert_eq!(shown("02"), "expected 2 bytes of an address of family 0, found 1");
    }

    #[test]
    fn inet6_with_scope_and_without() {
        let scoped = "0A0001BB00012345FE80000000000000000000000000000102000000";
        assert_eq!(shown(scoped), "[fe80::1%2]:443");
        assert_eq!(shown(&scoped[..48]), "[fe80::1]:443");
        let big = "000A01BB00012345FE80000000000000000000000000000100000002";
        assert_eq!(shown(big), "[fe80::1%2]:443");
        let bytes = SockAddrBytes::from_hex(scoped.as_bytes());
        let Ok(SockAddr::Inet6 { flow, .. }) = bytes.decode(None) else { panic!("not inet6") };
        assert_eq!(flow, 0x12345);
    }

    #[test]
    fn mapped_addresses_are_unmapped_on_request_only() {
        let bytes =
            SockAddrBytes::from_hex(b"0A0001BB0000000000000000000000000000FFFF0A00000100000000");
        let address = bytes.decode(None).unwrap();
        assert_eq!(address.to_string(), "[::ffff:10.0.0.1]:443");
        assert_eq!(address.unmapped().to_string(), "10.0.0.1:443");
    }

    #[test]
    fn unix_path_abstract_and_unnamed() {
        assert_eq!(shown("01002F6465762F6C6F6700"), "/dev/log");
        assert_eq!(shown("0100002F746D702F780079"), "@/tmp/x\\x00y");
        assert_eq!(shown("0100"), "unnamed");
        assert_eq!(shown("010000"), "unnamed");
    }

    #[test]
    fn other_families() {
        assert_eq!(shown("100000000700000002000000"), "netlink:7:2");
        assert_eq!(shown("28000000000400000200000000000000"), "vsock:2:1024");
        assert_eq!(shown("0028000000000400000000020000000000000000"), "vsock:2:1024");
        assert_eq!(shown("11000003020000000100060002420AFF00010000"), "packet:0003:2");
        assert_eq!(shown("00000000000000000000000000000000"), "unspec");
        assert_eq!(shown("1F00AABB"), "family-31:aabb");
    }

    #[test]
    fn unsound_digits_are_read_as_far_as_they_go_and_said() {
        let odd = SockAddrBytes::from_hex(b"020001BB0A00000100000000000000000");
        assert_eq!(odd.problem(), Some(SockAddrHexError::OddDigit));
        assert_eq!(odd.decode(None).unwrap().port(), Some(443));
        let junk = SockAddrBytes::from_hex(b"020001BB0A0000ZZ0000");
        assert_eq!(junk.problem(), Some(SockAddrHexError::NotHex(14)));
        assert_eq!(junk.as_bytes(), [2, 0, 1, 0xBB, 10, 0, 0]);
        let long = SockAddrBytes::from_hex(&[b'0'; 258]);
        assert_eq!(long.problem(), Some(SockAddrHexError::TooLong));
        assert_eq!(long.as_bytes().len(), MAX_SOCKADDR);
        let long = SockAddrBytes::from_hex(&[b'0'; 257]);
        assert_eq!(long.problem(), Some(SockAddrHexError::TooLong));
    }
}
