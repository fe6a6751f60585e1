//! Responses: bodies.
#![no_main]

use busbar_fuzz::{context, sent};
use busbar_wire::openai::{hosts::OPENAI, responses::ResponsesBody};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = ResponsesBody::read(data).and_then(|body| body.into_request(context())) {
        sent(&OPENAI, &request);
    }
});
