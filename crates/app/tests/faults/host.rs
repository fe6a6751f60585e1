//! A host that speaks three vendors' formats, and fails in the way that the path says.

use std::time::Duration;

use busbar_core::{AnswerMetrics, Done, Error, ErrorKind, Event, FinishReason, Tokens, Transcript, Usage};
use busbar_testkit::{FakeUpstream, Received, Say};
use busbar_wire::{
    AnswerWriter, Chunk, Framing, Head,
    anthropic::{MessagesWriter, Variant},
    bedrock::converse::ConverseWriter,
    openai::{STREAM_END, chat::ChatWriter},
};

/// The faults, and whether a stream sees them in its middle.
pub(crate) const FAULTS: [(&str, bool); 13] = [
    ("refused", false),
    ("dns", false),
    ("tls", false),
    ("connect_timeout", false),
    ("429", false),
    ("500", false),
    ("400_busy", false),
    ("200_error", false),
    ("cut_before", false),
    ("cut_within", true),
    ("stall", true),
    ("malformed", true),
    ("exception", true),
];

/// What a host speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    OpenAi,
    Anthropic,
    Bedrock,
}

pub(crate) const FORMATS: [Format; 3] = [Format::OpenAi, Format::Anthropic, Format::Bedrock];

impl Format {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Bedrock => "bedrock",
        }
    }

    /// A provider with one model, at an address.
    pub(crate) fn provider(self, id: &str, address: &str) -> String {
        let own = match self {
            Self::OpenAi | Self::Anthropic => "",
            Self::Bedrock => "region = \"us-east-1\"\naccess_key_id = \"AKIDEXAMPLE\"\n",
        };
        let name = self.name();
        format!(
            "[[providers]]\nname = \"{id}\"\nkind = \"{name}\"\nendpoint = \"{address}\"\napi_key = \"unused\"\n{own}[[providers.models]]\nid = \"{id}\"\nupstream = \"far\"\n"
        )
    }

    fn writer(self) -> Box<dyn AnswerWriter> {
        let head = Head {
            id: "far-1".into(),
            created: 0,
            model: "far".into(),
            include_usage: true,
        };
        match self {
            Self::OpenAi => Box::new(ChatWriter::new(head)),
            Self::Anthropic => Box::new(MessagesWriter::new(head, Variant::Direct)),
            Self::Bedrock => Box::new(ConverseWriter::new(&head)),
        }
    }

    fn framing(self) -> Framing {
        match self {
            Self::OpenAi => Framing::Sse {
                end: Some(STREAM_END),
            },
            Self::Anthropic => Framing::Sse { end: None },
            Self::Bedrock => Framing::EventStream {
                content_type: "application/json",
            },
        }
    }

    /// An event that is none of the format.
    fn nonsense(self) -> Vec<u8> {
        let name = match self {
            Self::OpenAi => None,
            Self::Anthropic => Some("content_block_delta"),
            Self::Bedrock => Some("contentBlockDelta"),
        };
        let chunk = Chunk {
            event: name,
            failure: false,
            data: b"{\"type\": \"content_block_delta\", \"delta\": "
                .as_slice()
                .into(),
        };
        self.framing().encode(None, &chunk).to_vec()
    }
}

pub(crate) async fn start() -> FakeUpstream {
    FakeUpstream::start(answer).await.unwrap()
}

fn answer(request: &Received) -> Vec<Say> {
    let mut path = request.path.split('/').skip(1);
    let (format, fault) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
    let Some(format) = FORMATS.into_iter().find(|known| known.name() == format) else {
        return vec![Say::Close];
    };
    let said = request.text();
    let stream = request.path.ends_with("converse-stream") || said.contains("\"stream\":true");
    // Who is given the beginning says the rest.
    let words: &[&str] = match said.contains("one two") {
        true => &["three"],
        false => &["one ", "two ", "three"],
    };
    let refusal = |status: &str, class: &str| {
        let body = format!("{{\"error\":{{\"type\":\"{class}\",\"message\":\"no\"}},\"message\":\"no\"}}");
        Say::with(
            status,
            &[("content-type", "application/json"), ("x-amzn-errortype", class)],
            body,
        )
    };
    match fault {
        "429" => refusal("429 Too Many Requests", "rate_limit_error"),
        "500" => refusal("500 Internal Server Error", "api_error"),
        "400_busy" => refusal("400 Bad Request", "serviceUnavailableException"),
        "well" if stream => Say::stream(format.framing().media_type(), &frames(format, words, true)),
        "well" => Say::whole("200 OK", "application/json", whole(format, words)),
        fault if stream => streamed(format, fault),
        fault => in_one_piece(format, fault),
    }
}

fn streamed(format: Format, fault: &str) -> Vec<Say> {
    let broken = Error::new(ErrorKind::BadUpstream, "broken");
    let failure = || {
        format
            .framing()
            .encode(None, &format.writer().fail(&broken))
            .to_vec()
    };
    let media_type = format.framing().media_type();
    if fault == "cut_before" {
        let mut steps = Say::begun(media_type, &[] as &[&[u8]]);
        steps.push(Say::Close);
        return steps;
    }
    if fault == "200_error" {
        return Say::stream(media_type, &[failure()]);
    }
    let mut steps = Say::begun(media_type, &frames(format, &["one ", "two "], false));
    // What was said is to be read before it ends.
    steps.push(Say::Pause(Duration::from_millis(50)));
    match fault {
        "stall" => steps.push(Say::Hold),
        "malformed" => steps.push(Say::piece(format.nonsense())),
        "exception" => steps.push(Say::piece(failure())),
        _ => {}
    }
    steps.push(Say::Close);
    steps
}

fn in_one_piece(format: Format, fault: &str) -> Vec<Say> {
    let body = whole(format, &["one ", "two ", "three"]);
    let half = body.len() / 2;
    match fault {
        "200_error" => Say::whole(
            "200 OK",
            "application/json",
            "{\"error\":{\"type\":\"api_error\",\"message\":\"no\"}}",
        ),
        "malformed" | "exception" => Say::whole("200 OK", "application/json", &body[..half]),
        "cut_before" => vec![Say::Close],
        fault => {
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let mut bytes = head.into_bytes();
            bytes.extend_from_slice(&body[..half]);
            let then = if fault == "stall" { Say::Hold } else { Say::Close };
            vec![Say::Bytes(bytes), then]
        }
    }
}

/// The frames of a streamed answer, up to its end or as far as it gets.
fn frames(format: Format, words: &[&str], ends: bool) -> Vec<Vec<u8>> {
    let mut writer = format.writer();
    let mut chunks = Vec::new();
    writer.open(&mut chunks);
    words
        .iter()
        .for_each(|word| writer.event(&Event::text(*word), &mut chunks));
    if ends {
        writer.end(&Done::new(FinishReason::Stop, usage()), &metrics(), &mut chunks);
    }
    let framing = format.framing();
    let frames = chunks.iter().map(|chunk| framing.encode(None, chunk).to_vec());
    frames
        .chain(framing.end().filter(|_| ends).map(|end| end.to_vec()))
        .collect()
}

fn whole(format: Format, words: &[&str]) -> Vec<u8> {
    let transcript = Transcript {
        text: words.concat(),
        usage: usage(),
        ..Transcript::empty()
    };
    format.writer().whole(&transcript, &metrics()).to_vec()
}

fn usage() -> Usage {
    Usage {
        input: Tokens(3),
        output: Tokens(3),
        ..Usage::default()
    }
}

fn metrics() -> AnswerMetrics {
    AnswerMetrics {
        model: "far".into(),
        first_chunk: None,
        total: Duration::ZERO,
        usage: usage(),
        cost: None,
        cost_estimated: false,
        course: None,
    }
}
