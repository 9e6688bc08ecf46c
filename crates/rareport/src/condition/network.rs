//! A network of IPv4 or IPv6 addresses, as conditions name it.
//!
//! An IPv4 address may be written as IPv6 (`::ffff:192.0.2.7`, RFC 4291 §2.5.5.2); both are the
//! same address here.

use ipnet::{IpNet, Ipv4Net};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Bits of an IPv6 address before the IPv4 address that is mapped into it.
const MAPPED_PREFIX: u8 = 96;

/// A network of addresses, or one address as the network of itself.
///
/// ```
/// use rareport::condition::Network;
///
/// let network: Network = "::ffff:10.0.0.0/120".parse()?;
/// assert!(network.contains("10.0.0.7".parse()?));
/// assert_eq!(network.to_string(), "10.0.0.0/24");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

/// A text that is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a network such as 192.0.2.0/24 or 2001:db8::/32, found {text}")]
pub struct NetworkError {
    text: String,
}

impl Network {
    /// The addresses of the host itself, 127.0.0.0/8 (RFC 1122 §3.2.1.3).
    pub(crate) const LOOPBACK_V4: Network =
        Network(IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)));

    /// Whether an address is in the network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Network {
        Network(canonical(IpNet::from(address)))
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let alone = || text.parse::<IpAddr>().map(IpNet::from);
        let network = text.parse().or_else(|_| alone());
        network
            .map(|network| Network(canonical(network)))
            .map_err(|_| NetworkError { text: text.to_owned() })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The network of IPv4 addresses that a network of mapped ones is.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else { return network };
    let address = Ipv6Addr::to_ipv4_mapped(&mapped.addr());
    let prefix = mapped.prefix_len().checked_sub(MAPPED_PREFIX);
    let of_ipv4 = address.zip(prefix).and_then(|(it, prefix)| Ipv4Net::new(it, prefix).ok());
    of_ipv4.map_or(network, IpNet::V4)
}
