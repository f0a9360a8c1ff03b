//! IPv4 addresses in the form of IPv6 addresses that a gateway or the system itself turns back.
//!
//! The forms that are no longer used on the open network (compatible, translated, 6to4, Teredo) are
//! not read here: [`super::special_use`] refuses them whatever they carry.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;

/// Addresses that a gateway between the two networks translates (RFC 6052). The local prefixes
/// (`64:ff9b:1::/48`) are no part of it.
const NAT64: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// The IPv4 address behind a gateway's address.
pub(super) fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    NAT64.contains(&address).then(|| last_four(address))
}

/// The IPv4 address in an interface of ISATAP (RFC 5214), whatever the network is.
pub(super) fn tunnelled(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [_, _, _, _, kind, marker, _, _] = address.segments();
    // The universal bit may be set or not.
    (kind & !0x0200 == 0 && marker == 0x5efe).then(|| last_four(address))
}

const fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}
