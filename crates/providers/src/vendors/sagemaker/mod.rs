//! Amazon SageMaker's runtime: endpoints that people set up, each with a container that takes a format
//! of its own. The configuration says which.

mod later;
mod pictures;

use std::sync::Arc;

use busbar_core::Model;
use busbar_wire::{
    bedrock::converse::ConverseWatch,
    sagemaker::{self, CHAT_FORMAT, EndpointName, Operation, TEXT_FORMAT},
    upstream::ChatFormat,
};
use http::HeaderValue;
use serde::Deserialize;

use self::later::HostedLater;
use super::{
    Shared,
    aws::{self, Location, Objects},
};
use crate::{
    chat::{Calls, HostedChat},
    endpoint::Endpoint,
    framing::Framing,
    host::{Call, Host},
    image::Decode,
    prices::Place,
    relay::{HostedRelay, Watcher},
    settings::{self, ModelSettings, Problem, Section, TaskName},
};

/// The service's name in signatures, and what stands before the region in its address.
const SERVICE: &str = "sagemaker";
const ADDRESS: &str = "runtime.sagemaker";
const JSON: &str = "application/json";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfModel {
    #[serde(default)]
    format: Container,
    /// Whether the container can stream.
    #[serde(default = "yes")]
    stream: bool,
    /// Where requests are put of an endpoint that works later: `s3://bucket/path`.
    inputs: Option<String>,
    /// Which model of an endpoint with several.
    target_model: Option<String>,
    /// Which component of an endpoint with several.
    inference_component: Option<String>,
}

fn yes() -> bool {
    true
}

/// What a container takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Container {
    /// `inputs` and `parameters`, as JumpStart's and Hugging Face's take it.
    #[default]
    Text,
    /// `messages`, as newer containers and our own take it.
    Chat,
}

pub(super) fn build(section: &Section, shared: &Shared) -> Result<Vec<Model>, Vec<Problem>> {
    let settings = settings::read::<aws::Settings, OfModel>(section)?;
    let vendor = &settings.vendor;
    let endpoint = vendor.address(ADDRESS).map_err(|problem| vec![problem])?;
    let credentials = vendor.credentials(section, &shared.client);
    let host = Host {
        name: section.name.as_str().into(),
        client: shared.client.clone(),
        auth: vendor
            .auth(section, SERVICE, credentials.clone())
            .map_err(|problem| vec![problem])?,
        patience: settings.patience,
    };
    let objects = vendor
        .objects(&host, credentials)
        .map_err(|problem| vec![problem])?;
    let place = Place {
        kind: &section.kind,
        region: &vendor.region,
    };
    let mut problems = Vec::new();
    let mut models = Vec::new();
    for (index, settings) in settings.models.iter().enumerate() {
        let mut model = Model::new(settings.common.card(&section.name, place, &shared.prices));
        let place = Somewhere {
            host: &host,
            address: &endpoint,
            objects: &objects,
            decode: &shared.decode,
        };
        match equip(&mut model, settings, &place) {
            Ok(()) => models.push(model),
            Err((field, why)) => problems.push(Problem::new(format!("models[{index}].{field}"), why)),
        }
    }
    match problems.is_empty() {
        true => Ok(models),
        false => Err(problems),
    }
}

/// Where endpoints are, and what is at hand there.
struct Somewhere<'a> {
    host: &'a Host,
    address: &'a Endpoint,
    objects: &'a Objects,
    decode: &'a Decode,
}

type Wrong = (&'static str, String);

fn equip(model: &mut Model, settings: &ModelSettings<OfModel>, place: &Somewhere<'_>) -> Result<(), Wrong> {
    match settings.common.task {
        TaskName::Chat => equip_chat(model, settings, place),
        TaskName::Image => {
            model.image = Some(Arc::new(pictures::maker(settings, place)?));
            Ok(())
        }
        TaskName::Classify => {
            model.classify = Some(Arc::new(pictures::looker(settings, place)?));
            Ok(())
        }
        TaskName::Embed => Err(("task", "this vendor does `chat`, `image` and `classify`".into())),
    }
}

fn equip_chat(
    model: &mut Model,
    settings: &ModelSettings<OfModel>,
    place: &Somewhere<'_>,
) -> Result<(), Wrong> {
    let relay = chat(place, settings)?;
    let Some(inputs) = &settings.vendor.inputs else {
        model.chat = Some(Arc::new(relay.chat.clone()));
        model.relay = Some(Arc::new(relay));
        return Ok(());
    };
    let name = endpoint_name(&relay.chat.model)?;
    model.chat = Some(Arc::new(HostedLater {
        host: place.host.clone(),
        format: relay.chat.format,
        call: call(place.address, &name, Operation::InvokeAsync, &settings.vendor)?,
        model: relay.chat.model,
        objects: place.objects.clone(),
        inputs: Location::new(inputs).map_err(|why| ("inputs", why))?,
    }));
    Ok(())
}

fn endpoint_name(name: &str) -> Result<EndpointName, Wrong> {
    EndpointName::parse(name).map_err(|_| {
        let why = "is no name of an endpoint: letters, digits, hyphens";
        ("upstream", why.to_owned())
    })
}

fn chat(place: &Somewhere<'_>, settings: &ModelSettings<OfModel>) -> Result<HostedRelay, Wrong> {
    let (address, vendor) = (place.address, &settings.vendor);
    let name = endpoint_name(settings.common.upstream())?;
    let format: &'static dyn ChatFormat = match vendor.format {
        Container::Text => &TEXT_FORMAT,
        Container::Chat => &CHAT_FORMAT,
    };
    let whole = call(address, &name, Operation::Invoke, vendor)?;
    let stream = vendor
        .stream
        .then(|| call(address, &name, Operation::InvokeStream, vendor));
    let calls = Calls {
        whole,
        stream: stream.transpose()?,
    };
    let chat = HostedChat {
        host: place.host.clone(),
        format,
        framing: Framing::EventStream,
        model: name.as_str().to_owned(),
        calls,
        text_calls: None,
        counts: None,
        heads: None,
    };
    Ok(HostedRelay {
        watch: Watcher(Arc::new(move || {
            // Both formats above have one.
            sagemaker::watch(format.name()).unwrap_or_else(|| Box::<ConverseWatch>::default())
        })),
        chat,
        named_in_body: false,
        usage: None,
    })
}

fn call(
    address: &Endpoint,
    name: &EndpointName,
    operation: Operation,
    settings: &OfModel,
) -> Result<Call, Wrong> {
    let accept = match operation {
        Operation::InvokeStream => Framing::EventStream.media_type(),
        Operation::Invoke | Operation::InvokeAsync => JSON,
    };
    let segments = ["endpoints", name.as_str(), operation.segment()];
    let uri = address.join(&segments, None).map_err(|why| ("upstream", why))?;
    let mut call = Call::json(uri, accept);
    for (field, header, value) in [
        (
            "target_model",
            "x-amzn-sagemaker-target-model",
            &settings.target_model,
        ),
        (
            "inference_component",
            "x-amzn-sagemaker-inference-component",
            &settings.inference_component,
        ),
    ] {
        let Some(value) = value else { continue };
        let value = HeaderValue::from_str(value);
        call = call.with(
            header,
            value.map_err(|_| (field, "cannot stand in a header".to_owned()))?,
        );
    }
    Ok(call)
}
