//! What commands look at pictures with: a model in this process, or one behind a server.

use busbar_config::Config;
use busbar_core::{
    Classification, Classifier as _, ClassifyRequest, Error as ModelError, Fetcher as _, Model, ModelId,
    Picture, Stage,
};
use busbar_egress::{Client, Limits, PictureFetcher, Rules};
use bytes::Bytes;

use crate::{Registry, Remote, Result, Shelf, SightPlan, Talk, directory, local};

/// Something that says what is on pictures.
#[derive(Debug)]
pub struct Look {
    to: To,
    fetcher: PictureFetcher,
}

#[derive(Debug)]
enum To {
    Local(Box<Model>),
    Remote { remote: Remote, model: String },
}

/// A picture as a person names it.
#[derive(Clone, Debug)]
pub enum Sent {
    /// Its file.
    File(Bytes),
    /// Where it is.
    Url(String),
}

impl Look {
    /// The model of that name or file, else the one in production, else the default one: on the
    /// configured server, or loaded here.
    ///
    /// # Errors
    /// There is no such model; it is not here, or cannot be loaded.
    pub async fn open(config: &Config, name: Option<&str>) -> Result<Self> {
        let to = match Remote::new(&config.client) {
            Some(remote) => To::Remote {
                remote,
                model: name.unwrap_or_default().to_owned(),
            },
            None => To::Local(Box::new(load(config, name).await?)),
        };
        let limits = Limits {
            bytes: config.fetch.size_limit,
            time: config.fetch.timeout,
            redirects: config.fetch.redirects,
        };
        Ok(Self {
            to,
            fetcher: PictureFetcher::new(Client::new(Rules::all()), limits),
        })
    }

    /// The model's name, where it is known before it is asked.
    pub fn name(&self) -> Option<&ModelId> {
        match &self.to {
            To::Local(model) => Some(&model.card.id),
            To::Remote { .. } => None,
        }
    }

    /// What is on a picture. `ask` says how much of it is told.
    ///
    /// # Errors
    /// The picture's, or the model's.
    pub async fn at(&self, picture: Sent, ask: impl FnOnce(&mut ClassifyRequest)) -> Result<Classification> {
        let context = Talk::context();
        let file = match picture {
            Sent::File(file) => file,
            // Whoever types an address can reach it from here anyway.
            Sent::Url(url) => self.fetcher.fetch(&context, &url, "the address").await?.bytes,
        };
        let id = match &self.to {
            To::Local(model) => model.card.id.clone(),
            To::Remote { model, .. } => model.as_str().into(),
        };
        let mut request = ClassifyRequest::new(context, id, vec![Picture::Encoded(file)]);
        ask(&mut request);
        let seen = match &self.to {
            To::Local(model) => match &model.classify {
                Some(classifier) => classifier.classify(request).await,
                None => Err(ModelError::internal("the model looks at no pictures")),
            },
            To::Remote { remote, .. } => remote.classify(request).await,
        };
        Ok(seen?)
    }
}

async fn load(config: &Config, name: Option<&str>) -> Result<Model> {
    let stage = Registry::open(config)?.at(name.unwrap_or(Stage::Production.as_str()))?;
    let shelf = Shelf::open(config)?;
    let config = directory::listed(config.clone(), &shelf)?;
    let plan = SightPlan::one(&config, &shelf, stage.as_deref().or(name))?;
    let loading = tokio::task::spawn_blocking(move || local::load_sight(&plan));
    loading
        .await
        .map_err(|_| ModelError::internal("loading broke off"))?
}
