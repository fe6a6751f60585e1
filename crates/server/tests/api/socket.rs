//! The server on a real socket: protocols, TLS, clients that go away, shutting down.

use std::{io, sync::Arc, time::Duration};

use axum::body::Body;
use busbar_server::{Listen, Stopped, Tls, TlsError, serve};
use busbar_testkit::{Gate, Scripted, Step};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer},
};

use crate::support::{AT_MOST, Rig, hello, hello_streamed, saying, serving};

/// A server on a port of its own.
struct Running {
    rig: Rig,
    port: u16,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<io::Result<Stopped>>,
}

async fn start(rig: Rig, tls: Option<Tls>, drain_timeout: Duration) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (stop, stopped) = oneshot::channel();
    let (app, drain) = (rig.app.clone(), rig.drain.clone());
    let serving = tokio::spawn(async move {
        let stop = async { _ = stopped.await };
        serve(listener, app, drain, Listen { tls, drain_timeout }, stop).await
    });
    Running {
        rig,
        port,
        stop,
        serving,
    }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// A stream of which the first piece of text is there.
    async fn streaming(&self) -> TcpStream {
        let mut stream = self.connect().await;
        stream
            .write_all(request(&hello_streamed().to_string()).as_bytes())
            .await
            .unwrap();
        read_until(&mut stream, "Hel").await;
        stream
    }
}

fn request(body: &str) -> String {
    let length = body.len();
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

async fn read_until(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut read = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&read).contains(end) {
            assert!(
                stream.read_buf(&mut read).await.unwrap() > 0,
                "ended before {end:?}"
            );
        }
    };
    timeout(AT_MOST, reading).await.unwrap();
    String::from_utf8(read).unwrap()
}

async fn exchange(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(AT_MOST, stream.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    answer
}

async fn until(mut is: impl FnMut() -> bool) {
    let waiting = async {
        while !is() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(AT_MOST, waiting).await.unwrap();
}

const GET: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn http_1_is_spoken_and_connections_are_kept() {
    let server = start(saying(&["Hello"]), None, AT_MOST).await;
    let mut stream = server.connect().await;
    for _ in 0..2 {
        stream
            .write_all(request(&hello().to_string()).as_bytes())
            .await
            .unwrap();
        let answer = read_until(&mut stream, "\"cost_usd\":null}}").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
    assert!(exchange(&mut stream, GET).await.contains("alive"));
}

#[tokio::test]
async fn http_2_is_spoken_in_clear() {
    let server = start(saying(&["Hello"]), None, AT_MOST).await;
    let io = TokioIo::new(server.connect().await);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let request = hyper::Request::get(format!("http://localhost:{}/healthz", server.port));
    let response = sender
        .send_request(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(
        (response.status().as_u16(), response.version()),
        (200, hyper::Version::HTTP_2)
    );
    server.rig.drain.start();
    let request = hyper::Request::get(format!("http://localhost:{}/readyz", server.port));
    let response = sender.send_request(request.body(Body::empty()).unwrap()).await;
    // The connection may be closed by now; if it answers, it must not use a header of HTTP/1.
    assert!(
        response.is_err() || response.is_ok_and(|response| response.headers().get("connection").is_none())
    );
}

#[tokio::test]
async fn a_client_that_hangs_up_stops_its_generation() {
    let server = start(
        serving(Scripted::new(vec![Step::text("Hel"), Step::Stall])),
        None,
        AT_MOST,
    )
    .await;
    let stream = server.streaming().await;
    assert_eq!(server.rig.model.live(), 1);
    drop(stream);
    until(|| server.rig.model.live() == 0).await;
    assert_eq!(server.rig.drain.running(), 0);

    let mut waiting = server.connect().await;
    waiting
        .write_all(request(&hello().to_string()).as_bytes())
        .await
        .unwrap();
    until(|| server.rig.model.live() == 1).await;
    drop(waiting);
    until(|| server.rig.model.live() == 0).await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_answered_although_it_is_still_being_sent() {
    send_too_much(false).await;
}

#[tokio::test]
async fn so_is_one_that_did_not_say_how_large_it_is() {
    send_too_much(true).await;
}

async fn send_too_much(chunked: bool) {
    let server = start(saying(&["x"]), None, AT_MOST).await;
    let mut stream = server.connect().await;
    let piece = vec![b' '; 1024 * 1024];
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n";
    let head = match chunked {
        true => format!("{head}transfer-encoding: chunked\r\n\r\n"),
        false => format!("{head}content-length: {}\r\n\r\n", 36 * piece.len()),
    };
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..36 {
        if chunked {
            stream
                .write_all(format!("{:x}\r\n", piece.len()).as_bytes())
                .await
                .unwrap();
        }
        stream.write_all(&piece).await.unwrap();
        if chunked {
            stream.write_all(b"\r\n").await.unwrap();
        }
    }
    if chunked {
        stream.write_all(b"0\r\n\r\n").await.unwrap();
    }
    let answer = read_until(&mut stream, "request_too_large").await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn shutting_down_finishes_what_runs_and_refuses_what_is_new() {
    let gate = Gate::closed();
    let script = vec![Step::text("Hel"), Step::Wait(gate.clone()), Step::text("lo")];
    let server = start(serving(Scripted::new(script)), None, AT_MOST).await;
    let mut stream = server.streaming().await;
    let mut idle = server.connect().await;
    idle.write_all(GET.replace("connection: close\r\n", "").as_bytes())
        .await
        .unwrap();
    read_until(&mut idle, "alive").await;

    server.stop.send(()).unwrap();
    until(|| server.rig.drain.is_draining()).await;
    let mut new = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    let refused = exchange(&mut new, &request(&hello().to_string())).await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(
        refused.contains("connection: close\r\n") && refused.contains("retry-after: "),
        "{refused}"
    );
    let mut rest = Vec::new();
    timeout(AT_MOST, idle.read_to_end(&mut rest))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(rest, b"", "an idle connection is closed");

    assert!(!server.serving.is_finished());
    gate.open(1);
    let mut end = String::new();
    timeout(AT_MOST, stream.read_to_string(&mut end))
        .await
        .unwrap()
        .unwrap();
    assert!(end.contains("lo") && end.contains("[DONE]"), "{end}");
    let stopped = timeout(AT_MOST, server.serving).await.unwrap().unwrap().unwrap();
    assert_eq!(stopped, Stopped::Finished);
}

#[tokio::test]
async fn what_is_not_finished_in_time_is_cut_off() {
    let script = vec![Step::text("Hel"), Step::Stall];
    let server = start(serving(Scripted::new(script)), None, Duration::from_millis(20)).await;
    let mut stream = server.streaming().await;
    server.stop.send(()).unwrap();
    let stopped = timeout(AT_MOST, server.serving).await.unwrap().unwrap().unwrap();
    assert_eq!(stopped, Stopped::CutOff(1));
    assert_eq!(server.rig.model.live(), 0);
    let mut rest = Vec::new();
    // Cut off means that the stream ends without its end, by whatever error the system has for it.
    let _cut = timeout(AT_MOST, stream.read_to_end(&mut rest)).await.unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains("[DONE]"));
}

/// A certificate for `localhost`, as files in a folder of their own.
struct Certificate {
    folder: std::path::PathBuf,
    der: CertificateDer<'static>,
}

impl Certificate {
    fn new(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let folder = std::env::temp_dir().join(format!("busbar-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("chain.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        Self {
            folder,
            der: made.cert.der().clone(),
        }
    }

    fn read(&self, chain: &str, key: &str) -> Result<Tls, TlsError> {
        Tls::read(&self.folder.join(chain), &self.folder.join(key))
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

#[tokio::test]
async fn tls_is_spoken_with_both_versions_of_http() {
    let certificate = Certificate::new("tls");
    let tls = certificate.read("chain.pem", "key.pem").unwrap();
    let server = start(saying(&["Hello"]), Some(tls), AT_MOST).await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der.clone()).unwrap();
    for protocol in [&b"h2"[..], b"http/1.1"] {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        let mut config = config.with_root_certificates(roots.clone()).with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        let name = "localhost".try_into().unwrap();
        let mut stream = connector.connect(name, server.connect().await).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol));
        if protocol == b"http/1.1" {
            stream.write_all(GET.as_bytes()).await.unwrap();
            read_until(&mut stream, "alive").await;
        }
    }
}

#[test]
fn a_certificate_that_is_of_no_use_is_explained() {
    let (one, other) = (Certificate::new("one"), Certificate::new("other"));
    std::fs::write(one.folder.join("empty.pem"), "nothing").unwrap();
    std::fs::copy(other.folder.join("key.pem"), one.folder.join("foreign.pem")).unwrap();
    let says = |chain, key| one.read(chain, key).map(|_| ()).unwrap_err().to_string();
    assert!(says("missing.pem", "key.pem").contains("missing.pem"));
    assert!(says("empty.pem", "key.pem").contains("empty.pem"));
    assert!(says("chain.pem", "empty.pem").contains("empty.pem"));
    assert!(says("chain.pem", "foreign.pem").contains("cannot be used"));
}
