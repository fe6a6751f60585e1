//! A web server on this machine that does what a test tells it, and remembers what it was asked.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// One request. Header names are in lower case.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// What to answer.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Close the connection after so many bytes of the body.
    pub(crate) cut_after: Option<usize>,
    /// After the cut, keep the connection open and say nothing.
    pub(crate) hang: bool,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::status(302).with("location", to)
    }

    /// A file as an ordinary server has it: with ranges and an entity tag.
    pub(crate) fn file(asked: &Asked, bytes: &[u8], tag: &str) -> Self {
        let current = asked.header("if-range").is_none_or(|wanted| wanted == tag);
        let from = asked.header("range").filter(|_| current).map(|range| {
            let from = range.strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap();
            from.parse::<usize>().unwrap()
        });
        let answer = match from {
            Some(from) if from >= bytes.len() => {
                return Self::status(416).with("content-range", &format!("bytes */{}", bytes.len()));
            }
            Some(from) => Self {
                body: bytes[from..].to_vec(),
                ..Self::status(206)
            }
            .with(
                "content-range",
                &format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len()),
            ),
            None => Self {
                body: bytes.to_vec(),
                ..Self::status(200)
            },
        };
        answer.with("etag", tag)
    }

    /// A file as a simple server has it: always whole, and nothing to tell its versions apart.
    pub(crate) fn whole(bytes: &[u8]) -> Self {
        Self {
            body: bytes.to_vec(),
            ..Self::status(200)
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    pub(crate) fn hanging(mut self) -> Self {
        self.hang = true;
        self
    }
}

type Script = dyn Fn(&Asked, usize) -> Answer + Send + Sync;

/// The server. It lives as long as the test's process.
pub(crate) struct Site {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Site {
    /// `script` gets each request and how many came before it.
    pub(crate) fn start(script: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let script: Arc<Script> = Arc::new(script);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
                // A client that goes away in the middle is part of many tests.
                thread::spawn(move || drop(serve(stream, &seen, &*script)));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn ranges(&self) -> Vec<Option<String>> {
        let asked = self.asked();
        asked
            .iter()
            .map(|asked| asked.header("range").map(str::to_owned))
            .collect()
    }

    /// The source of a file on it, as a catalog writes it.
    pub(crate) fn source(&self) -> String {
        format!("\"{}/m.gguf\"", self.address)
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Asked>>, script: &Script) -> std::io::Result<()> {
    let asked = read_request(&stream)?;
    let before = {
        let mut seen = seen.lock().unwrap();
        seen.push(asked.clone());
        seen.len() - 1
    };
    let answer = script(&asked, before);
    write!(
        stream,
        "HTTP/1.1 {} Whatever\r\nconnection: close\r\n",
        answer.status
    )?;
    if !answer.headers.iter().any(|(name, _)| name == "content-length") {
        write!(stream, "content-length: {}\r\n", answer.body.len())?;
    }
    for (name, value) in &answer.headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "\r\n")?;
    let end = answer
        .cut_after
        .unwrap_or(answer.body.len())
        .min(answer.body.len());
    stream.write_all(&answer.body[..end])?;
    stream.flush()?;
    if answer.hang {
        // Until the test's process ends.
        thread::park();
    }
    Ok(())
}

fn read_request(stream: &TcpStream) -> std::io::Result<Asked> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    let mut words = first.split(' ').map(str::to_owned);
    let mut headers = HashMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    Ok(Asked {
        path: words.nth(1).unwrap_or_default(),
        headers,
    })
}
