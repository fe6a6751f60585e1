//! What the older formats, which are a text and a few numbers, have in common: which requests they can
//! say, and answers that are a text.

use busbar_core::{
    AnswerMetrics, ChatRequest, Delta, Done, Error, ErrorKind, Event, FinishReason, Format, OutputFormat,
    Part, Prompt, Reasoning, Result, Role, Sampling, ToolChoice, Transcript, Usage,
};
use bytes::Bytes;

use super::{InvokeReader, chunk::Measured};
use crate::{
    AnswerWriter, Chunk,
    bedrock::{
        error::{self, StreamOf},
        nonsense, unsupported,
    },
    upstream::{self, AnswerReader, ChatFormat, Incoming},
};

/// A turn of a conversation that is text alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) role: Role,
    pub(super) text: String,
}

/// What a request says, where it is text alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    /// A text to be continued.
    Text(String),
    /// Turns.
    Turns(Vec<Said>),
}

/// A piece of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    /// More text.
    pub(super) text: String,
    /// Why it ended, once it has.
    pub(super) finish: Option<FinishReason>,
    /// What it used; as far as this piece says.
    pub(super) usage: Usage,
}

/// A format of this sort.
pub(super) trait PlainFormat: std::fmt::Debug + Copy + Send + Sync + 'static {
    /// Its name.
    fn name(&self) -> Format;

    /// The body of a request.
    fn ask(&self, request: &ChatRequest) -> Result<Bytes>;

    /// A piece, or a whole answer, which have the same form.
    fn read(&self, json: &[u8]) -> Result<Piece, serde_json::Error>;

    /// A piece of a streamed answer.
    fn write(&self, piece: &Piece) -> Bytes;

    /// A whole answer.
    fn whole(&self, piece: &Piece) -> Bytes {
        self.write(piece)
    }
}

/// A format of this sort, for hosts elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlainChat<F>(pub(super) F);

impl<F: PlainFormat> ChatFormat for PlainChat<F> {
    fn name(&self) -> Format {
        self.0.name()
    }

    fn write(&self, request: &ChatRequest, _model: &str) -> Result<Bytes> {
        self.0.ask(request)
    }

    fn reader(&self) -> Box<dyn AnswerReader> {
        Box::new(InvokeReader::new(Box::new(PlainReader::new(self.0))))
    }

    fn whole(&self, body: &[u8]) -> Result<Transcript> {
        whole(&self.0, body)
    }

    fn said(&self, body: &[u8]) -> upstream::Said {
        error::said(body)
    }
}

/// Why an answer ended, in the words that most of them have.
pub(super) fn finish(reason: &str) -> FinishReason {
    match reason {
        "length" => FinishReason::Length,
        _ => FinishReason::Stop,
    }
}

/// The word for why an answer ended.
pub(super) fn reason(finish: FinishReason) -> &'static str {
    match finish {
        FinishReason::Length => "length",
        FinishReason::Stop | FinishReason::ToolCalls | FinishReason::Filtered => "stop",
    }
}

/// What a request says, for a format of this sort.
pub(super) fn of(request: &ChatRequest) -> Result<Plain> {
    request.extra.none()?;
    refuse_what_has_no_word(request)?;
    let messages = match &request.prompt {
        Prompt::Text(text) => return Ok(Plain::Text(text.clone())),
        Prompt::Messages(messages) => messages,
    };
    let mut turns = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        let param = format!("messages[{place}]");
        if message.role == Role::Tool || !message.tool_calls.is_empty() {
            return Err(no_word(&format!("{param}.tool_calls")));
        }
        if message.name.is_some() {
            return Err(no_word(&format!("{param}.name")));
        }
        let other = message
            .content
            .parts()
            .iter()
            .position(|part| matches!(part, Part::Media(_) | Part::Thought(_)));
        if let Some(place) = other {
            return Err(no_word(&format!("{param}.content[{place}]")));
        }
        turns.push(Said {
            role: message.role,
            text: message.content.text().into_owned(),
        });
    }
    Ok(Plain::Turns(turns))
}

/// Refuses what the format has no field for.
pub(super) fn no_word(param: &str) -> Error {
    let message = format!("`{param}` has no word in the format of this model's host; leave it out");
    unsupported(param, message)
}

/// Refuses text that the format would take for the border of a turn.
pub(super) fn refuse_borders(turns: &[Said], borders: &[&str]) -> Result<()> {
    for (place, turn) in turns.iter().enumerate() {
        if let Some(border) = borders.iter().find(|border| turn.text.contains(**border)) {
            let param = format!("messages[{place}].content");
            let message =
                format!("`{param}` has `{border}` in it, which to this model is the border of a turn");
            return Err(unsupported(param, message));
        }
    }
    Ok(())
}

fn refuse_what_has_no_word(request: &ChatRequest) -> Result<()> {
    let Sampling {
        temperature: _,
        top_p: _,
        top_k: _,
        min_p,
        repetition_penalty,
        presence_penalty,
        frequency_penalty,
        seed,
        logit_bias,
    } = &request.sampling;
    let asked = [
        ("min_p", min_p.is_some()),
        ("repetition_penalty", repetition_penalty.is_some()),
        ("presence_penalty", presence_penalty.is_some()),
        ("frequency_penalty", frequency_penalty.is_some()),
        ("seed", seed.is_some()),
        ("logit_bias", !logit_bias.is_empty()),
        ("logprobs", request.logprobs.is_some()),
        ("ignore_eos", request.ignore_end),
        ("response_format", request.output != OutputFormat::Text),
        (
            "tools",
            !request.tools.is_empty() && request.tool_choice != ToolChoice::None,
        ),
        (
            "reasoning",
            request
                .reasoning
                .is_some_and(|reasoning| reasoning != Reasoning::Off),
        ),
    ];
    match asked.into_iter().find(|(_, asked)| *asked) {
        Some((param, _)) => Err(no_word(param)),
        None => Ok(()),
    }
}

/// Reads one streamed answer, out of its framing.
#[derive(Debug)]
pub(super) struct PlainReader<F> {
    format: F,
    finish: Option<FinishReason>,
    usage: Usage,
}

impl<F> PlainReader<F> {
    pub(super) fn new(format: F) -> Self {
        Self {
            format,
            finish: None,
            usage: Usage::default(),
        }
    }
}

impl<F: PlainFormat> AnswerReader for PlainReader<F> {
    fn read(&mut self, frame: &Incoming<'_>, out: &mut Vec<Event>) -> Result<()> {
        let nonsense = |error| nonsense("piece of an answer", error);
        let piece = self.format.read(frame.data).map_err(nonsense)?;
        let measured: Measured = serde_json::from_slice(frame.data).map_err(nonsense)?;
        if !piece.text.is_empty() {
            out.push(Event::text(piece.text));
        }
        self.finish = piece.finish.or(self.finish);
        // Counts of a piece are those so far.
        let before = self.usage;
        self.usage.input = self.usage.input.max(piece.usage.input);
        self.usage.output = self.usage.output.max(piece.usage.output);
        let Some(metrics) = measured.metrics else {
            out.extend((self.usage != before).then_some(Event::Usage(self.usage)));
            return Ok(());
        };
        let Some(finish) = self.finish.take() else {
            let message = "the host told the usage of an answer before it had ended";
            return Err(Error::new(ErrorKind::BadUpstream, message));
        };
        out.push(Event::Done(Done::new(finish, metrics.usage())));
        Ok(())
    }
}

/// A whole answer.
pub(super) fn whole<F: PlainFormat>(format: &F, body: &[u8]) -> Result<Transcript> {
    let piece = format.read(body).map_err(|error| nonsense("answer", error))?;
    let Some(finish) = piece.finish else {
        let message = "the host sent an answer that does not say why it ended";
        return Err(Error::new(ErrorKind::BadUpstream, message));
    };
    let mut transcript = Transcript::empty();
    transcript.text = piece.text;
    transcript.end(Done::new(finish, piece.usage));
    Ok(transcript)
}

/// Writes one answer, to be framed.
#[derive(Debug)]
pub(super) struct PlainWriter<F>(pub(super) F);

impl<F: PlainFormat> AnswerWriter for PlainWriter<F> {
    fn open(&mut self, _out: &mut Vec<Chunk>) {}

    fn event(&mut self, event: &Event, out: &mut Vec<Chunk>) {
        // Requests in these formats offer no tools and ask for no thoughts.
        let Event::Delta(Delta { text, .. }) = event else {
            return;
        };
        if !text.is_empty() {
            let piece = Piece {
                text: text.clone(),
                ..Piece::default()
            };
            out.push(Chunk::plain(self.0.write(&piece)));
        }
    }

    fn end(&mut self, done: &Done, _metrics: &AnswerMetrics, out: &mut Vec<Chunk>) {
        let piece = Piece {
            text: String::new(),
            finish: Some(done.finish),
            usage: done.usage,
        };
        out.push(Chunk::plain(self.0.write(&piece)));
    }

    fn fail(&mut self, error: &Error) -> Chunk {
        error::failed(error, StreamOf::Invoke)
    }

    fn whole(&mut self, transcript: &Transcript, _metrics: &AnswerMetrics) -> Bytes {
        self.0.whole(&Piece {
            text: transcript.text.clone(),
            finish: Some(transcript.finish),
            usage: transcript.usage,
        })
    }
}
