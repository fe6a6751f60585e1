//! Addresses that are not simply somebody's on the public internet.
//!
//! From IANA's registries of special-purpose addresses:
//! <https://www.iana.org/assignments/iana-ipv4-special-registry>,
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>. Those that are reachable all the same but
//! are nobody's web server (anycast of AS112, relays) count as special too.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a block is for, its first address, and how many bits of it count.
type Row<A> = (&'static str, A, u32);

const fn v4(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

const V4: &[Row<Ipv4Addr>] = &[
    ("this network", v4(0, 0, 0, 0), 8),
    ("private", v4(10, 0, 0, 0), 8),
    ("shared by a carrier's customers", v4(100, 64, 0, 0), 10),
    ("loopback", v4(127, 0, 0, 0), 8),
    // Where clouds tell machines who they are.
    ("link-local", v4(169, 254, 0, 0), 16),
    ("private", v4(172, 16, 0, 0), 12),
    ("protocol assignments", v4(192, 0, 0, 0), 24),
    ("documentation", v4(192, 0, 2, 0), 24),
    ("AS112", v4(192, 31, 196, 0), 24),
    ("multicast relays", v4(192, 52, 193, 0), 24),
    ("6to4 relays", v4(192, 88, 99, 0), 24),
    ("private", v4(192, 168, 0, 0), 16),
    ("AS112", v4(192, 175, 48, 0), 24),
    ("benchmarks", v4(198, 18, 0, 0), 15),
    ("documentation", v4(198, 51, 100, 0), 24),
    ("documentation", v4(203, 0, 113, 0), 24),
    // In the middle of public ones, but answered by the host of a virtual machine, with its secrets.
    ("a cloud's own", v4(168, 63, 129, 16), 32),
    ("multicast", v4(224, 0, 0, 0), 4),
    ("reserved, and broadcast", v4(240, 0, 0, 0), 4),
];

const fn v6(a: u16, b: u16, c: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)
}

/// Within the only block from which addresses are given to anybody.
const V6: &[Row<Ipv6Addr>] = &[
    // Teredo, benchmarks, ORCHID and others.
    ("protocol assignments", v6(0x2001, 0, 0), 23),
    ("documentation", v6(0x2001, 0xdb8, 0), 32),
    // An address of the other family is within, and relays would go there.
    ("6to4", v6(0x2002, 0, 0), 16),
    ("AS112", v6(0x2620, 0x4f, 0x8000), 48),
    ("documentation", v6(0x3fff, 0, 0), 20),
];
const V6_GIVEN: (Ipv6Addr, u32) = (v6(0x2000, 0, 0), 3);
/// Where networks without the other family translate to it: <https://www.rfc-editor.org/rfc/rfc6052>.
const NAT64: (Ipv6Addr, u32) = (v6(0x64, 0xff9b, 0), 96);

/// What is special about an address; nothing, where it is one of the public internet's. One that only
/// stands for an address of the other family is judged as that one.
pub fn special(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let within = |base: Ipv4Addr, bits: u32| (u32::from(address) ^ u32::from(base)) >> (32 - bits) == 0;
    let mut rows = V4.iter();
    rows.find(|(_, base, bits)| within(*base, *bits))
        .map(|(what, ..)| *what)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let within = |base: Ipv6Addr, bits: u32| (u128::from(address) ^ u128::from(base)) >> (128 - bits) == 0;
    if within(NAT64.0, NAT64.1) {
        let [.., a, b, c, d] = address.octets();
        return special_v4(v4(a, b, c, d));
    }
    if !within(V6_GIVEN.0, V6_GIVEN.1) {
        return Some("not given to anybody: loopback, private, link-local, multicast or unassigned");
    }
    let mut rows = V6.iter();
    rows.find(|(_, base, bits)| within(*base, *bits))
        .map(|(what, ..)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_nothing_special() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "168.63.129.15",
            "2606:4700:4700::1111",
            "2a00:1450:4001::1",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            // Public ones in another's clothes.
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ] {
            assert_eq!(special(address.parse().unwrap()), None, "{address}");
        }
    }

    #[test]
    fn all_others_are_special_however_they_are_written() {
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
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.31.196.1",
            "192.52.193.1",
            "192.88.99.1",
            "192.168.1.1",
            "192.175.48.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::2",
            "::127.0.0.1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "100::1",
            "2001::1",
            "2001:0:53aa:64c::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "2620:4f:8000::1",
            "3fff::1",
            "3fff:fff::1",
            "4000::1",
            "5f00::1",
            "1fff::1",
            // Others in another's clothes.
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::8.8.8.8",
            "::ffff:0:127.0.0.1",
        ] {
            assert!(special(address.parse().unwrap()).is_some(), "{address}");
        }
    }
}
