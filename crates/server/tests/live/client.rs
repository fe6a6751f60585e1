//! A WebSocket client.

use std::{collections::HashMap, net::SocketAddr};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, error::Error, protocol::CloseFrame},
};

use crate::scene::{AT_MOST, saying};

/// A WebSocket client.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// An answer as it came.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) stream: String,
    pub(crate) seqs: Vec<u64>,
    pub(crate) text: String,
    /// The last frame.
    pub(crate) end: Value,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let (socket, _) = connect_async(format!("ws://{address}/v1/ws")).await.unwrap();
        Self { socket }
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.text(&frame.to_string()).await;
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// Asks for an answer.
    pub(crate) async fn chat(&mut self, id: &str, text: &str) {
        self.send(&json!({"type": "chat", "id": id, "body": saying(text)}))
            .await;
    }

    /// Asks for an answer whose stream outlives the connection.
    pub(crate) async fn chat_resumable(&mut self, id: &str, seconds: u64) {
        let body = saying("hello");
        self.send(&json!({"type": "chat", "id": id, "resume": seconds, "body": body}))
            .await;
    }

    pub(crate) async fn resume(&mut self, id: &str, stream: &str, after: u64) {
        self.send(&json!({"type": "resume", "id": id, "stream": stream, "after": after}))
            .await;
    }

    pub(crate) async fn cancel(&mut self, id: &str) {
        self.send(&json!({"type": "cancel", "id": id})).await;
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        match self.message().await.unwrap().unwrap() {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("not a frame: {other:?}"),
        }
    }

    /// The next frame of a type; others are passed over.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// Answers up to their ends, by the names under which they were asked for.
    pub(crate) async fn answers(&mut self, count: usize) -> HashMap<String, Answer> {
        let mut answers: HashMap<String, Answer> = HashMap::new();
        let mut ended = 0;
        while ended < count {
            let frame = self.next().await;
            let answer = answers
                .entry(frame["id"].as_str().unwrap().to_owned())
                .or_default();
            answer.seqs.extend(frame["seq"].as_u64());
            match frame["type"].as_str().unwrap() {
                "started" => answer.stream = frame["stream"].as_str().unwrap().to_owned(),
                "chunk" => {
                    let piece = frame["data"]["choices"][0]["delta"]["content"].as_str();
                    answer.text.push_str(piece.unwrap_or_default());
                }
                "done" | "error" => {
                    answer.end = frame;
                    ended += 1;
                }
                other => panic!("a frame of type {other}"),
            }
        }
        answers
    }

    /// The one answer that is under way, up to its end.
    pub(crate) async fn answer(&mut self) -> Answer {
        self.answers(1).await.into_values().next().unwrap()
    }

    /// Reads on until the connection is closed: the code and the reason.
    pub(crate) async fn closed(&mut self) -> Option<(u16, String)> {
        loop {
            match self.message().await {
                Some(Ok(Message::Close(frame))) => return frame.as_ref().map(told),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    async fn message(&mut self) -> Option<Result<Message, Error>> {
        let pings = async {
            loop {
                let message = self.socket.next().await;
                if !matches!(message, Some(Ok(Message::Ping(_)))) {
                    return message;
                }
            }
        };
        tokio::time::timeout(AT_MOST, pings).await.unwrap()
    }
}

fn told(frame: &CloseFrame) -> (u16, String) {
    (frame.code.into(), frame.reason.to_string())
}
