//! DPM-Solver++ (Lu and others, 2022), multistep, of first to third order.

use candle_core::{Result, Tensor, bail};

use super::{
    Noise, Prediction, ScheduleConfig, Solver,
    levels::{Levels, half_log_ratio, interpolate, karras, shares, time_of},
    mix,
    spacing::{Spacing, times_before_the_end},
};

#[derive(Debug)]
pub(crate) struct Dpm {
    times: Vec<f64>,
    /// One more than times: where the last step goes.
    sigmas: Vec<f64>,
    prediction: Prediction,
    order: usize,
    heun: bool,
    lower_order_final: bool,
    euler_at_final: bool,
    ends_at_zero: bool,
    /// Pictures that were predicted, the newest first.
    pictures: Vec<Tensor>,
}

impl Dpm {
    pub(crate) fn new(config: &ScheduleConfig, steps: usize, on_karras: bool) -> Result<Self> {
        let known = Levels::new(config)?.divisible(config).sigmas();
        let spacing = Spacing::from_name(config.timestep_spacing.as_deref().unwrap_or("linspace"))?;
        let mut times = times_before_the_end(spacing, known.len(), steps, config.steps_offset);
        let mut sigmas: Vec<f64> = times.iter().map(|time| interpolate(&known, *time)).collect();
        if on_karras {
            sigmas = karras(known[0], known[known.len() - 1], steps);
            times = sigmas.iter().map(|sigma| time_of(*sigma, &known)).collect();
            let whole = if config.beta_schedule == "squaredcos_cap_v2" {
                f64::trunc
            } else {
                f64::round_ties_even
            };
            times.iter_mut().for_each(|time| *time = whole(*time));
        }
        let ends_early = config.ends_at_least_noise()?;
        sigmas.push(if ends_early { known[0] } else { 0.0 });
        let heun = match config.solver_type.as_deref() {
            Some("heun") => true,
            None | Some("midpoint" | "logrho" | "bh1" | "bh2") => false,
            Some(other) => bail!("`solver_type` = `{other}` is not supported"),
        };
        Ok(Self {
            times,
            sigmas,
            prediction: config.prediction()?,
            order: config.solver_order,
            heun,
            lower_order_final: config.lower_order_final,
            euler_at_final: config.euler_at_final,
            ends_at_zero: !ends_early,
            pictures: Vec::new(),
        })
    }

    /// The order of a step: what history and end allow.
    fn order(&self, index: usize) -> usize {
        let left = self.times.len() - index;
        let few = self.lower_order_final && self.times.len() < 15;
        let most = if left == 1 && (self.euler_at_final || few || self.ends_at_zero) {
            1
        } else if left == 2 && few {
            2
        } else {
            self.order
        };
        most.min(self.order).min(self.pictures.len())
    }
}

impl Solver for Dpm {
    fn times(&self) -> &[f64] {
        &self.times
    }

    fn shares(&self, index: usize) -> (f64, f64) {
        shares(self.sigmas[index])
    }

    fn step(&mut self, index: usize, output: &Tensor, sample: &Tensor, _noise: Noise<'_>) -> Result<Tensor> {
        let (a, b) = shares(self.sigmas[index]);
        let picture = match self.prediction {
            Prediction::Epsilon => mix([(1.0 / a, sample), (-b / a, output)])?,
            Prediction::Velocity => mix([(a, sample), (-b, output)])?,
            Prediction::Sample => output.clone(),
        };
        self.pictures.insert(0, picture);
        self.pictures.truncate(self.order);
        let order = self.order(index);
        let (a_to, b_to) = shares(self.sigmas[index + 1]);
        let ratio = |back: usize| half_log_ratio(self.sigmas[index - back]);
        let h = half_log_ratio(self.sigmas[index + 1]) - ratio(0);
        // `e^−h − 1`, which is −1 where the step ends without noise.
        let fall = (-h).exp_m1();
        let first = mix([(b_to / b, sample), (-a_to * fall, &self.pictures[0])])?;
        if order == 1 {
            return Ok(first);
        }
        let r0 = (ratio(0) - ratio(1)) / h;
        let d1 = mix([(1.0 / r0, &self.pictures[0]), (-1.0 / r0, &self.pictures[1])])?;
        if order == 2 {
            let share = if self.heun {
                a_to * (fall / h + 1.0)
            } else {
                -0.5 * a_to * fall
            };
            return mix([(1.0, &first), (share, &d1)]);
        }
        let r1 = (ratio(1) - ratio(2)) / h;
        let d1_before = mix([(1.0 / r1, &self.pictures[1]), (-1.0 / r1, &self.pictures[2])])?;
        let bend = mix([(1.0, &d1), (-1.0, &d1_before)])?;
        let slope = mix([(1.0, &d1), (r0 / (r0 + r1), &bend)])?;
        let second = a_to * (fall / h + 1.0);
        let third = -a_to * ((fall + h) / (h * h) - 0.5) / (r0 + r1);
        mix([(1.0, &first), (second, &slope), (third, &bend)])
    }
}
