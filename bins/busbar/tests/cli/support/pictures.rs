//! Processes that answer or make pictures, and plain HTTP to those that answer.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStderr, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Home, LONG};

/// The tiny model, under a name.
pub(crate) fn model(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/diffusion/sd1");
    format!("{name}={}", folder.canonicalize().unwrap().display())
}

/// A process of ours; a test that fails leaves nothing running.
pub(crate) struct Running {
    pub(crate) child: Child,
    log: Option<BufReader<ChildStderr>>,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _code = self.child.wait();
    }
}

impl Running {
    /// A server; ready when this returns.
    pub(crate) fn server(home: &Home, more: &[&str]) -> Self {
        let model = model("tiny");
        let mut server = Self::start(
            home,
            &["serve", "--listen", "127.0.0.1:0", "--image-model", &model],
            more,
        );
        let line = server.log_until("listening");
        line["address"].as_str().unwrap().clone_into(&mut server.address);
        server.leave_log();
        until("it is ready", || server.get("/readyz").status == 200);
        server
    }

    /// A worker; it has begun to work when this returns.
    pub(crate) fn worker(home: &Home, model: &str) -> Self {
        let mut worker = Self::start(home, &["worker", "--image-model", model], &[]);
        worker.log_until("worker started");
        worker.leave_log();
        worker
    }

    fn start(home: &Home, arguments: &[&str], more: &[&str]) -> Self {
        let mut command = home.busbar(arguments);
        command.args(["--log-format", "json", "--set", "images.threads=1"]);
        command.args(["--set", "jobs.lease=3s", "--home"]);
        command.arg(home.path()).args(more).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            log: Some(log),
            address: String::new(),
        }
    }

    /// Reads the log up to the line that says this.
    fn log_until(&mut self, what: &str) -> Value {
        let wanted = format!(r#""message":"{what}""#);
        let mut seen = String::new();
        let log = self.log.as_mut().unwrap();
        loop {
            let mut line = String::new();
            assert!(
                log.read_line(&mut line).unwrap() > 0,
                "it ended before `{what}`: {seen}"
            );
            if line.contains(&wanted) {
                return serde_json::from_str(&line).unwrap();
            }
            seen.push_str(&line);
        }
    }

    /// Nobody looks at the rest; but a full pipe would stop the process.
    fn leave_log(&mut self) {
        let mut log = self.log.take().unwrap();
        thread::spawn(move || {
            let mut line = String::new();
            while log.read_line(&mut line).is_ok_and(|read| read > 0) {
                line.clear();
            }
        });
    }

    /// Ends at once, as a crash would.
    pub(crate) fn killed(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    /// A request with a header line more, and its answer.
    pub(crate) fn ask(&self, method: &str, path: &str, header: &str, body: &str) -> Answer {
        let path = path.strip_prefix(&self.url()).unwrap_or(path);
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n{header}content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Answer::read(&answer)
    }

    /// Submits a job, and gives its id.
    pub(crate) fn submit(&self, body: &Value) -> String {
        let answer = self.ask("POST", "/v1/images/jobs", "", &body.to_string());
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn job(&self, id: &str) -> Value {
        let answer = self.get(&format!("/v1/images/jobs/{id}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// The job, once it is over.
    pub(crate) fn over(&self, id: &str) -> Value {
        let mut job = Value::Null;
        until("the job is over", || {
            job = self.job(id);
            !matches!(job["state"].as_str(), Some("queued" | "running"))
        });
        job
    }
}

/// Looks again and again until something is so.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + 3 * LONG;
    while !is_so() {
        assert!(Instant::now() < until, "it never came to this: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// What a server said.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut body = bytes[end + 4..].to_vec();
        if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            body = whole(&body);
        }
        Self { status, head, body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A body in chunks as one.
fn whole(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunks.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..end]).unwrap(), 16).unwrap();
        body.extend_from_slice(&chunks[end + 2..end + 2 + length]);
        chunks = &chunks[end + 4 + length..];
    }
    body
}
