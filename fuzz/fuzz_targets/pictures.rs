//! Bodies that ask for pictures, and answers that bring them.
#![no_main]

use busbar_core::ModelId;
use busbar_fuzz::context;
use busbar_wire::{
    bedrock::{Family, invoke::images},
    openai, sagemaker,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let model = || ModelId::new("m");
    let _openai = openai::images::ImageBody::read(data).and_then(|body| body.into_request(context()));
    for family in [Family::TitanImage, Family::Stability, Family::Other] {
        let body = images::ImageBody::read(data, family);
        let _request = body.and_then(|body| body.into_request(context(), model()));
    }
    for name in ["amazon.titan-image-generator-v2:0", "stability.sd3-large-v1:0"] {
        let _made = images::read_answer(data, name);
    }
    let _pixels = sagemaker::image::read_answer(data);
    let _files = openai::images::ImageList::read(data).and_then(|list| list.files());
});
