//! What the targets share: a request is written in a format and read again, and anything is taken for an
//! answer in it. Nothing is judged but that nothing breaks.

use busbar_core::{ChatRequest, Context, RequestId};
use busbar_wire::{
    upstream::{ChatFormat, Incoming},
    watch::Watch,
};

/// A context of nobody.
pub fn context() -> Context {
    Context::new(RequestId::new("fuzz"))
}

/// Writes a request that was understood; whatever has no word is refused.
pub fn sent(format: &dyn ChatFormat, request: &ChatRequest) {
    let _body = format.write(request, "claude-sonnet-4-5");
}

/// Takes the bytes for a whole answer, for a refusal, and, line by line, for the events of a stream. A
/// line is an event's name, a space, and what it says.
pub fn answered(format: &dyn ChatFormat, watch: &mut dyn Watch, bytes: &[u8]) {
    let _whole = format.whole(bytes);
    let _said = format.said(bytes);
    let _passed = watch.whole(bytes);
    let (mut reader, mut events) = (format.reader(), Vec::new());
    for line in bytes.split(|byte| *byte == b'\n') {
        let end = line.iter().position(|byte| *byte == b' ').unwrap_or(0);
        let (name, data) = line.split_at(end);
        let frame = Incoming {
            event: std::str::from_utf8(name).unwrap_or_default(),
            failure: data.len() % 7 == 6,
            data: data.trim_ascii_start(),
        };
        watch.see(&frame);
        if reader.read(&frame, &mut events).is_err() {
            break;
        }
    }
    let _told = (watch.done(), watch.failure(), watch.usage());
}
