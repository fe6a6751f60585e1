//! Messages of a conversation whose connection somebody else holds, each answered by itself.

use std::sync::{Arc, Mutex};

use busbar_core::{BoxFuture, Error, ErrorKind, RequestId, Result};
use busbar_server::Post;
use busbar_testkit::{Scripted, Step};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::support::{Rig, saying, serving};

/// Keeps what is posted; from this number on nobody is there any more.
#[derive(Clone, Default)]
struct Peer {
    heard: Arc<Mutex<Vec<Value>>>,
    leaves_at: Option<usize>,
}

impl Post for Peer {
    fn post(&self, frame: Bytes) -> BoxFuture<'_, Result<()>> {
        let mut heard = self.heard.lock().unwrap();
        let gone = self.leaves_at.is_some_and(|at| heard.len() >= at);
        heard.push(serde_json::from_slice(&frame).unwrap());
        Box::pin(async move {
            match gone {
                true => Err(Error::new(ErrorKind::Cancelled, "gone")),
                false => Ok(()),
            }
        })
    }
}

async fn say(rig: &Rig, peer: &Peer, message: &str) -> Result<()> {
    let request = RequestId::new("r");
    rig.server.converse(&request, message.as_bytes(), peer).await
}

fn chat() -> String {
    let messages = json!([{"role": "user", "content": "hi"}]);
    json!({"type": "chat", "id": "a", "body": {"messages": messages}}).to_string()
}

fn types(peer: &Peer) -> Vec<String> {
    let heard = peer.heard.lock().unwrap();
    let kind = |frame: &Value| frame["type"].as_str().unwrap().to_owned();
    heard.iter().map(kind).collect()
}

#[tokio::test]
async fn a_message_is_answered_in_the_frames_of_a_connection() {
    let (rig, peer) = (saying(&["one ", "two"]), Peer::default());
    say(&rig, &peer, &chat()).await.unwrap();
    let kinds = types(&peer);
    assert_eq!((&*kinds[0], &*kinds[kinds.len() - 1]), ("started", "done"));
    let heard = peer.heard.lock().unwrap();
    let text: String = heard
        .iter()
        .filter_map(|frame| frame["data"]["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(text, "one two");
    let numbers: Vec<_> = heard.iter().filter_map(|frame| frame["seq"].as_u64()).collect();
    let expected: Vec<_> = (1..=numbers.len() as u64).collect();
    assert_eq!(numbers, expected);
}

#[tokio::test]
async fn work_for_somebody_who_has_left_stops() {
    let model = Scripted::new(vec![Step::text("one"), Step::Stall]);
    let rig = serving(model.clone());
    let peer = Peer {
        leaves_at: Some(1),
        ..Peer::default()
    };
    let error = say(&rig, &peer, &chat()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!((model.started(), model.live(), model.finished()), (1, 0, 0));
}

#[tokio::test]
async fn what_needs_other_messages_is_refused_by_name() {
    let (rig, peer) = (saying(&["x"]), Peer::default());
    let resumable = json!({"type": "chat", "id": "a", "resume": 30, "body": {"messages": []}});
    for message in [
        json!({"type": "cancel", "id": "a"}),
        json!({"type": "resume", "id": "a", "stream": "s", "after": 0}),
        resumable,
    ] {
        say(&rig, &peer, &message.to_string()).await.unwrap();
        let last = peer.heard.lock().unwrap().pop().unwrap();
        assert_eq!(last["type"], "error", "{message}");
        assert_eq!(last["error"]["code"], "messages_are_apart", "{last}");
    }
}

#[tokio::test]
async fn pings_and_nonsense_are_answered_too() {
    let (rig, peer) = (saying(&["x"]), Peer::default());
    say(&rig, &peer, r#"{"type": "ping", "at": 5}"#).await.unwrap();
    say(&rig, &peer, "hello?").await.unwrap();
    assert_eq!(types(&peer), ["pong", "error"]);
}

#[tokio::test]
async fn a_server_that_drains_takes_no_message() {
    let (rig, peer) = (saying(&["x"]), Peer::default());
    rig.drain.start();
    assert!(say(&rig, &peer, &chat()).await.is_err());
    assert!(types(&peer).is_empty());
}
