//! Pictures for dialects that want them within their answers: a job that the client waits for, or,
//! where pixels are wanted, the model itself.

use axum::{
    extract::FromRequestParts as _,
    http::{HeaderMap, request::Parts},
};
use busbar_core::{Error, GeneratedImage, ImageEvent, ImageRequest, Money, Result};
use busbar_wire::{jobs::ImageJobAsked, openai::images::ImageFileFormat};
use bytes::Bytes;
use futures_util::StreamExt as _;

use super::{desk::Desk, generations, order, view};
use crate::{Server, caller::Caller, deadline::Deadline, error::Handled, layers::Watching};

/// A picture that was made.
pub(crate) struct Made {
    /// Its file.
    pub(crate) file: Bytes,
    /// Its seed, where the model told it.
    pub(crate) seed: Option<u32>,
}

/// Pictures that were made, and what they cost, US dollars, where that is known.
pub(crate) struct Painted<T> {
    /// The pictures.
    pub(crate) made: T,
    /// What they cost.
    pub(crate) cost: Option<f64>,
}

/// Whether a model makes pictures and does nothing else.
pub(crate) fn paints(server: &Server, name: &str) -> bool {
    let model = server.models().get(name);
    model.is_ok_and(|model| model.image.is_some() && model.chat.is_none())
}

/// Makes pictures as files. The job stops when nobody waits for it any more.
///
/// # Errors
/// What refuses or fails the job; `DeadlineExceeded`.
pub(crate) async fn files(
    server: &Server,
    caller: &Caller,
    parts: &mut Parts,
    request: ImageRequest,
    format: ImageFileFormat,
) -> Handled<Painted<Vec<Made>>> {
    let _running = server.drain().admit()?;
    let desk = Desk::from_request_parts(parts, server).await?;
    let asked = ImageJobAsked {
        request,
        picture: None,
        strength: None,
        format,
        expires_in: None,
        webhook: None,
    };
    let mut watching = Watching::begin(server);
    let making = async {
        let submitted = order::submit(server, &desk, &caller.context, asked, None).await?;
        let (_, output) = generations::done(&desk.jobs, submitted.job).await?;
        let mut made = Vec::with_capacity(output.artifacts.len());
        for (at, artifact) in output.artifacts.iter().enumerate() {
            let recipe = output.detail["pictures"].get(at).and_then(view::recipe);
            made.push(Made {
                file: generations::file(&desk.jobs, artifact).await?,
                seed: recipe.and_then(|recipe| recipe.seed),
            });
        }
        let cost = view::cost(&output);
        Ok::<_, Error>(Painted { made, cost })
    };
    let made = Deadline::of(server, &caller.context).before(making).await;
    watching.end();
    Ok(made.flatten()?)
}

/// Makes one picture as pixels.
///
/// # Errors
/// What refuses the request or fails it; `DeadlineExceeded`.
pub(crate) async fn pixels(
    server: &Server,
    caller: &Caller,
    request: ImageRequest,
) -> Result<Painted<GeneratedImage>> {
    let _running = server.drain().admit()?;
    let (_, model) = server.models().image(request.model.as_str())?;
    let mut watching = Watching::begin(server);
    let making = async {
        let mut events = model.generate(request).await?;
        let mut first = None;
        while let Some(event) = events.next().await {
            match event? {
                ImageEvent::Picture(picture) => first = first.or(Some(picture)),
                ImageEvent::Done(done) => {
                    let nothing = || Error::internal("the model ended without a picture");
                    let made = first.ok_or_else(nothing)?;
                    let cost = done.cost.map(Money::as_dollars);
                    return Ok(Painted { made, cost });
                }
                ImageEvent::Step { .. } | ImageEvent::Preview { .. } => {}
            }
        }
        Err(Error::internal("the model ended without saying that it was done"))
    };
    let made = Deadline::of(server, &caller.context).before(making).await;
    watching.end();
    made.flatten()
}

/// A header as text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
