//! Random numbers that depend on a seed and a place alone.

/// Draws numbers for one answer. The n-th token's draw depends on the seed and on n, not on how many
/// draws came before, so that a retry or a reordering changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Dice {
    seed: u64,
}

impl Dice {
    /// For a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// A number in [0, 1) for the n-th token.
    pub fn roll(&self, n: u64) -> f64 {
        const BITS: u32 = 53;
        let mixed = mix(mix(self.seed) ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit into an f64 exactly")]
        let unit = (mixed >> (64 - BITS)) as f64 / (1_u64 << BITS) as f64;
        unit
    }
}

/// SplitMix64's finaliser (Steele, Lea and Flood, 2014).
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draw_depends_on_seed_and_place_alone() {
        let dice = Dice::new(7);
        assert_eq!(dice.roll(3).to_bits(), Dice::new(7).roll(3).to_bits());
        assert_ne!(dice.roll(3).to_bits(), dice.roll(4).to_bits());
        assert_ne!(dice.roll(3).to_bits(), Dice::new(8).roll(3).to_bits());
    }

    #[test]
    fn draws_are_spread_evenly() {
        let dice = Dice::new(1);
        let mut buckets = [0_u32; 10];
        for n in 0..10_000 {
            let roll = dice.roll(n);
            assert!((0.0..1.0).contains(&roll));
            buckets[(roll * 10.0) as usize] += 1;
        }
        assert!(
            buckets.iter().all(|&count| (850..1150).contains(&count)),
            "{buckets:?}"
        );
    }
}
