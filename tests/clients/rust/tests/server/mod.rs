//! A Busbar server for these tests: started on a free port of this machine, stopped when it is dropped.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const START: Duration = Duration::from_secs(120);
const MODEL: &str = "smollm2-135m-instruct";

/// A server, and where it is.
pub struct Server {
    child: Child,
    config: PathBuf,
    pub url: String,
}

impl Server {
    /// Starts one whose model has these other names, and which has one elsewhere, `far`.
    pub fn start(names: &[&str]) -> Self {
        let binary =
            std::env::var("TEST_BUSBAR").expect("TEST_BUSBAR names the binary; scripts/clients does");
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let port = address.rsplit(':').next().unwrap();
        let config = std::env::temp_dir().join(format!("busbar-client-aws-{port}.toml"));
        fs::write(&config, settings(names)).unwrap();
        let mut command = Command::new(binary);
        // Settings of whoever runs the tests are not ours; where the models are, is.
        for (name, _) in std::env::vars() {
            if name.starts_with("BUSBAR_") && name != "BUSBAR_HOME" {
                command.env_remove(name);
            }
        }
        let child = command
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .args(["--listen", &address, "--log", "warn"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self {
            child,
            config,
            url: format!("http://{address}"),
        };
        server.wait(&address);
        server
    }

    fn wait(&mut self, address: &str) {
        let until = Instant::now() + START;
        while !is_ready(address) {
            assert!(self.child.try_wait().unwrap().is_none(), "the server has ended");
            assert!(Instant::now() < until, "{} was not ready in time", self.url);
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn settings(names: &[&str]) -> String {
    let aliases: Vec<_> = names.iter().map(|name| format!("\"{name}={MODEL}\"")).collect();
    format!(
        r#"
[models]
text = ["{MODEL}"]
aliases = [{}]
[text]
threads = 1
context = 2048
[[providers]]
name = "elsewhere"
kind = "openai-compatible"
endpoint = "{}"
[[providers.models]]
id = "far"
tools = true
"#,
        aliases.join(", "),
        busbar_client_aws::scripted()
    )
}

fn is_ready(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let asked = write!(
        stream,
        "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    );
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

impl Drop for Server {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _gone = self.child.wait();
        let _removed = fs::remove_file(&self.config);
    }
}
