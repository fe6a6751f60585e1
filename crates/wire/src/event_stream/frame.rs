//! Framing out.
//!
//! A message is: its whole length and its headers' length (4 bytes each, big-endian), the CRC-32 of
//! these 8 bytes, the headers, the payload, and the CRC-32 of everything before. Source: the Amazon
//! Transcribe developer guide, "Event stream encoding", which describes it for all services.

use bytes::{BufMut as _, Bytes, BytesMut};

use crate::Chunk;

/// What stands around headers and payload: two lengths and two checksums.
const FIXED: usize = 16;
/// The only type of header value that services send: a text.
const STRING: u8 = 7;

/// A header: its name, and its text.
pub type Header<'a> = (&'a str, &'a str);

/// A chunk as one message.
pub fn encode(chunk: &Chunk, content_type: &str) -> Bytes {
    let name = chunk.event.unwrap_or("chunk");
    if chunk.failure {
        let headers = [
            (":exception-type", name),
            (":content-type", "application/json"),
            (":message-type", "exception"),
        ];
        return message(&headers, &chunk.data);
    }
    let headers = [
        (":event-type", name),
        (":content-type", content_type),
        (":message-type", "event"),
    ];
    message(&headers, &chunk.data)
}

/// A message with these headers.
pub fn message(headers: &[Header<'_>], payload: &[u8]) -> Bytes {
    let headers_length: usize = headers
        .iter()
        .map(|(name, value)| 4 + name.len() + value.len())
        .sum();
    let length = FIXED + headers_length + payload.len();
    let mut out = BytesMut::with_capacity(length);
    out.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    out.put_u32(u32::try_from(headers_length).unwrap_or(u32::MAX));
    out.put_u32(crc32fast::hash(&out));
    for (name, value) in headers {
        out.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
        out.put_slice(name.as_bytes());
        out.put_u8(STRING);
        out.put_u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
        out.put_slice(value.as_bytes());
    }
    out.put_slice(payload);
    out.put_u32(crc32fast::hash(&out));
    out.freeze()
}
