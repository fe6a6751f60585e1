//! Our own formats: what is on a picture, summaries, jobs, frames of a WebSocket, routes; and what clients of
//! ours read.
#![no_main]

use busbar_core::Capabilities;
use busbar_fuzz::context;
use busbar_wire::{
    bedrock, client, jobs, openai, predict::PredictBody, summaries::SummaryBody, ws::ClientFrame,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let can = Capabilities::default();
    let _predict = PredictBody::read(data).and_then(PredictBody::into_asked);
    let _summary = SummaryBody::read(data).and_then(|body| body.into_asked(context()));
    let _job = jobs::ImageJobBody::read(data).and_then(|body| body.into_asked(context()));
    let _frame = ClientFrame::read(data);
    let _vectors = openai::embeddings::EmbeddingBody::read(data)
        .and_then(|body| body.into_request(context(), &can));
    let _titan = bedrock::invoke::embed::TitanEmbedBody::read(data)
        .and_then(|body| body.into_request(context(), "m".into(), &can));
    let _cohere = bedrock::invoke::cohere::embed::CohereEmbedBody::read(data)
        .and_then(|body| body.to_request(context(), "m".into(), &can));
    let _vector = bedrock::invoke::embed::read_answer(data);
    let _models = client::read_models(data);
    let _image_job = client::read_image_job(data);
    let _prediction = client::read_prediction(data);
});
