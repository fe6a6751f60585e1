//! What the tests of hosts share: a fake host, models built for it from text, and requests.

use std::sync::Arc;

use busbar_core::{ChatRequest, Context, Error, Message, Model, Pixels, Prompt, RequestId, Tokens};
use busbar_providers::{Shared, build, http::Client, prices::Prices, settings::Section};
use busbar_testkit::{FakeUpstream, Received, Say};

/// A host that follows a script.
pub(crate) async fn host(script: impl Fn(&Received) -> Vec<Say> + Send + Sync + 'static) -> FakeUpstream {
    FakeUpstream::start(script).await.unwrap()
}

/// What all providers share.
pub(crate) fn shared() -> Shared {
    Shared {
        client: Client::new().unwrap(),
        prices: Arc::new(Prices::built_in().unwrap()),
        // A file here is a letter for how large the picture is.
        decode: Arc::new(|file| {
            Box::pin(async move {
                let side = match &*file {
                    b"a" => 1,
                    b"b" => 2,
                    _ => return Err(Error::invalid("image", "that is no picture")),
                };
                Pixels::new(side, side, vec![0; (side * side * 3) as usize].into())
            })
        }),
        fetcher: None,
    }
}

/// The models of a section.
pub(crate) fn models(kind: &str, key: Option<&str>, text: &str) -> Vec<Model> {
    let section = Section {
        name: "far".into(),
        kind: kind.into(),
        key: key.map(|key| busbar_core::Secret::new(key.to_owned()).into()),
        fields: text.parse().unwrap(),
    };
    build(&section, &shared()).unwrap()
}

/// A question.
pub(crate) fn ask(text: &str) -> ChatRequest {
    let prompt = Prompt::Messages(vec![Message::user(text)]);
    let mut request = ChatRequest::new(Context::new(RequestId::new("r")), "near".into(), prompt);
    request.max_tokens = Some(Tokens(64));
    request
}
