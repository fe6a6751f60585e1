//! Denoising diffusion implicit models (Song and others, 2020), without noise on the way.

use candle_core::{Result, Tensor};

use super::{
    Noise, Prediction, ScheduleConfig, Solver,
    levels::Levels,
    mix,
    spacing::{Spacing, times},
};

#[derive(Debug)]
pub(crate) struct Ddim {
    times: Vec<f64>,
    levels: Levels,
    last_share: f64,
    stride: f64,
    prediction: Prediction,
    clip: Option<f64>,
}

impl Ddim {
    pub(crate) fn new(config: &ScheduleConfig, steps: usize) -> Result<Self> {
        let levels = Levels::new(config)?;
        let spacing = Spacing::from_name(config.timestep_spacing.as_deref().unwrap_or("leading"))?;
        let mut times = times(spacing, config.num_train_timesteps, steps, config.steps_offset);
        for time in &mut times {
            *time = time.round_ties_even();
        }
        let last_share = if config.set_alpha_to_one.unwrap_or(true) {
            1.0
        } else {
            levels.share(0.0)
        };
        Ok(Self {
            times,
            levels,
            last_share,
            stride: (config.num_train_timesteps / steps) as f64,
            prediction: config.prediction()?,
            clip: config
                .clip_sample
                .unwrap_or(true)
                .then_some(config.clip_sample_range),
        })
    }
}

impl Solver for Ddim {
    fn times(&self) -> &[f64] {
        &self.times
    }

    fn shares(&self, index: usize) -> (f64, f64) {
        let share = self.levels.share(self.times[index]);
        (share.sqrt(), (1.0 - share).sqrt())
    }

    fn step(&mut self, index: usize, output: &Tensor, sample: &Tensor, _noise: Noise<'_>) -> Result<Tensor> {
        let (a, b) = self.shares(index);
        let (mut picture, noise) = match self.prediction {
            Prediction::Epsilon => (mix([(1.0 / a, sample), (-b / a, output)])?, output.clone()),
            Prediction::Sample => (output.clone(), mix([(1.0 / b, sample), (-a / b, output)])?),
            Prediction::Velocity => (
                mix([(a, sample), (-b, output)])?,
                mix([(a, output), (b, sample)])?,
            ),
        };
        if let Some(limit) = self.clip {
            picture = picture.clamp(-limit, limit)?;
        }
        let before = self.times[index] - self.stride;
        let share = if before >= 0.0 {
            self.levels.share(before)
        } else {
            self.last_share
        };
        mix([(share.sqrt(), &picture), ((1.0 - share).sqrt(), &noise)])
    }
}
