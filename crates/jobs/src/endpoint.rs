//! Requests whose answers come later: a request is fetched from a store of objects, an endpoint answers it,
//! and the answer, or why there is none, is put into the store.

use std::{fmt::Debug, sync::Arc, time::Duration};

use busbar_core::{BoxFuture, Error, ErrorKind, Result, Tenant};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Job, JobHandler, JobKind, Notices, Output, Work, image::whole};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointRecipe {
    /// The endpoint.
    pub endpoint: String,
    /// Where the request is; `None`: it was given with the job.
    pub input: Option<String>,
    /// Where its answer goes.
    pub output: String,
    /// Where it is said why there is none.
    pub failure: String,
    /// What the request is.
    pub content_type: Option<String>,
    /// What the answer shall be.
    pub accept: Option<String>,
    /// What the client says to whoever answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<String>,
    /// How long an answer may take.
    pub timeout_s: Option<u32>,
}

/// A request to an endpoint.
#[derive(Clone, Debug)]
pub struct EndpointAsked {
    /// Whose it is.
    pub tenant: Tenant,
    /// The endpoint.
    pub endpoint: String,
    /// The request.
    pub body: Bytes,
    /// What it is.
    pub content_type: Option<String>,
    /// What the answer shall be.
    pub accept: Option<String>,
    /// What the client says to whoever answers.
    pub custom_attributes: Option<String>,
    /// How long the answer may take.
    pub timeout: Option<Duration>,
}

/// An answer of an endpoint.
#[derive(Clone, Debug)]
pub struct EndpointAnswer {
    /// What it is.
    pub content_type: String,
    /// The answer.
    pub body: Bytes,
}

/// Answers requests, as a server does.
pub trait Endpoints: Debug + Send + Sync + 'static {
    /// Answers a request.
    ///
    /// # Errors
    /// What refuses it, or fails.
    fn answer(&self, asked: EndpointAsked) -> BoxFuture<'_, Result<EndpointAnswer>>;
}

/// A failure in the words of whoever asked.
pub type Explain = fn(&Error) -> EndpointAnswer;

/// A store of objects, where clients put requests and look for answers.
pub trait Objects: Debug + Send + Sync + 'static {
    /// An object, if it is there.
    ///
    /// # Errors
    /// `Invalid` for no location; the store's.
    fn get<'a>(&'a self, location: &'a str) -> BoxFuture<'a, Result<Option<Bytes>>>;

    /// Puts an object.
    ///
    /// # Errors
    /// As above.
    fn put<'a>(&'a self, location: &'a str, content: EndpointAnswer) -> BoxFuture<'a, Result<()>>;
}

/// Does jobs of the kind `endpoint`.
#[derive(Debug)]
pub struct EndpointJobs {
    endpoints: Arc<dyn Endpoints>,
    objects: Arc<dyn Objects>,
    explain: Explain,
}

impl EndpointJobs {
    /// A handler for these endpoints, on this store.
    pub fn new(endpoints: Arc<dyn Endpoints>, objects: Arc<dyn Objects>, explain: Explain) -> Self {
        Self {
            endpoints,
            objects,
            explain,
        }
    }

    /// The kind: `endpoint`.
    pub fn kind() -> JobKind {
        JobKind::new("endpoint")
    }

    async fn attend(&self, work: Work) -> Result<Output> {
        let recipe: EndpointRecipe = work.recipe()?;
        let answered = tokio::select! {
            _ = work.report.signal().wait() => None,
            answered = self.answer(&work, &recipe) => Some(answered),
        };
        work.report.go_on()?;
        let stopped = || Error::internal("the work was stopped and did not say why");
        let answered = match answered.ok_or_else(stopped)? {
            Ok(answer) => self.objects.put(&recipe.output, answer).await,
            Err(error) => Err(error),
        };
        match answered {
            Ok(()) => Ok(Output {
                artifacts: Vec::new(),
                detail: json!({ "output": recipe.output }),
            }),
            Err(error) => Err(self.give_up(&work, &recipe, error).await),
        }
    }

    async fn answer(&self, work: &Work, recipe: &EndpointRecipe) -> Result<EndpointAnswer> {
        let body = match (&recipe.input, work.job.inputs.first()) {
            (Some(location), _) => self.objects.get(location).await?.ok_or_else(|| {
                let message = format!("there is nothing at `{location}`");
                Error::new(ErrorKind::Invalid, message)
            })?,
            (None, Some(name)) => whole(work, *name).await?,
            (None, None) => Bytes::new(),
        };
        let asked = EndpointAsked {
            tenant: work.job.tenant.clone(),
            endpoint: recipe.endpoint.clone(),
            body,
            content_type: recipe.content_type.clone(),
            accept: recipe.accept.clone(),
            custom_attributes: recipe.custom_attributes.clone(),
            timeout: recipe
                .timeout_s
                .map(|seconds| Duration::from_secs(seconds.into())),
        };
        self.endpoints.answer(asked).await
    }

    /// Where no other start will follow, whoever waits for the answer is told why there is none.
    async fn give_up(&self, work: &Work, recipe: &EndpointRecipe, error: Error) -> Error {
        let last = work.job.faults.len() + 1 >= work.job.tries as usize;
        if error.is_retryable() && !last {
            return error;
        }
        let said = self.objects.put(&recipe.failure, (self.explain)(&error));
        if let Err(unsaid) = said.await {
            tracing::warn!(job = %work.job.id, error = %unsaid, "a failure could not be put where it is looked for");
        }
        error
    }
}

impl JobHandler for EndpointJobs {
    fn kind(&self) -> JobKind {
        Self::kind()
    }

    fn run(&self, work: Work) -> BoxFuture<'_, Result<Output>> {
        Box::pin(self.attend(work))
    }
}

/// Says where failures are looked for that no answer will come, where no worker has said so: its time was over
/// while it waited, or its workers were lost.
#[derive(Debug)]
pub struct EndpointNotices {
    objects: Arc<dyn Objects>,
    explain: Explain,
}

impl EndpointNotices {
    /// Notices in this store.
    pub fn new(objects: Arc<dyn Objects>, explain: Explain) -> Self {
        Self { objects, explain }
    }

    async fn put(&self, job: &Job) -> Result<()> {
        let Some(why) = job.nothing_because() else {
            return Ok(());
        };
        // Of what cannot be read nobody knows where its failure is looked for.
        let Ok(recipe) = EndpointRecipe::deserialize(&job.recipe) else {
            return Ok(());
        };
        // A worker knew more of it than the record does.
        if self.objects.get(&recipe.failure).await?.is_some() {
            return Ok(());
        }
        self.objects.put(&recipe.failure, (self.explain)(&why)).await
    }
}

impl Notices for EndpointNotices {
    fn kind(&self) -> JobKind {
        EndpointJobs::kind()
    }

    fn give<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.put(job))
    }
}
