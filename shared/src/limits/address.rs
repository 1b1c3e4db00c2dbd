//! Which visitors share a quota: an IPv4 address counts whole, IPv6 by its /64 (RFC 4291 section 2.5.1: the lower half is
//! the host's own to choose, so whoever has one address has 2^64 of them).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What of a client's address counts. Never stored as it is: only its keyed pseudonym is.
#[derive(Clone, PartialEq, Eq)]
pub struct AddressBucket(String);

impl AddressBucket {
    /// Reads an address as Cloudflare writes it in `CF-Connecting-IP`.
    #[must_use]
    pub fn parse(address: &str) -> Option<Self> {
        Some(address.parse::<IpAddr>().ok()?.into())
    }

    /// The bucket that a request counts in: `CF-Connecting-IP` alone, which Cloudflare sets and a client can't.
    /// `X-Forwarded-For` and its like are whatever a client wants them to be. Where it is absent, on a developer's
    /// machine it is the loopback address; in production none: then something stands in front of the Worker.
    #[must_use]
    pub fn of_request(header: &dyn Fn(&str) -> Option<String>, is_production: bool) -> Option<Self> {
        let loopback = || (!is_production).then(|| Self::from(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        header("CF-Connecting-IP").and_then(|address| Self::parse(address.trim())).or_else(loopback)
    }

    /// The bucket as text, for the pseudonym alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<IpAddr> for AddressBucket {
    fn from(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(address) => address.to_string(),
            // An IPv4 address in IPv6 clothes (RFC 4291 section 2.5.5.2) is the IPv4 address.
            IpAddr::V6(address) => {
                address.to_ipv4_mapped().map_or_else(|| network(address), |address| address.to_string())
            }
        })
    }
}

fn network(address: Ipv6Addr) -> String {
    let [a, b, c, d, ..] = address.segments();
    format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
}

impl core::fmt::Debug for AddressBucket {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("AddressBucket(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(address: &str) -> String {
        AddressBucket::parse(address).expect("an address").as_str().to_owned()
    }

    #[test]
    fn one_ipv6_network_is_one_visitor_and_its_neighbour_another() {
        let first = bucket("2001:db8:1:2::1");
        for address in ["2001:db8:1:2::2", "2001:0db8:0001:0002:ffff:ffff:ffff:ffff", "2001:DB8:1:2:0:0:0:0"] {
            assert_eq!(bucket(address), first);
        }
        assert_ne!(bucket("2001:db8:1:3::1"), first);
    }

    #[test]
    fn an_ipv4_address_counts_whole_also_when_mapped() {
        assert_ne!(bucket("192.0.2.1"), bucket("192.0.2.2"));
        assert_eq!(bucket("::ffff:192.0.2.1"), bucket("192.0.2.1"));
        assert_eq!(bucket("::ffff:c000:201"), bucket("192.0.2.1"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in
            ["", "localhost", "192.0.2", "192.0.2.1, 192.0.2.2", "192.0.2.1:80", "[::1]", "::1%eth0", " 192.0.2.1"]
        {
            assert_eq!(AddressBucket::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_address_does_not_show_in_debug() {
        assert!(!format!("{:?}", AddressBucket::parse("192.0.2.1")).contains("192"));
    }
}
