//! Responses: bodies, events and answers.
#![no_main]

use busbar_fuzz::{answered, context, sent};
use busbar_wire::openai::{
    hosts::OPENAI,
    responses::{
        ResponsesBody,
        hosts::{RESPONSES, watch},
    },
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = ResponsesBody::read(data).and_then(|body| body.into_request(context())) {
        sent(&OPENAI, &request);
        sent(&RESPONSES, &request);
    }
    answered(&RESPONSES, &mut *watch(), data);
});
