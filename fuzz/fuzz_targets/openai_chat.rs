//! Chat completions: bodies, chunks and answers; plain completions and vectors beside them.
#![no_main]

use busbar_fuzz::{answered, context, sent};
use busbar_wire::openai::{
    chat::ChatBody,
    completions::CompletionBody,
    hosts::{ChatWatch, OPENAI, read_embeddings},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = ChatBody::read(data).and_then(|body| body.into_request(context())) {
        sent(&OPENAI, &request);
    }
    let _completion = CompletionBody::read(data).and_then(|body| body.into_request(context()));
    let _vectors = read_embeddings(data);
    answered(&OPENAI, &mut ChatWatch::default(), data);
});
