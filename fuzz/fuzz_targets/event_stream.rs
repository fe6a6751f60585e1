//! AWS's binary event stream, cut anywhere.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&cut, body)) = data.split_first() else {
        return;
    };
    let mut parser = busbar_wire::event_stream::Parser::new(1 << 16);
    for piece in body.chunks(usize::from(cut).max(1)) {
        parser.push(piece);
        while let Ok(Some(message)) = parser.take() {
            let _frame = message.incoming();
        }
    }
});
