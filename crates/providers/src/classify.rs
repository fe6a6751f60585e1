//! A hosted model that says what is on pictures: a file in, labels out.

use std::time::Instant;

use busbar_core::{
    BoxFuture, Classification, Classifier, ClassifyRequest, ClassifyTimings, Context, Error, ErrorKind,
    ModelId, Picture, Prediction, Result, Sight,
};
use busbar_wire::upstream::Said;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    chat::MOST_OF_AN_ANSWER,
    host::{Call, Host},
    image::Decode,
};

/// Pictures are looked at so many at a time: a request has one.
const AT_ONCE: usize = 4;

/// A hosted model that says what is on pictures.
#[derive(Clone)]
pub struct HostedSight {
    /// Where it is.
    pub host: Host,
    /// How it is called; the body is a picture's file.
    pub call: Call,
    /// The name that clients ask for.
    pub model: ModelId,
    /// What it answers in.
    pub format: LabelFormat,
    /// Reads pictures' files: what is none is not sent.
    pub decode: Decode,
}

/// A format for labels: functions of `wire`.
#[derive(Clone, Copy, Debug)]
pub struct LabelFormat {
    /// The labels in an answer, the likeliest first.
    pub read: fn(&[u8]) -> Result<Vec<Prediction>>,
    /// What a refusal says.
    pub said: fn(&[u8]) -> Said,
}

impl std::fmt::Debug for HostedSight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostedSight")
            .field("host", &self.host)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl Classifier for HostedSight {
    fn classify(&self, request: ClassifyRequest) -> BoxFuture<'_, Result<Classification>> {
        Box::pin(self.look(request))
    }
}

impl HostedSight {
    async fn look(&self, request: ClassifyRequest) -> Result<Classification> {
        request.check()?;
        let began = Instant::now();
        // All are read before one is sent: a wrong one costs nothing.
        let mut pictures = Vec::with_capacity(request.pictures.len());
        for (index, picture) in request.pictures.iter().enumerate() {
            pictures.push(self.read(picture, &request.param_of(index)).await?);
        }
        let decode = began.elapsed();
        let began = Instant::now();
        let looks: Vec<_> = pictures
            .into_iter()
            .map(|(file, width, height)| self.one(file, width, height, &request))
            .collect();
        let sights = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
        Ok(Classification {
            model: self.model.clone(),
            version: None,
            sights,
            timings: ClassifyTimings {
                decode,
                inference: began.elapsed(),
                ..ClassifyTimings::default()
            },
        })
    }

    async fn read(&self, picture: &Picture, param: &str) -> Result<(Bytes, u32, u32)> {
        let Picture::Encoded(file) = picture else {
            let message = "the model that serves this request takes pictures as files";
            return Err(Error::new(ErrorKind::Unsupported, message).with_param(param));
        };
        let pixels = (self.decode)(file.clone()).await;
        let pixels = pixels.map_err(|error| error.with_param(param))?;
        Ok((file.clone(), pixels.width(), pixels.height()))
    }

    fn one<'a>(
        &'a self,
        file: Bytes,
        width: u32,
        height: u32,
        request: &'a ClassifyRequest,
    ) -> BoxFuture<'a, Result<Sight>> {
        Box::pin(async move {
            let mut predictions = self.labels(file, &request.context).await?;
            predictions.retain(|prediction| prediction.score >= request.threshold);
            predictions.truncate(request.top_k.get());
            Ok(Sight {
                predictions,
                width,
                height,
            })
        })
    }

    async fn labels(&self, file: Bytes, context: &Context) -> Result<Vec<Prediction>> {
        let answer = self
            .host
            .post(&self.call, file, context, &self.format.said)
            .await?;
        let body = answer.body.whole(MOST_OF_AN_ANSWER).await;
        (self.format.read)(&body.map_err(|why| self.host.explain(why))?)
    }
}
