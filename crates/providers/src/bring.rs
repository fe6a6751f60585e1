//! A model whose host takes no addresses: pictures at addresses are brought to it.

use std::sync::Arc;

use busbar_core::{
    BoxFuture, ChatModel, ChatRequest, Error, EventStream, Fetcher, Media, MediaKind, MediaSource, Part,
    Prompt, Result,
};

/// A conversation may have more pictures, but no more are fetched for one answer.
const MOST: usize = 20;
/// All of them together; what is written to the host is a third longer.
const MOST_BYTES: usize = 64 << 20;

/// A model that is given the bytes of pictures that its client gave by their address.
#[derive(Debug)]
pub struct Bringing {
    /// The model itself.
    pub model: Arc<dyn ChatModel>,
    /// Fetches them. Without it they are left to the model, which refuses them by name.
    pub fetcher: Option<Arc<dyn Fetcher>>,
}

impl ChatModel for Bringing {
    fn chat(&self, mut request: ChatRequest) -> BoxFuture<'_, Result<EventStream>> {
        Box::pin(async move {
            if let Some(fetcher) = &self.fetcher {
                bring(&mut request, &**fetcher).await?;
            }
            self.model.chat(request).await
        })
    }
}

async fn bring(request: &mut ChatRequest, fetcher: &dyn Fetcher) -> Result<()> {
    let context = request.context.clone();
    let Prompt::Messages(messages) = &mut request.prompt else {
        return Ok(());
    };
    let (mut count, mut bytes) = (0, 0);
    for (turn, message) in messages.iter_mut().enumerate() {
        if !message.content.parts().iter().any(|part| address(part).is_some()) {
            continue;
        }
        let mut parts = std::mem::take(&mut message.content).into_parts();
        for (place, part) in parts.iter_mut().enumerate() {
            let Some(url) = address(part) else { continue };
            let param = format!("messages[{turn}].content[{place}]");
            count += 1;
            if count > MOST {
                let message =
                    format!("`{param}` is an address, and no more than {MOST} are fetched for an answer");
                return Err(Error::invalid(param, message));
            }
            let fetched = fetcher.fetch(&context, url, &param).await?;
            bytes += fetched.bytes.len();
            if bytes > MOST_BYTES {
                let message = format!("with `{param}`, the pictures are more than {MOST_BYTES} bytes");
                return Err(Error::new(busbar_core::ErrorKind::TooLarge, message).with_param(param));
            }
            if let Part::Media(media) = part {
                media.media_type = fetched.media_type;
                media.source = MediaSource::Bytes(fetched.bytes);
            }
        }
        message.content = parts.into();
    }
    Ok(())
}

/// The address of a picture on the web; places in a vendor's own storage are the host's to read.
fn address(part: &Part) -> Option<&str> {
    match part {
        Part::Media(Media {
            kind: MediaKind::Image,
            source: MediaSource::Url(url),
            ..
        }) => {
            let scheme = url.split("://").next().unwrap_or_default();
            let web = ["http", "https"]
                .iter()
                .any(|web| scheme.eq_ignore_ascii_case(web));
            web.then_some(url)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use busbar_core::{Content, Context, ErrorKind, Fetched, Message, RequestId};
    use busbar_testkit::Scripted;

    use super::*;

    #[derive(Debug)]
    struct Echo;

    impl Fetcher for Echo {
        fn fetch<'a>(
            &'a self,
            _: &'a Context,
            url: &'a str,
            param: &'a str,
        ) -> BoxFuture<'a, Result<Fetched>> {
            Box::pin(async move {
                if url.contains("inside") {
                    return Err(Error::invalid(param, "not there"));
                }
                Ok(Fetched {
                    bytes: url.as_bytes().to_vec().into(),
                    media_type: "image/webp".into(),
                })
            })
        }
    }

    fn picture(url: &str) -> Part {
        Part::Media(Media {
            kind: MediaKind::Image,
            media_type: "image/*".into(),
            source: MediaSource::Url(url.into()),
            name: None,
            detail: None,
        })
    }

    fn request(parts: Vec<Part>) -> ChatRequest {
        let turns = vec![Message::system("look"), Message::user(Content::from(parts))];
        ChatRequest::new(
            Context::new(RequestId::new("r")),
            "m".into(),
            Prompt::Messages(turns),
        )
    }

    async fn brought(parts: Vec<Part>) -> Result<Vec<Part>> {
        let mut request = request(parts);
        bring(&mut request, &Echo).await?;
        let Prompt::Messages(mut turns) = request.prompt else {
            panic!("a conversation stays one");
        };
        Ok(turns.remove(1).content.into_parts())
    }

    #[tokio::test]
    async fn pictures_on_the_web_are_brought_and_nothing_else_is_touched() {
        let text = Part::Text("what is this?".into());
        let stored = picture("s3://bucket/a.png");
        let parts = brought(vec![text.clone(), picture("HTTPS://a.example/a"), stored.clone()])
            .await
            .unwrap();
        assert_eq!((&parts[0], &parts[2]), (&text, &stored));
        let Part::Media(media) = &parts[1] else {
            panic!("{parts:?}")
        };
        assert_eq!(media.media_type, "image/webp");
        assert_eq!(media.source, MediaSource::Bytes("HTTPS://a.example/a".into()));
    }

    #[tokio::test]
    async fn what_cannot_be_brought_is_named() {
        let text = Part::Text("a".into());
        let error = brought(vec![text, picture("http://inside/")]).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Invalid, Some("messages[1].content[1]"))
        );
        let many = (0..=MOST).map(|_| picture("http://a.example/")).collect();
        assert_eq!(
            brought(many).await.unwrap_err().param(),
            Some("messages[1].content[20]")
        );
    }

    #[tokio::test]
    async fn without_a_fetcher_the_model_is_asked_as_it_is() {
        let scripted = Scripted::saying(&["a"]);
        let model = Bringing {
            model: Arc::new(scripted.clone()),
            fetcher: None,
        };
        assert!(
            model
                .chat(request(vec![picture("http://a.example/")]))
                .await
                .is_ok()
        );
    }
}
