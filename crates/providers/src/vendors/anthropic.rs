//! Anthropic's own service, and whatever speaks like it.

use std::sync::Arc;

use busbar_core::{ChatRequest, Model};
use busbar_wire::anthropic::{BETAS_HEADER, MESSAGES_FORMAT, MessagesWatch, betas};
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;

use super::Shared;
use crate::{
    auth::Auth,
    chat::{Calls, HostedChat},
    endpoint::Endpoint,
    framing::Framing,
    host::{Call, Host},
    prices::Place,
    relay::{HostedRelay, Watcher},
    settings::{self, Nothing, Problem, Section, TaskName},
};

const ENDPOINT: &str = "https://api.anthropic.com";
const VERSION: &str = "2023-06-01";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    endpoint: Option<String>,
}

pub(super) fn build(section: &Section, shared: &Shared) -> Result<Vec<Model>, Vec<Problem>> {
    let settings = settings::read::<Settings, Nothing>(section)?;
    let one = |field: &str, message: String| vec![Problem::new(field, message)];
    let address = settings.vendor.endpoint.as_deref().unwrap_or(ENDPOINT);
    let endpoint = Endpoint::new(address).map_err(|why| one("endpoint", why))?;
    let host = Host {
        name: section.name.as_str().into(),
        client: shared.client.clone(),
        auth: Auth::header("x-api-key", section.key.as_ref()).map_err(|why| one("api_key", why))?,
        patience: settings.patience,
    };
    let uri = endpoint
        .join(&["v1", "messages"], None)
        .map_err(|why| one("endpoint", why))?;
    let call =
        |accept| Call::json(uri.clone(), accept).with("anthropic-version", HeaderValue::from_static(VERSION));
    let place = Place {
        kind: &section.kind,
        region: "",
    };
    let mut models = Vec::new();
    for (index, settings) in settings.models.iter().enumerate() {
        let common = &settings.common;
        if common.task != TaskName::Chat {
            return Err(one(
                &format!("models[{index}].task"),
                "this vendor does `chat` only".into(),
            ));
        }
        let chat = HostedChat {
            host: host.clone(),
            format: &MESSAGES_FORMAT,
            framing: Framing::Sse,
            model: common.upstream().to_owned(),
            calls: Calls {
                whole: call("application/json"),
                stream: Some(call(Framing::Sse.media_type())),
            },
            text_calls: None,
            counts: None,
            heads: Some(ask_for_betas),
        };
        let mut model = Model::new(common.card(&section.name, place, &shared.prices));
        model.relay = Some(Arc::new(HostedRelay {
            chat: chat.clone(),
            watch: Watcher::new(MessagesWatch::default),
            named_in_body: true,
            usage: None,
        }));
        model.chat = Some(Arc::new(chat));
        models.push(model);
    }
    Ok(models)
}

/// New features are asked for in the head here.
fn ask_for_betas(request: &ChatRequest, headers: &mut HeaderMap) {
    let betas = betas(request).join(",");
    if betas.is_empty() {
        return;
    }
    // A name that no header may have is none that the host knows.
    if let Ok(value) = HeaderValue::from_str(&betas) {
        headers.insert(BETAS_HEADER, value);
    }
}
