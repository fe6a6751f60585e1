//! A client of the server, by three transports.

use std::{io::Read as _, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};

/// What a client got.
#[derive(Debug, Default)]
pub(crate) struct Got {
    pub(crate) text: String,
    /// The model that the server says answered; empty where it does not say.
    pub(crate) model: String,
    /// How often it was told that the answer is whole.
    pub(crate) ends: usize,
    /// Whether it was told that another model goes on.
    pub(crate) resumed: bool,
    /// Everything as it came.
    pub(crate) raw: String,
}

fn body(route: &str, stream: bool) -> Value {
    json!({"model": route, "messages": [{"role": "user", "content": "Count."}], "stream": stream})
}

/// Sends a request; what comes back and the model's header.
async fn post(address: &str, body: Value) -> (String, String) {
    let url = format!("http://{address}/v1/chat/completions");
    let sending = move || {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .new_agent();
        let request = agent.post(url).header("content-type", "application/json");
        let mut response = request.send(body.to_string()).unwrap();
        let model = response.headers().get("x-busbar-model");
        let model = model
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default();
        let mut text = String::new();
        response.body_mut().as_reader().read_to_string(&mut text).unwrap();
        (text, model)
    };
    tokio::task::spawn_blocking(sending).await.unwrap()
}

/// Waits until the server says that it can answer.
pub(crate) async fn ready(address: &str) {
    loop {
        let url = format!("http://{address}/readyz");
        let ready = tokio::task::spawn_blocking(move || ureq::get(url).call().is_ok());
        if ready.await.unwrap() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) async fn json(address: &str, route: &str) -> Got {
    let (raw, model) = post(address, body(route, false)).await;
    let answer: Value = serde_json::from_str(&raw).unwrap_or_default();
    let choice = &answer["choices"][0];
    Got {
        text: choice["message"]["content"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        ends: usize::from(choice["finish_reason"] == "stop"),
        model,
        resumed: false,
        raw,
    }
}

pub(crate) async fn sse(address: &str, route: &str) -> Got {
    let (raw, model) = post(address, body(route, true)).await;
    let mut got = Got {
        model,
        ..Got::default()
    };
    for line in raw.lines().filter_map(|line| line.strip_prefix("data: ")) {
        got.hear(&serde_json::from_str(line).unwrap_or_default());
    }
    // Once another model goes on, the header of the first no longer says who answered.
    Got { raw, ..got }
}

pub(crate) async fn socket(address: &str, route: &str) -> Got {
    let (mut socket, _) = connect_async(format!("ws://{address}/v1/ws")).await.unwrap();
    let frame = json!({"type": "chat", "id": "1", "body": body(route, true)});
    socket.send(Message::text(frame.to_string())).await.unwrap();
    let mut got = Got::default();
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        got.raw.push_str(&text);
        let frame: Value = serde_json::from_str(&text).unwrap();
        match frame["type"].as_str().unwrap() {
            "chunk" => got.hear(&frame["data"]),
            "done" => {
                got.ends += usize::from(frame["finish_reason"] == "stop");
                break;
            }
            "error" => break,
            _ => {}
        }
    }
    got
}

impl Got {
    fn hear(&mut self, chunk: &Value) {
        let choice = &chunk["choices"][0];
        self.text
            .push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        self.ends += usize::from(choice["finish_reason"] == "stop");
        self.resumed |= chunk["busbar_resumed"]["to"].is_string();
    }
}
