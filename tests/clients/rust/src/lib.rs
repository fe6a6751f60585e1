//! A model elsewhere that follows a script: it asks for a tool, and then says what the tool said.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::{Value, json};

/// Where it answers, as long as the tests run.
pub fn scripted() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer(stream);
        }
    });
    format!("http://{address}/v1")
}

fn answer(mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let said = says(&serde_json::from_slice(&body).unwrap()).to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    let length = said.len();
    let _sent = write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{said}");
}

fn says(asked: &Value) -> Value {
    let last = asked["messages"].as_array().unwrap().last().unwrap();
    let (message, end) = match last["role"] == "tool" {
        true => (json!({"role": "assistant", "content": last["content"]}), "stop"),
        false => {
            let function = json!({"name": "weather", "arguments": "{\"city\": \"Paris\"}"});
            let call = json!({"id": "call_1", "type": "function", "function": function});
            (
                json!({"role": "assistant", "content": null, "tool_calls": [call]}),
                "tool_calls",
            )
        }
    };
    json!({
        "id": "scripted", "object": "chat.completion", "created": 0, "model": "far",
        "choices": [{"index": 0, "message": message, "finish_reason": end}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
    })
}
