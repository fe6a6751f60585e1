//! Requests that are passed on as they were written: through a route too, as long as whoever serves them
//! speaks their format.

use std::sync::{Arc, Mutex};

use busbar_core::{
    BoxFuture, Context, Done, ErrorKind, FinishReason, Format, MUST_BE_READ, Model, Relay, RelayItem,
    RelayRequest, RelayStream, RequestId, Result, Usage,
};
use busbar_routing::OnCut;
use busbar_testkit::Scripted;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};

use crate::support::{Rig, error, spec};

const FORMAT: Format = Format("f");

#[derive(Debug)]
struct Echo {
    fails: bool,
    asked: Arc<Mutex<usize>>,
}

impl Relay for Echo {
    fn speaks(&self, format: Format) -> bool {
        format == FORMAT
    }

    fn relay(&self, request: RelayRequest) -> BoxFuture<'_, Result<RelayStream>> {
        *self.asked.lock().unwrap() += 1;
        let fails = self.fails;
        Box::pin(async move {
            if fails {
                return Err(error(ErrorKind::Unavailable));
            }
            let done = Done::new(FinishReason::Stop, Usage::default());
            let items = [RelayItem::Bytes(request.body), RelayItem::Done(done)];
            let stream: RelayStream = Box::pin(stream::iter(items.map(Ok)));
            Ok(stream)
        })
    }
}

fn echoing(fails: bool) -> (impl FnOnce(&mut Model), Arc<Mutex<usize>>) {
    let asked = Arc::<Mutex<usize>>::default();
    let echo = Echo {
        fails,
        asked: Arc::clone(&asked),
    };
    (move |model: &mut Model| model.relay = Some(Arc::new(echo)), asked)
}

fn request(body: &'static str, stream: bool) -> RelayRequest {
    RelayRequest {
        context: Context::new(RequestId::new("r")),
        format: FORMAT,
        body: Bytes::from_static(body.as_bytes()),
        heads: Vec::new(),
        stream,
    }
}

async fn pass(model: &Model, request: RelayRequest) -> Result<Bytes> {
    let mut items = model.relay.as_ref().unwrap().relay(request).await?;
    let Some(Ok(RelayItem::Bytes(bytes))) = items.next().await else {
        panic!("no bytes came")
    };
    assert!(matches!(items.next().await, Some(Ok(RelayItem::Done(_)))) && items.next().await.is_none());
    Ok(bytes)
}

fn scripted() -> Scripted {
    Scripted::saying(&["read and written anew"])
}

#[tokio::test]
async fn one_target_is_passed_everything_as_it_is() {
    let (echo, _) = echoing(false);
    let rig = Rig::new().put_with("p", "a", &scripted(), echo);
    let route = rig.route(&spec(&[&["a"]]));
    assert!(!route.relay.as_ref().unwrap().speaks(Format("other")));
    for stream in [false, true] {
        let asked = request("{\"tools\": \"whatever\"}", stream);
        let trail = asked.context.trail.clone();
        assert_eq!(pass(&route, asked).await.unwrap(), "{\"tools\": \"whatever\"}");
        assert_eq!(
            trail
                .look(|course| course.served.clone())
                .unwrap()
                .target
                .as_ref(),
            "p/a"
        );
    }
}

#[tokio::test]
async fn another_one_that_speaks_it_is_passed_it_when_the_first_fails() {
    let ((first, asked), (second, _)) = (echoing(true), echoing(false));
    let rig = Rig::new()
        .put_with("p", "a", &scripted(), first)
        .put_with("p", "b", &scripted(), second);
    let mut spec = spec(&[&["a"], &["b"]]);
    assert_eq!(pass(&rig.route(&spec), request("{}", false)).await.unwrap(), "{}");
    let streamed = pass(&rig.route(&spec), request("{}", true)).await.unwrap_err();
    assert_eq!(
        streamed.code(),
        Some(MUST_BE_READ),
        "only what was read can be gone on with"
    );
    spec.on_cut = OnCut::Fail;
    assert_eq!(pass(&rig.route(&spec), request("{}", true)).await.unwrap(), "{}");
    assert_eq!(*asked.lock().unwrap(), 2);
}

#[tokio::test]
async fn where_the_next_speaks_another_format_the_request_is_given_back_and_the_first_not_asked_twice() {
    let (first, asked) = echoing(true);
    let second = scripted();
    let rig = Rig::new()
        .put_with("p", "a", &scripted(), first)
        .put("p", "b", &second);
    let route = rig.route(&spec(&[&["a"], &["b"]]));
    let asked_for = request("{}", false);
    let context = asked_for.context.clone();
    assert_eq!(
        pass(&route, asked_for).await.unwrap_err().code(),
        Some(MUST_BE_READ)
    );
    let mut read = crate::support::ask("x");
    read.context = context;
    let got = crate::support::get(&rig, &route, read).await;
    assert_eq!((got.served(), *asked.lock().unwrap()), ("p/b", 1));
    assert_eq!(got.outcomes(), [("a", "unavailable"), ("b", "served")]);
}

#[tokio::test]
async fn what_only_some_can_do_has_to_be_read() {
    let ((first, _), (second, _)) = (echoing(false), echoing(false));
    let rig = Rig::new()
        .put_with("p", "a", &scripted(), |model| {
            first(model);
            model.card.capabilities.tools = false;
        })
        .put_with("p", "b", &scripted(), second);
    let mut spec = spec(&[&["a"], &["b"]]);
    assert!(
        pass(&rig.route(&spec), request("{\"x\": 1}", false))
            .await
            .is_ok()
    );
    let told = pass(&rig.route(&spec), request("{\"tools\": []}", false))
        .await
        .unwrap_err();
    assert_eq!(told.code(), Some(MUST_BE_READ));
    spec.cache_for = Some(std::time::Duration::from_secs(1));
    let told = pass(&rig.route(&spec), request("{\"x\": 1}", false))
        .await
        .unwrap_err();
    assert_eq!(
        told.code(),
        Some(MUST_BE_READ),
        "what is kept is known by what it says"
    );
}
