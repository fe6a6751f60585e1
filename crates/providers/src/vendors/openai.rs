//! OpenAI's own service, and what everybody has in common who speaks like it.

use std::sync::Arc;

use busbar_core::Model;
use busbar_wire::{
    openai::{
        hosts::{
            ChatWatch, OPENAI, OpenAiChat, Quirks, asks_for_usage, is_only_usage,
            quirks::{PictureWords, StreamUsage},
            read_embeddings, with_usage, write_embeddings, write_own_embeddings,
        },
        images::{ImageList, write_images, write_our_images},
        responses::hosts::{self as responses, RESPONSES},
    },
    upstream::ChatFormat as _,
};
use http::HeaderValue;
use serde::Deserialize;

use super::Shared;
use crate::{
    auth::Auth,
    chat::{Calls, HostedChat},
    embed::{EmbedFormat, HostedEmbed},
    endpoint::Endpoint,
    framing::Framing,
    host::{Call, Host},
    image::{Decode, HostedImage, ImageFormat},
    picture_prices::PicturePrices,
    prices::Place,
    relay::{AskForUsage, HostedRelay, Watcher},
    settings::{self, ModelSettings, Problem, Section, TaskName},
};

const ENDPOINT: &str = "https://api.openai.com/v1";
const JSON: &str = "application/json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    endpoint: Option<String>,
    organization: Option<String>,
    project: Option<String>,
}

pub(super) fn build(section: &Section, shared: &Shared) -> Result<Vec<Model>, Vec<Problem>> {
    let settings = settings::read::<Settings, OfModel>(section)?;
    let one = |field: &str, message: String| vec![Problem::new(field, message)];
    let vendor = settings.vendor;
    let mut headers = Vec::new();
    for (field, name, value) in [
        ("organization", "openai-organization", vendor.organization),
        ("project", "openai-project", vendor.project),
    ] {
        let Some(value) = value else { continue };
        let value = HeaderValue::from_str(&value);
        headers.push((
            name,
            value.map_err(|_| one(field, "cannot stand in a header".into()))?,
        ));
    }
    let address = vendor.endpoint.as_deref().unwrap_or(ENDPOINT);
    let speaker = Speaker {
        endpoint: Endpoint::new(address).map_err(|why| one("endpoint", why))?,
        host: Host {
            name: section.name.as_str().into(),
            client: shared.client.clone(),
            auth: Auth::bearer(section.key.as_ref()).map_err(|why| one("api_key", why))?,
            patience: settings.patience,
        },
        format: &OPENAI,
        quirks: Quirks::OPENAI,
        headers,
    };
    speaker.models(&settings.models, section, shared)
}

/// What such a host knows about a model.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfModel {
    /// How it is asked for text.
    #[serde(default)]
    api: Api,
}

/// Which of the vendor's two formats for text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Api {
    /// Chat completions.
    #[default]
    Chat,
    /// Responses.
    Responses,
}

/// What the format has no word for.
fn no_labels() -> String {
    "a model of this vendor does `chat`, `embed` or `image`".to_owned()
}

/// A host that speaks the format.
pub(super) struct Speaker {
    pub(super) endpoint: Endpoint,
    pub(super) host: Host,
    pub(super) format: &'static OpenAiChat,
    pub(super) quirks: Quirks,
    /// What every request says beside.
    pub(super) headers: Vec<(&'static str, HeaderValue)>,
}

impl Speaker {
    pub(super) fn models(
        &self,
        models: &[ModelSettings<OfModel>],
        section: &Section,
        shared: &Shared,
    ) -> Result<Vec<Model>, Vec<Problem>> {
        let place = Place {
            kind: &section.kind,
            region: "",
        };
        let made = models.iter().map(|ModelSettings { common, vendor }| {
            let mut model = Model::new(common.card(&section.name, place, &shared.prices));
            match common.task {
                TaskName::Chat => {
                    let relay = match vendor.api {
                        Api::Chat => self.chat(common.upstream())?,
                        Api::Responses => self.responses(common.upstream())?,
                    };
                    model.chat = Some(Arc::new(relay.chat.clone()));
                    model.relay = Some(Arc::new(relay));
                }
                TaskName::Embed => model.embed = Some(Arc::new(self.embed(common.upstream())?)),
                TaskName::Image => {
                    let prices = common.picture_prices(place, &shared.prices);
                    let image = self.image(common.upstream(), &shared.decode, prices)?;
                    model.image = Some(Arc::new(image));
                }
                TaskName::Classify => return Err(no_labels()),
            }
            Ok(model)
        });
        made.collect::<Result<_, String>>()
            .map_err(|why| vec![Problem::new("models", why)])
    }

    fn call(&self, segments: &[&str], accept: &'static str) -> Result<Call, String> {
        let call = Call::json(self.endpoint.join(segments, None)?, accept);
        let headers = self.headers.iter().cloned();
        Ok(headers.fold(call, |call, (name, value)| call.with(name, value)))
    }

    fn calls(&self, segments: &[&str]) -> Result<Calls, String> {
        Ok(Calls {
            whole: self.call(segments, JSON)?,
            stream: Some(self.call(segments, Framing::Sse.media_type())?),
        })
    }

    fn chat(&self, upstream: &str) -> Result<HostedRelay, String> {
        let chat = HostedChat {
            host: self.host.clone(),
            format: self.format,
            framing: Framing::Sse,
            model: upstream.to_owned(),
            calls: self.calls(&["chat", "completions"])?,
            text_calls: Some(self.calls(&["completions"])?),
            counts: None,
            heads: None,
        };
        let usage = AskForUsage {
            asked: asks_for_usage,
            ask: with_usage,
            is_only_usage,
        };
        Ok(HostedRelay {
            chat,
            watch: Watcher::new(ChatWatch::default),
            named_in_body: true,
            usage: (self.quirks.stream_usage == StreamUsage::OnRequest).then_some(usage),
        })
    }

    fn responses(&self, upstream: &str) -> Result<HostedRelay, String> {
        let chat = HostedChat {
            host: self.host.clone(),
            format: &RESPONSES,
            framing: Framing::Sse,
            model: upstream.to_owned(),
            calls: self.calls(&["responses"])?,
            text_calls: None,
            counts: None,
            heads: None,
        };
        Ok(HostedRelay {
            chat,
            watch: Watcher(Arc::new(responses::watch)),
            named_in_body: true,
            // It comes unasked.
            usage: None,
        })
    }

    fn image(&self, upstream: &str, decode: &Decode, prices: PicturePrices) -> Result<HostedImage, String> {
        Ok(HostedImage {
            host: self.host.clone(),
            call: self.call(&["images", "generations"], JSON)?,
            model: upstream.to_owned(),
            format: ImageFormat {
                write: match self.quirks.pictures {
                    PictureWords::Ours => write_our_images,
                    PictureWords::Vendor => write_images,
                },
                read: |body, _| ImageList::read(body)?.files(),
                said: |body| OPENAI.said(body),
                one_at_a_time: false,
            },
            decode: decode.clone(),
            prices,
        })
    }

    fn embed(&self, upstream: &str) -> Result<HostedEmbed, String> {
        Ok(HostedEmbed {
            host: self.host.clone(),
            call: self.call(&["embeddings"], JSON)?,
            model: upstream.to_owned(),
            format: EmbedFormat {
                write: match self.quirks.pictures {
                    PictureWords::Ours => |request, model| vec![write_own_embeddings(request, model)],
                    PictureWords::Vendor => |request, model| vec![write_embeddings(request, model)],
                },
                read: read_embeddings,
                said: |body| OPENAI.said(body),
                counts: None,
            },
        })
    }
}
