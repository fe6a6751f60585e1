//! AWS's binary event stream, cut anywhere: as it comes, and with lengths and checksums that are right, so
//! that what stands within them is looked at too.
#![no_main]

use busbar_wire::event_stream::Parser;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(([cut, headers], body)) = data.split_first_chunk() else {
        return;
    };
    let cut = usize::from(*cut).max(1);
    read(body, cut);
    let (headers, payload) = body.split_at(usize::from(*headers).min(body.len()));
    let whole = framed(headers, payload);
    assert!(read(&whole, cut) || read_headers_fail(&whole), "a whole message was not seen");
});

/// A message with these headers, whatever they are, and this payload.
fn framed(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = (16 + headers.len() + payload.len()) as u32;
    let mut out = length.to_be_bytes().to_vec();
    out.extend((headers.len() as u32).to_be_bytes());
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out.extend(headers);
    out.extend(payload);
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out
}

/// Whether a message was in these bytes.
fn read(bytes: &[u8], cut: usize) -> bool {
    let (mut parser, mut seen) = (Parser::new(1 << 20), false);
    for piece in bytes.chunks(cut) {
        parser.push(piece);
        while let Ok(Some(message)) = parser.take() {
            let _frame = message.incoming();
            seen = true;
        }
    }
    seen
}

/// Whether it is wrong, which cannot depend on where it is cut.
fn read_headers_fail(bytes: &[u8]) -> bool {
    let mut parser = Parser::new(1 << 20);
    parser.push(bytes);
    parser.take().is_err()
}
