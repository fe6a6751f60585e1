//! Streams of payload parts, wherever they are cut.

use busbar_core::{Done, Error, ErrorKind, Event, FinishReason, Result, Tokens, Transcript, Usage};
use busbar_wire::{
    AnswerWriter as _, Chunk,
    event_stream::{MESSAGE_LIMIT, Parser},
    sagemaker::{
        CHAT_FORMAT, EndpointBody, FRAMING, PAYLOAD_PART, PartsWriter, TEXT_FORMAT, chat, text, watch,
    },
    upstream::{AnswerReader, ChatFormat as _, Incoming},
};
use proptest::prelude::*;

use super::support::events::{Answers, answers, head, without_usage, written};

const TEXT_EVENTS: &[u8] = include_bytes!("../golden/sagemaker/text_stream.sse");
const TEXT_LINES: &[u8] = include_bytes!("../golden/sagemaker/text_stream.jsonl");
const CHAT_EVENTS: &[u8] = include_bytes!("../golden/sagemaker/chat_stream.sse");

fn part(data: &[u8]) -> Incoming<'_> {
    Incoming {
        event: PAYLOAD_PART,
        failure: false,
        data,
    }
}

fn read<'a>(mut reader: Box<dyn AnswerReader>, parts: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for data in parts {
        reader.read(&part(data), &mut events)?;
    }
    Ok(without_usage(events))
}

fn done(finish: FinishReason, input: u32, output: u32) -> Event {
    let usage = Usage {
        input: Tokens(input),
        output: Tokens(output),
        ..Usage::default()
    };
    Event::Done(Done::new(finish, usage))
}

#[test]
fn streams_of_every_container_are_read_wherever_they_are_cut() {
    let said = |pieces: [&str; 2]| pieces.map(Event::text);
    for size in 1..200 {
        let events = read(TEXT_FORMAT.reader(), TEXT_EVENTS.chunks(size)).unwrap();
        let [one, two] = said([" there", " was"]);
        assert_eq!(
            events,
            [one.clone(), two.clone(), done(FinishReason::Stop, 4, 3)],
            "{size}"
        );
        let events = read(TEXT_FORMAT.reader(), TEXT_LINES.chunks(size)).unwrap();
        assert_eq!(
            events,
            [one.clone(), two.clone(), done(FinishReason::Length, 0, 2)],
            "{size}"
        );
        // The last line may have no end.
        let events = read(TEXT_FORMAT.reader(), TEXT_LINES.trim_ascii_end().chunks(size)).unwrap();
        assert_eq!(events, [one, two, done(FinishReason::Length, 0, 2)], "{size}");
        let events = read(CHAT_FORMAT.reader(), CHAT_EVENTS.chunks(size)).unwrap();
        let [one, two] = said(["Once", " upon"]);
        assert_eq!(events, [one, two, done(FinishReason::Length, 12, 2)], "{size}");
    }
}

#[test]
fn a_stream_that_is_cut_is_not_done() {
    for (format, stream) in [(text::FORMAT, TEXT_EVENTS), (chat::FORMAT, CHAT_EVENTS)] {
        let whole = stream.trim_ascii_end().len();
        for cut in 0..=whole {
            let mut watch = watch(format).unwrap();
            watch.see(&part(&stream[..cut]));
            assert_eq!(watch.done(), None, "{cut}");
            assert!(watch.failure().is_none());
        }
        let mut watch = watch(format).unwrap();
        watch.see(&part(stream));
        assert!(watch.done().is_some() && watch.usage().output != Tokens::ZERO);
    }
    assert!(watch(busbar_core::Format("other")).is_none());
}

#[test]
fn failures_of_the_service_and_of_the_container_are_told_apart() {
    let failure = |event, data: &[u8]| {
        let frame = Incoming {
            event,
            failure: true,
            data,
        };
        TEXT_FORMAT.reader().read(&frame, &mut Vec::new()).unwrap_err()
    };
    let late = failure(
        "ModelStreamError",
        br#"{"Message":"too slow","ErrorCode":"ModelInvocationTimeExceeded"}"#,
    );
    assert_eq!(
        (late.kind(), late.message()),
        (ErrorKind::DeadlineExceeded, "too slow")
    );
    let broken = failure(
        "ModelStreamError",
        br#"{"Message":"broke","ErrorCode":"StreamBroken"}"#,
    );
    assert_eq!(broken.kind(), ErrorKind::BadUpstream);
    assert_eq!(
        failure("InternalStreamFailure", b"").kind(),
        ErrorKind::BadUpstream
    );

    let own = |data: &[u8]| read(TEXT_FORMAT.reader(), std::iter::once(data)).unwrap_err();
    let error =
        own(b"data:{\"error\":\"Request failed during generation\",\"error_type\":\"generation\"}\n\n");
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::BadUpstream, "Request failed during generation")
    );
    let failed = own(br#"{"token":{"text":""},"details":{"finish_reason":"error"}}"#);
    assert_eq!(failed.kind(), ErrorKind::BadUpstream);
    assert_eq!(own(b"data: nonsense\n\n").kind(), ErrorKind::BadUpstream);
}

#[test]
fn a_failed_stream_ends_in_an_exception_of_the_service() {
    let fail = |kind| writer_for(r#"{"inputs":"x"}"#).fail(&Error::new(kind, "no"));
    let chunk = fail(ErrorKind::Internal);
    assert_eq!(
        (chunk.event, chunk.failure),
        (Some("InternalStreamFailure"), true)
    );
    assert_eq!(chunk.data, br#"{"Message":"no"}"#.as_slice());
    for kind in [ErrorKind::Invalid, ErrorKind::Unavailable] {
        let chunk = fail(kind);
        assert_eq!((chunk.event, chunk.failure), (Some("ModelStreamError"), true));
        let frame = Incoming {
            event: "ModelStreamError",
            failure: true,
            data: &chunk.data,
        };
        let error = TEXT_FORMAT.reader().read(&frame, &mut Vec::new()).unwrap_err();
        assert_eq!((error.kind(), error.message()), (kind, "no"));
    }
}

fn writer_for(body: &str) -> PartsWriter {
    EndpointBody::read(body.as_bytes()).unwrap().writer(head())
}

/// The bytes of a whole body, and back.
fn through_the_framing(chunks: &[Chunk], size: usize, mut reader: Box<dyn AnswerReader>) -> Vec<Event> {
    let bytes: Vec<u8> = chunks
        .iter()
        .flat_map(|chunk| FRAMING.encode(None, chunk))
        .collect();
    let (mut parser, mut events) = (Parser::new(MESSAGE_LIMIT), Vec::new());
    for piece in bytes.chunks(size) {
        parser.push(piece);
        while let Some(message) = parser.take().unwrap() {
            assert_eq!(message.header(":content-type"), Some("application/octet-stream"));
            reader.read(&message.incoming(), &mut events).unwrap();
        }
    }
    without_usage(events)
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(pieces in prop::collection::vec("\\PC{1,12}", 0..5), size in 1..99_usize) {
        let events: Vec<_> = pieces.iter().map(Event::text).collect();
        let usage = Usage { input: Tokens(12), output: Tokens(4), ..Usage::default() };
        let done = Done::new(FinishReason::Length, usage);
        for (body, reader) in [
            (r#"{"inputs":"x"}"#, TEXT_FORMAT.reader()),
            (r#"{"messages":[{"role":"user","content":"x"}]}"#, CHAT_FORMAT.reader()),
        ] {
            let chunks = written(&mut writer_for(body), &events, &done);
            let mut transcript = Transcript::empty();
            let read = through_the_framing(&chunks, size, reader);
            let end = read.into_iter().filter_map(|event| transcript.push(event)).last();
            prop_assert_eq!(transcript.text, pieces.concat());
            prop_assert_eq!(end, Some(done.clone()));
        }
    }

    #[test]
    fn calls_and_tokens_survive_in_chat_completions(
        (events, done) in answers(Answers { thoughts: false, sealed: false, cache_write: false, stop_text: false, ..Answers::ALL }),
        size in 1..99_usize,
    ) {
        let mut expected = Transcript::empty();
        for event in &events {
            expected.push(event.clone());
        }
        let chunks = written(&mut writer_for(r#"{"messages":[{"role":"user","content":"x"}]}"#), &events, &done);
        let mut transcript = Transcript::empty();
        let read = through_the_framing(&chunks, size, CHAT_FORMAT.reader());
        let end = read.into_iter().filter_map(|event| transcript.push(event)).last();
        prop_assert_eq!(&transcript.text, &expected.text);
        prop_assert_eq!(&transcript.tool_calls, &expected.tool_calls);
        // The streams of most containers have no word for usage but on the last chunk of those who ask.
        let end = end.map(|end| (end.usage.prompt(), end.usage.written()));
        prop_assert_eq!(end, Some((done.usage.prompt(), done.usage.written())));
    }

    #[test]
    fn any_bytes_are_read_or_refused(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..5)) {
        let _ = read(TEXT_FORMAT.reader(), parts.iter().map(Vec::as_slice));
        let _ = read(CHAT_FORMAT.reader(), parts.iter().map(Vec::as_slice));
        let lines = parts.iter().map(|part| [b"{", part.as_slice()].concat()).collect::<Vec<_>>();
        let _ = read(TEXT_FORMAT.reader(), lines.iter().map(Vec::as_slice));
    }
}
