//! Fetching from hosts on this machine, and not fetching from others.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use busbar_core::{ErrorKind, RequestId};
use busbar_testkit::{FakeUpstream, Received, Say};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::{Rules, connect::Trust, resolve::Resolve};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

/// Says one list of addresses after the other, and counts how often it was asked.
#[derive(Debug, Default)]
struct Names(Mutex<Vec<Vec<IpAddr>>>);

impl Names {
    fn saying(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().rev();
        let parsed = answers.map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect());
        Arc::new(Self(Mutex::new(parsed.collect())))
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let next = self.0.lock().unwrap().pop();
        Box::pin(async move { next.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}

fn fetcher(allow: &[&str], names: Arc<Names>, limits: Limits) -> PictureFetcher {
    let rules = Rules {
        public: true,
        allow: allow.iter().map(|place| place.parse().unwrap()).collect(),
    };
    PictureFetcher::new(Client::over(rules, names, Trust::default()), limits)
}

/// A host that speaks TLS as `pictures.example`, and who trusts it: its port, and a client.
async fn vouched(names: Arc<Names>) -> (u16, PictureFetcher) {
    let made = rcgen::generate_simple_self_signed(vec!["pictures.example".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(server));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            if let Ok(mut tls) = acceptor.accept(tcp).await {
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: {}\r\n\r\n",
                    PNG.len()
                );
                tls.write_all(&[head.as_bytes(), PNG].concat()).await.unwrap();
                // Until the client goes.
                let _ = tls.read_to_end(&mut Vec::new()).await;
            }
        }
    });
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let trusting = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let rules = Rules {
        public: false,
        allow: vec!["127.0.0.1".parse().unwrap()],
    };
    let client = Client::over(rules, names, Trust::these(Arc::new(trusting)));
    (port, PictureFetcher::new(client, Limits::default()))
}

fn local() -> PictureFetcher {
    fetcher(&["127.0.0.1"], Arc::default(), Limits::default())
}

async fn fetch(fetcher: &PictureFetcher, url: &str) -> Result<Fetched> {
    let context = Context::new(RequestId::new("r"));
    fetcher.fetch(&context, url, "image_url").await
}

#[track_caller]
fn refused(fetched: Result<Fetched>, kind: ErrorKind, code: &str) -> String {
    let error = fetched.unwrap_err();
    assert_eq!((error.kind(), error.code()), (kind, Some(code)), "{error}");
    assert_eq!(error.param(), Some("image_url"));
    error.message().to_owned()
}

async fn host(script: impl Fn(&Received) -> Vec<Say> + Send + Sync + 'static) -> FakeUpstream {
    FakeUpstream::start(script).await.unwrap()
}

fn moved(to: &str) -> Vec<Say> {
    Say::with("302 Found", &[("location", to)], "")
}

#[tokio::test]
async fn a_picture_is_fetched_and_called_what_it_is() {
    let upstream = host(|asked| match &*asked.path {
        "/a.png?size=1" => Say::whole("200 OK", "image/png; charset=binary", PNG),
        "/wrong.jpg" => Say::whole("200 OK", "image/jpeg", PNG),
        "/unknown" => Say::whole("200 OK", "application/octet-stream", b"RIFF....WEBPVP8 "),
        _ => Say::whole("200 OK", "image/avif", b"newer than us"),
    })
    .await;
    for (path, media_type) in [
        ("/a.png?size=1#top", "image/png"),
        ("/wrong.jpg", "image/png"),
        ("/unknown", "image/webp"),
        ("/new", "image/avif"),
    ] {
        let fetched = fetch(&local(), &format!("{}{path}", upstream.url()))
            .await
            .unwrap();
        assert_eq!(fetched.media_type, media_type, "{path}");
    }
    let asked = upstream.received().remove(0);
    assert_eq!((&*asked.method, &*asked.path), ("GET", "/a.png?size=1"));
    let mut names: Vec<_> = asked.headers.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["accept", "accept-encoding", "connection", "host", "user-agent"]
    );
}

#[tokio::test]
async fn what_may_not_be_reached_is_never_connected_to() {
    let upstream = host(|_| Say::whole("200 OK", "image/png", PNG)).await;
    let port = upstream.url().rsplit(':').next().unwrap().to_owned();
    let nobody = fetcher(
        &[],
        Names::saying(&[&["127.0.0.1"], &["8.8.8.8", "127.0.0.1"]]),
        Limits::default(),
    );
    let mut said = Vec::new();
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://named.example:{port}/"),
        format!("http://also.example:{port}/"),
        // Nobody knows this one; it is refused in the same words.
        "http://unknown.example/".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ] {
        said.push(refused(
            fetch(&nobody, &url).await,
            ErrorKind::Invalid,
            "address_refused",
        ));
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_redirect_is_followed_but_not_to_where_we_may_not_go() {
    let inside = host(|_| Say::whole("200 OK", "image/png", PNG)).await;
    // Another loopback address than the one that is allowed.
    let secret = inside.url().replace("127.0.0.1", "127.0.0.2");
    let upstream = host(move |asked| match &*asked.path {
        "/ok" => moved("/there"),
        "/there" => Say::whole("200 OK", "image/png", PNG),
        "/in" => moved(&secret),
        "/file" => moved("file:///etc/passwd"),
        "/you" => moved("http://you:secret@127.0.0.1/"),
        "/lost" => Say::with("302 Found", &[], ""),
        _ => moved("/round"),
    })
    .await;
    let at = |path: &str| format!("{}{path}", upstream.url());
    assert!(fetch(&local(), &at("/ok")).await.is_ok());
    refused(
        fetch(&local(), &at("/in")).await,
        ErrorKind::Invalid,
        "address_refused",
    );
    refused(
        fetch(&local(), &at("/file")).await,
        ErrorKind::Invalid,
        "address_invalid",
    );
    let said = refused(
        fetch(&local(), &at("/you")).await,
        ErrorKind::Invalid,
        "address_invalid",
    );
    assert!(!said.contains("secret"));
    refused(
        fetch(&local(), &at("/lost")).await,
        ErrorKind::BadUpstream,
        "fetch_failed",
    );
    assert_eq!(inside.connections(), 0);
    let before = upstream.connections();
    refused(
        fetch(&local(), &at("/round")).await,
        ErrorKind::Invalid,
        "fetched_unwanted",
    );
    assert_eq!(
        upstream.connections() - before,
        4,
        "the first and three redirects"
    );
}

#[tokio::test]
async fn a_name_is_looked_up_once_a_connection_and_cannot_turn_into_another_in_between() {
    let upstream = host(|asked| match &*asked.path {
        "/again" => moved("/b.png"),
        _ => Say::whole("200 OK", "image/png", PNG),
    })
    .await;
    let port = upstream.url().rsplit(':').next().unwrap().to_owned();
    // The first answer passes; were there a second look-up for the connection, it would lead inside.
    let names = Names::saying(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let rebinding = fetcher(&["127.0.0.1"], names.clone(), Limits::default());
    let url = format!("http://rebinding.example:{port}/a.png");
    assert!(fetch(&rebinding, &url).await.is_ok());
    assert_eq!(names.0.lock().unwrap().len(), 1);
    // A redirect to the same name is looked up and looked at anew.
    let names = Names::saying(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let rebinding = fetcher(&["127.0.0.1"], names, Limits::default());
    let url = format!("http://rebinding.example:{port}/again");
    refused(
        fetch(&rebinding, &url).await,
        ErrorKind::Invalid,
        "address_refused",
    );
    assert_eq!(upstream.connections(), 2);
}

#[tokio::test]
async fn a_host_that_is_allowed_by_name_may_be_anywhere() {
    let upstream = host(|_| Say::whole("200 OK", "image/png", PNG)).await;
    let port = upstream.url().rsplit(':').next().unwrap().to_owned();
    let names = Names::saying(&[&["127.0.0.1"], &["127.0.0.1"]]);
    let allowing = fetcher(&["*.corp.example"], names, Limits::default());
    assert!(
        fetch(&allowing, &format!("http://a.corp.example:{port}/"))
            .await
            .is_ok()
    );
    let elsewhere = fetch(&allowing, &format!("http://corp.example:{port}/")).await;
    refused(elsewhere, ErrorKind::Invalid, "address_refused");
}

#[tokio::test]
async fn pages_packed_bodies_and_missing_pictures_are_told_apart() {
    let upstream = host(|asked| match &*asked.path {
        // Never read: it would never end.
        "/page" => Say::begun("text/html", &["<p>"]),
        "/packed" => Say::with(
            "200 OK",
            &[("content-type", "image/png"), ("content-encoding", "gzip")],
            PNG,
        ),
        "/bytes" => Say::whole("200 OK", "application/octet-stream", "no picture"),
        "/403" => Say::whole("403 Forbidden", "text/html", "<p>"),
        "/410" => Say::whole("410 Gone", "text/html", "<p>"),
        "/500" => Say::whole("500 Internal Server Error", "text/html", "secret"),
        "/cut" => vec![
            Say::Bytes(
                b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\ncontent-type: image/png\r\n\r\nabc".to_vec(),
            ),
            Say::Close,
        ],
        _ => vec![Say::Bytes(b"SSH-2.0-secret\r\n".to_vec()), Say::Close],
    })
    .await;
    for (path, kind, code) in [
        ("/page", ErrorKind::Invalid, "fetched_unwanted"),
        ("/packed", ErrorKind::Invalid, "fetched_unwanted"),
        ("/bytes", ErrorKind::Invalid, "fetched_unwanted"),
        ("/403", ErrorKind::Invalid, "fetched_nothing"),
        ("/410", ErrorKind::Invalid, "fetched_nothing"),
        ("/500", ErrorKind::BadUpstream, "fetch_failed"),
        ("/cut", ErrorKind::BadUpstream, "fetch_failed"),
        ("/ssh", ErrorKind::BadUpstream, "fetch_failed"),
    ] {
        let said = refused(
            fetch(&local(), &format!("{}{path}", upstream.url())).await,
            kind,
            code,
        );
        assert!(!said.contains("secret") && !said.contains("127.0.0.1"), "{said}");
    }
}

#[tokio::test]
async fn a_large_body_is_not_read_to_its_end_whether_announced_or_not() {
    let upstream = host(|asked| match &*asked.path {
        "/announced" => Say::with("200 OK", &[("content-type", "image/png")], [0; 101]),
        // Goes on for ever.
        "/endless" => {
            let mut steps = Say::begun("image/png", &[[0; 60], [0; 60]]);
            steps.push(Say::Hold);
            steps
        }
        _ => Say::whole("200 OK", "image/png", [PNG, &[0; 80]].concat()),
    })
    .await;
    let limits = Limits {
        bytes: 100,
        ..Limits::default()
    };
    let small = fetcher(&["127.0.0.1"], Arc::default(), limits);
    for path in ["/announced", "/endless"] {
        let fetched = fetch(&small, &format!("{}{path}", upstream.url())).await;
        refused(fetched, ErrorKind::TooLarge, "fetched_too_large");
    }
    assert!(fetch(&small, &format!("{}/fits", upstream.url())).await.is_ok());
}

#[tokio::test]
async fn who_is_slow_is_left() {
    let upstream = host(|asked| match &*asked.path {
        "/silent" => vec![Say::Hold],
        "/slow" => {
            let mut steps = Say::begun("image/png", &[PNG]);
            steps.push(Say::Hold);
            steps
        }
        _ => {
            let mut steps = vec![Say::Pause(Duration::from_millis(60))];
            steps.extend(moved("/round"));
            steps
        }
    })
    .await;
    let limits = Limits {
        time: Duration::from_millis(150),
        redirects: 1000,
        ..Limits::default()
    };
    let hasty = fetcher(&["127.0.0.1"], Arc::default(), limits);
    for path in ["/silent", "/slow", "/round"] {
        let fetched = fetch(&hasty, &format!("{}{path}", upstream.url())).await;
        let said = refused(fetched, ErrorKind::BadUpstream, "fetch_timeout");
        assert!(
            said.contains("0.15 s"),
            "the whole time, not what was left of it: {said}"
        );
    }
}

#[tokio::test]
async fn whoever_goes_away_takes_the_connection_along() {
    let upstream = host(|_| vec![Say::Hold]).await;
    let fetcher = local();
    let url = upstream.url();
    let call = tokio::spawn(async move { fetch(&fetcher, &url).await });
    while upstream.live() == 0 {
        tokio::task::yield_now().await;
    }
    call.abort();
    while upstream.live() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_host_is_believed_by_its_own_name_only() {
    let (port, fetcher) = vouched(Names::saying(&[&["127.0.0.1"], &["127.0.0.1"]])).await;
    let fetched = fetch(&fetcher, &format!("https://pictures.example:{port}/")).await;
    assert_eq!(fetched.unwrap().bytes, PNG);
    let other = fetch(&fetcher, &format!("https://other.example:{port}/")).await;
    refused(other, ErrorKind::BadUpstream, "fetch_failed");
}

#[tokio::test]
async fn a_host_that_speaks_no_tls_is_not_spoken_to_without() {
    let upstream = host(|_| Say::whole("200 OK", "image/png", PNG)).await;
    let url = upstream.url().replace("http:", "https:");
    refused(
        fetch(&local(), &url).await,
        ErrorKind::BadUpstream,
        "fetch_failed",
    );
}
