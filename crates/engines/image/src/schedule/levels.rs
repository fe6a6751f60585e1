//! How much noise there is at each time that a model knows.

use candle_core::{Result, bail};

use super::ScheduleConfig;

/// The share of the picture's variance (`ᾱ`) at each time.
#[derive(Clone, Debug)]
pub(crate) struct Levels {
    shares: Vec<f64>,
}

impl Levels {
    /// From the configuration's betas. They are rounded where the reference rounds them.
    pub(crate) fn new(config: &ScheduleConfig) -> Result<Self> {
        let count = config.num_train_timesteps;
        let (start, end) = (config.beta_start, config.beta_end);
        let between = |start: f64, end: f64, i: usize| start + (end - start) * i as f64 / (count - 1) as f64;
        let mut betas: Vec<f32> = match (&config.trained_betas, config.beta_schedule.as_str()) {
            (Some(betas), _) if betas.len() == count => betas.clone(),
            (Some(betas), _) => bail!("{} betas were trained for {count} times", betas.len()),
            (None, "linear") => (0..count).map(|i| between(start, end, i) as f32).collect(),
            (None, "scaled_linear") => (0..count)
                .map(|i| (between(start.sqrt(), end.sqrt(), i) as f32).powi(2))
                .collect(),
            (None, "squaredcos_cap_v2") => (0..count).map(|i| cosine(i, count) as f32).collect(),
            (None, other) => bail!("`beta_schedule` = `{other}` is not supported"),
        };
        if config.rescale_betas_zero_snr {
            betas = without_last_signal(&betas);
        }
        Ok(Self {
            shares: products(&betas),
        })
    }

    /// The same with a last level that can be divided by.
    pub(crate) fn divisible(mut self, config: &ScheduleConfig) -> Self {
        if config.rescale_betas_zero_snr
            && let Some(last) = self.shares.last_mut()
        {
            *last = 2_f64.powi(-24);
        }
        self
    }

    /// The picture's share at a time.
    pub(crate) fn share(&self, time: f64) -> f64 {
        let last = self.shares.len() - 1;
        self.shares[(time.max(0.0) as usize).min(last)]
    }

    /// Noise over picture at each time: `√((1 − ᾱ) / ᾱ)`.
    pub(crate) fn sigmas(&self) -> Vec<f64> {
        self.shares
            .iter()
            .map(|share| ((1.0 - share) / share).sqrt())
            .collect()
    }
}

fn cosine(i: usize, count: usize) -> f64 {
    let bar = |t: f64| ((t + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2).cos().powi(2);
    let count = count as f64;
    (1.0 - bar((i + 1) as f64 / count) / bar(i as f64 / count)).min(0.999)
}

fn products(betas: &[f32]) -> Vec<f64> {
    betas
        .iter()
        .scan(1.0, |product, beta| {
            *product *= f64::from(1.0 - beta);
            Some(f64::from(*product as f32))
        })
        .collect()
}

/// Algorithm 1 of "Common Diffusion Noise Schedules and Sample Steps are Flawed".
fn without_last_signal(betas: &[f32]) -> Vec<f32> {
    let roots: Vec<f32> = products(betas)
        .iter()
        .map(|share| (*share as f32).sqrt())
        .collect();
    let (first, last) = (roots[0], roots[roots.len() - 1]);
    let bars: Vec<f32> = roots
        .iter()
        .map(|root| ((root - last) * (first / (first - last))).powi(2))
        .collect();
    std::iter::once(bars[0])
        .chain(bars.windows(2).map(|pair| pair[1] / pair[0]))
        .map(|alpha| 1.0 - alpha)
        .collect()
}

/// The value between those at whole places.
pub(crate) fn interpolate(values: &[f64], place: f64) -> f64 {
    let last = values.len() - 1;
    let place = place.clamp(0.0, last as f64);
    let low = (place as usize).min(last.saturating_sub(1));
    let share = place - low as f64;
    values[low] * (1.0 - share) + values[(low + 1).min(last)] * share
}

/// The noise levels of Karras and others (2022), from `most` down to `least`.
pub(crate) fn karras(least: f64, most: f64, count: usize) -> Vec<f64> {
    const RHO: f64 = 7.0;
    let (least, most) = (least.powf(RHO.recip()), most.powf(RHO.recip()));
    let step = |i: usize| {
        if count > 1 {
            i as f64 / (count - 1) as f64
        } else {
            0.0
        }
    };
    (0..count)
        .map(|i| (most + step(i) * (least - most)).powf(RHO))
        .collect()
}

/// The time at which there is as much noise as `sigma`.
pub(crate) fn time_of(sigma: f64, sigmas: &[f64]) -> f64 {
    let log = sigma.max(1e-10).ln();
    let at_most = sigmas.partition_point(|other| other.ln() <= log);
    let low = at_most.saturating_sub(1).min(sigmas.len() - 2);
    let (below, above) = (sigmas[low].ln(), sigmas[low + 1].ln());
    let share = ((below - log) / (below - above)).clamp(0.0, 1.0);
    low as f64 + share
}

/// The shares of picture and noise of a level: `1/√(σ²+1)` and `σ/√(σ²+1)`.
pub(crate) fn shares(sigma: f64) -> (f64, f64) {
    let picture = (sigma * sigma + 1.0).sqrt().recip();
    (picture, sigma * picture)
}

/// Half the logarithm of the ratio of picture to noise.
pub(crate) fn half_log_ratio(sigma: f64) -> f64 {
    -sigma.ln()
}
