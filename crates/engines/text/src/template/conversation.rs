//! Turns as templates expect them: the objects of `transformers`, in the variant that a template
//! understands.

use busbar_core::{Message, Role, Tool, ToolCall};
use serde_json::{Map, Value, json};

use super::guard::Guard;

/// In which variant a template wants its turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// The text of a turn as a list of parts.
    pub(super) parts: bool,
    /// The arguments of a call as JSON text instead of an object.
    pub(super) arguments_as_text: bool,
    /// No text at all as null instead of an empty text, on turns that call tools.
    pub(super) empty_as_null: bool,
    /// Ids of calls with exactly nine letters or digits.
    pub(super) short_ids: bool,
}

/// All turns, as a list.
pub(super) fn turns(messages: &[Message], shape: Shape, guard: &Guard) -> Value {
    let mut turns = Vec::with_capacity(messages.len());
    for (index, message) in messages.iter().enumerate() {
        let earlier = messages.get(..index).unwrap_or_default();
        turns.push(
            Turn {
                message,
                shape,
                guard,
            }
            .value(earlier),
        );
    }
    Value::Array(turns)
}

/// The tools as a list of functions with their schemas; null where there are none.
pub(super) fn functions(tools: &[Tool], guard: &Guard) -> Value {
    if tools.is_empty() {
        return Value::Null;
    }
    tools.iter().map(|tool| guard.cut_json(&function(tool))).collect()
}

fn function(tool: &Tool) -> Value {
    let mut function = Map::new();
    function.insert("name".into(), json!(tool.name));
    // Templates print it without asking whether it is there.
    function.insert(
        "description".into(),
        json!(tool.description.as_deref().unwrap_or_default()),
    );
    let parameters = match &tool.parameters {
        Value::Object(_) => tool.parameters.clone(),
        _ => json!({ "type": "object", "properties": {} }),
    };
    function.insert("parameters".into(), parameters);
    json!({ "type": "function", "function": function })
}

struct Turn<'a> {
    message: &'a Message,
    shape: Shape,
    guard: &'a Guard,
}

impl Turn<'_> {
    fn value(&self, earlier: &[Message]) -> Value {
        let message = self.message;
        let mut turn = Map::new();
        turn.insert("role".into(), message.role.as_str().into());
        turn.insert("content".into(), self.content());
        if let Some(name) = self.name(earlier) {
            turn.insert("name".into(), self.text(name));
        }
        if let Some(id) = &message.answers {
            turn.insert("tool_call_id".into(), self.id(id.as_str()));
        }
        // Some templates ask only whether the field is there.
        if !message.tool_calls.is_empty() {
            let calls = message.tool_calls.iter().map(|call| self.call(call));
            turn.insert("tool_calls".into(), calls.collect());
        }
        Value::Object(turn)
    }

    fn content(&self) -> Value {
        let text = self.message.content.text();
        if text.is_empty() && self.shape.empty_as_null && !self.message.tool_calls.is_empty() {
            return Value::Null;
        }
        if self.shape.parts {
            return json!([{ "type": "text", "text": self.text(&text) }]);
        }
        self.text(&text)
    }

    /// Who speaks; for the result of a tool, the tool.
    fn name<'a>(&'a self, earlier: &'a [Message]) -> Option<&'a str> {
        let called = || {
            let id = self.message.answers.as_ref()?;
            let calls = earlier.iter().rev().flat_map(|message| &message.tool_calls);
            calls
                .into_iter()
                .find(|call| call.id == *id)
                .map(|call| call.name.as_str())
        };
        let given = self.message.name.as_deref();
        given.or_else(|| (self.message.role == Role::Tool).then(called).flatten())
    }

    fn call(&self, call: &ToolCall) -> Value {
        let arguments = match serde_json::from_str::<Value>(&call.arguments) {
            Ok(arguments @ Value::Object(_)) if !self.shape.arguments_as_text => {
                self.guard.cut_json(&arguments)
            }
            _ => self.text(&call.arguments),
        };
        json!({
            "id": self.id(call.id.as_str()),
            "type": "function",
            "function": { "name": self.text(&call.name), "arguments": arguments },
        })
    }

    fn id(&self, id: &str) -> Value {
        if self.shape.short_ids {
            return short(id).into();
        }
        self.text(id)
    }

    fn text(&self, text: &str) -> Value {
        self.guard.cut(text).into()
    }
}

/// An id of nine letters or digits: the id itself where it is one, else made from it.
fn short(id: &str) -> String {
    if id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return id.to_owned();
    }
    // FNV-1a; the same id must give the same text in every request, or the cache of prefixes misses.
    let mut hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut short = String::with_capacity(9);
    for _ in 0..9 {
        let digit = u32::try_from(hash % 36).unwrap_or_default();
        short.push(char::from_digit(digit, 36).unwrap_or('0'));
        hash /= 36;
    }
    short
}

#[cfg(test)]
mod tests {
    use busbar_core::ToolCallId;

    use super::*;

    fn history() -> Vec<Message> {
        let mut called = Message::assistant("");
        called.tool_calls.push(ToolCall {
            id: ToolCallId::new("call_1"),
            name: "weather".into(),
            arguments: r#"{"city": "Bern"}"#.into(),
        });
        let mut result = Message::new(Role::Tool, "12 °C");
        result.answers = Some(ToolCallId::new("call_1"));
        vec![Message::user("hi"), called, result]
    }

    fn check(shape: Shape) -> Value {
        turns(&history(), shape, &Guard::new([]))
    }

    #[test]
    fn a_call_carries_its_arguments_as_an_object_and_its_result_the_name_of_the_tool() {
        let turns = check(Shape::default());
        assert_eq!(turns[0], json!({"role": "user", "content": "hi"}));
        assert_eq!(turns[1]["content"], "");
        assert_eq!(turns[1]["tool_calls"][0]["function"]["arguments"]["city"], "Bern");
        assert_eq!(turns[2]["name"], "weather");
        assert_eq!(turns[2]["tool_call_id"], "call_1");
    }

    #[test]
    fn the_variant_is_that_of_the_template() {
        let turns = check(Shape {
            parts: false,
            arguments_as_text: true,
            empty_as_null: true,
            short_ids: true,
        });
        assert_eq!(turns[1]["content"], Value::Null);
        assert_eq!(
            turns[1]["tool_calls"][0]["function"]["arguments"],
            r#"{"city": "Bern"}"#
        );
        let id = turns[2]["tool_call_id"].as_str().unwrap();
        assert_eq!(turns[1]["tool_calls"][0]["id"], id);
        assert_eq!(id.len(), 9);
        assert_eq!(
            check(Shape {
                parts: true,
                ..Shape::default()
            })[0]["content"][0]["text"],
            "hi"
        );
    }

    #[test]
    fn an_id_that_fits_stays() {
        assert_eq!(short("abcDEF123"), "abcDEF123");
        assert_ne!(short("call_1"), short("call_2"));
    }

    #[test]
    fn no_tools_are_null_and_a_tool_is_a_function() {
        assert_eq!(functions(&[], &Guard::new([])), Value::Null);
        let tool = Tool {
            name: "f".into(),
            description: None,
            parameters: Value::Null,
            strict: None,
            cache_point: None,
        };
        let functions = functions(&[tool], &Guard::new([]));
        assert_eq!(functions[0]["function"]["parameters"]["type"], "object");
    }
}
