//! Normal noise from a seed: the same numbers as PyTorch's generator on a CPU, so that a seed makes
//! the picture here that it makes there.
//!
//! A Mersenne Twister (Matsumoto and Nishimura, 1998) and the transformation of Box and Muller, in
//! blocks of 16 as PyTorch takes them.

use std::f64::consts::TAU;

const WORDS: usize = 624;
const BLOCK: usize = 16;

/// A stream of noise.
#[derive(Clone)]
pub(crate) struct Noise {
    words: [u32; WORDS],
    next: usize,
    /// Half of a pair that was drawn for fewer than 16 values.
    spare: Option<f32>,
}

impl Noise {
    /// The stream of a seed.
    pub(crate) fn new(seed: u32) -> Self {
        let mut words = [seed; WORDS];
        for i in 1..WORDS {
            let before = words[i - 1];
            words[i] = (before ^ (before >> 30))
                .wrapping_mul(1_812_433_253)
                .wrapping_add(i as u32);
        }
        Self {
            words,
            next: WORDS,
            spare: None,
        }
    }

    /// The next `count` values of mean 0 and variance 1.
    pub(crate) fn normal(&mut self, count: usize) -> Vec<f32> {
        if count < BLOCK {
            return (0..count).map(|_| self.one()).collect();
        }
        let mut values: Vec<f32> = (0..count).map(|_| self.uniform()).collect();
        for block in values.chunks_exact_mut(BLOCK) {
            transform(block);
        }
        if !count.is_multiple_of(BLOCK) {
            let last = &mut values[count - BLOCK..];
            last.iter_mut().for_each(|value| *value = self.uniform());
            transform(last);
        }
        values
    }

    /// A single value: pairs in double precision, the second kept for the next call.
    fn one(&mut self) -> f32 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let (first, second) = (self.uniform_double(), self.uniform_double());
        let radius = (-2.0 * (-second).ln_1p()).sqrt();
        self.spare = Some((radius * (TAU * first).sin()) as f32);
        (radius * (TAU * first).cos()) as f32
    }

    /// From 0 to 1, in steps of 2⁻²⁴.
    fn uniform(&mut self) -> f32 {
        (self.word() & 0x00FF_FFFF) as f32 / 16_777_216.0
    }

    /// From 0 to 1, in steps of 2⁻⁵³.
    fn uniform_double(&mut self) -> f64 {
        let high = u64::from(self.word());
        let both = (high << 32) | u64::from(self.word());
        (both & ((1 << 53) - 1)) as f64 / 9_007_199_254_740_992.0
    }

    fn word(&mut self) -> u32 {
        if self.next == WORDS {
            self.twist();
        }
        let mut word = self.words[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9D2C_5680;
        word ^= (word << 15) & 0xEFC6_0000;
        word ^ (word >> 18)
    }

    fn twist(&mut self) {
        for i in 0..WORDS {
            let joined = (self.words[i] & 0x8000_0000) | (self.words[(i + 1) % WORDS] & 0x7FFF_FFFF);
            let odd = if joined & 1 == 1 { 0x9908_B0DF } else { 0 };
            self.words[i] = self.words[(i + 397) % WORDS] ^ (joined >> 1) ^ odd;
        }
        self.next = 0;
    }
}

fn transform(block: &mut [f32]) {
    for i in 0..BLOCK / 2 {
        let (first, second) = (1.0 - block[i], block[i + BLOCK / 2]);
        let radius = (-2.0 * f64::from(first).ln()).sqrt();
        let (sine, cosine) = (TAU * f64::from(second)).sin_cos();
        block[i] = (radius * cosine) as f32;
        block[i + BLOCK / 2] = (radius * sine) as f32;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_is_the_noise_that_pytorch_makes() {
        let text = include_str!("../../../../tests/fixtures/diffusion/noise.json");
        let expected: BTreeMap<String, Vec<f32>> = serde_json::from_str(text).unwrap();
        assert!(expected.len() >= 4);
        for (count, values) in expected {
            let count: usize = count.parse().unwrap();
            let ours = Noise::new(count as u32).normal(count);
            for (ours, value) in ours.iter().zip(&values) {
                assert!((ours - value).abs() < 1e-5, "{count}: {ours} instead of {value}");
            }
        }
    }
}
