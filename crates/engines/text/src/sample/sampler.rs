//! The choice of one token.

use busbar_core::{LogitBias, Sampling};

use super::{Dice, History};
use crate::grammar::TokenMask;

/// Sampling parameters with every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    temperature: f32,
    top_p: f32,
    top_k: usize,
    min_p: f32,
    repetition: f32,
    presence: f32,
    frequency: f32,
    biases: Vec<LogitBias>,
    seeded: bool,
}

impl Parameters {
    /// What the request asks for, else the model's default, else what does nothing.
    pub fn new(asked: &Sampling, model: &Sampling) -> Self {
        let or = |asked: Option<f32>, model: Option<f32>, neutral| asked.or(model).unwrap_or(neutral);
        let top_k = asked.top_k.or(model.top_k).map_or(usize::MAX, |k| k as usize);
        Self {
            temperature: or(asked.temperature, model.temperature, 1.0),
            top_p: or(asked.top_p, model.top_p, 1.0),
            top_k,
            min_p: or(asked.min_p, model.min_p, 0.0),
            repetition: or(asked.repetition_penalty, model.repetition_penalty, 1.0),
            presence: or(asked.presence_penalty, model.presence_penalty, 0.0),
            frequency: or(asked.frequency_penalty, model.frequency_penalty, 0.0),
            biases: asked.logit_bias.clone(),
            seeded: asked.seed.is_some(),
        }
    }

    fn penalise(&self) -> bool {
        self.repetition != 1.0 || self.presence != 0.0 || self.frequency != 0.0
    }
}

/// Chooses the tokens of one answer.
#[derive(Clone, Debug)]
pub struct Sampler {
    parameters: Parameters,
    dice: Dice,
    history: History,
    chosen: u64,
    /// Kept between tokens so that choosing allocates nothing.
    logits: Vec<f32>,
    candidates: Vec<(f32, u32)>,
}

impl Sampler {
    /// For one answer; `prompt` counts for the penalties.
    pub fn new(parameters: Parameters, seed: u64, prompt: &[u32]) -> Self {
        let mut history = History::default();
        if parameters.penalise() {
            history.extend(prompt.iter().copied());
        }
        Self {
            parameters,
            dice: Dice::new(seed),
            history,
            chosen: 0,
            logits: Vec::new(),
            candidates: Vec::new(),
        }
    }

    /// Whether the request named the seed, and so must get the same text every time.
    pub fn is_seeded(&self) -> bool {
        self.parameters.seeded
    }

    /// Chooses the next token from the model's logits; `None` where the mask leaves none.
    pub fn choose(&mut self, logits: &[f32], mask: Option<&TokenMask>) -> Option<u32> {
        self.logits.clear();
        self.logits.extend_from_slice(logits);
        self.bias();
        if let Some(mask) = mask {
            mask.apply(&mut self.logits);
        }
        let token = if self.parameters.temperature <= 0.0 {
            self.likeliest()
        } else {
            self.draw()
        }?;
        self.chosen += 1;
        if self.parameters.penalise() {
            self.history.push(token);
        }
        Some(token)
    }

    fn bias(&mut self) {
        for bias in &self.parameters.biases {
            if let Some(logit) = self.logits.get_mut(bias.token as usize) {
                *logit += bias.bias;
            }
        }
        if !self.parameters.penalise() {
            return;
        }
        let Parameters {
            repetition,
            presence,
            frequency,
            ..
        } = self.parameters;
        for (token, count) in self.history.counts() {
            let Some(logit) = self.logits.get_mut(token as usize) else {
                continue;
            };
            // Keskar et al., 2019 (CTRL): a penalty must lower negative logits too.
            *logit = if *logit > 0.0 {
                *logit / repetition
            } else {
                *logit * repetition
            };
            #[expect(clippy::cast_precision_loss, reason = "at most the history's reach")]
            let times = count as f32;
            *logit -= presence + frequency * times;
        }
    }

    /// The likeliest token; of several, the one with the lowest number.
    fn likeliest(&self) -> Option<u32> {
        let mut best = (f32::NEG_INFINITY, None);
        for (token, &logit) in (0_u32..).zip(&self.logits) {
            if logit > best.0 {
                best = (logit, Some(token));
            }
        }
        best.1
    }

    fn draw(&mut self) -> Option<u32> {
        let max = self.logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if max == f32::NEG_INFINITY {
            return None;
        }
        self.gather(max);
        self.truncate();
        let total: f64 = self.candidates.iter().map(|&(weight, _)| f64::from(weight)).sum();
        let mut left = self.dice.roll(self.chosen) * total;
        for &(weight, token) in &self.candidates {
            left -= f64::from(weight);
            if left < 0.0 {
                return Some(token);
            }
        }
        self.candidates.last().map(|&(_, token)| token)
    }

    /// Fills `candidates` with (weight, token), likeliest first; the likeliest weighs 1.
    fn gather(&mut self, max: f32) {
        // e^-25 of the likeliest, times the largest vocabularies, is below one part in 10^5 of a
        // draw; leaving such tokens out spares sorting the whole vocabulary for every token.
        const NEGLIGIBLE: f32 = -25.0;
        // A token below min_p of the likeliest is left out here already.
        let floor = self.parameters.min_p.max(f32::MIN_POSITIVE).ln().max(NEGLIGIBLE);
        let temperature = self.parameters.temperature;
        self.candidates.clear();
        for (token, &logit) in (0_u32..).zip(&self.logits) {
            let scaled = (logit - max) / temperature;
            if scaled >= floor {
                self.candidates.push((scaled, token));
            }
        }
        let likelier = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        let k = self.parameters.top_k;
        if k < self.candidates.len() {
            self.candidates.select_nth_unstable_by(k, likelier);
            self.candidates.truncate(k);
        }
        self.candidates.sort_unstable_by(likelier);
        for candidate in &mut self.candidates {
            candidate.0 = candidate.0.exp();
        }
    }

    /// Keeps the smallest set of likeliest tokens that reaches `top_p` (Holtzman et al., 2020).
    fn truncate(&mut self) {
        let top_p = f64::from(self.parameters.top_p);
        if top_p >= 1.0 {
            return;
        }
        let total: f64 = self.candidates.iter().map(|&(weight, _)| f64::from(weight)).sum();
        let mut reached = 0.0;
        let mut keep = 0;
        for &(weight, _) in &self.candidates {
            keep += 1;
            reached += f64::from(weight);
            if reached >= top_p * total {
                break;
            }
        }
        self.candidates.truncate(keep);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sampler(asked: &Sampling) -> Sampler {
        Sampler::new(Parameters::new(asked, &Sampling::default()), 42, &[])
    }

    /// How often each token is chosen in 4,000 draws.
    fn shares(asked: &Sampling, logits: &[f32]) -> Vec<f64> {
        let mut sampler = sampler(asked);
        let mut counts = vec![0.0; logits.len()];
        for _ in 0..4000 {
            counts[sampler.choose(logits, None).unwrap() as usize] += 1.0 / 4000.0;
        }
        counts
    }

    #[test]
    fn temperature_zero_takes_the_likeliest() {
        let mut greedy = sampler(&Sampling {
            temperature: Some(0.0),
            ..Sampling::default()
        });
        assert_eq!(greedy.choose(&[0.5, 2.0, 2.0, -1.0], None), Some(1));
    }

    #[test]
    fn plain_sampling_follows_the_models_distribution() {
        let logits = [0.7_f32.ln(), 0.2_f32.ln(), 0.1_f32.ln()];
        let shares = shares(&Sampling::default(), &logits);
        for (share, expected) in shares.iter().zip([0.7, 0.2, 0.1]) {
            assert!((share - expected).abs() < 0.03, "{shares:?}");
        }
    }

    #[test]
    fn top_k_top_p_and_min_p_leave_the_tail_out() {
        let logits = [0.5_f32.ln(), 0.3_f32.ln(), 0.15_f32.ln(), 0.05_f32.ln()];
        let k = shares(
            &Sampling {
                top_k: Some(2),
                ..Sampling::default()
            },
            &logits,
        );
        assert_eq!(k[2..], [0.0, 0.0]);
        let p = shares(
            &Sampling {
                top_p: Some(0.79),
                ..Sampling::default()
            },
            &logits,
        );
        assert_eq!(p[2..], [0.0, 0.0]);
        let min = shares(
            &Sampling {
                min_p: Some(0.2),
                ..Sampling::default()
            },
            &logits,
        );
        assert!(min[2] > 0.0 && min[3] == 0.0, "{min:?}");
    }

    #[test]
    fn penalties_push_repeated_tokens_back() {
        let asked = Sampling {
            temperature: Some(0.0),
            frequency_penalty: Some(1.0),
            ..Sampling::default()
        };
        let mut sampler = sampler(&asked);
        let chosen: Vec<_> = (0..4)
            .map(|_| sampler.choose(&[3.0, 2.5, 0.0], None).unwrap())
            .collect();
        assert_eq!(chosen, [0, 1, 0, 1]);
    }

    #[test]
    fn a_bias_decides() {
        let bias = vec![LogitBias {
            token: 2,
            bias: 100.0,
        }];
        let mut sampler = sampler(&Sampling {
            logit_bias: bias,
            ..Sampling::default()
        });
        assert_eq!(sampler.choose(&[9.0, 8.0, 0.0], None), Some(2));
    }

    proptest! {
        #[test]
        fn the_same_seed_chooses_the_same_tokens(
            logits in prop::collection::vec(-20.0_f32..20.0, 1..200),
            temperature in 0.0_f32..2.0,
            top_p in 0.01_f32..=1.0,
            top_k in prop::option::of(1_u32..50),
        ) {
            let asked = Sampling {
                temperature: Some(temperature), top_p: Some(top_p), top_k, ..Sampling::default()
            };
            let (mut one, mut other) = (sampler(&asked), sampler(&asked));
            for _ in 0..5 {
                let token = one.choose(&logits, None);
                prop_assert!(token.is_some_and(|token| (token as usize) < logits.len()));
                prop_assert_eq!(token, other.choose(&logits, None));
            }
        }
    }
}
