//! Places on a network as an operator writes them: a host, all hosts below a name, an address, a block.

// Addresses without sockets.
use core::net::IpAddr;
use std::{fmt, str::FromStr};

/// A place on a network: `pictures.example`, `*.intranet.example`, `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The host of that name, whatever addresses it has.
    Host(String),
    /// Every host whose name ends so, but not the one that has just this name.
    Below(String),
    /// Every host with an address that begins with so many bits of this one.
    Block {
        /// The first address.
        base: IpAddr,
        /// How many of its bits count.
        bits: u8,
    },
}

impl Place {
    /// Whether it means a host by its name, written in small letters.
    pub fn names(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        match self {
            Self::Host(name) => host == name,
            Self::Below(name) => host
                .strip_suffix(&**name)
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            Self::Block { .. } => false,
        }
    }

    /// Whether it means this address. One that is written as the other family's is that one.
    pub fn covers(&self, address: IpAddr) -> bool {
        let Self::Block { base, bits } = *self else {
            return false;
        };
        match (base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                begins_alike(u32::from(base).into(), u32::from(address).into(), 32, bits)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => begins_alike(base.into(), address.into(), 128, bits),
            _ => false,
        }
    }
}

/// Whether two numbers of so many bits have the same first ones.
fn begins_alike(one: u128, other: u128, width: u8, bits: u8) -> bool {
    let rest = u32::from(width.saturating_sub(bits));
    // All bits shifted out: every number begins with none.
    (one ^ other).checked_shr(rest).unwrap_or(0) == 0
}

impl FromStr for Place {
    type Err = String;

    /// # Errors
    /// A sentence that says what to write instead.
    fn from_str(text: &str) -> Result<Self, String> {
        let written = text.trim();
        let bare = written
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(written);
        if let Ok(address) = bare.parse::<IpAddr>() {
            let base = address.to_canonical();
            return Ok(Self::Block {
                base,
                bits: width(base),
            });
        }
        if let Some((base, bits)) = bare.split_once('/') {
            return block(base, bits).ok_or_else(|| {
                format!(
                    "`{written}` is no block of addresses; write 10.0.0.0/8 or fd00::/8, the other bits 0"
                )
            });
        }
        let (below, name) = match written.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, written),
        };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if !is_name(&name) {
            return Err(format!(
                "`{written}` is no host; write the name alone, without a scheme or a port, `*.example.com` for all \
                 below it, or a block of addresses"
            ));
        }
        Ok(if below {
            Self::Below(name)
        } else {
            Self::Host(name)
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => f.write_str(name),
            Self::Below(name) => write!(f, "*.{name}"),
            Self::Block { base, bits } => write!(f, "{base}/{bits}"),
        }
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Bits behind those that count must be 0: `10.1.2.3/8` is a slip of the pen, and a costly one.
fn block(base: &str, bits: &str) -> Option<Place> {
    let base: IpAddr = base.parse().ok()?;
    let bits: u8 = bits.parse().ok().filter(|bits| *bits <= width(base))?;
    let tail = match base {
        IpAddr::V4(base) => u128::from(u32::from(base)) << 96,
        IpAddr::V6(base) => base.into(),
    };
    let clean = tail.checked_shl(u32::from(bits)).unwrap_or(0) == 0;
    clean.then_some(Place::Block { base, bits })
}

fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        let letters = label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        letters && (1..=63).contains(&label.len())
    };
    // A name of digits and dots would be read as an address by those who look it up.
    let last = name.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    name.len() <= 253 && name.split('.').all(label) && !number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn means(place: &str, yes: &[&str], no: &[&str]) {
        let place: Place = place.parse().unwrap();
        let covered = |what: &&&str| match what.parse() {
            Ok(address) => place.covers(address),
            Err(_) => place.names(what),
        };
        assert_eq!(
            yes.iter().filter(|what| !covered(what)).collect::<Vec<_>>(),
            [&""; 0]
        );
        assert_eq!(no.iter().filter(covered).collect::<Vec<_>>(), [&""; 0]);
    }

    #[test]
    fn a_host_is_itself_and_a_star_means_all_below() {
        means(
            "Pictures.Example.",
            &["pictures.example", "pictures.example."],
            &["a.pictures.example"],
        );
        means(
            "*.corp.example",
            &["a.corp.example", "a.b.corp.example."],
            &[
                "corp.example",
                ".corp.example",
                "evilcorp.example",
                "corp.example.evil.example",
            ],
        );
    }

    #[test]
    fn a_block_covers_what_begins_like_it_however_that_is_written() {
        means(
            "10.0.0.0/8",
            &["10.0.0.1", "10.255.255.255", "::ffff:10.1.1.1"],
            &["11.0.0.1", "9.255.255.255"],
        );
        means("127.0.0.1", &["127.0.0.1"], &["127.0.0.2", "::1", "localhost"]);
        means("[::1]", &["::1"], &["::2", "127.0.0.1"]);
        means("fd00::/8", &["fd12::1"], &["fc00::1", "10.0.0.1"]);
        means("0.0.0.0/0", &["1.2.3.4"], &["::1"]);
        means("::/0", &["::1"], &["1.2.3.4"]);
    }

    #[test]
    fn what_is_none_is_refused_with_what_to_write() {
        for wrong in [
            "",
            "*",
            "*.",
            "http://a.example",
            "a.example:80",
            "a b",
            "10.0.0.0/33",
            "10.1.2.3/8",
            "10.0.0.0/x",
            "fd00::1/8",
            "10.1",
            "2130706433",
            "a.0x7f",
            "a..b",
            "-/-",
        ] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
