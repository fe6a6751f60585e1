//! From what a client asks for to a job that is submitted.

use axum::http::{HeaderMap, HeaderName};
use busbar_core::{Context, Error, ErrorKind, ImageRequest, Result};
use busbar_jobs::{
    Hook, HookEvent, Input, MediaType, NewJob, Submitted,
    image::{ImageJobs, ImageRecipe},
};
use busbar_wire::{
    jobs::{ImageJobAsked, WebhookBody, WebhookEvent},
    openai::images::ImageFileFormat,
};
use bytes::Bytes;

use super::desk::Desk;
use crate::{Server, api::predict};

/// A client's own key for a request: the same key makes one job, however often it is sent.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Submits what is asked for.
///
/// # Errors
/// `Invalid`, naming the field; `NotFound`, `Unsupported` for the model; the store's.
pub(super) async fn submit(
    server: &Server,
    desk: &Desk,
    context: &Context,
    asked: ImageJobAsked,
    key: Option<String>,
) -> Result<Submitted> {
    let (card, _) = server.models().image(asked.request.model.as_str())?;
    let recipe = recipe(card.id.as_str(), &asked);
    recipe.check(usize::from(asked.picture.is_some()))?;
    let hook = asked
        .webhook
        .as_ref()
        .map(|webhook| hook(desk, webhook))
        .transpose()?;
    let mut inputs = Vec::new();
    if let Some(source) = &asked.picture {
        inputs.push(input(predict::file(server, context, source).await?)?);
    }
    let recipe = serde_json::to_value(recipe)
        .map_err(|source| Error::internal("a recipe cannot be written").with_source(source))?;
    let new = NewJob {
        kind: ImageJobs::kind(),
        recipe,
        inputs,
        key,
        hook,
        expires_in: asked.expires_in,
    };
    desk.jobs.submit(&context.tenant, new).await
}

/// The client's own key, where it sent one.
///
/// # Errors
/// `Invalid`, naming the header.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(key) = headers.get(&KEY) else {
        return Ok(None);
    };
    let text = key.to_str().map(str::to_owned).map_err(|_| {
        let message = format!("the header `{KEY}` must be visible ASCII characters");
        Error::invalid(KEY.as_str(), message)
    })?;
    Ok(Some(text))
}

/// Whom to tell, where this server can.
fn hook(desk: &Desk, webhook: &WebhookBody) -> Result<Hook> {
    if !desk.webhooks {
        let message = "`webhook` cannot be kept to: this server sends none; watch the job's events instead";
        return Err(Error::new(ErrorKind::Unsupported, message)
            .with_param("webhook")
            .with_code("webhooks_disabled"));
    }
    let event = |event: &WebhookEvent| match event {
        WebhookEvent::Queued => HookEvent::Queued,
        WebhookEvent::Started => HookEvent::Started,
        WebhookEvent::Retrying => HookEvent::Retrying,
        WebhookEvent::Succeeded => HookEvent::Succeeded,
        WebhookEvent::Failed => HookEvent::Failed,
        WebhookEvent::Cancelled => HookEvent::Cancelled,
        WebhookEvent::Expired => HookEvent::Expired,
    };
    Ok(Hook {
        url: webhook.url.clone(),
        events: webhook.events.iter().map(event).collect(),
    })
}

fn recipe(model: &str, asked: &ImageJobAsked) -> ImageRecipe {
    let request: &ImageRequest = &asked.request;
    ImageRecipe {
        negative_prompt: request.negative_prompt.clone(),
        width: request.width,
        height: request.height,
        steps: request.steps,
        guidance: request.guidance,
        seed: request.seed,
        scheduler: request.scheduler.map(|scheduler| scheduler.as_str().to_owned()),
        count: request.count,
        strength: asked.strength,
        format: match asked.format {
            ImageFileFormat::Png => MediaType::Png,
            ImageFileFormat::Jpeg => MediaType::Jpeg,
            ImageFileFormat::Webp => MediaType::Webp,
        },
        preview_every: request.preview_every,
        ..ImageRecipe::new(model, &request.prompt)
    }
}

/// A file to start from, by what it begins with; what it says of itself counts for nothing.
fn input(content: Bytes) -> Result<Input> {
    let media = match &*content {
        [0x89, b'P', b'N', b'G', ..] => MediaType::Png,
        [0xFF, 0xD8, 0xFF, ..] => MediaType::Jpeg,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => MediaType::Webp,
        _ => {
            let message = "the picture to start from must be a PNG, JPEG or WebP file";
            return Err(Error::new(ErrorKind::Invalid, message)
                .with_param("image")
                .with_code("unknown_image_format"));
        }
    };
    Ok(Input { content, media })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_begins_with() {
        let media = |bytes: &'static [u8]| input(Bytes::from_static(bytes)).map(|input| input.media).ok();
        assert_eq!(media(b"\x89PNG\r\n\x1a\n"), Some(MediaType::Png));
        assert_eq!(media(b"\xff\xd8\xff\xe0"), Some(MediaType::Jpeg));
        assert_eq!(media(b"RIFF\0\0\0\0WEBPVP8 "), Some(MediaType::Webp));
        assert_eq!(media(b"<svg>"), None);
    }
}
