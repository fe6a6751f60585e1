//! Connections in clear against a host that does exactly what a test says.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use http::Request;
use http_body_util::Full;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::http::{Answer, Client, IDLE, Patience, Unanswered};

const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
const BEGUN: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/// A request under way.
type Asked = JoinHandle<Result<Answer, Unanswered>>;

/// A host, and who asks it.
struct Scene {
    listener: TcpListener,
    uri: String,
    client: Client,
}

impl Scene {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            uri: format!("http://{}/v1/say?x=1", listener.local_addr().unwrap()),
            listener,
            client: Client::new().unwrap(),
        }
    }

    /// Sends a request.
    fn ask(&self) -> Asked {
        let (client, uri) = (self.client.clone(), self.uri.clone());
        tokio::spawn(async move {
            let request = Request::post(uri).body(Full::new(Bytes::from("{}"))).unwrap();
            client.send(request, Patience::default(), None).await
        })
    }

    /// Sends the first request, which the host has heard on a new connection.
    async fn asked(&self) -> (Asked, TcpStream) {
        let asked = self.ask();
        let mut socket = self.accept().await;
        heard(&mut socket).await;
        (asked, socket)
    }

    /// The same, and the whole answer.
    async fn answered(&self) -> TcpStream {
        let (asked, mut socket) = self.asked().await;
        say(&mut socket, WHOLE).await;
        assert_eq!(body(asked).await, "hello");
        socket
    }

    async fn accept(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }

    /// Whether another connection was made.
    async fn was_asked_for_another(&self) -> bool {
        // Long enough for the news to get through to us.
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.listener.accept().now_or_never().is_some()
    }
}

/// Reads a request to its end.
async fn heard(socket: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\n\r\n{}") {
        let read = socket.read_buf(&mut heard).await.unwrap();
        assert_ne!(read, 0, "the client hung up");
    }
    String::from_utf8(heard).unwrap()
}

async fn say(socket: &mut TcpStream, text: &str) {
    socket.write_all(text.as_bytes()).await.unwrap();
}

async fn body(asked: Asked) -> Bytes {
    asked.await.unwrap().unwrap().body.whole(1 << 20).await.unwrap()
}

#[tokio::test]
async fn a_request_says_its_path_and_its_host() {
    let scene = Scene::new().await;
    let asked = scene.ask();
    let mut socket = scene.accept().await;
    let heard = heard(&mut socket).await;
    let host = scene.listener.local_addr().unwrap();
    assert!(heard.starts_with("POST /v1/say?x=1 HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains(&format!("host: {host}\r\n")), "{heard}");
    say(&mut socket, WHOLE).await;
    assert_eq!(body(asked).await, "hello");
}

#[tokio::test]
async fn a_connection_is_used_again_once_its_answer_is_whole() {
    let scene = Scene::new().await;
    let asked = scene.ask();
    let mut socket = scene.accept().await;
    for asked in [Some(asked), None, None] {
        let asked = asked.unwrap_or_else(|| scene.ask());
        heard(&mut socket).await;
        say(&mut socket, WHOLE).await;
        assert_eq!(body(asked).await, "hello");
    }
    assert!(!scene.was_asked_for_another().await);
}

#[tokio::test]
async fn a_streamed_answer_gives_its_connection_back_too() {
    let scene = Scene::new().await;
    let (asked, mut socket) = scene.asked().await;
    say(&mut socket, BEGUN).await;
    let mut streamed = asked.await.unwrap().unwrap().body;
    for piece in ["one", "two"] {
        say(&mut socket, &format!("3\r\n{piece}\r\n")).await;
        assert_eq!(streamed.next().await.unwrap().unwrap(), piece);
    }
    say(&mut socket, "0\r\n\r\n").await;
    assert!(streamed.next().await.is_none());
    let asked = scene.ask();
    heard(&mut socket).await;
    say(&mut socket, WHOLE).await;
    assert_eq!(body(asked).await, "hello");
}

#[tokio::test]
async fn pieces_that_came_together_are_handed_on_together() {
    let scene = Scene::new().await;
    let (asked, mut socket) = scene.asked().await;
    say(&mut socket, &format!("{BEGUN}1\r\na\r\n1\r\nb\r\n1\r\nc\r\n")).await;
    let mut streamed = asked.await.unwrap().unwrap().body;
    assert_eq!(streamed.next().await.unwrap().unwrap(), "abc");
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_waited_is_replaced() {
    let scene = Scene::new().await;
    drop(scene.answered().await);
    tokio::time::sleep(Duration::from_millis(20)).await;
    scene.answered().await;
}

#[tokio::test]
async fn a_host_that_closes_after_its_answer_is_believed() {
    let scene = Scene::new().await;
    let (asked, mut socket) = scene.asked().await;
    say(
        &mut socket,
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall there is",
    )
    .await;
    drop(socket);
    assert_eq!(body(asked).await, "all there is");
    scene.answered().await;
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_an_error_and_its_connection_is_not_kept() {
    let scene = Scene::new().await;
    let (asked, mut socket) = scene.asked().await;
    say(&mut socket, &format!("{BEGUN}3\r\none\r\n")).await;
    let mut streamed = asked.await.unwrap().unwrap().body;
    assert_eq!(streamed.next().await.unwrap().unwrap(), "one");
    drop(socket);
    assert!(matches!(streamed.next().await, Some(Err(Unanswered::Broken(_)))));
    drop(streamed);
    let _asked = scene.ask();
    let _another = scene.accept().await;
}

#[tokio::test]
async fn a_request_that_may_have_been_heard_is_not_sent_twice() {
    let scene = Scene::new().await;
    let (asked, socket) = scene.asked().await;
    drop(socket);
    assert!(matches!(asked.await.unwrap(), Err(Unanswered::Broken(_))));
    assert!(!scene.was_asked_for_another().await);
}

#[tokio::test]
async fn whoever_leaves_closes_the_connection() {
    let scene = Scene::new().await;
    let (asked, mut socket) = scene.asked().await;
    say(&mut socket, &format!("{BEGUN}3\r\none\r\n")).await;
    drop(asked.await.unwrap().unwrap());
    assert_eq!(socket.read(&mut [0; 8]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn connections_that_nobody_needs_are_closed_in_time() {
    let scene = Scene::new().await;
    let mut socket = scene.answered().await;
    // Whoever closes them has begun to wait by then.
    tokio::time::sleep(Duration::from_millis(20)).await;
    tokio::time::pause();
    tokio::time::advance(IDLE + Duration::from_secs(1)).await;
    tokio::time::resume();
    assert_eq!(socket.read(&mut [0; 8]).await.unwrap(), 0);
}
