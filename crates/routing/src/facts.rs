//! What is known of a request before anybody answers it: what it needs, for whom it is, and how long it
//! is about.

use busbar_core::{
    ChatRequest, Content, Context, Labels, MediaKind, OutputFormat, Part, Priority, Prompt, Tokens,
    ToolChoice,
};

use crate::spec::{self, RouteSpec};

/// What is known of a request.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'a> {
    /// What sticky choices and roll-outs go by.
    pub(crate) key: Option<&'a str>,
    pub(crate) labels: &'a Labels,
    pub(crate) priority: Priority,
    /// The regions that the request itself allows, separated by commas.
    pub(crate) residency: Option<&'a str>,
    pub(crate) needs: Needs,
    /// A number by chance, the same for all decisions about this request.
    pub(crate) chance: u64,
}

/// What a request needs of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// The prompt's length, estimated.
    pub(crate) prompt: Tokens,
    /// The most it may write.
    pub(crate) max_output: Option<Tokens>,
    /// A conversation rather than a text to be continued.
    pub(crate) chat: bool,
    pub(crate) tools: bool,
    pub(crate) form: bool,
    pub(crate) images: bool,
    pub(crate) documents: bool,
    /// Sound or video.
    pub(crate) other_media: bool,
}

/// Bytes of text per token, in halves: a text of many bytes has at least so few tokens in most languages.
/// Too low an estimate costs an attempt; too high a one would turn away what fits.
const HALF_BYTES: usize = 9;
/// What a picture or a page of a document comes to, about.
const OF_A_MEDIUM: usize = 600;

/// The tokens of so many bytes of text, estimated.
pub(crate) fn tokens_of(bytes: usize) -> Tokens {
    Tokens::from_len(bytes * 2 / HALF_BYTES)
}

impl<'a> Facts<'a> {
    pub(crate) fn of(spec: &RouteSpec, context: &'a Context, needs: Needs, chance: u64) -> Self {
        Self {
            key: context.labels.get(&spec.key),
            labels: &context.labels,
            priority: context.priority,
            residency: context.labels.get(spec::RESIDENCY),
            needs,
            chance,
        }
    }
}

impl Needs {
    pub(crate) fn of(request: &ChatRequest) -> Self {
        let mut needs = Self {
            max_output: request.max_tokens,
            tools: !request.tools.is_empty() && request.tool_choice != ToolChoice::None,
            form: request.output != OutputFormat::Text,
            ..Self::default()
        };
        let mut bytes = 0;
        let mut media = 0;
        match &request.prompt {
            Prompt::Text(text) => bytes += text.len(),
            Prompt::Messages(messages) => {
                needs.chat = true;
                for message in messages {
                    let (said, seen) = needs.look(&message.content);
                    bytes += said;
                    media += seen;
                    bytes += message
                        .tool_calls
                        .iter()
                        .map(|call| call.arguments.len())
                        .sum::<usize>();
                }
            }
        }
        needs.prompt = tokens_of(bytes) + Tokens::from_len(media * OF_A_MEDIUM);
        needs
    }

    fn look(&mut self, content: &Content) -> (usize, usize) {
        let (mut bytes, mut media) = (0, 0);
        for part in content.parts() {
            match part {
                Part::Text(text) => bytes += text.len(),
                Part::Media(medium) => {
                    media += 1;
                    match medium.kind {
                        MediaKind::Image => self.images = true,
                        MediaKind::Document => self.documents = true,
                        MediaKind::Audio | MediaKind::Video => self.other_media = true,
                    }
                }
                Part::Thought(_) | Part::CachePoint(_) => {}
            }
        }
        (bytes, media)
    }
}

#[cfg(test)]
mod tests {
    use busbar_core::{Media, MediaSource, Message, RequestId, Tool};

    use super::*;

    #[test]
    fn what_a_request_needs_is_seen_in_it() {
        let picture = Part::Media(Media {
            kind: MediaKind::Image,
            media_type: "image/png".into(),
            source: MediaSource::Url("https://x".into()),
            name: None,
            detail: None,
        });
        let content: Content = [Part::Text("x".repeat(900)), picture].into_iter().collect();
        let prompt = Prompt::Messages(vec![Message::user(content)]);
        let mut request = ChatRequest::new(Context::new(RequestId::new("r")), "m".into(), prompt);
        request.tools = vec![Tool::new("t", serde_json::json!({}))];
        let needs = Needs::of(&request);
        assert!(needs.images && needs.tools && needs.chat && !needs.documents && !needs.form);
        assert_eq!(needs.prompt, Tokens(800));
        request.tool_choice = ToolChoice::None;
        assert!(!Needs::of(&request).tools);
    }
}
