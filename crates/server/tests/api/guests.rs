//! Models that are brought one by one: paths that are there only where somebody takes them in.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::Method;
use busbar_core::{
    BoxFuture, Error, ErrorKind, GUEST_DOES_NOT_FIT, GUEST_IS_HERE, Guest, Guests, Models, Result,
};
use busbar_testkit::Scripted;
use serde_json::json;

use crate::support::{bare, post, receiving, saying};

/// Takes in everything but what is too large.
#[derive(Debug, Default)]
struct Inn(Mutex<Vec<Guest>>);

impl Inn {
    fn guests(&self) -> std::sync::MutexGuard<'_, Vec<Guest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guests for Inn {
    fn receive(&self, guest: Guest) -> BoxFuture<'_, Result<()>> {
        let here = self.guests().iter().any(|other| other.name == guest.name);
        let coded = |code| Err(Error::new(ErrorKind::Unavailable, "no").with_code(code));
        let received = match &*guest.name {
            _ if here => coded(GUEST_IS_HERE),
            "giant" => coded(GUEST_DOES_NOT_FIT),
            _ => {
                self.guests().push(guest);
                Ok(())
            }
        };
        Box::pin(async move { received })
    }

    fn dismiss<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<()>> {
        let before = self.guests().len();
        self.guests().retain(|guest| guest.name != name);
        let gone = self.guests().len() < before;
        let absent = || Error::new(ErrorKind::NotFound, "it is not here");
        Box::pin(async move { gone.then_some(()).ok_or_else(absent) })
    }

    fn present(&self) -> Vec<Guest> {
        self.guests().clone()
    }
}

fn order(name: &str) -> serde_json::Value {
    json!({"model_name": name, "url": format!("/opt/ml/models/{name}/model")})
}

#[tokio::test]
async fn models_come_are_listed_and_go() {
    let rig = receiving(Models::default(), Arc::new(Inn::default()));
    assert_eq!(rig.get("/ping").await.status, 200, "no model yet is no fault");
    assert_eq!(rig.post("/models", &order("a")).await.status, 200);
    assert_eq!(rig.post("/models", &order("a")).await.status, 409);
    assert_eq!(rig.post("/models", &order("giant")).await.status, 507);
    assert_eq!(rig.post("/models", &json!({"model_name": "b"})).await.status, 400);
    let a = json!({"modelName": "a", "modelUrl": "/opt/ml/models/a/model"});
    assert_eq!(rig.get("/models").await.json(), json!({"models": [a]}));
    assert_eq!(rig.get("/models/a").await.json(), a);
    assert_eq!(rig.send(bare(Method::DELETE, "/models/a")).await.status, 200);
    for request in [bare(Method::DELETE, "/models/a"), bare(Method::GET, "/models/a")] {
        assert_eq!(rig.send(request).await.status, 404);
    }
    let inputs = json!({"inputs": "once"});
    assert_eq!(rig.post("/models/a/invoke", &inputs).await.status, 404);
}

#[tokio::test]
async fn the_path_names_the_model_whatever_the_body_does() {
    let model = Scripted::saying(&["x"]);
    let rig = receiving(
        Models::default().with(model.model("a")).with(model.model("b")),
        Arc::new(Inn::default()),
    );
    rig.post("/models", &order("a")).await;
    let body = json!({"model": "b", "messages": [{"role": "user", "content": "hi"}]});
    let answer = rig.post("/models/a/invoke", &body).await;
    assert_eq!((answer.status, answer.json()["model"].clone()), (200, json!("a")));
}

#[tokio::test]
async fn on_other_servers_there_are_no_such_paths() {
    let rig = saying(&["x"]);
    for request in [
        post("/models", &order("a")),
        post("/models/a/invoke", &json!({"inputs": "x"})),
        bare(Method::GET, "/models/a"),
        bare(Method::DELETE, "/models/a"),
    ] {
        let path = request.uri().clone();
        assert_eq!(rig.send(request).await.status, 404, "{path}");
    }
}
