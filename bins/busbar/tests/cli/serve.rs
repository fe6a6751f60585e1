//! The server as a process, with the default model: up at once, ready later, and ending well.
//!
//! Fetches the model if it is not here yet.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStderr, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::support::{Home, LONG, code_of, signal};

/// A server that listens.
struct Serving {
    child: Child,
    address: String,
    log: BufReader<ChildStderr>,
    /// What of the log was read already.
    seen: String,
}

impl Drop for Serving {
    /// A test that fails leaves nothing running.
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _code = self.child.wait();
    }
}

/// Where the tester keeps models.
fn models_home() -> PathBuf {
    if let Some(home) = std::env::var_os("BUSBAR_HOME") {
        return home.into();
    }
    let home = PathBuf::from(std::env::var_os("HOME").unwrap());
    if cfg!(target_os = "macos") {
        return home.join("Library/Application Support/busbar");
    }
    let data = std::env::var_os("XDG_DATA_HOME").map_or_else(|| home.join(".local/share"), PathBuf::from);
    data.join("busbar")
}

impl Serving {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let models = models_home();
        let pulled = home
            .busbar(["models", "pull", "smollm2-135m-instruct", "--home"])
            .arg(&models)
            .status();
        assert!(pulled.unwrap().success());
        let always = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log-format",
            "json",
            "--threads",
            "1",
            "--home",
        ];
        let mut command = home.busbar(always);
        command.arg(models).args(arguments).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut serving = Self {
            child,
            address: String::new(),
            log,
            seen: String::new(),
        };
        let line = serving.log_until("listening");
        let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
        entry["address"]
            .as_str()
            .unwrap()
            .clone_into(&mut serving.address);
        serving
    }

    /// Reads the log up to the line that says this.
    fn log_until(&mut self, what: &str) -> String {
        let wanted = format!(r#""message":"{what}""#);
        loop {
            let mut line = String::new();
            assert!(
                self.log.read_line(&mut line).unwrap() > 0,
                "it ended before `{what}`: {}",
                self.seen
            );
            self.seen.push_str(&line);
            if line.contains(&wanted) {
                return line;
            }
        }
    }

    /// Sends a request, and leaves the answer to be read.
    fn send(&self, method: &str, path: &str, body: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        BufReader::new(stream)
    }

    fn whole(&self, method: &str, path: &str, body: &str) -> String {
        let mut answer = String::new();
        self.send(method, path, body).read_to_string(&mut answer).unwrap();
        answer
    }

    fn until_ready(&self) {
        let until = Instant::now() + LONG;
        while !self.whole("GET", "/readyz", "").starts_with("HTTP/1.1 200") {
            assert!(Instant::now() < until, "it never became ready");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn until_metric(&self, line: &str) {
        let until = Instant::now() + LONG;
        while !self.whole("GET", "/metrics", "").contains(line) {
            assert!(Instant::now() < until, "{line} never came");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// A stream of which the first piece is there.
    fn long_answer(&self) -> BufReader<TcpStream> {
        let body = r#"{"messages":[{"role":"user","content":"Tell a story"}],"stream":true,"max_tokens":120,"seed":1,"logit_bias":{"2":-100,"0":-100}}"#;
        let mut stream = self.send("POST", "/v1/chat/completions", body);
        let mut line = String::new();
        while !line.contains("\"content\"") {
            line.clear();
            assert!(stream.read_line(&mut line).unwrap() > 0, "the stream ended");
        }
        stream
    }

    /// Waits for its end: its code, and all that it logged.
    fn ended(mut self) -> (Option<i32>, String) {
        let code = code_of(&mut self.child);
        self.log.read_to_string(&mut self.seen).unwrap();
        (code, std::mem::take(&mut self.seen))
    }
}

#[test]
fn it_is_alive_at_once_and_ready_when_the_model_is() {
    let home = Home::new();
    let server = Serving::start(&home, &[]);
    assert!(server.whole("GET", "/healthz", "").starts_with("HTTP/1.1 200"));
    server.until_ready();
    let answer = server.whole(
        "POST",
        "/v1/chat/completions",
        r#"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":3}"#,
    );
    assert!(answer.contains(r#""finish_reason":"length""#), "{answer}");
    // The engine counts a token after it has handed it on.
    server.until_metric(r#"busbar_engine_output_tokens_total{model="smollm2-135m-instruct"} 3"#);
    server.until_metric("gen_ai_server_time_to_first_token_seconds_count{");
    signal(&server.child, "TERM");
    assert_eq!(server.ended().0, Some(0));
}

#[test]
fn what_runs_when_the_signal_comes_is_finished() {
    let home = Home::new();
    let server = Serving::start(&home, &[]);
    server.until_ready();
    let mut stream = server.long_answer();
    signal(&server.child, "TERM");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("data: [DONE]"), "the answer was cut off: {rest}");
    let (code, log) = server.ended();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains(r#""message":"draining""#), "{log}");
}

#[test]
fn a_second_signal_ends_at_once() {
    let home = Home::new();
    let mut server = Serving::start(&home, &[]);
    server.until_ready();
    let mut stream = server.long_answer();
    signal(&server.child, "TERM");
    // Until the first one was taken, the second would be the same one.
    server.log_until("draining");
    signal(&server.child, "TERM");
    assert_eq!(server.ended().0, Some(130));
    let mut rest = String::new();
    // Cut off in one way or another.
    let _cut = stream.read_to_string(&mut rest);
    assert!(!rest.contains("data: [DONE]"), "{rest}");
}

#[test]
fn a_model_that_cannot_be_loaded_ends_the_server_with_a_reason() {
    let home = Home::new();
    let broken = home.path().join("broken.gguf");
    std::fs::write(&broken, b"GGUF, or so it says").unwrap();
    let ran = home.run(["serve", "--listen", "0", "-m", broken.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(
        ran.err.contains("busbar: the model 'broken' could not be loaded"),
        "{}",
        ran.err
    );
}

#[test]
fn one_broken_model_does_not_keep_the_others_from_serving() {
    let home = Home::new();
    std::fs::write(home.path().join("broken.gguf"), b"GGUF, or so it says").unwrap();
    let server = Serving::start(&home, &["-m", "broken.gguf", "-m", "smollm2-135m-instruct"]);
    server.until_ready();
    let models = server.whole("GET", "/v1/models", "");
    assert!(
        models.contains("smollm2-135m-instruct") && !models.contains("broken"),
        "{models}"
    );
    signal(&server.child, "INT");
    let (code, log) = server.ended();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("a model could not be loaded"), "{log}");
}
