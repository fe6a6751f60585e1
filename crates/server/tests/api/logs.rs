//! What clients write never reaches a log, whatever comes of it; the request's id always does.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use busbar_core::{Error, Models};
use busbar_server::Settings;
use busbar_testkit::{Scripted, Step};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{of, post, post_with, serving};

/// Log lines, kept.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn who_asks_whether_it_is_ready_writes_nothing_into_the_log() {
    let lines = Lines::default();
    let usual = tracing_subscriber::fmt().with_writer(lines.clone());
    let _logging = tracing::subscriber::set_default(usual.finish());
    let rig = of(Models::default(), Scripted::saying(&[]), Settings::default());
    assert_eq!(rig.get("/readyz").await.status, 503);
    assert_eq!(rig.get("/ping").await.status, 503);
    let logged = lines.text();
    assert_eq!(logged, "");
}

#[tokio::test]
async fn nothing_that_clients_write_reaches_a_log() {
    const SECRET: &str = "sesame";
    let lines = Lines::default();
    let everything = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(lines.clone());
    let _logging = tracing::subscriber::set_default(everything.finish());

    let broken = Step::Fail(Error::internal("the machine broke"));
    let rig = serving(Scripted::new(vec![Step::text(SECRET), broken]));
    let messages = json!([{"role": "user", "content": SECRET}]);
    let bodies = [
        json!({"messages": messages}),
        json!({"messages": messages, "stream": true}),
        json!({"messages": SECRET}),
        json!({"messages": [{"role": SECRET, "content": SECRET}]}),
        json!({"messages": messages, "model": SECRET}),
        json!({"messages": messages, "stop": [SECRET, ""]}),
        json!({"messages": messages, "logit_bias": {"1": SECRET}}),
    ];
    for body in bodies {
        rig.send(post_with(
            "/v1/chat/completions",
            &body,
            "x-request-id",
            "id-of-mine",
        ))
        .await;
    }
    rig.send(post("/v1/summaries", &json!({"text": SECRET}))).await;
    rig.send(post("/v1/completions", &json!({"prompt": [SECRET, SECRET]})))
        .await;
    rig.send(post("/v1/embeddings", &json!({"input": [SECRET, ""]})))
        .await;

    let logged = lines.text();
    assert!(!logged.contains(SECRET), "{logged}");
    assert!(
        logged.contains("id-of-mine") && logged.contains("the machine broke"),
        "{logged}"
    );
    let ended: Vec<_> = logged
        .lines()
        .filter(|line| line.contains("generation ended"))
        .collect();
    assert_eq!(ended.len(), 3, "{logged}");
    assert!(ended.iter().all(|line| line.contains("request_id=")), "{logged}");
    assert_eq!(
        logged.matches("the machine broke").count(),
        3,
        "each is logged once: {logged}"
    );
    assert!(logged.contains("param=\"messages\""), "{logged}");
}
