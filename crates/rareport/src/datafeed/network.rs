//! An IP network, for tests of addresses.

use std::net::IpAddr;

use thiserror::Error;

/// All addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many bits are the same; at most 32 or 128.
    prefix: u8,
}

/// The prefix is longer than an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected a prefix of at most {longest} bits, found {found}")]
pub struct NetworkError {
    /// The bits that an address of this kind has.
    pub longest: u8,
    /// The prefix that was given.
    pub found: u8,
}

impl Network {
    /// The addresses that share the first `prefix` bits of `address`.
    ///
    /// # Errors
    ///
    /// If the prefix is longer than the address: 32 bits for IPv4, 128 for IPv6.
    pub fn new(address: IpAddr, prefix: u8) -> Result<Network, NetworkError> {
        let longest = width(address);
        if prefix > longest {
            return Err(NetworkError { longest, found: prefix });
        }
        Ok(Network { address, prefix })
    }

    /// Whether an address is in the network; an IPv4 address in IPv6 counts as that IPv4 address.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.address, ip.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let other = u32::from(32 - self.prefix);
                (net.to_bits() ^ ip.to_bits()).checked_shr(other).unwrap_or(0) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let other = u32::from(128 - self.prefix);
                (net.to_bits() ^ ip.to_bits()).checked_shr(other).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// The network of one address.
impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Network {
        Network { address, prefix: width(address) }
    }
}

/// Bits of an address.
fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_are_compared_by_their_first_bits() {
        let holds = |net: &str, prefix, address: &str| {
            Network::new(ip(net), prefix).unwrap().contains(ip(address))
        };
        assert!(holds("127.0.0.0", 8, "127.255.0.1") && !holds("127.0.0.0", 8, "128.0.0.0"));
        assert!(holds("127.0.0.0", 8, "::ffff:127.0.0.11"));
        assert!(holds("10.0.0.5", 32, "10.0.0.5") && !holds("10.0.0.5", 32, "10.0.0.4"));
        assert!(holds("fe80::", 10, "febf::1") && !holds("fe80::", 10, "fec0::1"));
        assert!(holds("0.0.0.0", 0, "203.0.113.9") && !holds("0.0.0.0", 0, "2001:db8::1"));
        assert!(holds("::", 0, "2001:db8::1") && !holds("::", 0, "::ffff:1.2.3.4"));
    }

    #[test]
    fn a_prefix_is_no_longer_than_an_address() {
        let error = Network::new(ip("10.0.0.0"), 33).unwrap_err();
        assert_eq!(error.to_string(), "expected a prefix of at most 32 bits, found 33");
        assert!(Network::new(ip("::"), 128).is_ok() && Network::new(ip("::"), 129).is_err());
    }
}
