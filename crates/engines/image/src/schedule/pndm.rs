//! Pseudo numerical methods (Liu and others, 2022): linear multistep, after a warm-up by Runge and
//! Kutta where the configuration wants one.

use candle_core::{Result, Tensor, bail};

use super::{
    Noise, Prediction, ScheduleConfig, Solver,
    levels::Levels,
    mix,
    spacing::{Spacing, times},
};

#[derive(Debug)]
pub(crate) struct Pndm {
    times: Vec<f64>,
    /// How many of the times belong to the warm-up.
    warm_up: usize,
    levels: Levels,
    last_share: f64,
    stride: f64,
    half_stride: f64,
    velocity: bool,
    calls: usize,
    outputs: Vec<Tensor>,
    base: Option<Tensor>,
    sum: Option<Tensor>,
}

/// The order of the method.
const ORDER: usize = 4;

impl Pndm {
    pub(crate) fn new(config: &ScheduleConfig, steps: usize) -> Result<Self> {
        let levels = Levels::new(config)?;
        let known = config.num_train_timesteps;
        let spacing = Spacing::from_name(config.timestep_spacing.as_deref().unwrap_or("leading"))?;
        let all: Vec<f64> = times(spacing, known, steps, config.steps_offset)
            .into_iter()
            .map(f64::round_ties_even)
            .collect();
        let stride = (known / steps) as f64;
        let half_stride = (known / steps / 2) as f64;
        // Stable Diffusion has no warm-up, and most files that do not say so are its kin.
        let skips = config.skip_prk_steps.unwrap_or(true);
        let (times, warm_up) = if skips {
            // The second time comes twice: its first answer has only itself to go by.
            let second = all.iter().skip(1).take(1);
            let times = all.iter().take(2).chain(second).chain(all.iter().skip(2));
            (times.copied().collect(), 0)
        } else {
            with_warm_up(&all, half_stride)?
        };
        let prediction = config.prediction()?;
        if prediction == Prediction::Sample {
            bail!("PNDM knows no network that predicts the picture")
        }
        let last_share = if config.set_alpha_to_one.unwrap_or(false) {
            1.0
        } else {
            levels.share(0.0)
        };
        Ok(Self {
            times,
            warm_up,
            levels,
            last_share,
            stride,
            half_stride,
            velocity: prediction == Prediction::Velocity,
            calls: 0,
            outputs: Vec::new(),
            base: None,
            sum: None,
        })
    }

    /// Formula (9) of the paper: from `time` to `before`.
    fn transfer(&self, sample: &Tensor, time: f64, before: f64, output: &Tensor) -> Result<Tensor> {
        let a = self.levels.share(time);
        let to = if before >= 0.0 {
            self.levels.share(before)
        } else {
            self.last_share
        };
        let (b, b_to) = (1.0 - a, 1.0 - to);
        let noise = if self.velocity {
            mix([(a.sqrt(), output), (b.sqrt(), sample)])?
        } else {
            output.clone()
        };
        let divisor = a * b_to.sqrt() + (a * b * to).sqrt();
        mix([((to / a).sqrt(), sample), (-(to - a) / divisor, &noise)])
    }

    /// One of the four calls of Runge and Kutta's method.
    fn warm(&mut self, index: usize, output: &Tensor, sample: &Tensor) -> Result<Tensor> {
        let call = self.calls;
        let ahead = if call.is_multiple_of(2) {
            self.half_stride
        } else {
            0.0
        };
        let before = self.times[index] - ahead;
        let time = self.times[call / 4 * 4];
        let share = if matches!(call % 4, 0 | 3) {
            1.0 / 6.0
        } else {
            1.0 / 3.0
        };
        let part = (output * share)?;
        let sum = match self.sum.take() {
            Some(sum) => (sum + part)?,
            None => part,
        };
        let used = match call % 4 {
            0 => {
                self.outputs.push(output.clone());
                self.base = Some(sample.clone());
                output.clone()
            }
            3 => sum.clone(),
            _ => output.clone(),
        };
        if call % 4 != 3 {
            self.sum = Some(sum);
        }
        let base = self.base.clone().unwrap_or_else(|| sample.clone());
        self.transfer(&base, time, before, &used)
    }

    fn multistep(&mut self, index: usize, output: &Tensor, sample: &Tensor) -> Result<Tensor> {
        let mut time = self.times[index];
        let mut before = time - self.stride;
        if self.calls == 1 {
            (before, time) = (time, time + self.stride);
        } else {
            let old = self.outputs.len().saturating_sub(ORDER - 1);
            self.outputs.drain(..old);
            self.outputs.push(output.clone());
        }
        let mut sample = sample.clone();
        let used = match (self.outputs.as_slice(), self.calls) {
            ([_], 0) => {
                self.base = Some(sample.clone());
                output.clone()
            }
            ([first], 1) => {
                sample = self.base.take().unwrap_or(sample);
                mix([(0.5, output), (0.5, first)])?
            }
            ([b, a], _) => mix([(1.5, a), (-0.5, b)])?,
            ([c, b, a], _) => mix([(23.0 / 12.0, a), (-16.0 / 12.0, b), (5.0 / 12.0, c)])?,
            ([d, c, b, a], _) => mix([
                (55.0 / 24.0, a),
                (-59.0 / 24.0, b),
                (37.0 / 24.0, c),
                (-9.0 / 24.0, d),
            ])?,
            _ => bail!("PNDM lost its history"),
        };
        self.transfer(&sample, time, before, &used)
    }
}

/// The times of a warm-up over the first four, then the rest; and how many the warm-up has.
fn with_warm_up(all: &[f64], half_stride: f64) -> Result<(Vec<f64>, usize)> {
    if all.len() < ORDER {
        bail!("PNDM with a warm-up needs at least {ORDER} steps")
    }
    // Upwards: each of the four with its half step, all but the ends twice.
    let pairs: Vec<f64> = all[..ORDER]
        .iter()
        .rev()
        .flat_map(|time| [*time, time + half_stride])
        .collect();
    let doubled: Vec<f64> = pairs[..pairs.len() - 1]
        .iter()
        .flat_map(|time| [*time, *time])
        .collect();
    let mut times: Vec<f64> = doubled[1..doubled.len() - 1].iter().rev().copied().collect();
    let warm_up = times.len();
    times.extend_from_slice(&all[3..]);
    Ok((times, warm_up))
}

impl Solver for Pndm {
    fn times(&self) -> &[f64] {
        &self.times
    }

    fn shares(&self, index: usize) -> (f64, f64) {
        let share = self.levels.share(self.times[index]);
        (share.sqrt(), (1.0 - share).sqrt())
    }

    fn step(&mut self, index: usize, output: &Tensor, sample: &Tensor, _noise: Noise<'_>) -> Result<Tensor> {
        let next = if self.calls < self.warm_up {
            self.warm(index, output, sample)?
        } else {
            self.multistep(index, output, sample)?
        };
        self.calls += 1;
        Ok(next)
    }
}
