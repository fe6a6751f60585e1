//! No input makes a reader panic, and what a writer writes can be read.

use busbar_core::{Capabilities, Context, RequestId};
use busbar_wire::{
    openai::{
        chat::ChatBody,
        completions::CompletionBody,
        embeddings::EmbeddingBody,
        hosts::read_embeddings,
        images::{ImageBody, ImageList},
    },
    sse::{Frame, Parser},
    summaries::SummaryBody,
    ws::ClientFrame,
};
use proptest::prelude::*;

fn context() -> Context {
    Context::new(RequestId::new("r"))
}

/// Everything that reads what strangers send.
fn read_all(bytes: &[u8]) {
    let _chat = ChatBody::read(bytes).and_then(|body| body.into_request(context()));
    let _completion = CompletionBody::read(bytes).and_then(|body| body.into_request(context()));
    let can = Capabilities::default();
    let _embedding = EmbeddingBody::read(bytes).and_then(|body| body.into_request(context(), &can));
    let _summary = SummaryBody::read(bytes).and_then(|body| body.into_asked(context()));
    let _pictures = ImageBody::read(bytes).and_then(|body| body.into_request(context()));
    let _made = ImageList::read(bytes);
    let _vectors = read_embeddings(bytes);
    let _frame = ClientFrame::read(bytes);
    let _events = Parser::new(1024).push(bytes);
}

/// JSON that looks like a body: right names, values of any kind.
fn body() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        prop::sample::select(vec![
            "user",
            "assistant",
            "tool",
            "text",
            "function",
            "json_schema",
            "",
            "é\u{0}"
        ])
        .prop_map(Into::into),
    ];
    let names = prop::sample::select(vec![
        "type",
        "id",
        "body",
        "messages",
        "role",
        "content",
        "text",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "tools",
        "tool_choice",
        "stop",
        "seed",
        "n",
        "logit_bias",
        "response_format",
        "json_schema",
        "schema",
        "prompt",
        "input",
        "max_tokens",
        "logprobs",
        "top_logprobs",
        "image_url",
        "url",
        "cache_control",
        "thinking_blocks",
        "reasoning",
        "size",
        "data",
        "embedding",
        "1",
    ]);
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((names.clone(), inner), 0..8).prop_map(|fields| {
                fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        read_all(&bytes);
    }

    #[test]
    fn any_json_is_read_or_refused(body in body()) {
        read_all(body.to_string().as_bytes());
    }

    #[test]
    fn what_is_cut_off_is_refused(body in body(), cut in 0.0..1.0) {
        let text = body.to_string();
        read_all(&text.as_bytes()[..(text.len() as f64 * cut) as usize]);
    }

    #[test]
    fn an_event_is_read_as_it_was_written(lines in prop::collection::vec("[^\r\n\u{0}]{0,40}", 1..4), cut in 1..16_usize) {
        let data = lines.join("\n");
        let frame = Frame { id: Some("s:1"), event: Some("delta"), data: data.as_bytes() }.encode();
        let mut parser = Parser::new(1 << 20);
        let events: Vec<_> = frame.chunks(cut).flat_map(|piece| parser.push(piece).unwrap_or_default()).collect();
        prop_assert_eq!(events.len(), 1);
        prop_assert_eq!(&events[0].data, &data);
        prop_assert_eq!(&events[0].event, "delta");
        prop_assert_eq!(events[0].id.as_deref(), Some("s:1"));
    }
}
