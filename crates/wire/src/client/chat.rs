//! Writes a request for text to a server of ours: a conversation, or a text to be continued.

use busbar_core::{ChatRequest, Prompt, Result};

use super::Call;
use crate::openai::hosts::BUSBAR;

/// The request for a streamed answer with its usage.
///
/// # Errors
/// `Unsupported`, naming what no server can be asked for.
pub fn chat(request: &ChatRequest) -> Result<Call> {
    let path = match &request.prompt {
        Prompt::Messages(_) => "/v1/chat/completions",
        Prompt::Text(_) => "/v1/completions",
    };
    let body = BUSBAR.body(request, request.model.as_str(), true)?;
    Ok(Call {
        path: path.into(),
        body,
    })
}

#[cfg(test)]
mod tests {
    use busbar_core::{Content, Context, Message, OutputFormat, RequestId, Tool, ToolCall, ToolChoice};
    use serde_json::json;

    use super::*;
    use crate::openai::{chat::ChatBody, completions::CompletionBody};

    fn context() -> Context {
        Context::new(RequestId::new("r"))
    }

    #[test]
    fn the_server_reads_back_what_the_client_wrote() {
        let call = ToolCall {
            id: "c1".into(),
            name: "weather".into(),
            arguments: "{}".into(),
        };
        let calls = Message {
            tool_calls: vec![call],
            ..Message::assistant(Content::default())
        };
        let result = Message {
            answers: Some("c1".into()),
            ..Message::new(busbar_core::Role::Tool, "rain")
        };
        let turns = vec![Message::system("s"), Message::user("u"), calls, result];
        let mut request = ChatRequest::new(context(), "m".into(), Prompt::Messages(turns));
        request.sampling.temperature = Some(0.7);
        request.sampling.seed = Some(u64::MAX);
        request.stop = vec!["\n".into()];
        request.output = OutputFormat::JsonSchema(json!({ "type": "object" }));
        request.tools = vec![Tool {
            name: "weather".into(),
            description: None,
            parameters: json!({ "type": "object" }),
            strict: None,
            cache_point: None,
        }];
        request.tool_choice = ToolChoice::Named("weather".into());
        let sent = chat(&request).unwrap();
        assert_eq!(sent.path, "/v1/chat/completions");
        let body = ChatBody::read(&sent.body).unwrap();
        assert!(body.stream() && body.include_usage());
        let read = body.into_request(context()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{request:?}"));
    }

    #[test]
    fn a_text_to_continue_has_its_own_path() {
        let request = ChatRequest::new(context(), "m".into(), Prompt::Text("Once".into()));
        let sent = chat(&request).unwrap();
        assert_eq!(sent.path, "/v1/completions");
        let read = CompletionBody::read(&sent.body)
            .unwrap()
            .into_request(context())
            .unwrap();
        assert_eq!(read.prompt, Prompt::Text("Once".into()));
    }
}
