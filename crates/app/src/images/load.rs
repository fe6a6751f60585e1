//! From a plan to a model that makes pictures: the one place that names their engine.

use std::sync::Arc;

use busbar_core::{
    BoxFuture, Clock, Error as ModelError, ErrorKind, ImageModel, ImageRequest, ImageStream, Model, Task,
};

use super::{ImageFiles, ImagePlan};
use crate::{Result, card, clock::SystemClock};

/// Loads a model, or what stands for it: one that is built in is loaded when it is first asked. Takes
/// seconds for large files, and blocks.
///
/// # Errors
/// Its files are damaged, or of a kind that is not known; or this build has no engine.
pub(crate) fn load(plan: &ImagePlan) -> Result<Model> {
    let image: Arc<dyn ImageModel> = match plan.files {
        ImageFiles::Elsewhere => Arc::new(Elsewhere),
        ImageFiles::Folder(_) | ImageFiles::BuiltIn => {
            engine::load(plan, &(Arc::new(SystemClock) as Arc<dyn Clock>))?
        }
    };
    let card = card::of_here(&plan.id, &plan.title, &plan.licence, Task::Image);
    Ok(Model {
        image: Some(image),
        ..Model::new(card)
    })
}

/// Stands for a model that other processes run: its name is known here, its jobs are theirs.
#[derive(Debug)]
struct Elsewhere;

impl ImageModel for Elsewhere {
    fn generate(&self, _: ImageRequest) -> BoxFuture<'_, busbar_core::Result<ImageStream>> {
        let message = "this process makes no pictures; a worker does (`busbar worker --kind image`)";
        Box::pin(async move { Err(ModelError::new(ErrorKind::Unavailable, message)) })
    }
}

#[cfg(feature = "image")]
mod engine {
    use std::num::NonZeroUsize;

    use busbar_config::Precision as Configured;
    use busbar_core::ImageScheduler;
    use busbar_engine_image::{ImageDefaults, ImageEngine, ImageEngineConfig, ModelFiles, Precision};

    use super::{Arc, Clock, ImageFiles, ImageModel, ImagePlan, Result};
    use crate::{Error, images::deferred::Deferred};

    pub(super) fn load(plan: &ImagePlan, clock: &Arc<dyn Clock>) -> Result<Arc<dyn ImageModel>> {
        match &plan.files {
            ImageFiles::Folder(folder) => {
                let config = config(plan, ModelFiles::folder(folder)).map_err(|error| failed(plan, error))?;
                let engine = ImageEngine::load(&config, clock.clone());
                Ok(Arc::new(engine.map_err(|error| failed(plan, error))?))
            }
            ImageFiles::BuiltIn | ImageFiles::Elsewhere => {
                let files = built_in().ok_or(Error::NoImageEngine)?;
                let config = config(plan, files).map_err(|error| failed(plan, error))?;
                let clock = clock.clone();
                let load = move || {
                    let engine = ImageEngine::load(&config, clock.clone())?;
                    Ok(Arc::new(engine) as Arc<dyn ImageModel>)
                };
                Ok(Arc::new(Deferred::new(load)))
            }
        }
    }

    #[cfg(feature = "emoji")]
    fn built_in() -> Option<ModelFiles> {
        busbar_builtin::emoji_diffusion().map(|model| ModelFiles::embedded(model.files))
    }

    #[cfg(not(feature = "emoji"))]
    fn built_in() -> Option<ModelFiles> {
        None
    }

    fn config(plan: &ImagePlan, files: ModelFiles) -> busbar_core::Result<ImageEngineConfig> {
        let defaults = &plan.defaults;
        let scheduler = defaults.scheduler.as_deref().map(ImageScheduler::from_name);
        let threads = plan.engine.threads.map(|threads| threads as usize);
        Ok(ImageEngineConfig {
            threads: threads.and_then(NonZeroUsize::new),
            precision: match plan.engine.precision {
                Configured::F32 => Precision::F32,
                Configured::F16 => Precision::F16,
                Configured::Bf16 => Precision::Bf16,
            },
            defaults: ImageDefaults {
                width: defaults.width,
                height: defaults.height,
                steps: defaults.steps,
                guidance: defaults.guidance,
                scheduler: scheduler.transpose()?,
            },
            ..ImageEngineConfig::new((*plan.id).into(), files)
        })
    }

    /// What to do about a model that was found and cannot be loaded.
    fn failed(plan: &ImagePlan, source: busbar_core::Error) -> Error {
        let fix = match &plan.catalog_name {
            Some(name) => format!(
                "check its files with `busbar models verify {name}`, fetch it anew with `busbar models pull {name}`"
            ),
            None => "name another folder, or a model of `busbar models list`".to_owned(),
        };
        Error::Load {
            name: plan.id.clone(),
            source: Box::new(source),
            fix,
        }
    }
}

#[cfg(not(feature = "image"))]
mod engine {
    use super::{Arc, Clock, ImageModel, ImagePlan, Result};
    use crate::Error;

    /// Without an engine nothing can be loaded.
    pub(super) fn load(_: &ImagePlan, _: &Arc<dyn Clock>) -> Result<Arc<dyn ImageModel>> {
        Err(Error::NoImageEngine)
    }
}
