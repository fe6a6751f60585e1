//! A hosted model that makes pictures. Hosts tell nothing on the way, so a picture is a step.

use std::{collections::VecDeque, pin::Pin, sync::Arc};

use busbar_core::{
    BoxFuture, Context, Error, ErrorKind, GeneratedImage, ImageDone, ImageEvent, ImageModel, ImageRecipe,
    ImageRequest, ImageStream, Money, Pixels, Result,
};
use busbar_wire::upstream::{Said, Shown};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};

use crate::{
    chat::MOST_OF_AN_ANSWER,
    host::{Call, Host},
    picture_prices::PicturePrices,
};

/// Pictures that are asked for one by one are asked for so many at a time.
const AT_ONCE: usize = 2;

/// Reads a picture's file. Whoever composes the program knows how.
pub type Decode = Arc<dyn Fn(Bytes) -> BoxFuture<'static, Result<Pixels>> + Send + Sync>;

/// A hosted model that makes pictures.
#[derive(Clone)]
pub struct HostedImage {
    /// Where it is.
    pub host: Host,
    /// How it is called.
    pub call: Call,
    /// Its name there.
    pub model: String,
    /// What it is asked in.
    pub format: ImageFormat,
    /// Reads the files that come.
    pub decode: Decode,
    /// What its pictures cost.
    pub prices: PicturePrices,
}

/// A format for pictures: functions of `wire`.
#[derive(Clone, Copy, Debug)]
pub struct ImageFormat {
    /// The body that asks for pictures.
    pub write: fn(&ImageRequest, &str) -> Result<Bytes>,
    /// The pictures in an answer.
    pub read: fn(&[u8], &str) -> Result<Vec<Shown>>,
    /// What a refusal says.
    pub said: fn(&[u8]) -> Said,
    /// Whether a request is for one picture and no more.
    pub one_at_a_time: bool,
}

impl std::fmt::Debug for HostedImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostedImage")
            .field("host", &self.host)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl ImageModel for HostedImage {
    fn generate(&self, request: ImageRequest) -> BoxFuture<'_, Result<ImageStream>> {
        Box::pin(self.ask(request))
    }
}

impl HostedImage {
    async fn ask(&self, request: ImageRequest) -> Result<ImageStream> {
        request.check()?;
        let bodies = self.bodies(&request)?;
        let mut calls = bodies.into_iter().map(|body| {
            let (this, context) = (self.clone(), request.context.clone());
            async move { this.one(body, &context).await }
        });
        // The first answer decides: until it is there, another model may be asked.
        let first = match calls.next() {
            Some(first) => first.await?,
            None => Vec::new(),
        };
        let rest = stream::iter(calls.collect::<Vec<_>>()).buffered(AT_ONCE);
        let telling = Telling {
            answers: Box::pin(stream::iter([Ok(first)]).chain(rest)),
            asked: request,
            prices: self.prices.clone(),
            cost: Some(Money::ZERO),
            made: 0,
            ready: VecDeque::new(),
            ended: false,
        };
        Ok(telling.into_stream())
    }

    /// What is sent. Pictures with seeds of their own are asked for one by one, so that each is the one
    /// that its seed makes.
    fn bodies(&self, request: &ImageRequest) -> Result<Vec<Bytes>> {
        if request.count == 1 || (request.seed.is_none() && !self.format.one_at_a_time) {
            return Ok(vec![(self.format.write)(request, &self.model)?]);
        }
        let one = |index| ImageRequest {
            count: 1,
            seed: request.seed.map(|seed| seed.wrapping_add(index)),
            ..request.clone()
        };
        (0..request.count)
            .map(|index| (self.format.write)(&one(index), &self.model))
            .collect()
    }

    async fn one(&self, body: Bytes, context: &Context) -> Result<Vec<Pixels>> {
        let answer = self
            .host
            .post(&self.call, body, context, &self.format.said)
            .await?;
        let body = answer.body.whole(MOST_OF_AN_ANSWER).await;
        let shown = (self.format.read)(&body.map_err(|why| self.host.explain(why))?, &self.model)?;
        let mut pictures = Vec::with_capacity(shown.len());
        for shown in shown {
            pictures.push(match shown {
                Shown::Pixels(pixels) => pixels,
                Shown::File(file) => (self.decode)(file).await.map_err(|error| {
                    let message = format!("`{}` sent something that is no picture", self.host.name);
                    Error::new(ErrorKind::BadUpstream, message).with_source(error)
                })?,
            });
        }
        Ok(pictures)
    }
}

/// The events of answers, in order.
struct Telling {
    answers: Pin<Box<dyn Stream<Item = Result<Vec<Pixels>>> + Send>>,
    asked: ImageRequest,
    prices: PicturePrices,
    /// What all of them cost so far; `None`: one of them has no price.
    cost: Option<Money>,
    made: u32,
    ready: VecDeque<ImageEvent>,
    ended: bool,
}

impl Telling {
    fn into_stream(self) -> ImageStream {
        Box::pin(stream::unfold(self, |mut telling| async {
            let event = telling.next().await?;
            Some((event, telling))
        }))
    }

    async fn next(&mut self) -> Option<Result<ImageEvent>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            if self.ended {
                return None;
            }
            match self.answers.next().await {
                Some(Ok(pictures)) => pictures.into_iter().for_each(|pixels| self.picture(pixels)),
                Some(Err(error)) => {
                    self.ended = true;
                    return Some(Err(error));
                }
                None => {
                    self.ended = true;
                    return Some(Ok(self.done()));
                }
            }
        }
    }

    fn picture(&mut self, pixels: Pixels) {
        // More than were asked for are nobody's.
        if self.made == self.asked.count {
            return;
        }
        let price = self.prices.of(&pixels);
        self.cost = self.cost.zip(price).map(|(cost, price)| cost + price);
        let index = self.made;
        self.made += 1;
        self.ready.push_back(ImageEvent::Step {
            done: self.made,
            total: self.asked.count,
        });
        self.ready.push_back(ImageEvent::Picture(GeneratedImage {
            index,
            pixels,
            recipe: ImageRecipe {
                seed: self.asked.seed.map(|seed| seed.wrapping_add(index)),
                steps: self.asked.steps,
                guidance: self.asked.guidance,
                scheduler: self.asked.scheduler,
                ..ImageRecipe::default()
            },
        }));
    }

    fn done(&self) -> ImageEvent {
        let mut notices = Vec::new();
        let kept = self.asked.count - self.made;
        if kept > 0 {
            notices.push(format!(
                "The model's host kept {kept} of {} pictures to itself.",
                self.asked.count
            ));
        }
        if self.asked.preview_every > 0 {
            notices.push("The model's host shows no previews.".to_owned());
        }
        ImageEvent::Done(ImageDone {
            pictures: self.made,
            notices,
            // Of nothing nobody knows what it cost.
            cost: self.cost.filter(|_| self.made > 0),
        })
    }
}
