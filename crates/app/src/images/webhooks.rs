//! Webhooks of jobs: sent to addresses that clients name, by the rules for such addresses.

use std::time::Duration;

use busbar_core::{BoxFuture, Result};
use busbar_egress::{Ask, Client, Failure, Outcome, Rules, Target};
use busbar_jobs::{HookAnswer, HookPost, HookRequest};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header::CONTENT_TYPE};

/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Sends webhooks. It follows no redirect: whoever moved says so by a new address.
#[derive(Clone, Debug)]
pub(super) struct Post(Client);

impl Post {
    pub(super) fn new(rules: Rules) -> Self {
        Self(Client::new(rules))
    }
}

impl HookPost for Post {
    fn post(&self, request: HookRequest) -> BoxFuture<'_, Result<HookAnswer>> {
        Box::pin(async move {
            let Ok(target) = Target::read(&request.url) else {
                return Ok(HookAnswer::Gone);
            };
            let ask = Ask {
                method: Method::POST,
                headers: headers(&request),
                body: Bytes::from(request.body),
                // Nothing that a receiver says is read.
                most: 0,
                patience: PATIENCE,
            };
            match self.0.ask(&target, ask, |_| Ok(false)).await {
                Ok(answer) => Ok(match answer.outcome {
                    Outcome::Done => HookAnswer::Taken,
                    Outcome::Gone => HookAnswer::Gone,
                    Outcome::Moved(_) | Outcome::Absent(_) | Outcome::Broken(_) => HookAnswer::Refused {
                        retry_after: answer.retry_after(),
                    },
                }),
                // Another try would be refused as well.
                Err(failure @ (Failure::Invalid(_) | Failure::Refused(_))) => {
                    tracing::warn!(id = request.id, %failure, "a webhook's address may not be reached");
                    Ok(HookAnswer::Gone)
                }
                Err(failure) => Err(failure.about("webhook.url")),
            }
        })
    }
}

/// The three headers of Standard Webhooks.
fn headers(request: &HookRequest) -> HeaderMap {
    let texts = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (HeaderName::from_static("webhook-id"), request.id.clone()),
        (
            HeaderName::from_static("webhook-timestamp"),
            request.at.seconds().to_string(),
        ),
        (
            HeaderName::from_static("webhook-signature"),
            request.signature.to_string(),
        ),
    ];
    let texts = texts.into_iter();
    texts
        .filter_map(|(name, text)| Some((name, HeaderValue::from_str(&text).ok()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use busbar_jobs::{HookKeys, Timestamp};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn request(url: String) -> HookRequest {
        let at = Timestamp::from_millis(1_614_265_330_000);
        let body = "{}".to_owned();
        let signature = HookKeys::new([SECRET]).unwrap().sign("m.1", at, body.as_bytes());
        HookRequest {
            url,
            id: "m.1".into(),
            at,
            signature,
            body,
        }
    }

    /// What the receiver read, and what became of it when it says this.
    async fn sent(says: &'static str) -> (String, Result<HookAnswer>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let receiving = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut read = Vec::new();
            while !read.ends_with(b"{}") {
                assert!(socket.read_buf(&mut read).await.unwrap() > 0);
            }
            let answer = format!("HTTP/1.1 {says}\r\ncontent-length: 0\r\n\r\n");
            socket.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(read).unwrap()
        });
        let answer = Post::new(Rules::all()).post(request(url)).await;
        (receiving.await.unwrap(), answer)
    }

    #[tokio::test]
    async fn a_webhook_is_posted_with_its_three_headers() {
        let (read, answer) = sent("204 No Content").await;
        assert_eq!(answer.unwrap(), HookAnswer::Taken);
        assert!(read.starts_with("POST /hook HTTP/1.1\r\n"), "{read}");
        for header in [
            "content-type: application/json",
            "webhook-id: m.1",
            "webhook-timestamp: 1614265330",
            "webhook-signature: v1,",
        ] {
            assert!(read.contains(header), "no {header} in {read}");
        }
    }

    #[tokio::test]
    async fn what_a_receiver_says_decides_whether_it_is_tried_again() {
        assert_eq!(sent("410 Gone").await.1.unwrap(), HookAnswer::Gone);
        for says in ["500 Broken", "404 Not Found", "302 Found\r\nlocation: http://x/"] {
            let answer = sent(says).await.1.unwrap();
            assert_eq!(answer, HookAnswer::Refused { retry_after: None }, "{says}");
        }
        let busy = HookAnswer::Refused {
            retry_after: Some(Duration::from_secs(7)),
        };
        let (_, answer) = sent("503 Busy\r\nretry-after: 7").await;
        assert_eq!(answer.unwrap(), busy);
    }

    #[tokio::test]
    async fn what_is_within_is_not_reached() {
        let post = Post::new(Rules::default());
        for url in [
            "http://127.0.0.1:1/",
            "http://169.254.169.254/latest",
            "http://[::1]/",
            "gopher://x/",
        ] {
            let answer = post.post(request(url.into())).await.unwrap();
            assert_eq!(answer, HookAnswer::Gone, "{url}");
        }
        // Nobody answers there, which another try may find mended.
        let nobody = Post::new(Rules::all())
            .post(request("http://127.0.0.1:1/".into()))
            .await;
        assert!(nobody.is_err());
    }
}
