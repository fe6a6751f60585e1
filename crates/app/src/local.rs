//! Models that run in this process: the one place that names an engine.

use busbar_core::Model;
use busbar_telemetry::EngineFigures;

use crate::{Error, Plan, Result, SightPlan};

/// A model that was loaded.
pub(crate) struct Local {
    /// The model with everything it does.
    pub(crate) model: Model,
    /// Its counters, read when called.
    pub(crate) figures: Box<dyn Fn() -> EngineFigures + Send + Sync>,
}

/// Loads a model. Takes seconds for large files, and blocks.
///
/// # Errors
/// Its file is damaged or does not fit; or this build has no engine.
#[cfg(feature = "text")]
pub(crate) fn load(plan: &Plan) -> Result<Local> {
    use std::{num::NonZeroUsize, sync::Arc};

    use busbar_config::GpuLayers;
    use busbar_engine_text::{TextEngine, TextEngineConfig};

    let count = |n: u32| NonZeroUsize::new(n as usize).unwrap_or(NonZeroUsize::MIN);
    let settings = &plan.engine;
    let config = TextEngineConfig {
        title: plan.title.clone(),
        licence: plan.licence.clone(),
        context_window: settings.context,
        sequences: count(settings.sequences),
        queue: settings.queue as usize,
        threads: Some(count(settings.threads)),
        gpu_layers: match settings.gpu_layers {
            GpuLayers::Layers(layers) => layers,
            // More than any model has: all of them.
            GpuLayers::Auto if crate::about::has_gpu() => 10_000,
            GpuLayers::Auto => 0,
        },
        prompt_chunk: count(settings.prompt_chunk),
        reproducible: settings.reproducible,
        ..TextEngineConfig::new(plan.id.clone(), plan.path.clone())
    };
    let engine = TextEngine::load(&config, Arc::new(crate::clock::SystemClock))
        .map_err(|source| failed(plan, source))?;
    let model = engine.model();
    let (id, slots, queue) = (plan.id.to_string(), settings.sequences, settings.queue);
    let figures = move || {
        let stats = engine.stats();
        EngineFigures {
            model: id.clone(),
            slots: slots.into(),
            slots_busy: stats.active as u64,
            queue_depth: stats.queued as u64,
            queue_capacity: queue.into(),
            prompt_tokens: stats.prompt_tokens,
            reused_tokens: stats.reused_tokens,
            output_tokens: stats.output_tokens,
            passes: stats.passes,
            finished: stats.finished,
            cancelled: stats.cancelled,
            expired: stats.expired,
            failed: stats.failed,
        }
    };
    Ok(Local {
        model,
        figures: Box::new(figures),
    })
}

/// Without an engine nothing can be loaded.
#[cfg(not(feature = "text"))]
pub(crate) fn load(_plan: &Plan) -> Result<Local> {
    Err(Error::NoEngine)
}

/// Loads a model that looks at pictures. Quick, but blocks.
///
/// # Errors
/// Its file is damaged, or nobody says how pictures are made ready for it; or this build has no engine.
#[cfg(feature = "vision")]
pub(crate) fn load_sight(plan: &SightPlan) -> Result<Model> {
    use std::sync::Arc;

    use busbar_core::Task;
    use busbar_engine_vision::{Description, VisionEngine, VisionEngineConfig};

    let failed = |source| Error::Load {
        name: plan.id.clone(),
        source: Box::new(source),
        fix: "fetch it anew, or check the description beside its file".to_owned(),
    };
    let description = match &plan.description {
        Some(path) => Description::read(path),
        None => Description::built_in(&plan.id)
            .or_else(|| Description::built_in(plan.path.file_stem()?.to_str()?))
            .unwrap_or_else(|| {
            let message = format!(
                "nobody says how pictures are made ready for `{}`: put a description beside {}, with the ending toml",
                plan.id,
                plan.path.display()
            );
            Err(busbar_core::Error::internal(message))
            }),
    };
    let version = plan.version()?;
    let config = VisionEngineConfig {
        version: Some(version.clone()),
        title: plan.title.clone(),
        licence: plan.licence.clone(),
        ..VisionEngineConfig::new((*plan.id).into(), plan.path.clone(), description.map_err(failed)?)
    };
    let engine = VisionEngine::load(&config, Arc::new(crate::clock::SystemClock)).map_err(failed)?;
    let card = crate::card::of_here(&plan.id, &plan.title, &plan.licence, Task::Classify);
    Ok(Model {
        version: Some(version),
        classify: Some(Arc::new(engine)),
        ..Model::new(card)
    })
}

/// Without an engine nothing can be loaded.
#[cfg(not(feature = "vision"))]
pub(crate) fn load_sight(_plan: &SightPlan) -> Result<Model> {
    Err(Error::NoEngine)
}

/// What to do about a model that was found and cannot be loaded.
#[cfg(feature = "text")]
fn failed(plan: &Plan, source: busbar_core::Error) -> Error {
    let fix = match &plan.catalog_name {
        Some(name) => {
            format!(
                "check its file with `busbar models verify {name}`, fetch it anew with `busbar models pull {name}`"
            )
        }
        None => "name another file, or a model of `busbar models list`".to_owned(),
    };
    Error::Load {
        name: plan.id.to_string(),
        source: Box::new(source),
        fix,
    }
}
