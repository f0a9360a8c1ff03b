use proptest::prelude::*;

use super::*;

fn permits(address: &str) -> bool {
    AddressGuard::default().permits(address.parse().unwrap())
}

#[test]
fn addresses_inside_are_refused() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.9",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::8.8.8.8",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:8.8.8.8",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::8.8.8.8",
        "64:ff9b:0:0:1::8.8.8.8",
        "100::1",
        "100:0:0:1::1",
        "2001::1",
        "2001:0:808:808::f7f7:f7f7",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "2606:4700::5efe:127.0.0.1",
        "2606:4700::200:5efe:10.0.0.1",
        "3ffe::1",
        "3fff::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "ffff::1",
    ] {
        assert!(!permits(address), "{address}");
    }
}

#[test]
fn addresses_of_everybody_are_let_through() {
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "168.63.129.15",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2606:4700::1111",
        "2606:4700::5efe:8.8.8.8",
        "2a00:1450::1",
        "3fff:1000::1",
    ] {
        assert!(permits(address), "{address}");
    }
}

#[test]
fn opened_networks_are_let_through_and_nothing_beside_them() {
    let networks = ["10.1.0.0/16", "fd00:1::/32", "::ffff:127.0.0.2/128"];
    let guard = AddressGuard::new(networks.map(|text| text.parse().unwrap()).to_vec());
    let permits = |address: &str| guard.permits(address.parse().unwrap());
    for address in [
        "10.1.2.3",
        "::ffff:10.1.2.3",
        "fd00:1::7",
        "127.0.0.2",
        "1.1.1.1",
    ] {
        assert!(permits(address), "{address}");
    }
    for address in [
        "10.2.0.1",
        "fd00:2::7",
        "127.0.0.1",
        "::10.1.2.3",
        "64:ff9b::10.1.2.3",
        "2002:a01:203::1",
    ] {
        assert!(!permits(address), "{address}");
    }
    // All of IPv6 is not all of IPv4.
    let all = AddressGuard::new(vec!["::/0".parse().unwrap()]);
    assert!(!all.permits("::ffff:127.0.0.1".parse().unwrap()));
    assert!(all.permits("::1".parse().unwrap()));
}

proptest! {
    /// What the standard library knows to be special is an oracle of one direction.
    #[test]
    fn no_special_address_passes(bits: u32, within in 0_usize..IPV4.len()) {
        let network = IPV4[within];
        let host = u64::from(bits) & ((1 << (32 - network.prefix_len())) - 1);
        let inside = Ipv4Addr::from(u32::from(network.network()) | u32::try_from(host).unwrap());
        for address in [inside, Ipv4Addr::from(bits)] {
            let special = address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || address.is_documentation()
                || address.is_unspecified()
                || address == inside;
            let guard = AddressGuard::default();
            let permitted = guard.permits(address.into());
            prop_assert!(!(special && permitted), "{address}");
            // Every spelling says the same, or is refused.
            let [a, b, c, d] = address.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let same = [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2606, 0x4700, 1, 2, 0, 0x5efe, high, low),
                Ipv6Addr::new(0x2606, 0x4700, 1, 2, 0x200, 0x5efe, high, low),
            ];
            for spelling in same {
                prop_assert_eq!(guard.permits(spelling.into()), permitted, "{}", spelling);
            }
            let refused = [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, 0x808, 0x808, 0, 0, !high, !low),
            ];
            for spelling in refused {
                prop_assert!(!guard.permits(spelling.into()), "{spelling}");
            }
        }
    }

    #[test]
    fn only_global_unicast_of_ipv6_passes(bits: u128) {
        let address = Ipv6Addr::from(bits);
        if AddressGuard::default().permits(address.into()) {
            prop_assert!(bits >> 125 == 1 || bits >> 32 == 0x64_ff9b << 64 || bits >> 32 == 0xffff);
            prop_assert!(!address.is_multicast() && !address.is_unique_local());
            prop_assert!(!address.is_unicast_link_local() && !address.is_loopback());
        }
    }
}
