//! Watching answers of this format go by: their end, and what they used.

use std::sync::LazyLock;

use busbar_core::{Done, Error, FinishReason, Tokens, Usage};
use bytes::Bytes;
use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{counts::Counts, reader::finish_reason, reported::Reported};
use crate::{
    openai::{STREAM_END, StreamOptions},
    upstream::Incoming,
    watch::Watch,
};

/// Watches one answer. Chunks that neither end it nor count tokens are not read, only looked at.
#[derive(Debug, Default)]
pub struct ChatWatch {
    finish: Option<FinishReason>,
    usage: Option<Usage>,
    /// Chunks so far, for hosts that tell no usage.
    pieces: u32,
    failure: Option<Error>,
    ended: bool,
}

#[derive(Deserialize)]
struct Ends {
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    usage: Option<Counts>,
    x_groq: Option<Groq>,
    error: Option<Reported>,
}

#[derive(Deserialize)]
struct Groq {
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Choice {
    finish_reason: Option<String>,
}

impl Ends {
    fn finish(&self) -> Option<FinishReason> {
        let reasons = self.choices.iter().flatten();
        reasons
            .filter_map(|choice| choice.finish_reason.as_deref())
            .map(finish_reason)
            .next()
    }

    fn usage(&self) -> Option<Usage> {
        let counts = self.usage.or(self.x_groq.as_ref().and_then(|groq| groq.usage));
        counts.map(Counts::into_usage)
    }
}

impl Watch for ChatWatch {
    fn see(&mut self, frame: &Incoming<'_>) {
        if frame.data.trim_ascii() == STREAM_END {
            self.ended = true;
            return;
        }
        if !says_something(frame.data) {
            self.pieces += 1;
            return;
        }
        let Ok(ends) = serde_json::from_slice::<Ends>(frame.data) else {
            return;
        };
        self.usage = ends.usage().or(self.usage);
        self.finish = ends.finish().or(self.finish);
        if let Some(error) = ends.error {
            self.failure.get_or_insert(error.into_error());
        }
    }

    /// Some hosts leave the last word out: the reason to end was the end.
    fn over(&mut self) {
        self.ended |= self.finish.is_some();
    }

    fn done(&self) -> Option<Done> {
        let whole = self.ended && self.failure.is_none();
        // Nearly every host sends a piece for each token.
        let counted = Usage {
            output: Tokens(self.pieces),
            ..Usage::default()
        };
        let usage = self.usage.unwrap_or(counted);
        whole.then(|| Done::new(self.finish.unwrap_or(FinishReason::Stop), usage))
    }

    fn failure(&self) -> Option<Error> {
        self.failure.clone()
    }

    fn usage(&self) -> Usage {
        self.usage.unwrap_or_default()
    }

    fn whole(&self, body: &[u8]) -> Option<Done> {
        let ends: Ends = serde_json::from_slice(body).ok()?;
        if ends.error.is_some() || ends.choices.as_ref().is_none_or(Vec::is_empty) {
            return None;
        }
        let finish = ends.finish().unwrap_or(FinishReason::Stop);
        Some(Done::new(finish, ends.usage().unwrap_or_default()))
    }
}

/// Whether a chunk may end the answer or count tokens: a name of such a field stands in it with a value
/// behind it. What stands in the text of an answer has its quotes escaped.
fn says_something(data: &[u8]) -> bool {
    static NAMES: LazyLock<[Finder<'static>; 3]> =
        LazyLock::new(|| ["\"finish_reason\"", "\"usage\"", "\"error\""].map(Finder::new));
    NAMES.iter().any(|name| {
        name.find_iter(data).any(|at| {
            let rest = data[at + name.needle().len()..].trim_ascii_start();
            let value = rest.strip_prefix(b":").map(<[u8]>::trim_ascii_start);
            !value.is_some_and(|value| value.starts_with(b"null"))
        })
    })
}

/// Whether a chunk of a stream carries usage and nothing else: a client that did not ask for it does not
/// expect it.
pub fn is_only_usage(data: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Only<'a> {
        #[serde(borrow)]
        choices: Vec<&'a RawValue>,
        #[serde(borrow)]
        usage: &'a RawValue,
    }
    says_something(data)
        && serde_json::from_slice::<Only<'_>>(data)
            .is_ok_and(|only| only.choices.is_empty() && only.usage.get() != "null")
}

#[derive(Deserialize)]
struct Options {
    stream_options: Option<StreamOptions>,
}

/// Whether a body asks for a stream that ends with its usage. Where it does not, tokens can be counted
/// only if [`with_usage`] asks for it.
pub fn asks_for_usage(body: &[u8]) -> bool {
    let options = serde_json::from_slice::<Options>(body).ok();
    let options = options.and_then(|options| options.stream_options);
    options
        .and_then(|options| options.include_usage)
        .unwrap_or_default()
}

/// The body with the wish for usage added; nothing else of it changes. `None` where it says something
/// about its stream already, or is no object.
pub fn with_usage(body: &[u8]) -> Option<Bytes> {
    #[derive(Deserialize)]
    struct Says<'a> {
        #[serde(borrow)]
        stream_options: Option<&'a RawValue>,
        #[serde(borrow)]
        model: Option<&'a RawValue>,
    }
    let says: Says<'_> = serde_json::from_slice(body).ok()?;
    // Null counts as said: serde reads it as absent, so the name itself is looked for.
    if says.stream_options.is_some() || names_stream_options(body) {
        return None;
    }
    let open = body.iter().position(|byte| *byte == b'{')?;
    let (before, after) = body.split_at_checked(open + 1)?;
    let empty = says.model.is_none() && after.trim_ascii_start().first() == Some(&b'}');
    let comma: &[u8] = if empty { b"" } else { b"," };
    Some(
        [
            before,
            br#""stream_options":{"include_usage":true}"#,
            comma,
            after,
        ]
        .concat()
        .into(),
    )
}

fn names_stream_options(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| text.contains("\"stream_options\""))
}
