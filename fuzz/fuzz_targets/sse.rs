//! Server-sent events, cut anywhere.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&cut, body)) = data.split_first() else {
        return;
    };
    let mut parser = busbar_wire::sse::Parser::new(1 << 16);
    for piece in body.chunks(usize::from(cut).max(1)) {
        if parser.push(piece).is_err() {
            return;
        }
    }
});
