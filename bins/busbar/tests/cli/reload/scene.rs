//! A server that reads a configuration file which tests change.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use super::upstream::Upstream;
use crate::support::{Home, LONG, Ran, code_of, signal};

/// A home with a configuration file, and a host that it leads to.
pub(super) struct Scene {
    pub(super) home: Home,
    pub(super) upstream: Upstream,
}

/// A server that listens.
pub(super) struct Serving {
    child: Child,
    pub(super) address: String,
    log: Arc<Mutex<String>>,
}

impl Drop for Serving {
    /// A test that fails leaves nothing running.
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _code = self.child.wait();
    }
}

impl Scene {
    pub(super) fn new() -> Self {
        Self {
            home: Home::new(),
            upstream: Upstream::start(),
        }
    }

    pub(super) fn file(&self) -> PathBuf {
        self.home.path().join("busbar.toml")
    }

    /// A configuration with one model, `m`, that its host knows by this name.
    pub(super) fn serving(&self, upstream: &str) -> String {
        format!(
            "[storage]\nhome = \"data\"\n[[providers]]\nname = \"far\"\nkind = \"openai-compatible\"\n\
             endpoint = \"{}\"\n[[providers.models]]\nid = \"m\"\nupstream = \"{upstream}\"\n",
            self.upstream.url
        )
    }

    /// As `>` does it: the file is empty for a moment, and then half there.
    pub(super) fn write(&self, text: &str) {
        fs::write(self.file(), text).unwrap();
    }

    /// As editors do it: another file takes its place.
    pub(super) fn replace(&self, text: &str) {
        let beside = self.home.path().join(".busbar.toml.swp");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, self.file()).unwrap();
    }

    pub(super) fn start(&self) -> Serving {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--log-format", "json"];
        let mut child = self
            .home
            .busbar(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let keep = Arc::clone(&log);
        // Read to its end, or the server would wait for us.
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                *keep.lock().unwrap() += &(line + "\n");
            }
        });
        let mut serving = Serving {
            child,
            address: String::new(),
            log,
        };
        let line = serving.logged("listening");
        let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
        entry["address"]
            .as_str()
            .unwrap()
            .clone_into(&mut serving.address);
        serving.until("it is ready", |server| server.get("/readyz").0 == 200);
        serving
    }

    pub(super) fn config(&self, arguments: &[&str]) -> Ran {
        let all: Vec<&str> = ["config"].iter().chain(arguments).copied().collect();
        self.home.run(all)
    }
}

impl Serving {
    pub(super) fn get(&self, path: &str) -> (u16, String) {
        request(&self.address, "GET", path, &[], "")
    }

    pub(super) fn post(&self, path: &str, body: &str) -> (u16, String) {
        request(&self.address, "POST", path, &[], body)
    }

    /// Asks as somebody else would: with these headers.
    pub(super) fn as_another(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        request(&self.address, method, path, headers, "")
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Who answers for `m`.
    pub(super) fn ask(&self) -> (u16, String) {
        ask(&self.address)
    }

    /// Waits until `m` is answered by this one.
    pub(super) fn until_answered_by(&self, upstream: &str) {
        let what = format!("{upstream} answers");
        self.until(&what, |server| server.ask() == (200, upstream.to_owned()));
    }

    pub(super) fn metric(&self, name: &str) -> f64 {
        let (_, metrics) = self.get("/metrics");
        let line = metrics.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Waits until it is counted: that comes last, after it serves and is kept.
    pub(super) fn until_metric(&self, name: &str, value: f64) {
        self.until(name, |server| server.metric(name) == value);
    }

    pub(super) fn until_refused(&self, times: f64) {
        self.until("it is refused", |server| {
            server.metric("busbar_config_refused_total") >= times
        });
    }

    pub(super) fn until(&self, what: &str, there: impl Fn(&Self) -> bool) {
        let until = Instant::now() + LONG;
        while !there(self) {
            assert!(Instant::now() < until, "never: {what}: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits for a line of the log.
    pub(super) fn logged(&self, message: &str) -> String {
        let wanted = format!(r#""message":"{message}"#);
        let line = |server: &Self| {
            server
                .log()
                .lines()
                .find(|line| line.contains(&wanted))
                .map(str::to_owned)
        };
        self.until(message, |server| line(server).is_some());
        line(self).unwrap()
    }

    pub(super) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    pub(super) fn stop(mut self) -> Option<i32> {
        self.signal("TERM");
        code_of(&mut self.child)
    }

    /// As the kernel does it when memory runs out.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Who answers for `m`.
pub(super) fn ask(address: &str) -> (u16, String) {
    let body = r#"{"model":"m","messages":[{"role":"user","content":"who?"}]}"#;
    let (status, answer) = request(address, "POST", "/v1/chat/completions", &[], body);
    let said: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
    let content = said["choices"][0]["message"]["content"].as_str();
    (status, content.map_or(answer, str::to_owned))
}

fn request(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let more: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let host = if headers.iter().any(|(name, _)| *name == "host") {
        String::new()
    } else {
        format!("host: {address}\r\n")
    };
    let head = format!(
        "{method} {path} HTTP/1.1\r\n{host}{more}connection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}
