//! Bedrock's runtime: Converse, and the bodies that models take by themselves.

use busbar_core::{Context, ModelId};
use busbar_telemetry::Operation;
use busbar_wire::{
    Framing,
    bedrock::{
        Family,
        converse::{self, Asked as OfPath, ConverseBody, ConverseWriter},
        error::{StreamOf, failed},
        invoke::{self, InvokeBody},
    },
};

use super::{Dialect, Incoming};
use crate::answer::Asked;

const EVENTS: Framing = Framing::EventStream {
    content_type: "application/json",
};

/// `POST /model/{id}/converse` and `…/converse-stream`.
pub(crate) static CONVERSE: Dialect = Dialect {
    operation: Operation::Chat,
    format: Some(converse::FORMAT),
    // Its bodies say everything.
    heads: &[],
    id_prefix: "converse-",
    framing: EVENTS,
    read: |incoming, context| {
        let body = ConverseBody::read(incoming.body)?;
        Ok(Asked {
            request: body.into_request(of_path(&incoming, context))?,
            stream: incoming.stream,
            include_usage: true,
            choices: 1,
            writer: Box::new(|head| Box::new(ConverseWriter::new(&head))),
        })
    },
    fail: |error| failed(error, StreamOf::Converse),
};

/// `POST /model/{id}/invoke` and `…/invoke-with-response-stream`.
pub(crate) static INVOKE: Dialect = Dialect {
    operation: Operation::Chat,
    // Each family of models has its own; the path says which.
    format: None,
    heads: invoke::HEADERS,
    id_prefix: "invoke-",
    framing: EVENTS,
    read: |incoming, context| {
        invoke::check_headers(incoming.heads)?;
        let family = incoming.model.map_or(Family::Other, Family::of);
        let body = InvokeBody::read(incoming.body, family)?;
        let family = body.family();
        Ok(Asked {
            request: body.into_request(of_path(&incoming, context))?,
            stream: incoming.stream,
            include_usage: true,
            choices: 1,
            writer: Box::new(move |head| match invoke::writer(family, head.clone()) {
                Some(writer) => Box::new(writer),
                // Every body that could be read has a family that can be written.
                None => Box::new(ConverseWriter::new(&head)),
            }),
        })
    },
    fail: |error| failed(error, StreamOf::Invoke),
};

fn of_path(incoming: &Incoming<'_>, context: Context) -> OfPath {
    OfPath {
        context,
        model: ModelId::new(incoming.model.unwrap_or_default()),
        whole: !incoming.stream,
    }
}
