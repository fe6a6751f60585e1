//! Pictures for a command: made in this process or by a server, and handed over as files.

mod remote;

use std::sync::Arc;

use busbar_config::Config;
use busbar_core::{
    Context, Error as ModelError, ImageEvent, ImageModel, InitImage, RequestId, Result as Made,
};
use busbar_jobs::image::{ImageRecipe, PictureFiles as _};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};

use crate::{ImagePlan, Remote, Result, Shelf, images};

/// Something that makes pictures for a command.
#[derive(Debug)]
pub struct Easel {
    /// The model's name; empty where a server is to choose.
    pub model: String,
    to: To,
}

#[derive(Debug)]
enum To {
    Local(Arc<dyn ImageModel>),
    Remote(Remote),
}

/// What is told while pictures are made.
#[derive(Clone, Debug)]
pub enum Stroke {
    /// So many steps of so many are done.
    Step(u32, u32),
    /// A picture as a file, with everything that it takes to make it again.
    Picture {
        /// Which one, from 0.
        index: u32,
        /// Its file.
        file: Bytes,
        /// How it was made.
        recipe: Box<ImageRecipe>,
    },
    /// What people should know about how the request was read.
    Notice(String),
}

impl Easel {
    /// The model of that name, else the one to take when none is named: on the configured server, or
    /// loaded here.
    ///
    /// # Errors
    /// There is no such model, it is not here, or it cannot be loaded.
    pub async fn open(config: &Config, name: Option<&str>) -> Result<Self> {
        if let Some(remote) = Remote::new(&config.client) {
            return Ok(Self {
                model: name.unwrap_or_default().to_owned(),
                to: To::Remote(remote),
            });
        }
        let plan = ImagePlan::one(config, &Shelf::open(config)?, name)?;
        let model = plan.id.clone();
        // Loading blocks for seconds, and Ctrl-C is to be heard meanwhile.
        let loaded = tokio::task::spawn_blocking(move || images::load(&plan)).await;
        let loaded = loaded
            .map_err(|error| ModelError::internal("loading the model broke off").with_source(error))??;
        let image = loaded.image.ok_or(crate::Error::NoImageEngine)?;
        Ok(Self {
            model,
            to: To::Local(image),
        })
    }

    /// Begins to make pictures. Dropping the stream stops the work.
    ///
    /// # Errors
    /// What is wrong with the recipe or with the picture to start from, by its field.
    pub async fn paint(
        &self,
        recipe: ImageRecipe,
        init: Option<Bytes>,
    ) -> Result<impl Stream<Item = Made<Stroke>> + Send + Unpin + use<>> {
        recipe.check(usize::from(init.is_some()))?;
        let strokes = match &self.to {
            To::Local(model) => local(model, recipe, init).await?,
            To::Remote(remote) => remote::paint(remote.clone(), &recipe, init).await?,
        };
        Ok(strokes)
    }
}

type Strokes = std::pin::Pin<Box<dyn Stream<Item = Made<Stroke>> + Send>>;

async fn local(model: &Arc<dyn ImageModel>, recipe: ImageRecipe, init: Option<Bytes>) -> Made<Strokes> {
    let codec = images::Codec;
    let init = match init {
        Some(file) => Some(InitImage {
            pixels: codec.read(file).await?,
            strength: recipe.strength.unwrap_or(ImageRecipe::STRENGTH),
        }),
        None => None,
    };
    let request = recipe.request(Context::new(RequestId::new("cli")), init)?;
    let events = model.generate(request).await?;
    let recipe = Arc::new(recipe);
    let strokes = events.flat_map(move |event| {
        let recipe = recipe.clone();
        stream::once(async move { stroke(event?, &recipe).await }).flat_map(|strokes| {
            stream::iter(match strokes {
                Ok(strokes) => strokes.into_iter().map(Ok).collect::<Vec<_>>(),
                Err(error) => vec![Err(error)],
            })
        })
    });
    Ok(Box::pin(strokes))
}

async fn stroke(event: ImageEvent, asked: &ImageRecipe) -> Made<Vec<Stroke>> {
    Ok(match event {
        ImageEvent::Step { done, total } => vec![Stroke::Step(done, total)],
        ImageEvent::Preview { .. } => Vec::new(),
        ImageEvent::Picture(picture) => {
            let used = asked.used(&picture);
            let text = serde_json::to_string(&used)
                .map_err(|source| ModelError::internal("a recipe cannot be written").with_source(source))?;
            let file = images::Codec
                .write(picture.pixels, asked.format, Some(text))
                .await?;
            vec![Stroke::Picture {
                index: picture.index,
                file,
                recipe: Box::new(used),
            }]
        }
        ImageEvent::Done(done) => done.notices.into_iter().map(Stroke::Notice).collect(),
    })
}
