//! Asks for a summary and reads its stream.

use busbar_core::{Error, FinishReason, Result, Sampling, Tokens, Usage};
use serde::Deserialize;
use serde_json::Map;

use super::Call;
use crate::{
    answer::json as bytes,
    openai::hosts::{BUSBAR, counts::Counts, finish_reason},
    sse::SseEvent,
};

/// What is to be summarised, and how.
#[derive(Clone, Debug)]
pub struct SummaryAsk<'a> {
    /// The model's name; empty: the server's default.
    pub model: &'a str,
    /// The text.
    pub text: &'a str,
    /// The style's name.
    pub style: &'a str,
    /// The length's name.
    pub length: &'a str,
    /// How tokens are chosen.
    pub sampling: &'a Sampling,
    /// The most tokens of the summary.
    pub max_tokens: Option<Tokens>,
}

/// The request for a streamed summary.
///
/// # Errors
/// `Unsupported`, naming what no server can be asked for.
pub fn summary(ask: &SummaryAsk<'_>) -> Result<Call> {
    let mut body = Map::new();
    if !ask.model.is_empty() {
        body.insert("model".into(), ask.model.into());
    }
    body.insert("text".into(), ask.text.into());
    body.insert("style".into(), ask.style.into());
    body.insert("length".into(), ask.length.into());
    body.insert("stream".into(), true.into());
    BUSBAR.sampling(ask.sampling, &mut body)?;
    if let Some(most) = ask.max_tokens {
        body.insert("max_tokens".into(), most.0.into());
    }
    Ok(Call {
        path: "/v1/summaries".into(),
        body: bytes(&body),
    })
}

/// What an event of a summary says.
#[derive(Clone, Debug, PartialEq)]
pub enum SummaryItem {
    /// How far the work that writes nothing yet has come.
    Progress {
        /// Whether parts are summarised still; else their summaries are combined.
        mapping: bool,
        /// Finished.
        done: u32,
        /// In all.
        total: u32,
    },
    /// More text.
    Delta(String),
    /// The end.
    Done {
        /// Why it ended.
        finish: FinishReason,
        /// Tokens of all calls.
        usage: Usage,
        /// Into how many parts the text was split.
        parts: u32,
        /// How many times notes were combined.
        rounds: u32,
    },
}

/// Reads one streamed summary.
#[derive(Clone, Copy, Debug, Default)]
pub struct SummaryReader;

impl SummaryReader {
    /// What one event of the stream says; nothing where it is of a kind that we do not know.
    ///
    /// # Errors
    /// The error that the stream carries; `Internal` where an event cannot be read.
    pub fn read(self, event: &SseEvent) -> Result<Option<SummaryItem>> {
        let data = event.data.as_bytes();
        match &*event.event {
            "progress" => parse::<Progress>(data).map(|progress| Some(progress.into_item())),
            "delta" => parse::<Delta>(data).map(|delta| Some(SummaryItem::Delta(delta.text))),
            "done" => parse::<Whole>(data).map(|whole| Some(whole.into_item())),
            "error" => Err(super::failure(0, data)),
            _ => Ok(None),
        }
    }
}

#[derive(Deserialize)]
struct Progress {
    stage: String,
    done: u32,
    total: u32,
}

#[derive(Deserialize)]
struct Delta {
    text: String,
}

#[derive(Deserialize)]
struct Whole {
    parts: u32,
    rounds: u32,
    #[serde(default)]
    finish_reason: String,
    usage: Counts,
}

impl Progress {
    fn into_item(self) -> SummaryItem {
        SummaryItem::Progress {
            mapping: self.stage == "map",
            done: self.done,
            total: self.total,
        }
    }
}

impl Whole {
    fn into_item(self) -> SummaryItem {
        SummaryItem::Done {
            finish: finish_reason(&self.finish_reason),
            usage: self.usage.into_usage(),
            parts: self.parts,
            rounds: self.rounds,
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(data: &'a [u8]) -> Result<T> {
    serde_json::from_slice(data).map_err(|error| {
        Error::internal("the server sent something that is no part of a summary").with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use busbar_core::Progress as CoreProgress;

    use super::*;
    use crate::summaries::{SummaryBody, SummaryDelta, SummaryProgress};

    fn event(name: &str, data: &[u8]) -> SseEvent {
        SseEvent {
            event: name.into(),
            data: String::from_utf8(data.to_vec()).unwrap(),
            id: None,
        }
    }

    #[test]
    fn the_server_reads_back_what_the_client_wrote() {
        let sampling = Sampling {
            seed: Some(3),
            ..Sampling::default()
        };
        let ask = SummaryAsk {
            model: "m",
            text: "long",
            style: "bullets",
            length: "short",
            sampling: &sampling,
            max_tokens: Some(Tokens(9)),
        };
        let body = SummaryBody::read(&summary(&ask).unwrap().body).unwrap();
        assert!(body.stream());
        let context = busbar_core::Context::new(busbar_core::RequestId::new("r"));
        let asked = body.into_asked(context).unwrap();
        assert_eq!(
            (&*asked.model, &*asked.text, asked.max_tokens),
            ("m", "long", Some(Tokens(9)))
        );
        assert_eq!(asked.sampling, sampling);
    }

    #[test]
    fn the_client_reads_back_what_the_server_wrote() {
        let read = |name: &str, data: &[u8]| SummaryReader.read(&event(name, data));
        let progress = CoreProgress {
            stage: "map",
            done: 1,
            total: 4,
        };
        let item = SummaryItem::Progress {
            mapping: true,
            done: 1,
            total: 4,
        };
        assert_eq!(
            read("progress", &SummaryProgress::encode(&progress)).unwrap(),
            Some(item)
        );
        let delta = SummaryDelta::encode("In short");
        assert_eq!(
            read("delta", &delta).unwrap(),
            Some(SummaryItem::Delta("In short".into()))
        );
        let done = br#"{"parts":4,"rounds":1,"finish_reason":"stop","usage":{"prompt_tokens":9,"completion_tokens":2}}"#;
        assert!(matches!(
            read("done", done),
            Ok(Some(SummaryItem::Done { parts: 4, .. }))
        ));
        assert!(read("error", br#"{"detail":"too late"}"#).is_err());
        assert_eq!(read("later-addition", b"{}").unwrap(), None);
    }
}
