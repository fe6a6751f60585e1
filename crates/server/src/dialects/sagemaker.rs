//! SageMaker's endpoints: bodies of the usual containers, streamed as parts.

use busbar_core::ModelId;
use busbar_telemetry::Operation;
use busbar_wire::{
    Chunk, Framing,
    sagemaker::{EndpointBody, FRAMING, TextBody, error},
};

use super::Dialect;
use crate::answer::Asked;

/// `POST /endpoints/{name}/invocations` and `…/invocations-response-stream`.
pub(crate) static ENDPOINT: Dialect = Dialect {
    operation: Operation::Chat,
    // What stands in a body is between the client and the container: only its fields tell.
    format: None,
    heads: &[],
    id_prefix: "invocation-",
    framing: FRAMING,
    read: |incoming, context| {
        let body = EndpointBody::read(incoming.body)?;
        let written_for = EndpointBody::read(incoming.body)?;
        let model = ModelId::new(incoming.model.unwrap_or_default());
        Ok(Asked {
            request: body.into_request(context, model, !incoming.stream)?,
            stream: incoming.stream,
            include_usage: true,
            choices: 1,
            writer: Box::new(move |head| Box::new(written_for.writer(head))),
        })
    },
    fail: error::failed,
};

/// `POST /invocations` and `POST /models/{name}/invoke`: the container itself, which is told by the body whether
/// to stream, and whose parts are its service's to make.
pub(crate) static CONTAINER: Dialect = Dialect {
    operation: Operation::Chat,
    format: None,
    heads: &[],
    id_prefix: "invocation-",
    framing: Framing::Sse { end: None },
    read: |incoming, context| {
        let body = TextBody::read(incoming.body)?;
        let written_for = TextBody::read(incoming.body)?;
        let stream = body.stream == Some(true);
        let mut request = body.into_request(context)?;
        request.model = ModelId::new(incoming.model.unwrap_or_default());
        request.whole = !stream;
        Ok(Asked {
            request,
            stream,
            include_usage: true,
            choices: 1,
            writer: Box::new(move |_| written_for.writer()),
        })
    },
    fail: |error| Chunk::plain(error::error_body(error, None)).failed(),
};
