//! Messages of a conversation whose connection somebody else holds, each answered by itself.

use std::sync::{Arc, Mutex};

use busbar_core::{BoxFuture, Error, ErrorKind, RequestId, Result};
use busbar_server::{Post, Presence, Utterance};
use busbar_storage::memory::MemoryNotes;
use busbar_testkit::{Scripted, Step, TestClock};
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
    rig.server
        .converse(heard(&RequestId::new("r"), message, 1), peer, None)
        .await
}

fn heard<'a>(request: &'a RequestId, message: &'a str, at: u64) -> Utterance<'a> {
    Utterance {
        request,
        connection: "c",
        at,
        message: message.as_bytes(),
    }
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

/// Two servers that know the same of their connections, as two instances of a function do.
struct Instances {
    model: Scripted,
    works: Rig,
    other: Rig,
    presence: Presence,
}

impl Instances {
    fn new(script: Vec<Step>) -> Self {
        let model = Scripted::new(script);
        Self {
            works: serving(model.clone()),
            other: saying(&["x"]),
            model,
            presence: Presence::new(Arc::new(MemoryNotes::new()), Arc::new(TestClock::new())),
        }
    }

    /// Answers a message that the gateway took then, in one instance.
    async fn hear(&self, rig: &Rig, peer: &Peer, message: &str, at: u64) {
        let request = RequestId::new("r");
        let said = heard(&request, message, at);
        rig.server
            .converse(said, peer, Some(&self.presence))
            .await
            .unwrap();
    }

    async fn started(&self) {
        while self.model.started() == 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Asks one instance for an answer, and lets something happen as soon as the model works.
    async fn meanwhile(&self, peer: &Peer, happens: impl Future<Output = ()>) {
        let asked = chat();
        let answering = self.hear(&self.works, peer, &asked, 10);
        let happening = async {
            self.started().await;
            happens.await;
        };
        tokio::join!(answering, happening);
        assert_eq!(
            (self.model.started(), self.model.live(), self.model.finished()),
            (1, 0, 0)
        );
    }
}

fn cancel() -> String {
    json!({"type": "cancel", "id": "a"}).to_string()
}

fn ended(peer: &Peer) -> Value {
    let heard = peer.heard.lock().unwrap();
    heard.last().unwrap()["finish_reason"].clone()
}

#[tokio::test(start_paused = true)]
async fn another_instance_stops_what_one_is_at() {
    for script in [vec![Step::text("one"), Step::Stall], vec![Step::Stall]] {
        let (instances, peer) = (Instances::new(script), Peer::default());
        instances.presence.connected("c").await.unwrap();
        let asked = cancel();
        let stops = instances.hear(&instances.other, &peer, &asked, 11);
        instances.meanwhile(&peer, stops).await;
        assert_eq!(ended(&peer), "cancelled");
        // Its name is free again.
        instances.hear(&instances.other, &peer, &chat(), 12).await;
        assert_eq!(ended(&peer), "stop");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_gone_stops_a_model_that_says_nothing() {
    let (instances, peer) = (Instances::new(vec![Step::Stall]), Peer::default());
    instances.presence.connected("c").await.unwrap();
    let leaves = async { instances.presence.left("c").await.unwrap() };
    instances.meanwhile(&peer, leaves).await;
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_overtakes_what_it_stops_is_heeded() {
    let (instances, peer) = (Instances::new(vec![Step::Stall]), Peer::default());
    instances.presence.connected("c").await.unwrap();
    instances.hear(&instances.other, &peer, &cancel(), 11).await;
    instances.hear(&instances.works, &peer, &chat(), 10).await;
    assert_eq!(ended(&peer), "cancelled");
    assert_eq!((instances.model.live(), instances.model.finished()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_nobody_noted_is_told_to_connect_again() {
    let (instances, peer) = (Instances::new(vec![]), Peer::default());
    instances.hear(&instances.works, &peer, &chat(), 10).await;
    let last = peer.heard.lock().unwrap().pop().unwrap();
    assert_eq!(last["error"]["code"], "connection_unknown", "{last}");
    assert_eq!(instances.model.started(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_taken_by_another_instance_is_refused_without_ending_it() {
    let (instances, peer) = (Instances::new(vec![Step::Stall]), Peer::default());
    instances.presence.connected("c").await.unwrap();
    let (twice, stop) = (chat(), cancel());
    let again = async {
        instances.hear(&instances.other, &peer, &twice, 11).await;
        let last = peer.heard.lock().unwrap().pop().unwrap();
        assert_eq!(
            (&last["error"]["code"], &last["id"]),
            (&json!("duplicate_id"), &Value::Null)
        );
        instances.hear(&instances.other, &peer, &stop, 12).await;
    };
    instances.meanwhile(&peer, again).await;
}
