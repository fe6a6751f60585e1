//! Server-sent events: the same wherever they are cut.
#![no_main]

use busbar_wire::sse::{Parser, SseEvent};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&cut, body)) = data.split_first() else {
        return;
    };
    let whole = read(body, body.len().max(1));
    assert_eq!(read(body, usize::from(cut).max(1)), whole);
});

/// The events of these bytes; none where they are refused.
fn read(bytes: &[u8], cut: usize) -> Option<Vec<SseEvent>> {
    let (mut parser, mut events) = (Parser::new(1 << 16), Vec::new());
    for piece in bytes.chunks(cut) {
        events.extend(parser.push(piece).ok()?);
    }
    Some(events)
}
