//! A server of one answer: says what it was told to say, and keeps what it was asked.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What is answered at a path.
#[derive(Clone)]
pub(crate) struct Says {
    pub(crate) path: &'static str,
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
    /// Keeps the connection open after the body, as a model does that has not finished.
    pub(crate) open: bool,
}

/// A server on a port of its own.
pub(crate) struct Fake {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    pub(crate) fn new(says: Vec<Says>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (says, keep) = (says.clone(), Arc::clone(&keep));
                thread::spawn(move || answer(stream, &says, &keep));
            }
        });
        Self { url, asked }
    }

    /// The bodies that were sent to it.
    pub(crate) fn asked(&self) -> Vec<serde_json::Value> {
        let bodies = self.asked.lock().unwrap();
        bodies
            .iter()
            .map(|body| serde_json::from_str(body).unwrap())
            .collect()
    }
}

/// The list of models that a server has.
pub(crate) fn models() -> Says {
    json(
        "/v1/models",
        200,
        r#"{"object":"list","data":[{"id":"m","object":"model"},{"id":"base","chat":false}]}"#,
    )
}

pub(crate) fn json(path: &'static str, status: u16, body: &str) -> Says {
    Says {
        path,
        status,
        kind: "application/json",
        body: body.to_owned(),
        open: false,
    }
}

/// A stream of these events: name and data.
pub(crate) fn events(path: &'static str, events: &[(&str, &str)]) -> Says {
    let event = |(name, data): &(&str, &str)| format!("event: {name}\ndata: {data}\n\n");
    Says {
        path,
        status: 200,
        kind: "text/event-stream",
        body: events.iter().map(event).collect(),
        open: false,
    }
}

/// An answer of these pieces.
pub(crate) fn answer_of(pieces: &[&str]) -> Says {
    let mut all: Vec<String> = pieces
        .iter()
        .map(|text| serde_json::json!({"choices": [{"index": 0, "delta": {"content": text}}]}).to_string())
        .collect();
    all.push(r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#.to_owned());
    all.push("[DONE]".to_owned());
    let all: Vec<(&str, &str)> = all.iter().map(|data| ("message", &**data)).collect();
    events("/v1/chat/completions", &all)
}

fn answer(stream: TcpStream, says: &[Says], keep: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let Some((path, body)) = request(&mut reader) else {
            return;
        };
        if !body.is_empty() {
            keep.lock().unwrap().push(body);
        }
        let nothing = json("", 404, r#"{"error":{"message":"nothing is here"}}"#);
        let says = says.iter().find(|says| says.path == path).unwrap_or(&nothing);
        let head = format!("HTTP/1.1 {} X\r\ncontent-type: {}\r\n", says.status, says.kind);
        let length = if says.open {
            "transfer-encoding: chunked\r\n\r\n".to_owned()
        } else {
            format!("content-length: {}\r\n\r\n", says.body.len())
        };
        let body = if says.open {
            format!("{:x}\r\n{}\r\n", says.body.len(), says.body)
        } else {
            says.body.clone()
        };
        // Whoever asked may be gone.
        let _unread = stream.write_all(format!("{head}{length}{body}").as_bytes());
    }
}

/// The path and the body of the next request.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split_whitespace().nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, String::from_utf8(body).ok()?))
}
