//! What makes two requests the same: everything that the answer depends on, and whose it is, hashed so
//! that no two that differ are ever taken for one (SHA-256).

use busbar_core::{
    AnswerKey, CacheSpan, ChatRequest, Content, Extra, Media, MediaSource, Message, OutputFormat, Part,
    Prompt, Reasoning, Thought, Tool, ToolChoice,
};
use sha2::{Digest as _, Sha256};

/// The name of everything that an answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(AnswerKey);

impl Key {
    pub(crate) fn bytes(&self) -> &AnswerKey {
        &self.0
    }
}

/// The key of a request on a route under these guardrails.
pub(crate) fn of(route: &str, guardrails: &str, request: &ChatRequest) -> Key {
    let mut digest = Ink(Sha256::new());
    // Which of the fields count is decided here, one by one: who adds a field finds this list.
    let ChatRequest {
        context,
        model: _,
        prompt,
        sampling,
        max_tokens,
        stop,
        output,
        tools,
        tool_choice,
        parallel_tool_calls,
        reasoning,
        logprobs,
        ignore_end,
        // Written in pieces or at once, it is the same answer.
        whole: _,
        extra,
        // By their definition they change nothing in the answer.
        hints: _,
    } = request;
    digest.text(context.tenant.as_str());
    digest.text(route);
    digest.text(guardrails);
    digest.prompt(prompt);
    // Numbers and names only: what Debug writes of them is all there is of them.
    digest.text(&format!("{sampling:?}"));
    digest.text(&format!(
        "{max_tokens:?} {parallel_tool_calls:?} {logprobs:?} {ignore_end}"
    ));
    digest.number(stop.len());
    stop.iter().for_each(|stop| digest.text(stop));
    digest.output(output);
    digest.number(tools.len());
    tools.iter().for_each(|tool| digest.tool(tool));
    digest.choice(tool_choice);
    digest.reasoning(*reasoning);
    digest.extra(extra);
    Key(digest.0.finalize().into())
}

/// Writes into a hash so that no two different things are written alike.
struct Ink(Sha256);

impl Ink {
    fn number(&mut self, number: usize) {
        self.0.update((number as u64).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn maybe(&mut self, text: Option<&str>) {
        self.number(usize::from(text.is_some()));
        self.text(text.unwrap_or_default());
    }

    fn prompt(&mut self, prompt: &Prompt) {
        match prompt {
            Prompt::Text(text) => {
                self.text("text");
                self.text(text);
            }
            Prompt::Messages(messages) => {
                self.text("messages");
                self.number(messages.len());
                messages.iter().for_each(|message| self.message(message));
            }
        }
    }

    fn message(&mut self, message: &Message) {
        self.text(message.role.as_str());
        self.content(&message.content);
        self.maybe(message.name.as_deref());
        self.number(message.tool_calls.len());
        for call in &message.tool_calls {
            self.text(call.id.as_str());
            self.text(&call.name);
            self.text(&call.arguments);
        }
        self.maybe(message.answers.as_ref().map(|id| id.as_str()));
        self.number(usize::from(message.failed));
    }

    fn content(&mut self, content: &Content) {
        self.number(content.parts().len());
        for part in content.parts() {
            match part {
                Part::Text(text) => {
                    self.text("text");
                    self.text(text);
                }
                Part::Media(media) => self.media(media),
                Part::Thought(Thought::Open { text, signature }) => {
                    self.text("thought");
                    self.text(text);
                    self.maybe(signature.as_deref());
                }
                Part::Thought(Thought::Sealed(sealed)) => {
                    self.text("sealed");
                    self.text(sealed);
                }
                Part::CachePoint(point) => self.keep(point.keep),
            }
        }
    }

    fn media(&mut self, media: &Media) {
        self.text(media.kind.as_str());
        self.text(&media.media_type);
        match &media.source {
            MediaSource::Bytes(bytes) => self.bytes(bytes),
            MediaSource::Url(url) => {
                self.text("url");
                self.text(url);
            }
        }
        self.maybe(media.name.as_deref());
        self.maybe(media.detail.as_deref());
    }

    fn keep(&mut self, keep: Option<CacheSpan>) {
        self.text("cache point");
        self.number(match keep {
            None => 0,
            Some(CacheSpan::FiveMinutes) => 1,
            Some(CacheSpan::OneHour) => 2,
        });
    }

    fn output(&mut self, output: &OutputFormat) {
        match output {
            OutputFormat::Text => self.text("text"),
            OutputFormat::Json => self.text("json"),
            OutputFormat::JsonSchema(schema) => {
                self.text("schema");
                self.text(&schema.to_string());
            }
        }
    }

    fn tool(&mut self, tool: &Tool) {
        self.text(&tool.name);
        self.maybe(tool.description.as_deref());
        self.text(&tool.parameters.to_string());
        self.text(&format!("{:?} {:?}", tool.strict, tool.cache_point));
    }

    fn choice(&mut self, choice: &ToolChoice) {
        match choice {
            ToolChoice::Auto => self.text("auto"),
            ToolChoice::None => self.text("none"),
            ToolChoice::Required => self.text("required"),
            ToolChoice::Named(name) => {
                self.text("named");
                self.text(name);
            }
        }
    }

    fn reasoning(&mut self, reasoning: Option<Reasoning>) {
        self.text(&format!("{reasoning:?}"));
    }

    fn extra(&mut self, extra: &Extra) {
        self.maybe(extra.format.map(|format| format.0));
        self.number(extra.fields.len());
        for (name, value) in &extra.fields {
            self.text(name);
            self.text(&value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use busbar_core::{Context, RequestId, Tenant, Tokens};

    use super::*;

    fn request(text: &str) -> ChatRequest {
        let prompt = Prompt::Messages(vec![Message::user(text)]);
        ChatRequest::new(Context::new(RequestId::new("r")), "m".into(), prompt)
    }

    #[test]
    fn everything_that_changes_the_answer_changes_the_key() {
        let plain = of("route", "", &request("hi"));
        let mut others = vec![
            of("other", "", &request("hi")),
            of("route", "2", &request("hi")),
            of("route", "", &request("ho")),
        ];
        let changes: [fn(&mut ChatRequest); 9] = [
            |request| request.context.tenant = Tenant::new("another"),
            |request| request.max_tokens = Some(Tokens(1)),
            |request| request.stop = vec!["x".into()],
            |request| request.sampling.seed = Some(1),
            |request| request.output = OutputFormat::Json,
            |request| request.tools = vec![Tool::new("t", serde_json::json!({}))],
            |request| request.tool_choice = ToolChoice::Required,
            |request| request.prompt = Prompt::Text("hi".into()),
            |request| {
                request.extra.fields.insert("k".into(), 1.into());
            },
        ];
        for change in changes {
            let mut changed = request("hi");
            change(&mut changed);
            others.push(of("route", "", &changed));
        }
        others.push(plain);
        let count = others.len();
        others.sort_unstable();
        others.dedup();
        assert_eq!(others.len(), count);
    }

    #[test]
    fn who_asks_and_how_it_is_sent_does_not() {
        let mut same = request("hi");
        same.whole = true;
        same.context.request = RequestId::new("another");
        assert_eq!(of("route", "", &request("hi")), of("route", "", &same));
    }
}
