//! Pictures as jobs: what is asked, checked field by field, and the handler that has an
//! [`ImageModel`] make them and keeps them as files.
//!
//! **Invariant:** no pixel is written as a file's bytes here; [`PictureFiles`] does that.

use std::{fmt::Debug, sync::Arc};

use busbar_core::{
    BoxFuture, Context, Error, ErrorKind, GeneratedImage, ImageEvent, ImageModel, ImageRequest,
    ImageScheduler, InitImage, ModelId, Money, Pixels, RequestId, Result,
};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Artifact, ArtifactName, JobHandler, JobKind, MediaType, Output, Work};

/// What is asked for. What is left out is as the model has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageRecipe {
    /// The model.
    pub model: String,
    /// What the picture shows.
    pub prompt: String,
    /// What it must not show.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub negative_prompt: String,
    /// Pixels, a multiple of 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels, a multiple of 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Denoising steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// How closely the prompt is followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<f32>,
    /// The seed of the first picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// How the noise is taken away, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<String>,
    /// How many pictures.
    #[serde(default = "one")]
    pub count: u32,
    /// How much of the given picture is made anew, where the job was given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<f32>,
    /// As what the pictures are kept.
    #[serde(default = "png")]
    pub format: MediaType,
    /// A preview after every so many steps; 0: none.
    #[serde(default)]
    pub preview_every: u32,
}

fn one() -> u32 {
    1
}

fn png() -> MediaType {
    MediaType::Png
}

impl ImageRecipe {
    /// How much of a given picture is made anew, unless it is said.
    pub const STRENGTH: f32 = 0.8;

    /// A recipe with nothing but a model and a prompt.
    pub fn new(model: impl Into<String>, prompt: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            prompt: prompt.into(),
            negative_prompt: String::new(),
            width: None,
            height: None,
            steps: None,
            guidance: None,
            seed: None,
            scheduler: None,
            count: one(),
            strength: None,
            format: png(),
            preview_every: 0,
        }
    }

    /// Refuses what no model can do. `pictures` is how many files are given with it.
    ///
    /// # Errors
    /// `Invalid`, naming the first field that is wrong.
    pub fn check(&self, pictures: usize) -> Result<()> {
        if self.model.is_empty() {
            return Err(Error::invalid("model", "`model` must name a model"));
        }
        if !matches!(self.format, MediaType::Png | MediaType::Jpeg | MediaType::Webp) {
            return Err(Error::invalid("format", "`format` must be png, jpeg or webp"));
        }
        if pictures > 1 {
            return Err(Error::invalid(
                "image",
                "a picture is made from one picture at most",
            ));
        }
        if self.strength.is_some() && pictures == 0 {
            return Err(Error::invalid(
                "strength",
                "`strength` is for a given `image`, and there is none",
            ));
        }
        let strength = self.strength.unwrap_or(Self::STRENGTH);
        // A picture of one pixel stands in for the one that is read only when the job is done.
        let stand_in = Pixels::new(1, 1, Bytes::from_static(&[0; 3]))?;
        let init = (pictures == 1).then_some(InitImage {
            pixels: stand_in,
            strength,
        });
        self.request(Context::new(RequestId::new("check")), init)?.check()
    }

    /// What it takes to make this picture again, and no other.
    #[must_use]
    pub fn used(&self, picture: &GeneratedImage) -> Self {
        let told = &picture.recipe;
        Self {
            width: Some(picture.pixels.width()),
            height: Some(picture.pixels.height()),
            steps: told.steps,
            guidance: told.guidance,
            seed: told.seed,
            scheduler: told.scheduler.map(|scheduler| scheduler.as_str().to_owned()),
            strength: told.strength,
            count: 1,
            preview_every: 0,
            ..self.clone()
        }
    }

    /// The request as a model takes it.
    ///
    /// # Errors
    /// `Invalid` for a scheduler that there is not.
    pub fn request(&self, context: Context, init: Option<InitImage>) -> Result<ImageRequest> {
        let scheduler = self
            .scheduler
            .as_deref()
            .map(ImageScheduler::from_name)
            .transpose()?;
        Ok(ImageRequest {
            negative_prompt: self.negative_prompt.clone(),
            width: self.width,
            height: self.height,
            steps: self.steps,
            guidance: self.guidance,
            seed: self.seed,
            scheduler,
            count: self.count,
            init,
            preview_every: self.preview_every,
            ..ImageRequest::new(context, ModelId::new(self.model.as_str()), &self.prompt)
        })
    }
}

/// Reads and writes pictures as files.
pub trait PictureFiles: Debug + Send + Sync + 'static {
    /// A picture as a file, the recipe in its metadata where there is one.
    ///
    /// # Errors
    /// `Internal`.
    fn write(&self, pixels: Pixels, media: MediaType, recipe: Option<String>)
    -> BoxFuture<'_, Result<Bytes>>;

    /// The pixels of a file, upright.
    ///
    /// # Errors
    /// `Invalid` for what is no picture; `TooLarge`.
    fn read(&self, file: Bytes) -> BoxFuture<'_, Result<Pixels>>;
}

/// Finds an image model by the name that clients use; `None` where there is none.
pub type FindImageModel = dyn Fn(&ModelId) -> Option<Arc<dyn ImageModel>> + Send + Sync;

/// Does jobs of the kind `image`.
pub struct ImageJobs {
    models: Box<FindImageModel>,
    files: Arc<dyn PictureFiles>,
}

impl Debug for ImageJobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImageJobs")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl ImageJobs {
    /// A handler that makes pictures with these models.
    pub fn new(models: Box<FindImageModel>, files: Arc<dyn PictureFiles>) -> Self {
        Self { models, files }
    }

    /// The kind: `image`.
    pub fn kind() -> JobKind {
        JobKind::new("image")
    }

    async fn make(&self, work: Work) -> Result<Output> {
        let recipe: ImageRecipe = work.recipe()?;
        recipe.check(work.job.inputs.len())?;
        let model = (self.models)(&ModelId::new(recipe.model.as_str())).ok_or_else(|| {
            let message = format!("the model `{}` is not here any more", recipe.model);
            // Worth another try: it was there when the job was accepted, and another worker may have it.
            Error::new(ErrorKind::Unavailable, message).with_code("model_not_found")
        })?;
        let init = self.init(&work, &recipe).await?;
        let mut context = Context::new(RequestId::new(&work.job.id.to_string()));
        context.tenant = work.job.tenant.clone();
        let mut events = model.generate(recipe.request(context, init)?).await?;
        let mut made = Vec::new();
        loop {
            // Dropping the stream stops the engine, also within a step that takes minutes.
            let next = tokio::select! {
                _ = work.report.signal().wait() => None,
                next = events.next() => next,
            };
            work.report.go_on()?;
            let cut = || Error::internal("the model ended without saying that it was done");
            match next.ok_or_else(cut)?? {
                ImageEvent::Step { done, total } => work.report.step(done, total)?,
                ImageEvent::Preview { pixels, .. } => {
                    let file = self.files.write(pixels, MediaType::Jpeg, None).await?;
                    work.report.preview(file, MediaType::Jpeg);
                }
                ImageEvent::Picture(picture) => made.push(self.keep(&work, &recipe, picture).await?),
                ImageEvent::Done(done) => {
                    let (artifacts, pictures): (Vec<Artifact>, Vec<Value>) = made.into_iter().unzip();
                    let detail = json!({
                        "pictures": pictures,
                        "notices": done.notices,
                        "cost_usd": done.cost.map(Money::as_dollars),
                    });
                    return Ok(Output { artifacts, detail });
                }
            }
        }
    }

    async fn init(&self, work: &Work, recipe: &ImageRecipe) -> Result<Option<InitImage>> {
        let Some(name) = work.job.inputs.first() else {
            return Ok(None);
        };
        let pixels = self.files.read(whole(work, *name).await?).await?;
        let strength = recipe.strength.unwrap_or(ImageRecipe::STRENGTH);
        Ok(Some(InitImage { pixels, strength }))
    }

    /// Keeps a picture, with everything that it takes to make it again in the file and beside it.
    async fn keep(
        &self,
        work: &Work,
        asked: &ImageRecipe,
        picture: GeneratedImage,
    ) -> Result<(Artifact, Value)> {
        let used = asked.used(&picture);
        let recipe = serde_json::to_string(&used)
            .map_err(|source| Error::internal("a recipe cannot be written").with_source(source))?;
        let file = self
            .files
            .write(picture.pixels, asked.format, Some(recipe))
            .await?;
        let artifact = work.keep(file, asked.format).await?;
        Ok((artifact, json!(used)))
    }
}

impl JobHandler for ImageJobs {
    fn kind(&self) -> JobKind {
        Self::kind()
    }

    fn run(&self, work: Work) -> BoxFuture<'_, Result<Output>> {
        Box::pin(self.make(work))
    }
}

/// A file that was given with the job, whole.
pub(crate) async fn whole(work: &Work, name: ArtifactName) -> Result<Bytes> {
    let mut body = work.input(name).await?;
    let mut file = BytesMut::new();
    while let Some(chunk) = body.chunks.try_next().await? {
        file.extend_from_slice(&chunk);
    }
    Ok(file.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(field: Option<&str>, change: impl FnOnce(&mut ImageRecipe)) {
        let mut recipe = ImageRecipe::new("m", "a red apple");
        change(&mut recipe);
        let error = recipe.check(0).err();
        assert_eq!(error.as_ref().and_then(Error::param), field);
    }

    #[test]
    fn a_model_and_a_prompt_are_enough() {
        check(None, |_| ());
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(Some("model"), |r| r.model.clear());
        check(Some("prompt"), |r| r.prompt = "  ".into());
        check(Some("width"), |r| r.width = Some(513));
        check(Some("height"), |r| r.height = Some(16_384));
        check(Some("steps"), |r| r.steps = Some(0));
        check(Some("count"), |r| r.count = 0);
        check(Some("count"), |r| r.count = 10_000);
        check(Some("guidance"), |r| r.guidance = Some(f32::INFINITY));
        check(Some("scheduler"), |r| r.scheduler = Some("best".into()));
        check(Some("format"), |r| r.format = MediaType::Json);
        check(Some("strength"), |r| r.strength = Some(0.5));
    }

    #[test]
    fn a_given_picture_needs_a_strength_in_range() {
        let mut recipe = ImageRecipe::new("m", "a red apple");
        assert!(recipe.check(1).is_ok());
        recipe.strength = Some(1.5);
        assert_eq!(recipe.check(1).unwrap_err().param(), Some("strength"));
        assert_eq!(recipe.check(2).unwrap_err().param(), Some("image"));
    }

    #[test]
    fn a_field_that_there_is_not_is_refused_by_its_name() {
        let text = r#"{"model":"m","prompt":"p","stepz":3}"#;
        let error = serde_json::from_str::<ImageRecipe>(text).unwrap_err();
        assert!(error.to_string().contains("stepz"));
    }
}
