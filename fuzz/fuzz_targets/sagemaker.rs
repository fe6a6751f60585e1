//! SageMaker: the containers' bodies, parts and answers.
#![no_main]

use busbar_fuzz::{answered, context, sent};
use busbar_wire::{
    sagemaker::{CHAT_FORMAT, EndpointBody, TEXT_FORMAT, label, watch},
    upstream::ChatFormat,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(body) = EndpointBody::read(data)
        && let Ok(request) = body.into_request(context(), "m".into(), true)
    {
        sent(&TEXT_FORMAT, &request);
        sent(&CHAT_FORMAT, &request);
    }
    let formats: [&dyn ChatFormat; 2] = [&TEXT_FORMAT, &CHAT_FORMAT];
    for format in formats {
        if let Some(mut watch) = watch(format.name()) {
            answered(format, &mut *watch, data);
        }
    }
    let _labels = label::read_answer(data);
});
