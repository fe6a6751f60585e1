//! A model's files, as `diffusers` lays them out: `model_index.json` and a folder a component.

use busbar_core::{Error, ErrorKind, ImageScheduler, Result};
use candle_core::{DType, Device};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    ImageDefaults, ImageDevice, ImageEngineConfig, ModelFiles, Precision,
    clip::{ClipConfig, TextEncoder},
    kernel::Store,
    nn::{Backend, Weights},
    pipeline::Pipeline,
    schedule::{ScheduleConfig, solver},
    tokens,
    unet::{UNet, UNetConfig},
    vae::{Vae, VaeConfig},
};

/// The file that says what the model is.
const INDEX: &str = "model_index.json";
/// A file of ours beside it: what a request is given that says nothing.
const DEFAULTS: &str = "busbar.json";

/// Reads everything.
///
/// # Errors
/// `NotFound` where there is no model; `Unsupported` where it is of a kind that is not known here;
/// `Unavailable` where a file is missing or damaged.
pub(crate) fn load(config: &ImageEngineConfig) -> Result<Pipeline> {
    let files = &config.files;
    if !files.has(INDEX) {
        let message = format!("there is no `{}`", files.shown(INDEX));
        return Err(Error::new(ErrorKind::NotFound, message));
    }
    check_kind(&files.parse(INDEX)?)?;
    let backend = backend(config)?;
    let text_config: ClipConfig = files.parse("text_encoder/config.json")?;
    let unet_config: UNetConfig = files.parse("unet/config.json")?;
    let vae_config: VaeConfig = files.parse("vae/config.json")?;
    let schedule: ScheduleConfig = files.parse("scheduler/scheduler_config.json")?;
    let schedule = schedule.for_latents();
    unet_config.check().map_err(|error| unsupported(&error))?;
    vae_config.check().map_err(|error| unsupported(&error))?;
    // What the file's scheduler cannot do is found out now, not at the first request.
    let usual = schedule
        .kind()
        .unwrap_or(busbar_core::ImageScheduler::DpmPlusPlus2M);
    solver(usual, &schedule, 20).map_err(|error| unsupported(&error))?;
    let latents = vae_config.latent_channels;
    if unet_config.in_channels != latents || unet_config.out_channels != latents {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "its U-Net reads {} channels and its autoencoder makes {latents}: inpainting and its kin are not supported",
                unet_config.in_channels
            ),
        ));
    }
    let tokenizer = tokens::read(files, text_config.max_position_embeddings)
        .map_err(|message| Error::new(ErrorKind::Unavailable, message))?;
    let component = |name: &str| -> Result<Weights> {
        let tensors = files.tensors(&weight_files(files, name)?);
        let tensors = tensors.map_err(|error| damaged(name, &error))?;
        Ok(Weights::new(tensors, &backend))
    };
    Ok(Pipeline {
        tokenizer,
        text: TextEncoder::load(&component("text_encoder")?, &text_config)
            .map_err(|error| damaged("text_encoder", &error))?,
        unet: UNet::load(&component("unet")?, &unet_config).map_err(|error| damaged("unet", &error))?,
        vae: Vae::load(&component("vae")?, &vae_config).map_err(|error| damaged("vae", &error))?,
        sample_size: unet_config.sample_size.unwrap_or(64),
        vae_config,
        usual,
        schedule,
        defaults: defaults(config)?,
        backend,
        sketch: std::sync::OnceLock::new(),
    })
}

/// What a request is given that says nothing: the configuration's word first, then the model's own.
fn defaults(config: &ImageEngineConfig) -> Result<ImageDefaults> {
    let own = match config.files.has(DEFAULTS) {
        true => config.files.parse::<Own>(DEFAULTS)?,
        false => Own::default(),
    };
    let scheduler = own.scheduler.as_deref().map(ImageScheduler::from_name);
    let given = &config.defaults;
    Ok(ImageDefaults {
        width: given.width.or(own.width),
        height: given.height.or(own.height),
        steps: given.steps.or(own.steps),
        guidance: given.guidance.or(own.guidance),
        scheduler: given.scheduler.or(scheduler.transpose()?),
    })
}

/// `busbar.json`, as far as it matters here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Own {
    width: Option<u32>,
    height: Option<u32>,
    steps: Option<u32>,
    guidance: Option<f32>,
    scheduler: Option<String>,
}

fn check_kind(index: &Value) -> Result<()> {
    let class = index["_class_name"].as_str().unwrap_or("nothing");
    // The second text encoder of XL is not read yet; its parts are there (`clip::Projection`).
    let known = ["StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline"];
    if known.contains(&class) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        format!("a `{class}` is not supported; these are: {}", known.join(", ")),
    ))
}

fn backend(config: &ImageEngineConfig) -> Result<Backend> {
    let device = match config.device {
        ImageDevice::Cpu => Ok(Device::Cpu),
        ImageDevice::Cuda(number) => Device::new_cuda(number),
        ImageDevice::Metal(number) => Device::new_metal(number),
    };
    let device = device.map_err(|error| {
        Error::new(
            ErrorKind::Unsupported,
            format!("{:?} is not there, or not built in", config.device),
        )
        .with_source(error)
    })?;
    let (dtype, store) = match config.precision {
        Precision::F32 => (DType::F32, Store::F32),
        Precision::F16 => (DType::F16, Store::F16),
        Precision::Bf16 => (DType::BF16, Store::Bf16),
    };
    Ok(Backend {
        dtype: if device.is_cpu() { DType::F32 } else { dtype },
        device,
        store,
        score_bytes: config.score_bytes,
        winograd: config.fast_convolutions && store == Store::F32,
    })
}

/// The safetensors of a component: one file, or the parts that an index names. Where there is a
/// variant in half precision only, that.
fn weight_files(files: &ModelFiles, component: &str) -> Result<Vec<String>> {
    let stems = ["diffusion_pytorch_model", "model"];
    for variant in ["", ".fp16"] {
        for stem in stems {
            let whole = format!("{component}/{stem}{variant}.safetensors");
            if files.has(&whole) {
                return Ok(vec![whole]);
            }
            let index = format!("{component}/{stem}.safetensors.index{variant}.json");
            if files.has(&index) {
                return parts(component, &files.parse(&index)?);
            }
        }
    }
    let message = format!("`{}` holds no safetensors", files.shown(component));
    Err(Error::new(ErrorKind::Unavailable, message))
}

fn parts(component: &str, index: &Value) -> Result<Vec<String>> {
    let names = index["weight_map"].as_object();
    let mut names: Vec<&str> = names
        .into_iter()
        .flat_map(|map| map.values().filter_map(Value::as_str))
        .collect();
    names.sort_unstable();
    names.dedup();
    // A name is one within the folder: an index must not lead out of it.
    let safe = |name: &str| !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.');
    if names.is_empty() || !names.iter().all(|name| safe(name)) {
        let message = format!("the index of weights in `{component}` names no files of it");
        return Err(Error::new(ErrorKind::Unavailable, message));
    }
    Ok(names
        .into_iter()
        .map(|name| format!("{component}/{name}"))
        .collect())
}

fn unsupported(error: &candle_core::Error) -> Error {
    Error::new(ErrorKind::Unsupported, error.to_string())
}

fn damaged(component: &str, error: &candle_core::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("the weights of `{component}` cannot be used: {error}"),
    )
}
