//! Requests of any content, within what a format can say.
//!
//! They are in the one form that reading gives, so that `read(write(x)) == x` may hold: no empty text,
//! turns that alternate, marks right after what they mark.

use busbar_core::{
    CachePoint, CacheSpan, ChatRequest, Content, Context, Effort, Media, MediaKind, MediaSource, Message,
    OutputFormat, Part, Prompt, Reasoning, RequestId, Role, Sampling, Thought, Tokens, Tool, ToolCall,
    ToolChoice,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

/// What a format has words for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Says {
    /// The model's name, as requests have it.
    pub model: &'static str,
    /// Marks for the cache.
    pub cache_points: bool,
    /// How long a mark is good for.
    pub cache_spans: bool,
    /// Pictures and documents by their address.
    pub addresses: bool,
    /// Documents.
    pub documents: bool,
    /// Thoughts in the conversation so far.
    pub thoughts: bool,
    /// Tools that must keep to their schema.
    pub strict_tools: bool,
    /// Whether several tools may be called at once.
    pub parallel_tool_calls: bool,
    /// How much to think.
    pub reasoning: &'static [Reasoning],
    /// The hottest that there is, in hundredths.
    pub hottest: u32,
    /// Pictures in the results of tools.
    pub rich_results: bool,
    /// Whether a tool has failed.
    pub failed_results: bool,
}

impl Says {
    /// Everything.
    pub(crate) const ALL: Self = Self {
        model: "m",
        cache_points: true,
        cache_spans: true,
        addresses: true,
        documents: true,
        thoughts: true,
        strict_tools: true,
        parallel_tool_calls: true,
        reasoning: &[
            Reasoning::Off,
            Reasoning::Effort(Effort::Low),
            Reasoning::Effort(Effort::Medium),
            Reasoning::Effort(Effort::High),
            Reasoning::Budget(Tokens(4_096)),
        ],
        hottest: 100,
        rich_results: true,
        failed_results: true,
    };
}

pub(crate) fn context() -> Context {
    Context::new(RequestId::new("r"))
}

/// Text that says something.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9 .,é\u{1F600}]{1,24}",
        1 => "\\PC{1,12}",
        1 => Just("\"quoted\" \\ and\nlines\u{0}".to_owned()),
    ]
}

/// A number of hundredths, such as clients write.
pub(crate) fn hundredths(from: u32, to: u32) -> impl Strategy<Value = f32> {
    (from..=to).prop_map(|number| number as f32 / 100.0)
}

/// The text of a JSON object, in the writer's own spacing and order.
pub(crate) fn object_text() -> impl Strategy<Value = String> {
    let name = select(vec!["b", "a", "city", "é"]);
    let value = prop_oneof![
        any::<i32>().prop_map(|number| number.to_string()),
        Just("1.50".to_owned()),
        Just(r#"{"deep": [1, {"x": null}]}"#.to_owned()),
        text().prop_map(|text| json!(text).to_string()),
    ];
    vec((name, value), 0..3).prop_map(|fields| {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("\"{name}\": {value}"))
            .collect();
        format!("{{{}}}", fields.join(" , "))
    })
}

fn cache_point(says: Says) -> impl Strategy<Value = Option<CachePoint>> {
    let spans = if says.cache_spans {
        vec![None, Some(CacheSpan::FiveMinutes), Some(CacheSpan::OneHour)]
    } else {
        vec![None]
    };
    let point = select(spans).prop_map(|keep| CachePoint { keep });
    if says.cache_points {
        option::weighted(0.2, point).boxed()
    } else {
        Just(None).boxed()
    }
}

fn media(says: Says) -> impl Strategy<Value = Part> {
    let bytes = || vec(any::<u8>(), 0..24).prop_map(|bytes| MediaSource::Bytes(bytes.into()));
    let url = || "https://example\\.com/[a-z]{1,8}".prop_map(MediaSource::Url);
    let picture = |(media_type, source): (&str, MediaSource)| Media {
        kind: MediaKind::Image,
        media_type: media_type.into(),
        source,
        name: None,
        detail: None,
    };
    let document = |((media_type, source), name): ((&str, MediaSource), Option<String>)| Media {
        kind: MediaKind::Document,
        media_type: media_type.into(),
        source,
        name,
        detail: None,
    };
    let mut kinds = vec![
        (select(vec!["image/png", "image/jpeg"]), bytes())
            .prop_map(picture)
            .boxed(),
    ];
    if says.addresses {
        kinds.push(url().prop_map(move |url| picture(("image/*", url))).boxed());
    }
    if says.documents {
        let name = || option::of("[a-z]{1,8}");
        let pages = bytes().prop_map(|bytes| ("application/pdf", bytes));
        let plain = text().prop_map(|text| ("text/plain", MediaSource::Bytes(text.into())));
        kinds.push((prop_oneof![pages, plain], name()).prop_map(document).boxed());
        if says.addresses {
            let there = url().prop_map(|url| ("application/pdf", url));
            kinds.push((there, name()).prop_map(document).boxed());
        }
    }
    proptest::strategy::Union::new(kinds).prop_map(Part::Media)
}

/// Parts with marks behind some of them.
fn marked(parts: Vec<(Part, Option<CachePoint>)>) -> Content {
    parts
        .into_iter()
        .flat_map(|(part, point)| [Some(part), point.map(Part::CachePoint)])
        .flatten()
        .collect()
}

fn instructions(says: Says) -> impl Strategy<Value = Message> {
    vec((text().prop_map(Part::Text), cache_point(says)), 1..3)
        .prop_map(|parts| Message::system(marked(parts)))
}

fn user(says: Says) -> impl Strategy<Value = Message> {
    let part = prop_oneof![3 => text().prop_map(Part::Text), 1 => media(says)];
    vec((part, cache_point(says)), 1..4).prop_map(|parts| Message::user(marked(parts)))
}

fn thought() -> impl Strategy<Value = Part> {
    let open = (text(), option::of("[a-zA-Z0-9+/=]{1,16}"))
        .prop_map(|(text, signature)| Thought::Open { text, signature });
    let sealed = "[a-zA-Z0-9+/=]{1,16}".prop_map(Thought::Sealed);
    prop_oneof![open, sealed].prop_map(Part::Thought)
}

fn thoughts(says: Says) -> impl Strategy<Value = Vec<Part>> {
    let most = if says.thoughts { 2 } else { 0 };
    vec(thought(), 0..=most)
}

/// A turn of the assistant that only speaks.
fn speech(says: Says) -> impl Strategy<Value = Message> {
    let said = vec((text().prop_map(Part::Text), cache_point(says)), 1..3);
    (thoughts(says), said).prop_map(|(thoughts, said)| {
        let said = marked(said).into_parts();
        Message::assistant(Content::from_iter(thoughts.into_iter().chain(said)))
    })
}

/// A call, and what came of it.
#[derive(Clone, Debug)]
struct Work {
    name: String,
    arguments: String,
    result: Content,
    failed: bool,
}

fn work(says: Says, names: Vec<String>) -> impl Strategy<Value = Work> {
    let part = if says.rich_results {
        prop_oneof![3 => text().prop_map(Part::Text), 1 => media(says)].boxed()
    } else {
        text().prop_map(Part::Text).boxed()
    };
    let result = vec((part, cache_point(says)), 0..3).prop_map(marked);
    (select(names), object_text(), result, any::<bool>()).prop_map(
        move |(name, arguments, result, failed)| Work {
            name,
            arguments,
            result,
            failed: failed && says.failed_results,
        },
    )
}

/// A turn of the assistant that calls tools, and their results. The ids are given later.
fn calls(says: Says, names: Vec<String>) -> impl Strategy<Value = Vec<Message>> {
    let said = option::of(text().prop_map(Part::Text));
    (thoughts(says), said, vec(work(says, names), 1..3)).prop_map(|(thoughts, said, works)| {
        let mut turn = Message::assistant(Content::from_iter(thoughts.into_iter().chain(said)));
        let mut turns = Vec::new();
        for work in works {
            turn.tool_calls.push(ToolCall {
                id: "".into(),
                name: work.name,
                arguments: work.arguments,
            });
            turns.push(Message {
                failed: work.failed,
                answers: Some("".into()),
                ..Message::new(Role::Tool, work.result)
            });
        }
        turns.insert(0, turn);
        turns
    })
}

/// A conversation that ends with the user or with results of tools.
fn conversation(says: Says, tools: &[Tool]) -> impl Strategy<Value = Vec<Message>> + use<> {
    let names: Vec<_> = tools.iter().map(|tool| tool.name.clone()).collect();
    let talk = (speech(says), user(says)).prop_map(|(speech, user)| vec![speech, user]);
    let exchange = if names.is_empty() {
        talk.boxed()
    } else {
        prop_oneof![talk, calls(says, names)].boxed()
    };
    (option::of(instructions(says)), user(says), vec(exchange, 0..3)).prop_map(
        |(system, first, exchanges)| {
            let mut messages: Vec<_> = system.into_iter().chain([first]).collect();
            messages.extend(exchanges.into_iter().flatten());
            with_ids(messages)
        },
    )
}

/// Ids for the calls, and the same for their results, which follow in the same order.
fn with_ids(mut messages: Vec<Message>) -> Vec<Message> {
    let (mut called, mut answered) = (0, 0);
    for message in &mut messages {
        for call in &mut message.tool_calls {
            call.id = format!("call_{called}").into();
            called += 1;
        }
        if message.answers.is_some() {
            message.answers = Some(format!("call_{answered}").into());
            answered += 1;
        }
    }
    messages
}

fn tools(says: Says) -> impl Strategy<Value = Vec<Tool>> {
    let strict = if says.strict_tools {
        option::of(any::<bool>()).boxed()
    } else {
        Just(None).boxed()
    };
    let tool =
        (option::of(text()), strict, cache_point(says)).prop_map(|(description, strict, cache_point)| Tool {
            name: String::new(),
            description,
            parameters: json!({"type": "object", "properties": {"city": {"type": "string"}}}),
            strict,
            cache_point,
        });
    vec(tool, 0..3).prop_map(|mut tools| {
        for (place, tool) in tools.iter_mut().enumerate() {
            tool.name = format!("tool_{place}");
        }
        tools
    })
}

fn choice(says: Says, tools: &[Tool]) -> impl Strategy<Value = (ToolChoice, Option<bool>)> + use<> {
    let Some(first) = tools.first() else {
        return Just((ToolChoice::Auto, None)).boxed();
    };
    let choices = vec![
        ToolChoice::Auto,
        ToolChoice::Required,
        ToolChoice::Named(first.name.clone()),
    ];
    let parallel = if says.parallel_tool_calls {
        option::of(any::<bool>()).boxed()
    } else {
        Just(None).boxed()
    };
    prop_oneof![
        4 => (select(choices), parallel),
        1 => Just((ToolChoice::None, None)),
    ]
    .boxed()
}

fn sampling(says: Says) -> impl Strategy<Value = Sampling> {
    (
        option::of(hundredths(0, says.hottest)),
        option::of(hundredths(1, 100)),
        option::of(1..500_u32),
    )
        .prop_map(|(temperature, top_p, top_k)| Sampling {
            temperature,
            top_p,
            top_k,
            ..Sampling::default()
        })
}

fn output() -> impl Strategy<Value = OutputFormat> {
    let schema =
        json!({"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": false});
    prop_oneof![Just(OutputFormat::Text), Just(OutputFormat::JsonSchema(schema))]
}

/// Requests within what a format says.
pub(crate) fn requests(says: Says) -> impl Strategy<Value = ChatRequest> {
    let about_tools = tools(says)
        .prop_flat_map(move |tools| (conversation(says, &tools), choice(says, &tools), Just(tools)));
    let reasoning = if says.reasoning.is_empty() {
        Just(None).boxed()
    } else {
        option::of(select(says.reasoning)).boxed()
    };
    (
        about_tools,
        sampling(says),
        (1..1_000_000_u32, vec(text(), 0..3)),
        (output(), reasoning, any::<bool>()),
    )
        .prop_map(
            move |((messages, choice, tools), sampling, (most, stop), (output, reasoning, whole))| {
                ChatRequest {
                    sampling,
                    max_tokens: Some(Tokens(most)),
                    stop,
                    output,
                    tools,
                    tool_choice: choice.0,
                    parallel_tool_calls: choice.1,
                    reasoning,
                    whole,
                    ..ChatRequest::new(context(), says.model.into(), Prompt::Messages(messages))
                }
            },
        )
}

/// JSON that looks like a body: right names, values of any kind.
pub(crate) fn json_like(
    names: &'static [&'static str],
    texts: &'static [&'static str],
) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        select(texts).prop_map(Into::into),
        select(texts).prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Into::into),
            vec((select(names), inner), 0..8).prop_map(|fields| {
                let fields = fields.into_iter();
                fields
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<Map<_, _>>()
                    .into()
            }),
        ]
    })
}
