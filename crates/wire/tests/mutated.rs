//! Golden files, damaged in all ways: no reader panics, and a request that was still understood can be read
//! again as it was written. The damage is the same at every run; fuzzers look further (`make fuzz`).

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{fs, path::Path};

use busbar_core::{ChatRequest, Context, RequestId, Result};
use busbar_wire::{
    anthropic::{MESSAGES_FORMAT, MessagesBody, MessagesWatch, Variant},
    bedrock::{
        BedrockModelId, Family, Operation,
        converse::{Asked, CONVERSE_FORMAT, ConverseBody, ConverseWatch},
        invoke::{self, InvokeBody},
    },
    event_stream,
    openai::{
        chat::ChatBody,
        hosts::{ChatWatch, OPENAI},
        responses::{self, ResponsesBody},
    },
    sagemaker::{self, CHAT_FORMAT, EndpointBody, TEXT_FORMAT},
    sse,
    upstream::{ChatFormat, Incoming},
    watch::Watch,
};

/// How often each file is damaged.
const ROUNDS: usize = 60;
/// What readers trip over.
const TOKENS: &[&str] = &[
    "null",
    "{}",
    "[]",
    "\"\"",
    "-1",
    "1e309",
    "0.5",
    "true",
    "\"\\ud83d\"",
    "\\u0000",
    "é",
    "\u{1F600}",
    ",",
    ":",
    "\"",
    "\\",
    "\n",
    "\r\n",
    "data:",
    "event: error\n",
    "\"type\":",
    "[[[[[[[[",
];

/// Numbers that look random and are the same at every run (xorshift).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn span(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length);
        let most = (length - start).min(64);
        start..start + self.below(most + 1)
    }
}

/// The files of a folder and of those in it.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    // In the same order everywhere.
    found.sort();
    found
}

fn golden() -> Vec<(String, Vec<u8>)> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden"))
}

fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.below(3) {
        let span = dice.span(bytes.len());
        match dice.below(6) {
            0 => drop(bytes.drain(span)),
            1 => bytes.truncate(span.start),
            2 => {
                let again = bytes[span.clone()].to_vec();
                bytes.splice(span.start..span.start, again);
            }
            3 => bytes[span]
                .iter_mut()
                .for_each(|byte| *byte ^= 1 << dice.below(8)),
            4 => {
                let token = TOKENS[dice.below(TOKENS.len())];
                bytes.splice(span.start..span.start, token.bytes());
            }
            _ => value(bytes, dice),
        }
    }
}

/// Puts a token where a value stands.
fn value(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let colons: Vec<_> = (0..bytes.len()).filter(|&place| bytes[place] == b':').collect();
    if colons.is_empty() {
        return;
    }
    let start = colons[dice.below(colons.len())] + 1;
    let rest = &bytes[start..];
    let end = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']'));
    let token = TOKENS[dice.below(TOKENS.len())];
    bytes.splice(start..start + end.unwrap_or(0), token.bytes());
}

fn context() -> Context {
    Context::new(RequestId::new("r"))
}

fn asked() -> Asked {
    Asked {
        context: context(),
        model: "m".into(),
        whole: true,
    }
}

/// Takes bytes for a request; what was understood and can be said in the format again is understood again.
fn request(format: &dyn ChatFormat, bytes: &[u8], read: impl Fn(&[u8]) -> Result<ChatRequest>) {
    let Ok(request) = read(bytes) else { return };
    let Ok(written) = format.write(&request, "claude-3-haiku-20240307") else {
        return;
    };
    if let Err(error) = read(&written) {
        let (before, after) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(&written));
        panic!(
            "{:?} wrote what cannot be read: {error:?}\n{before}\n{after}",
            format.name()
        );
    }
}

/// Takes bytes for a whole answer, for a refusal, and, line by line, for the events of a stream.
fn answer(format: &dyn ChatFormat, watch: &mut dyn Watch, bytes: &[u8]) {
    let _whole = format.whole(bytes);
    let _said = format.said(bytes);
    let _passed = watch.whole(bytes);
    let (mut reader, mut events) = (format.reader(), Vec::new());
    for line in bytes.split(|byte| *byte == b'\n') {
        let data = line.strip_prefix(b"data:").unwrap_or(line);
        // Golden streams of Converse say the event's name beside its data.
        let named: Option<serde_json::Value> = serde_json::from_slice(data).ok();
        let named = named.filter(|value| value.get("event").is_some_and(serde_json::Value::is_string));
        let inner = named.as_ref().map(|value| value["data"].to_string());
        let frame = Incoming {
            event: named
                .as_ref()
                .and_then(|value| value["event"].as_str())
                .unwrap_or_default(),
            failure: data.len() % 7 == 6,
            data: inner.as_deref().map_or(data, str::as_bytes),
        };
        watch.see(&frame);
        if reader.read(&frame, &mut events).is_err() {
            break;
        }
    }
    let _told = (watch.done(), watch.failure(), watch.usage());
}

fn all_formats(bytes: &[u8]) {
    for variant in [Variant::Direct, Variant::Bedrock] {
        let read = |bytes: &[u8]| MessagesBody::read(bytes, variant)?.into_request(context());
        if variant == Variant::Direct {
            request(&MESSAGES_FORMAT, bytes, read);
        } else {
            let _request = read(bytes);
        }
    }
    request(&CONVERSE_FORMAT, bytes, |bytes| {
        ConverseBody::read(bytes)?.into_request(asked())
    });
    request(&OPENAI, bytes, |bytes| {
        ChatBody::read(bytes)?.into_request(context())
    });
    request(&responses::hosts::RESPONSES, bytes, |bytes| {
        ResponsesBody::read(bytes)?.into_request(context())
    });
    let endpoint = |bytes: &[u8]| EndpointBody::read(bytes)?.into_request(context(), "m".into(), true);
    request(&TEXT_FORMAT, bytes, endpoint);
    request(&CHAT_FORMAT, bytes, endpoint);
    answer(&MESSAGES_FORMAT, &mut MessagesWatch::default(), bytes);
    answer(&CONVERSE_FORMAT, &mut ConverseWatch::default(), bytes);
    answer(&OPENAI, &mut ChatWatch::default(), bytes);
    answer(
        &responses::hosts::RESPONSES,
        &mut *responses::hosts::watch(),
        bytes,
    );
    for format in [&TEXT_FORMAT as &dyn ChatFormat, &CHAT_FORMAT] {
        if let Some(mut watch) = sagemaker::watch(format.name()) {
            answer(format, &mut *watch, bytes);
        }
    }
}

fn all_families(bytes: &[u8]) {
    for family in [
        Family::Claude,
        Family::Nova,
        Family::TitanText,
        Family::Llama,
        Family::Mistral,
        Family::MistralChat,
        Family::Cohere,
    ] {
        let format = invoke::chat_format(family).unwrap();
        request(format, bytes, |bytes| {
            InvokeBody::read(bytes, family)?.into_request(asked())
        });
        answer(format, &mut *invoke::watch(family).unwrap(), bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _operation = Operation::of_path(text);
        let _id = BedrockModelId::from_path(text);
    }
}

fn damaged(seed: u64, mut look: impl FnMut(&[u8], &mut Dice)) {
    let mut dice = Dice(seed);
    let files = golden();
    assert!(files.len() > 50, "the golden files were not found");
    for (_, whole) in files {
        look(&whole, &mut dice);
        for _ in 0..ROUNDS {
            let mut bytes = whole.clone();
            damage(&mut bytes, &mut dice);
            look(&bytes, &mut dice);
        }
    }
}

#[test]
fn damaged_bodies_are_read_or_refused_by_every_format() {
    damaged(0x2545_f491_4f6c_dd1d, |bytes, _| all_formats(bytes));
}

#[test]
fn damaged_bodies_are_read_or_refused_by_every_family_of_models() {
    damaged(0x9e37_79b9_7f4a_7c15, |bytes, _| all_families(bytes));
}

#[test]
fn damaged_server_sent_events_are_the_same_wherever_they_are_cut() {
    damaged(0xbf58_476d_1ce4_e5b9, |bytes, dice| {
        let read = |size: usize| {
            let mut parser = sse::Parser::new(1 << 16);
            let pieces = bytes.chunks(size).map(|piece| parser.push(piece));
            pieces
                .collect::<Result<Vec<_>, _>>()
                .map(|events| events.concat())
                .ok()
        };
        let size = 1 + dice.below(32);
        assert_eq!(read(size), read(bytes.len().max(1)), "in pieces of {size}");
    });
}

#[test]
fn damaged_event_streams_are_the_same_wherever_they_are_cut() {
    damaged(0x94d0_49bb_1331_11eb, |bytes, dice| {
        let headers = [(":event-type", "chunk"), (":message-type", "event")];
        let mut stream = [
            event_stream::message(&headers, bytes),
            event_stream::message(&[], bytes),
        ]
        .concat();
        // Most are damaged: the checksums notice, or the headers do.
        if dice.below(4) > 0 {
            damage(&mut stream, dice);
        }
        let read = |size: usize| {
            let (mut parser, mut messages) = (event_stream::Parser::new(1 << 20), Vec::new());
            for piece in stream.chunks(size) {
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
        };
        let size = 1 + dice.below(64);
        assert_eq!(read(size), read(stream.len().max(1)), "in pieces of {size}");
    });
}
