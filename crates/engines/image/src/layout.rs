//! A model's folder, as `diffusers` lays it out: `model_index.json` and a folder a component.

use std::{
    fs,
    path::{Path, PathBuf},
};

use busbar_core::{Error, ErrorKind, Result};
use candle_core::{DType, Device};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    ImageDevice, ImageEngineConfig, Precision,
    clip::{ClipConfig, TextEncoder},
    kernel::Store,
    nn::{Backend, Weights},
    pipeline::Pipeline,
    schedule::{ScheduleConfig, solver},
    tokens,
    unet::{UNet, UNetConfig},
    vae::{Vae, VaeConfig},
};

/// Reads everything.
///
/// # Errors
/// `NotFound` where there is no model; `Unsupported` where it is of a kind that is not known here;
/// `Unavailable` where a file is missing or damaged.
pub(crate) fn load(config: &ImageEngineConfig) -> Result<Pipeline> {
    let folder = config.path.as_path();
    if !folder.join("model_index.json").is_file() {
        return Err(Error::new(
            ErrorKind::NotFound,
            format!("`{}` holds no `model_index.json`", folder.display()),
        ));
    }
    let index: Value = parse(&folder.join("model_index.json"))?;
    check_kind(&index)?;
    let backend = backend(config)?;
    let text_config: ClipConfig = parse(&folder.join("text_encoder/config.json"))?;
    let unet_config: UNetConfig = parse(&folder.join("unet/config.json"))?;
    let vae_config: VaeConfig = parse(&folder.join("vae/config.json"))?;
    let schedule: ScheduleConfig = parse(&folder.join("scheduler/scheduler_config.json"))?;
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
    let tokenizer = tokens::read(&folder.join("tokenizer"), text_config.max_position_embeddings)
        .map_err(|message| Error::new(ErrorKind::Unavailable, message))?;
    let component = |name: &str| -> Result<Weights> {
        let files = weight_files(&folder.join(name))?;
        Weights::open(&files, &backend).map_err(|error| damaged(name, &error))
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
        backend,
        sketch: std::sync::OnceLock::new(),
    })
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
fn weight_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let stems = ["diffusion_pytorch_model", "model"];
    for variant in ["", ".fp16"] {
        for stem in stems {
            let whole = folder.join(format!("{stem}{variant}.safetensors"));
            if whole.is_file() {
                return Ok(vec![whole]);
            }
            let index = folder.join(format!("{stem}.safetensors.index{variant}.json"));
            if index.is_file() {
                return parts(folder, &parse(&index)?);
            }
        }
    }
    Err(Error::new(
        ErrorKind::Unavailable,
        format!("`{}` holds no safetensors", folder.display()),
    ))
}

fn parts(folder: &Path, index: &Value) -> Result<Vec<PathBuf>> {
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
        return Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "the index of weights in `{}` names no files of it",
                folder.display()
            ),
        ));
    }
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

fn parse<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T> {
    let bytes = fs::read(path).map_err(|error| {
        Error::new(
            ErrorKind::Unavailable,
            format!("`{}` cannot be read", path.display()),
        )
        .with_source(error)
    })?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Error::new(
            ErrorKind::Unavailable,
            format!("`{}` is not what it should be: {error}", path.display()),
        )
    })
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
