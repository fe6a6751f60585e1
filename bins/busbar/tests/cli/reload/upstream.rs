//! A host elsewhere: answers with the name of the model that it was asked for. Of those called `slow…` it
//! keeps the first request until it is told to go on.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
};

/// Whether the slow ones may answer, and how many wait.
#[derive(Default)]
struct Gate {
    state: Mutex<(bool, usize)>,
    changed: Condvar,
}

/// A host on a port of its own.
pub(super) struct Upstream {
    pub(super) url: String,
    gate: Arc<Gate>,
}

impl Upstream {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let gate = Arc::new(Gate::default());
        let shared = Arc::clone(&gate);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let gate = Arc::clone(&shared);
                // Whoever asked may be gone in the middle of it.
                thread::spawn(move || while answer(&stream, &gate).is_some() {});
            }
        });
        Self { url, gate }
    }

    /// Waits until somebody waits for a slow answer.
    pub(super) fn until_asked(&self) {
        let state = self.gate.state.lock().unwrap();
        drop(
            self.gate
                .changed
                .wait_while(state, |(_, waiting)| *waiting == 0)
                .unwrap(),
        );
    }

    /// Lets the slow ones answer.
    pub(super) fn go_on(&self) {
        self.gate.state.lock().unwrap().0 = true;
        self.gate.changed.notify_all();
    }
}

fn answer(stream: &TcpStream, gate: &Gate) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let asked: serde_json::Value = serde_json::from_slice(&body).ok()?;
    let model = asked["model"].as_str()?;
    if model.starts_with("slow") {
        let mut state = gate.state.lock().unwrap();
        state.1 += 1;
        gate.changed.notify_all();
        let first = state.1 == 1;
        drop(
            gate.changed
                .wait_while(state, |(open, _)| first && !*open)
                .unwrap(),
        );
    }
    let said = serde_json::json!({
        "id": "1", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": model}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    })
    .to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        said.len()
    );
    (&*stream).write_all(format!("{head}{said}").as_bytes()).ok()
}
