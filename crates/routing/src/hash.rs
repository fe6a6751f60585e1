//! Numbers from names: the same on every machine and in every version, since who gets what depends on
//! them. Not against attackers: nothing is kept under these.

/// 2⁶⁴ divided by the golden ratio.
pub(crate) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Spreads a number's bits over all of it (splitmix64's last step).
pub(crate) fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A number from texts. Where one ends and the next begins counts.
pub(crate) fn of(texts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for text in texts {
        for byte in text.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    mix(hash)
}

/// A number above 0 and below 1 from any of all numbers.
pub(crate) fn part(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
}

/// Whether a number is among so many of a hundred.
pub(crate) fn within(bits: u64, percent: u8) -> bool {
    part(bits) * 100.0 < f64::from(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_what_it_says_and_borders_count() {
        let on = (0..10_000)
            .filter(|n: &u32| within(of(&["flag", &n.to_string()]), 25))
            .count();
        assert!((2_300..2_700).contains(&on), "{on}");
        assert!(!within(u64::MAX, 99) && within(u64::MAX, 100) && !within(0, 0));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }
}
