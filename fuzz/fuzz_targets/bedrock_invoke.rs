//! InvokeModel: every family's bodies, chunks and answers; ids in paths.
#![no_main]

use busbar_fuzz::{answered, context, sent};
use busbar_wire::bedrock::{
    BedrockModelId, Family, Operation,
    converse::Asked,
    invoke::{InvokeBody, chat_format, watch},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for family in [
        Family::Claude,
        Family::Nova,
        Family::TitanText,
        Family::Llama,
        Family::Mistral,
        Family::MistralChat,
        Family::Cohere,
        Family::Other,
    ] {
        let asked = Asked {
            context: context(),
            model: "m".into(),
            whole: true,
        };
        let request = InvokeBody::read(data, family).and_then(|body| body.into_request(asked));
        let (Some(format), Some(mut watch)) = (chat_format(family), watch(family)) else {
            continue;
        };
        if let Ok(request) = request {
            sent(format, &request);
        }
        answered(format, &mut *watch, data);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _operation = Operation::of_path(text);
        let _id = BedrockModelId::from_path(text);
    }
});
