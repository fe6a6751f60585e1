//! How noise is taken away: times, noise levels and steps of the schedulers of `diffusers`.
//!
//! A [`Solver`] knows its times from the start and is then told, time after time, what the network
//! said. Coefficients are `f64`; only what is as large as a picture is a tensor.

mod config;
mod ddim;
mod dpm;
mod euler;
mod levels;
mod pndm;
mod spacing;
mod unipc;

use std::fmt::Debug;

use busbar_core::ImageScheduler;
use candle_core::{Result, Tensor, bail};

pub(crate) use config::ScheduleConfig;

/// Fresh noise of the sample's shape.
pub(crate) type Noise<'a> = &'a mut dyn FnMut() -> Result<Tensor>;

/// The calls of the network, and what is made of its answers.
pub(crate) trait Solver: Debug + Send {
    /// The time of each call.
    fn times(&self) -> &[f64];

    /// What fresh noise is multiplied with before the first call.
    fn start(&self) -> f64 {
        1.0
    }

    /// What the sample is multiplied with before call `index`.
    fn scale(&self, _index: usize) -> f64 {
        1.0
    }

    /// The shares of picture and noise in a sample that call `index` begins with.
    fn shares(&self, index: usize) -> (f64, f64);

    /// The sample after call `index`, which gave `output` for `sample`. Calls come in order, from
    /// any first one.
    fn step(&mut self, index: usize, output: &Tensor, sample: &Tensor, noise: Noise<'_>) -> Result<Tensor>;
}

/// What a network predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prediction {
    /// The noise.
    Epsilon,
    /// Noise and picture, mixed by their shares.
    Velocity,
    /// The picture.
    Sample,
}

/// The solver of that kind for so many steps.
pub(crate) fn solver(kind: ImageScheduler, config: &ScheduleConfig, steps: usize) -> Result<Box<dyn Solver>> {
    config.check()?;
    if steps == 0 || steps > config.num_train_timesteps {
        bail!(
            "{steps} steps are not possible: the model knows {} times",
            config.num_train_timesteps
        )
    }
    Ok(match kind {
        ImageScheduler::Ddim => Box::new(ddim::Ddim::new(config, steps)?),
        ImageScheduler::Pndm => Box::new(pndm::Pndm::new(config, steps)?),
        ImageScheduler::Euler => Box::new(euler::Euler::new(config, steps, false)?),
        ImageScheduler::EulerAncestral => Box::new(euler::Euler::new(config, steps, true)?),
        ImageScheduler::DpmPlusPlus2M => Box::new(dpm::Dpm::new(config, steps, config.use_karras_sigmas)?),
        ImageScheduler::DpmPlusPlus2MKarras => Box::new(dpm::Dpm::new(config, steps, true)?),
        ImageScheduler::UniPc => Box::new(unipc::UniPc::new(config, steps)?),
    })
}

/// The weighted sum of tensors.
fn mix<const N: usize>(parts: [(f64, &Tensor); N]) -> Result<Tensor> {
    let mut sum: Option<Tensor> = None;
    for (share, tensor) in parts {
        let part = (tensor * share)?;
        sum = Some(match sum {
            Some(sum) => (sum + part)?,
            None => part,
        });
    }
    match sum {
        Some(sum) => Ok(sum),
        None => bail!("nothing to mix"),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use serde::Deserialize;

    use super::*;
    use crate::noise::Noise as Stream;

    #[derive(Deserialize)]
    struct Case {
        scheduler: String,
        config: serde_json::Value,
        steps: usize,
        start: usize,
        timesteps: Vec<f64>,
        states: Vec<Vec<f32>>,
    }

    fn tensor(values: &[f32]) -> Tensor {
        Tensor::from_slice(values, values.len(), &Device::Cpu).unwrap()
    }

    /// The network of the fixtures.
    fn network(x: &Tensor, time: f64) -> Tensor {
        ((x * 1.3).unwrap() + 0.01 * time).unwrap().sin().unwrap()
    }

    fn check(case: &Case) {
        let name = format!("{} {} in {} steps", case.scheduler, case.config, case.steps);
        let kind = ImageScheduler::from_name(&case.scheduler).unwrap();
        let config = ScheduleConfig::deserialize(&case.config).unwrap();
        let mut solver = solver(kind, &config, case.steps).unwrap();
        let times: Vec<f32> = solver.times()[case.start..]
            .iter()
            .map(|time| *time as f32)
            .collect();
        let expected: Vec<f32> = case.timesteps.iter().map(|time| *time as f32).collect();
        assert_eq!(times.len(), expected.len(), "{name}");
        for (ours, theirs) in times.iter().zip(&expected) {
            assert!(
                (ours - theirs).abs() < 1e-2,
                "{name}: time {ours} instead of {theirs}"
            );
        }
        let mut noise = Stream::new(u32::try_from(case.steps).unwrap());
        let fresh = tensor(&noise.normal(16));
        let mut x = if case.start > 0 {
            let picture = tensor(&noise.normal(16));
            let (a, b) = solver.shares(case.start);
            mix([(a, &picture), (b, &fresh)]).unwrap()
        } else {
            (fresh * solver.start()).unwrap()
        };
        same(&name, 0, &x, &case.states[0]);
        for (i, expected) in case.states[1..].iter().enumerate() {
            let call = case.start + i;
            let input = (&x * solver.scale(call)).unwrap();
            let output = network(&input, solver.times()[call]);
            x = solver
                .step(call, &output, &x, &mut || Ok(tensor(&noise.normal(16))))
                .unwrap();
            same(&name, i + 1, &x, expected);
            // Each step by itself: what was off by a rounding must not grow into the next.
            x = tensor(expected);
        }
    }

    fn same(name: &str, step: usize, ours: &Tensor, theirs: &[f32]) {
        let ours = ours.to_vec1::<f32>().unwrap();
        let size = theirs.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
        for (ours, theirs) in ours.iter().zip(theirs) {
            let gap = (ours - theirs).abs() / size;
            assert!(
                gap < 2e-4,
                "{name}, after step {step}: {ours} instead of {theirs}"
            );
        }
    }

    #[test]
    fn every_trajectory_is_that_of_the_reference() {
        let text = include_str!("../../../../../tests/fixtures/diffusion/schedulers.json");
        let cases: Vec<Case> = serde_json::from_str(text).unwrap();
        for kind in ImageScheduler::ALL {
            let of_kind = cases.iter().filter(|case| case.scheduler == kind.as_str());
            assert!(of_kind.count() > 5, "too few cases of {}", kind.as_str());
        }
        cases.iter().for_each(check);
    }

    #[test]
    fn what_is_not_done_is_refused() {
        for text in [
            r#"{"thresholding": true}"#,
            r#"{"algorithm_type": "sde-dpmsolver++"}"#,
            r#"{"use_flow_sigmas": true}"#,
            r#"{"beta_schedule": "sigmoid"}"#,
            r#"{"prediction_type": "flow"}"#,
        ] {
            let config: ScheduleConfig = serde_json::from_str(text).unwrap();
            assert!(
                solver(ImageScheduler::DpmPlusPlus2M, &config, 5).is_err(),
                "{text}"
            );
        }
        assert!(solver(ImageScheduler::Ddim, &ScheduleConfig::default(), 1001).is_err());
    }
}
