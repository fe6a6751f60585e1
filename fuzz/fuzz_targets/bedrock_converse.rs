//! Converse: bodies, events and answers.
#![no_main]

use busbar_fuzz::{answered, context, sent};
use busbar_wire::bedrock::converse::{Asked, CONVERSE_FORMAT, ConverseBody, ConverseWatch};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let asked = Asked {
        context: context(),
        model: "m".into(),
        whole: false,
    };
    if let Ok(request) = ConverseBody::read(data).and_then(|body| body.into_request(asked)) {
        sent(&CONVERSE_FORMAT, &request);
    }
    answered(&CONVERSE_FORMAT, &mut ConverseWatch::default(), data);
});
