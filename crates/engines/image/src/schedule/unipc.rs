//! UniPC (Zhao and others, 2023): a predictor, and a corrector that uses the next answer too.

use candle_core::{Result, Tensor};

use super::{
    Noise, Prediction, ScheduleConfig, Solver,
    levels::{Levels, half_log_ratio, interpolate, karras, shares, time_of},
    mix,
    spacing::{Spacing, times_before_the_end},
};

#[derive(Debug)]
pub(crate) struct UniPc {
    times: Vec<f64>,
    /// One more than times: where the last step goes.
    sigmas: Vec<f64>,
    prediction: Prediction,
    order: usize,
    lower_order_final: bool,
    /// Whether the solver runs on pictures rather than on noise.
    on_pictures: bool,
    /// Whether `B(h)` is `h` rather than `e^h − 1`.
    plain: bool,
    uncorrected: Vec<usize>,
    /// Converted answers, the newest first.
    answers: Vec<Tensor>,
    /// The order and the sample of the last prediction.
    last: Option<(usize, Tensor)>,
}

impl UniPc {
    pub(crate) fn new(config: &ScheduleConfig, steps: usize) -> Result<Self> {
        let known = Levels::new(config)?.divisible(config).sigmas();
        let spacing = Spacing::from_name(config.timestep_spacing.as_deref().unwrap_or("linspace"))?;
        let mut times = times_before_the_end(spacing, known.len(), steps, config.steps_offset);
        let mut sigmas: Vec<f64> = times.iter().map(|time| interpolate(&known, *time)).collect();
        let mut least = known[0];
        if config.use_karras_sigmas {
            sigmas = karras(known[0], known[known.len() - 1], steps);
            times = sigmas
                .iter()
                .map(|sigma| time_of(*sigma, &known).round_ties_even())
                .collect();
            least = sigmas[steps - 1];
        }
        sigmas.push(if config.ends_at_least_noise()? { least } else { 0.0 });
        Ok(Self {
            times,
            sigmas,
            prediction: config.prediction()?,
            order: config.solver_order,
            lower_order_final: config.lower_order_final,
            on_pictures: config.predict_x0,
            plain: config.solver_type.as_deref() == Some("bh1"),
            uncorrected: config.disable_corrector.clone(),
            answers: Vec::new(),
            last: None,
        })
    }

    /// What the solver runs on, of what the network said.
    fn convert(&self, index: usize, output: &Tensor, sample: &Tensor) -> Result<Tensor> {
        let (a, b) = shares(self.sigmas[index]);
        match (self.on_pictures, self.prediction) {
            (true, Prediction::Epsilon) => mix([(1.0 / a, sample), (-b / a, output)]),
            (true, Prediction::Velocity) => mix([(a, sample), (-b, output)]),
            (true, Prediction::Sample) | (false, Prediction::Epsilon) => Ok(output.clone()),
            (false, Prediction::Velocity) => mix([(a, output), (b, sample)]),
            (false, Prediction::Sample) => mix([(1.0 / b, sample), (-a / b, output)]),
        }
    }

    /// The sample at `to` from that at `from`, by answers whose newest is at `from`; `next`, the
    /// answer at `to`, makes it a correction.
    fn update(
        &self,
        (from, to): (usize, usize),
        order: usize,
        sample: &Tensor,
        next: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (a, b) = shares(self.sigmas[from]);
        let (a_to, b_to) = shares(self.sigmas[to]);
        let start = half_log_ratio(self.sigmas[from]);
        let h = half_log_ratio(self.sigmas[to]) - start;
        let hh = if self.on_pictures { -h } else { h };
        let phi = hh.exp_m1();
        let base = if self.plain { hh } else { phi };
        let mut ratios: Vec<f64> = (1..order)
            .map(|back| (half_log_ratio(self.sigmas[from - back]) - start) / h)
            .collect();
        ratios.push(1.0);
        let weights = self.weights(&ratios, hh, base, next.is_some());
        let newest = &self.answers[0];
        let (keep, gain) = if self.on_pictures {
            (b_to / b, a_to)
        } else {
            (a_to / a, b_to)
        };
        let mut out = mix([(keep, sample), (-gain * phi, newest)])?;
        for (back, (weight, ratio)) in weights.iter().zip(&ratios).enumerate() {
            let other = match next {
                Some(next) if back + 1 == ratios.len() => next,
                _ if back + 1 == ratios.len() => break,
                _ => &self.answers[back + 1],
            };
            let share = -gain * base * weight / ratio;
            out = mix([(1.0, &out), (share, other), (-share, newest)])?;
        }
        Ok(out)
    }

    /// How much each difference counts: the solution of the paper's small system of equations.
    fn weights(&self, ratios: &[f64], hh: f64, base: f64, corrects: bool) -> Vec<f64> {
        let order = ratios.len();
        let unknown = if corrects { order } else { order - 1 };
        // For one difference the solution is not needed to be exact, and a half is as good.
        if unknown <= 1 {
            return vec![0.5; unknown];
        }
        let mut right = Vec::with_capacity(unknown);
        let mut phi = hh.exp_m1() / hh - 1.0;
        let mut factorial = 1.0;
        for i in 1..=unknown {
            right.push(phi * factorial / base);
            factorial *= (i + 1) as f64;
            phi = phi / hh - 1.0 / factorial;
        }
        let rows = (0..unknown)
            .map(|power| {
                ratios[..unknown]
                    .iter()
                    .map(|ratio| ratio.powi(power as i32))
                    .collect()
            })
            .collect();
        solve(rows, right)
    }
}

/// Gauss's elimination with pivots.
fn solve(mut rows: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for column in 0..n {
        let pivot = (column..n)
            .max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))
            .unwrap_or(column);
        rows.swap(column, pivot);
        right.swap(column, pivot);
        for row in column + 1..n {
            let factor = rows[row][column] / rows[column][column];
            let (above, below) = rows.split_at_mut(row);
            for (value, pivot) in below[0].iter_mut().zip(&above[column]).skip(column) {
                *value -= factor * pivot;
            }
            right[row] -= factor * right[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| rows[row][k] * right[k]).sum();
        right[row] = (right[row] - known) / rows[row][row];
    }
    right
}

impl Solver for UniPc {
    fn times(&self) -> &[f64] {
        &self.times
    }

    fn shares(&self, index: usize) -> (f64, f64) {
        shares(self.sigmas[index])
    }

    fn step(&mut self, index: usize, output: &Tensor, sample: &Tensor, _noise: Noise<'_>) -> Result<Tensor> {
        let answer = self.convert(index, output, sample)?;
        let mut sample = sample.clone();
        if let Some((order, before)) = self.last.take()
            && !self.uncorrected.contains(&(index - 1))
        {
            sample = self.update((index - 1, index), order, &before, Some(&answer))?;
        }
        self.answers.insert(0, answer);
        self.answers.truncate(self.order);
        let left = self.times.len() - index;
        let most = if self.lower_order_final {
            self.order.min(left)
        } else {
            self.order
        };
        let order = most.min(self.answers.len());
        let next = self.update((index, index + 1), order, &sample, None)?;
        self.last = Some((order, sample));
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::solve;

    #[test]
    fn equations_are_solved() {
        let rows = vec![vec![0.0, 2.0, 1.0], vec![1.0, 1.0, 1.0], vec![2.0, -1.0, 3.0]];
        let solution = solve(rows, vec![7.0, 6.0, 9.0]);
        for (value, right) in solution.iter().zip([1.0, 2.0, 3.0]) {
            assert!((value - right).abs() < 1e-12);
        }
    }
}
