//! A model that is loaded when somebody first wants a picture of it: until then it costs nothing.

use std::{fmt, sync::Arc};

use busbar_core::{BoxFuture, Error, ErrorKind, ImageModel, ImageRequest, ImageStream, Result};
use tokio::sync::OnceCell;

type Load = Box<dyn Fn() -> Result<Arc<dyn ImageModel>> + Send + Sync>;

/// A model that is loaded when it is first asked.
pub(crate) struct Deferred {
    load: Arc<Load>,
    model: OnceCell<Arc<dyn ImageModel>>,
}

impl Deferred {
    /// `load` may block; it is called again where it failed.
    pub(crate) fn new(load: impl Fn() -> Result<Arc<dyn ImageModel>> + Send + Sync + 'static) -> Self {
        Self {
            load: Arc::new(Box::new(load)),
            model: OnceCell::new(),
        }
    }

    async fn model(&self) -> Result<&Arc<dyn ImageModel>> {
        let loading = || async {
            let load = self.load.clone();
            let loaded = tokio::task::spawn_blocking(move || load()).await;
            loaded.map_err(|error| {
                let message = "loading the model broke off";
                Error::new(ErrorKind::Unavailable, message).with_source(error)
            })?
        };
        self.model.get_or_try_init(loading).await
    }
}

impl ImageModel for Deferred {
    fn generate(&self, request: ImageRequest) -> BoxFuture<'_, Result<ImageStream>> {
        Box::pin(async move {
            // What is wrong needs no model to be told.
            request.check()?;
            self.model().await?.generate(request).await
        })
    }
}

impl fmt::Debug for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deferred")
            .field("model", &self.model.get())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use busbar_core::{Context, RequestId};

    use super::*;

    #[derive(Debug)]
    struct Nothing;

    impl ImageModel for Nothing {
        fn generate(&self, _: ImageRequest) -> BoxFuture<'_, Result<ImageStream>> {
            Box::pin(async { Ok(Box::pin(futures_util::stream::empty()) as ImageStream) })
        }
    }

    fn request(prompt: &str) -> ImageRequest {
        ImageRequest::new(Context::new(RequestId::new("t")), "m".into(), prompt)
    }

    #[tokio::test]
    async fn it_is_loaded_once_when_first_asked_and_again_only_where_that_failed() {
        let count = Arc::new(AtomicU32::new(0));
        let counted = count.clone();
        let model = Deferred::new(move || match counted.fetch_add(1, Relaxed) {
            0 => Err(Error::new(ErrorKind::Unavailable, "not yet")),
            _ => Ok(Arc::new(Nothing) as Arc<dyn ImageModel>),
        });
        assert!(model.generate(request(" ")).await.is_err());
        assert_eq!(count.load(Relaxed), 0, "a wrong request loads nothing");
        assert!(model.generate(request("a")).await.is_err());
        assert!(model.generate(request("a")).await.is_ok());
        assert!(model.generate(request("a")).await.is_ok());
        assert_eq!(count.load(Relaxed), 2);
    }
}
