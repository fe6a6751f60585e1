//! Messages: bodies, events and answers.
#![no_main]

use busbar_fuzz::{answered, context, sent};
use busbar_wire::anthropic::{MESSAGES_FORMAT, MessagesBody, MessagesWatch, Variant};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for variant in [Variant::Direct, Variant::Bedrock] {
        if let Ok(request) = MessagesBody::read(data, variant).and_then(|body| body.into_request(context())) {
            sent(&MESSAGES_FORMAT, &request);
        }
    }
    answered(&MESSAGES_FORMAT, &mut MessagesWatch::default(), data);
});
