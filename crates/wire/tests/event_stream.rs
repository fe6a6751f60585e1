//! AWS's binary event stream: what is written can be read, wherever it is cut, and nothing else can.

use busbar_core::{Error, ErrorKind};
use busbar_wire::{
    Chunk, Framing,
    event_stream::{MESSAGE_LIMIT, Malformed, Message, Parser, encode, message},
    upstream::Incoming,
};
use bytes::Bytes;
use proptest::prelude::*;

/// A message as the encoding's description has it, byte by byte: one header, `{'foo':'bar'}`.
const WITH_ONE_HEADER: &[u8] = b"\x00\x00\x00\x3d\x00\x00\x00\x20\x07\xfd\x83\x96\
    \x0ccontent-type\x07\x00\x10application/json{'foo':'bar'}\x8d\x9c\x08\xb1";

/// Every message, and what ended them.
fn read(pieces: &[&[u8]], limit: usize) -> (Vec<Message>, Option<Malformed>) {
    let mut parser = Parser::new(limit);
    let mut messages = Vec::new();
    for piece in pieces {
        parser.push(piece);
        loop {
            match parser.take() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(malformed) => return (messages, Some(malformed)),
            }
        }
    }
    (messages, None)
}

fn chunk() -> impl Strategy<Value = Chunk> {
    let names = prop::sample::select(vec!["chunk", "messageStart", "throttlingException"]);
    (names, any::<bool>(), prop::collection::vec(any::<u8>(), 0..200)).prop_map(|(name, failure, data)| {
        Chunk {
            event: Some(name),
            failure,
            data: data.into(),
        }
    })
}

#[test]
fn the_message_of_the_description_is_read_and_written() {
    let (messages, malformed) = read(&[WITH_ONE_HEADER], MESSAGE_LIMIT);
    assert_eq!(malformed, None);
    assert_eq!(messages[0].header("content-type"), Some("application/json"));
    assert_eq!(messages[0].header("content"), None);
    assert_eq!(messages[0].payload(), &Bytes::from_static(b"{'foo':'bar'}"));
    let written = message(&[("content-type", "application/json")], b"{'foo':'bar'}");
    assert_eq!(written, WITH_ONE_HEADER);
}

#[test]
fn failures_say_so_whether_the_service_modelled_them_or_not() {
    let framing = Framing::EventStream {
        content_type: "application/json",
    };
    let modelled = framing.encode(
        None,
        &Chunk::named("throttlingException", Bytes::from_static(b"{}")).failed(),
    );
    let headers = [
        (":message-type", "error"),
        (":error-code", "InternalError"),
        (":error-message", "broken"),
    ];
    let unmodelled = message(&headers, b"");
    let (messages, _) = read(&[&modelled, &unmodelled], MESSAGE_LIMIT);
    let incoming = |event, data| Incoming {
        event,
        failure: true,
        data,
    };
    assert_eq!(messages[0].incoming(), incoming("throttlingException", b"{}"));
    assert_eq!(messages[1].incoming(), incoming("InternalError", b"broken"));
}

#[test]
fn a_message_beyond_the_limit_is_refused_before_it_has_come() {
    let long = message(&[], &[0; 100]);
    let expected = Malformed::TooLong {
        length: 116,
        limit: 115,
    };
    assert_eq!(read(&[&long[..12]], 115), (vec![], Some(expected)));
    assert_eq!(read(&[&long], 116).1, None);
    assert_eq!(Error::from(expected).kind(), ErrorKind::BadUpstream);
}

#[test]
fn what_was_whole_before_a_broken_message_is_kept() {
    let whole = message(&[], b"whole");
    let mut broken = message(&[], b"broken").to_vec();
    broken[13] ^= 1;
    let both = [&*whole, &broken].concat();
    let (messages, malformed) = read(&[&both], MESSAGE_LIMIT);
    assert_eq!(messages.len(), 1);
    assert_eq!(malformed, Some(Malformed::Checksum));
}

#[test]
fn lengths_that_cannot_be_are_refused() {
    let prelude = |length: u32, headers: u32| {
        let mut bytes = [length.to_be_bytes(), headers.to_be_bytes()].concat();
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        bytes
    };
    for (length, headers) in [(0, 0), (15, 0), (16, 1), (20, u32::MAX)] {
        let (_, malformed) = read(&[&prelude(length, headers)], MESSAGE_LIMIT);
        assert_eq!(malformed, Some(Malformed::Length), "{length} {headers}");
    }
}

proptest! {
    #[test]
    fn any_cut_gives_the_same_messages(chunks in prop::collection::vec(chunk(), 1..6), size in 1..40_usize) {
        let bytes: Vec<u8> = chunks.iter().flat_map(|chunk| encode(chunk, "application/json")).collect();
        let pieces: Vec<_> = bytes.chunks(size).collect();
        let (messages, malformed) = read(&pieces, MESSAGE_LIMIT);
        prop_assert_eq!(malformed, None);
        let read: Vec<_> = messages.iter().map(|message| {
            let incoming = message.incoming();
            (incoming.event.to_owned(), incoming.failure, incoming.data.to_vec())
        }).collect();
        let written: Vec<_> = chunks.iter().map(|chunk| {
            (chunk.event.unwrap().to_owned(), chunk.failure, chunk.data.to_vec())
        }).collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn what_is_cut_off_gives_the_messages_before_and_says_that_one_began(
        chunks in prop::collection::vec(chunk(), 1..5),
        cut in any::<prop::sample::Index>(),
    ) {
        let frames: Vec<_> = chunks.iter().map(|chunk| encode(chunk, "application/json")).collect();
        let bytes = frames.concat();
        let cut = cut.index(bytes.len());
        let mut parser = Parser::new(MESSAGE_LIMIT);
        parser.push(&bytes[..cut]);
        let mut count = 0;
        while parser.take().unwrap().is_some() {
            count += 1;
        }
        let mut ends = frames.iter().scan(0, |end, frame| { *end += frame.len(); Some(*end) });
        prop_assert_eq!(count, ends.clone().filter(|end| *end <= cut).count());
        prop_assert_eq!(parser.is_within(), cut != 0 && !ends.any(|end| end == cut));
    }

    #[test]
    fn a_changed_bit_is_noticed(data in prop::collection::vec(any::<u8>(), 0..64), bit in any::<prop::sample::Index>()) {
        let mut bytes = encode(&Chunk::named("chunk", data.into()), "application/json").to_vec();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let (messages, malformed) = read(&[&bytes], MESSAGE_LIMIT);
        prop_assert!(messages.is_empty() && malformed.is_some());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        read(&[&bytes], 200);
    }

    #[test]
    fn any_headers_are_read_or_refused(headers in prop::collection::vec(any::<u8>(), 0..64)) {
        let length = u32::try_from(16 + headers.len()).unwrap();
        let mut bytes = [length.to_be_bytes(), (length - 16).to_be_bytes()].concat();
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        bytes.extend(&headers);
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        let (messages, malformed) = read(&[&bytes], MESSAGE_LIMIT);
        prop_assert_eq!(messages.len() + usize::from(malformed.is_some()), 1);
    }
}
