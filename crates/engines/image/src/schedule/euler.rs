//! Euler's method over noise levels (Karras and others, 2022), with or without fresh noise.

use candle_core::{Result, Tensor, bail};

use super::{
    Noise, Prediction, ScheduleConfig, Solver,
    levels::{Levels, interpolate, karras, time_of},
    mix,
    spacing::{Spacing, times},
};

#[derive(Debug)]
pub(crate) struct Euler {
    times: Vec<f64>,
    /// One more than times: where the last step goes.
    sigmas: Vec<f64>,
    prediction: Prediction,
    ancestral: bool,
    start: f64,
}

impl Euler {
    pub(crate) fn new(config: &ScheduleConfig, steps: usize, ancestral: bool) -> Result<Self> {
        let known = Levels::new(config)?.divisible(config).sigmas();
        let spacing = Spacing::from_name(config.timestep_spacing.as_deref().unwrap_or("linspace"))?;
        let mut times = times(spacing, known.len(), steps, config.steps_offset);
        let mut sigmas: Vec<f64> = times.iter().map(|time| interpolate(&known, *time)).collect();
        if config.use_karras_sigmas && !ancestral {
            sigmas = karras(sigmas[steps - 1], sigmas[0], steps);
            times = sigmas.iter().map(|sigma| time_of(*sigma, &known)).collect();
        }
        let ends_early = !ancestral && config.ends_at_least_noise()?;
        sigmas.push(if ends_early { known[0] } else { 0.0 });
        let most = sigmas.iter().copied().fold(0.0, f64::max);
        let prediction = config.prediction()?;
        if ancestral && prediction == Prediction::Sample {
            bail!("Euler's method with fresh noise knows no network that predicts the picture")
        }
        Ok(Self {
            times,
            sigmas,
            prediction,
            ancestral,
            start: match spacing {
                Spacing::Leading => (most * most + 1.0).sqrt(),
                Spacing::Linspace | Spacing::Trailing => most,
            },
        })
    }
}

impl Solver for Euler {
    fn times(&self) -> &[f64] {
        &self.times
    }

    fn start(&self) -> f64 {
        self.start
    }

    fn scale(&self, index: usize) -> f64 {
        let sigma = self.sigmas[index];
        (sigma * sigma + 1.0).sqrt().recip()
    }

    fn shares(&self, index: usize) -> (f64, f64) {
        (1.0, self.sigmas[index])
    }

    fn step(&mut self, index: usize, output: &Tensor, sample: &Tensor, noise: Noise<'_>) -> Result<Tensor> {
        let (from, to) = (self.sigmas[index], self.sigmas[index + 1]);
        let square = from * from + 1.0;
        let picture = match self.prediction {
            Prediction::Sample => output.clone(),
            Prediction::Epsilon => mix([(1.0, sample), (-from, output)])?,
            Prediction::Velocity => mix([(-from / square.sqrt(), output), (1.0 / square, sample)])?,
        };
        let up = if self.ancestral {
            (to * to * (from * from - to * to) / (from * from)).sqrt()
        } else {
            0.0
        };
        let down = (to * to - up * up).sqrt();
        let derivative = mix([(1.0 / from, sample), (-1.0 / from, &picture)])?;
        let next = mix([(1.0, sample), (down - from, &derivative)])?;
        if !self.ancestral {
            return Ok(next);
        }
        // Drawn even where it is worth nothing: what follows must not depend on that.
        let fresh = noise()?;
        mix([(1.0, &next), (up, &fresh)])
    }
}
