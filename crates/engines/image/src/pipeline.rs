//! From a plan to pictures: text to states, noise to latents, latents to pixels.

use std::sync::OnceLock;

use busbar_core::{GeneratedImage, ImageScheduler, Pixels};
use candle_core::{DType, Device, Result, Tensor};

use crate::{
    ImageDefaults,
    clip::TextEncoder,
    nn::{Backend, with_values},
    noise::Noise,
    plan::Plan,
    preview::Sketch,
    schedule::{ScheduleConfig, Solver, solver},
    tokens::Tokenizer,
    unet::{Heard, UNet},
    vae::{Vae, VaeConfig},
};

/// A model with all its parts.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) tokenizer: Tokenizer,
    pub(crate) text: TextEncoder,
    pub(crate) unet: UNet,
    pub(crate) vae: Vae,
    pub(crate) vae_config: VaeConfig,
    /// Latents on a side for which the model was made.
    pub(crate) sample_size: usize,
    /// The scheduler that the model's file names.
    pub(crate) usual: ImageScheduler,
    pub(crate) schedule: ScheduleConfig,
    /// What a request is given that says nothing, before what follows from the rest.
    pub(crate) defaults: ImageDefaults,
    pub(crate) backend: Backend,
    pub(crate) sketch: OnceLock<Sketch>,
}

/// Who is told how far the work has come, and may end it.
pub(crate) trait Watcher {
    /// Whether anybody still wants the pictures.
    fn goes_on(&mut self) -> bool;
    /// So many calls of the network are done.
    fn step(&mut self, done: u32, total: u32);
    /// Roughly what picture `index` will be.
    fn preview(&mut self, index: u32, pixels: Pixels);
    /// A finished picture.
    fn picture(&mut self, picture: GeneratedImage);
}

/// Whether work was done to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Finished,
    /// The watcher did not want more.
    Abandoned,
}

impl Pipeline {
    /// Pixels that a latent stands for, in each direction.
    pub(crate) fn factor(&self) -> usize {
        self.vae_config.factor()
    }

    /// Steps where nobody says how many: multistep solvers need fewer.
    pub(crate) fn usual_steps(&self) -> u32 {
        match self.usual {
            ImageScheduler::Ddim | ImageScheduler::Pndm => 30,
            _ => 20,
        }
    }

    /// Makes the pictures of a plan.
    pub(crate) fn run(&self, plan: &Plan, watcher: &mut dyn Watcher) -> Result<Outcome> {
        let heard = self.unet.hear(&self.states(plan)?)?;
        for index in 0..plan.count {
            let seed = plan.settings.seed.wrapping_add(index);
            let Some(latents) = self.denoise(plan, (index, seed), &heard, watcher)? else {
                return Ok(Outcome::Abandoned);
            };
            let pixels = to_pixels(&self.decode(&latents)?)?;
            watcher.picture(GeneratedImage {
                index,
                pixels,
                recipe: plan.settings.recipe(seed),
            });
        }
        Ok(Outcome::Finished)
    }

    /// The states of what is not wanted, if there is guidance, then of what is.
    fn states(&self, plan: &Plan) -> Result<Tensor> {
        let joined = |pieces: &[Vec<u32>]| -> Result<Tensor> {
            let states = self.text.forward(pieces)?;
            let (pieces, places, channels) = states.dims3()?;
            states.reshape((1, pieces * places, channels))
        };
        let wanted = joined(&plan.pieces)?;
        if !plan.is_guided() {
            return Ok(wanted);
        }
        Tensor::cat(&[joined(&plan.negative)?, wanted], 0)
    }

    /// The latents of one picture; `None` where nobody wants it any more.
    fn denoise(
        &self,
        plan: &Plan,
        (index, seed): (u32, u32),
        heard: &Heard,
        watcher: &mut dyn Watcher,
    ) -> Result<Option<Tensor>> {
        let mut noise = Noise::new(seed);
        let shape = [
            self.vae_config.latent_channels,
            plan.height / self.factor(),
            plan.width / self.factor(),
        ];
        let mut solver = solver(
            plan.settings.scheduler,
            &self.schedule,
            plan.settings.steps as usize,
        )?;
        let mut sample = self.beginning(plan, shape, solver.as_ref(), &mut noise)?;
        let per_picture = u32::try_from(plan.calls.len()).unwrap_or(u32::MAX);
        for (done, call) in (1..).zip(plan.calls.clone()) {
            if !watcher.goes_on() {
                return Ok(None);
            }
            let output = self.ask(plan, solver.as_ref(), (call, &sample), heard)?;
            sample = solver.step(call, &output, &sample, &mut || fresh(&mut noise, shape))?;
            watcher.step(index * per_picture + done, plan.total());
            if plan.preview_every > 0 && done % plan.preview_every == 0 && done < per_picture {
                watcher.preview(index, self.sketch()?.draw(&sample)?);
            }
        }
        Ok(Some(sample))
    }

    /// What the first call begins with: noise, or a picture with some.
    fn beginning(
        &self,
        plan: &Plan,
        shape: [usize; 3],
        solver: &dyn Solver,
        noise: &mut Noise,
    ) -> Result<Tensor> {
        let Some(init) = &plan.init else {
            return fresh(noise, shape)? * solver.start();
        };
        let (mean, deviation) = self
            .vae
            .encode(&self.backend.take(&from_pixels(&init.pixels)?)?)?;
        let (mean, deviation) = (plain(&mean)?, plain(&deviation)?);
        let latents = (mean + (deviation * fresh(noise, shape)?)?)?;
        let shift = self.vae_config.shift_factor.unwrap_or(0.0);
        let latents = ((latents - shift)? * self.vae_config.scaling_factor)?;
        let (picture, share) = solver.shares(plan.calls.start);
        (latents * picture)? + (fresh(noise, shape)? * share)?
    }

    /// What the network says, guidance applied.
    fn ask(
        &self,
        plan: &Plan,
        solver: &dyn Solver,
        (call, sample): (usize, &Tensor),
        heard: &Heard,
    ) -> Result<Tensor> {
        let input = self.backend.take(&(sample * solver.scale(call))?)?;
        let time = solver.times()[call];
        if !plan.is_guided() {
            return plain(&self.unet.forward(&input, time, heard)?);
        }
        // Both at once: weights are read but one time.
        let both = plain(
            &self
                .unet
                .forward(&Tensor::cat(&[&input, &input], 0)?, time, heard)?,
        )?;
        let (without, with) = (both.narrow(0, 0, 1)?, both.narrow(0, 1, 1)?);
        &without + ((with - &without)? * f64::from(plan.settings.guidance))?
    }

    /// Pixels of scaled latents, mostly from −1 to 1.
    fn decode(&self, latents: &Tensor) -> Result<Tensor> {
        let shift = self.vae_config.shift_factor.unwrap_or(0.0);
        let latents = ((latents / self.vae_config.scaling_factor)? + shift)?;
        plain(&self.vae.decode(&self.backend.take(&latents)?)?)
    }

    fn sketch(&self) -> Result<&Sketch> {
        if let Some(sketch) = self.sketch.get() {
            return Ok(sketch);
        }
        let found = Sketch::find(&self.vae, &self.vae_config, &self.backend)?;
        Ok(self.sketch.get_or_init(|| found))
    }
}

/// A tensor as `f32` in main memory, where solvers work.
fn plain(tensor: &Tensor) -> Result<Tensor> {
    tensor.to_device(&Device::Cpu)?.to_dtype(DType::F32)
}

/// Noise in the order in which the reference draws it (channels first), channels last.
fn fresh(noise: &mut Noise, [channels, height, width]: [usize; 3]) -> Result<Tensor> {
    let values = noise.normal(channels * height * width);
    Tensor::from_vec(values, (1, channels, height, width), &Device::Cpu)?
        .permute((0, 2, 3, 1))?
        .contiguous()
}

fn from_pixels(pixels: &Pixels) -> Result<Tensor> {
    let values: Vec<f32> = pixels
        .rgb()
        .iter()
        .map(|value| f32::from(*value) / 127.5 - 1.0)
        .collect();
    let shape = (1, pixels.height() as usize, pixels.width() as usize, 3);
    Tensor::from_vec(values, shape, &Device::Cpu)
}

fn to_pixels(picture: &Tensor) -> Result<Pixels> {
    let (_, height, width, _) = picture.dims4()?;
    let byte = |value: &f32| ((value * 0.5 + 0.5).clamp(0.0, 1.0) * 255.0).round_ties_even() as u8;
    let rgb: Vec<u8> = with_values(picture, |values| values.iter().map(byte).collect())?;
    pixels(width, height, rgb)
}

/// Pixels for others.
pub(crate) fn pixels(width: usize, height: usize, rgb: Vec<u8>) -> Result<Pixels> {
    let side = |side| u32::try_from(side).unwrap_or(u32::MAX);
    Pixels::new(side(width), side(height), rgb.into()).map_err(candle_core::Error::wrap)
}
