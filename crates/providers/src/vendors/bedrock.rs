//! Amazon Bedrock: Converse for every model of the service, or the bodies that models take by
//! themselves; any region, a bearer key or a signature.

use std::sync::Arc;

use busbar_core::Model;
use busbar_wire::{
    bedrock::{
        BedrockModelId, Family, Operation,
        converse::{CONVERSE_FORMAT, ConverseWatch},
        invoke::{
            self, CACHE_READ_TOKENS_HEADER, CACHE_WRITE_TOKENS_HEADER, INPUT_TOKENS_HEADER,
            OUTPUT_TOKENS_HEADER, cohere, embed, images,
        },
    },
    upstream::{ChatFormat, Shown},
};
use serde::Deserialize;

use super::{Shared, aws};
use crate::{
    bring::Bringing,
    chat::{Calls, CountHeaders, HostedChat},
    embed::{EmbedFormat, HostedEmbed},
    endpoint::Endpoint,
    framing::Framing,
    host::{Call, Host},
    image::{Decode, HostedImage, ImageFormat},
    one_call::OneCall,
    picture_prices::PicturePrices,
    prices::Place,
    relay::{HostedRelay, Watcher},
    settings::{self, ModelSettings, Problem, Section, TaskName},
};

/// The service's name in signatures, and what stands before the region in its address.
const SERVICE: &str = "bedrock";
const ADDRESS: &str = "bedrock-runtime";
const JSON: &str = "application/json";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfModel {
    #[serde(default)]
    api: Api,
}

/// How a model is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Api {
    /// In the service's own words.
    #[default]
    Converse,
    /// In the model's.
    Invoke,
}

pub(super) fn build(section: &Section, shared: &Shared) -> Result<Vec<Model>, Vec<Problem>> {
    let settings = settings::read::<aws::Settings, OfModel>(section)?;
    let vendor = &settings.vendor;
    let endpoint = vendor.address(ADDRESS).map_err(|problem| vec![problem])?;
    let host = Host {
        name: section.name.as_str().into(),
        client: shared.client.clone(),
        auth: vendor
            .auth(section, SERVICE, vendor.credentials(section, &shared.client))
            .map_err(|problem| vec![problem])?,
        patience: settings.patience,
    };
    let place = Place {
        kind: &section.kind,
        region: &vendor.region,
    };
    let mut problems = Vec::new();
    let mut models = Vec::new();
    for (index, settings) in settings.models.iter().enumerate() {
        let mut model = Model::new(settings.common.card(&section.name, place, &shared.prices));
        match equip(&mut model, settings, (&host, &endpoint, place), shared) {
            Ok(()) => models.push(model),
            Err((field, why)) => problems.push(Problem::new(format!("models[{index}].{field}"), why)),
        }
    }
    match problems.is_empty() {
        true => Ok(models),
        false => Err(problems),
    }
}

fn equip(
    model: &mut Model,
    settings: &ModelSettings<OfModel>,
    (host, endpoint, place): (&Host, &Endpoint, Place<'_>),
    shared: &Shared,
) -> Result<(), Wrong> {
    let maker = Maker::new(host, endpoint, settings.common.upstream())?;
    match settings.common.task {
        TaskName::Chat => {
            let relay = maker.chat(settings.vendor.api)?;
            let bringing = Arc::new(Bringing {
                // The service takes bytes, and places in its own storage.
                model: Arc::new(relay.chat.clone()),
                fetcher: shared.fetcher.clone(),
            });
            model.chat = match settings.vendor.api {
                Api::Converse => Some(Arc::new(OneCall { model: bringing })),
                Api::Invoke => Some(bringing),
            };
            model.relay = Some(Arc::new(relay));
        }
        TaskName::Embed => model.embed = Some(Arc::new(maker.embed()?)),
        TaskName::Image => {
            let prices = settings.common.picture_prices(place, &shared.prices);
            model.image = Some(Arc::new(maker.image(&shared.decode, prices)?));
        }
        TaskName::Classify => return Err(("task", "this vendor does `chat`, `embed` and `image`".into())),
    }
    Ok(())
}

/// Where the service counts tokens, where bodies do not.
const COUNTS: CountHeaders = CountHeaders {
    input: INPUT_TOKENS_HEADER,
    output: OUTPUT_TOKENS_HEADER,
    cached: CACHE_READ_TOKENS_HEADER,
    kept: CACHE_WRITE_TOKENS_HEADER,
};

/// What a model is spoken to in, and the operations for a whole answer and for a stream.
struct Speech {
    format: &'static dyn ChatFormat,
    watch: Watcher,
    whole: Operation,
    stream: Operation,
}

fn speech(api: Api, family: Family) -> Result<Speech, String> {
    if api == Api::Converse {
        return Ok(Speech {
            format: &CONVERSE_FORMAT,
            watch: Watcher::new(ConverseWatch::default),
            whole: Operation::Converse,
            stream: Operation::ConverseStream,
        });
    }
    let (Some(format), Some(_)) = (invoke::chat_format(family), invoke::watch(family)) else {
        return Err("what this model takes by itself is not known from its id; leave `api` out".into());
    };
    Ok(Speech {
        format,
        // The family was asked above, and answers alike each time.
        watch: Watcher(Arc::new(move || {
            invoke::watch(family).unwrap_or_else(|| Box::<ConverseWatch>::default())
        })),
        whole: Operation::Invoke,
        stream: Operation::InvokeStream,
    })
}

/// The parts of a model of which each is made from the same settings.
struct Maker<'a> {
    host: &'a Host,
    endpoint: &'a Endpoint,
    id: BedrockModelId,
}

type Wrong = (&'static str, String);

impl<'a> Maker<'a> {
    fn new(host: &'a Host, endpoint: &'a Endpoint, upstream: &str) -> Result<Self, Wrong> {
        let id = BedrockModelId::parse(upstream);
        Ok(Self {
            host,
            endpoint,
            id: id.map_err(|error| ("upstream", error.message().to_owned()))?,
        })
    }

    fn call(&self, operation: Operation, accept: &'static str) -> Result<Call, Wrong> {
        let segments = ["model", self.id.as_str(), operation.segment()];
        let uri = self
            .endpoint
            .join(&segments, None)
            .map_err(|why| ("upstream", why))?;
        Ok(Call::json(uri, accept))
    }

    fn chat(&self, api: Api) -> Result<HostedRelay, Wrong> {
        let speech = speech(api, self.id.family()).map_err(|why| ("api", why))?;
        let chat = HostedChat {
            host: self.host.clone(),
            format: speech.format,
            framing: Framing::EventStream,
            model: self.id.as_str().to_owned(),
            calls: Calls {
                whole: self.call(speech.whole, JSON)?,
                stream: Some(self.call(speech.stream, Framing::EventStream.media_type())?),
            },
            text_calls: None,
            counts: Some(COUNTS),
            heads: None,
        };
        Ok(HostedRelay {
            chat,
            watch: speech.watch,
            named_in_body: false,
            usage: None,
        })
    }

    fn image(&self, decode: &Decode, prices: PicturePrices) -> Result<HostedImage, Wrong> {
        let family = self.id.family();
        if !matches!(
            family,
            Family::NovaCanvas | Family::TitanImage | Family::Stability
        ) {
            let why = "of this vendor's models Titan's, Nova Canvas and Stability's make pictures here";
            return Err(("task", why.into()));
        }
        Ok(HostedImage {
            host: self.host.clone(),
            call: self.call(Operation::Invoke, JSON)?,
            model: self.id.as_str().to_owned(),
            format: ImageFormat {
                write: images::write,
                read: |body, model| {
                    let files = images::read_answer(body, model)?;
                    Ok(files.into_iter().map(Shown::File).collect())
                },
                said: |body| CONVERSE_FORMAT.said(body),
                one_at_a_time: family == Family::Stability,
            },
            decode: decode.clone(),
            prices,
        })
    }

    fn embed(&self) -> Result<HostedEmbed, Wrong> {
        let said = |body: &[u8]| CONVERSE_FORMAT.said(body);
        let counts = Some(COUNTS);
        let format = match self.id.family() {
            Family::TitanEmbed => EmbedFormat {
                write: |request, _| embed::TitanEmbedBody::write(request),
                read: embed::read_answer,
                said,
                counts,
            },
            Family::CohereEmbed => EmbedFormat {
                write: |request, _| cohere::embed::write(request),
                read: cohere::embed::read_answer,
                said,
                counts,
            },
            _ => {
                let why = "of this vendor's models Titan's and Cohere's make vectors here";
                return Err(("task", why.into()));
            }
        };
        Ok(HostedEmbed {
            host: self.host.clone(),
            call: self.call(Operation::Invoke, JSON)?,
            model: self.id.as_str().to_owned(),
            format,
        })
    }
}
