//! Addresses that are not public: what IANA's registries of special-purpose addresses do not
//! call globally reachable, and what has never been given out.
//!
//! Exceptions inside a refused network (relays by anycast, say) are refused as well: no API is
//! served there.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, d: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

/// What is refused of IPv4.
pub(super) const IPV4: &[Ipv4Net] = &[
    v4(0, 0, 0, 0, 8),        // this host, this network
    v4(10, 0, 0, 0, 8),       // private
    v4(100, 64, 0, 0, 10),    // between a provider and its customers; metadata of Alibaba Cloud
    v4(127, 0, 0, 0, 8),      // loopback
    v4(168, 63, 129, 16, 32), // metadata of Azure, in the midst of public addresses
    v4(169, 254, 0, 0, 16),   // link-local; metadata of most clouds
    v4(172, 16, 0, 0, 12),    // private
    v4(192, 0, 0, 0, 24),     // protocol assignments; metadata of Oracle's cloud
    v4(192, 0, 2, 0, 24),     // documentation
    v4(192, 88, 99, 0, 24),   // relays of 6to4
    v4(192, 168, 0, 0, 16),   // private
    v4(198, 18, 0, 0, 15),    // benchmarking
    v4(198, 51, 100, 0, 24),  // documentation
    v4(203, 0, 113, 0, 24),   // documentation
    v4(224, 0, 0, 0, 4),      // multicast
    v4(240, 0, 0, 0, 4),      // reserved, and broadcast
];

/// The public part of IPv6. Outside of it are loopback, unique
/// local, link-local, site-local, multicast, discard and segment routing addresses, and most of those
/// that carry an IPv4 address.
pub(super) const IPV6_GLOBAL: Ipv6Net = v6(0x2000, 0, 0, 0, 3);

/// What is refused inside of [`IPV6_GLOBAL`].
pub(super) const IPV6: &[Ipv6Net] = &[
    v6(0x2001, 0, 0, 0, 23), // protocol assignments: Teredo, benchmarking, ORCHID
    v6(0x2001, 0xdb8, 0, 0, 32), // documentation
    v6(0x2002, 0, 0, 0, 16), // 6to4
    v6(0x3ffe, 0, 0, 0, 16), // the first test network, given back
    v6(0x3fff, 0, 0, 0, 20), // documentation
];
