//! A route is a model like any other.

use std::sync::Arc;

use busbar_core::{Error, Prompt};
use busbar_testkit::{
    Scripted, Step,
    conformance::chat::{Subject, all},
};

use crate::support::{Rig, ask, spec};

fn scripted() -> Scripted {
    Scripted::answering(|request| {
        let Prompt::Messages(messages) = &request.prompt else {
            return Vec::new();
        };
        match &*messages[0].content.text() {
            "refuse" => vec![Step::Fail(Error::invalid("x", "no"))],
            "break" => vec![Step::text("a"), Step::Fail(Error::internal("cut"))],
            _ => ["a", "b", "c"].map(Step::text).into(),
        }
    })
}

#[tokio::test]
async fn a_route_keeps_the_contract_of_models() {
    for tiers in [&[&["a"][..]][..], &[&["a"], &["b"]]] {
        let (one, other) = (scripted(), scripted());
        let rig = Rig::new().put("p", "a", &one).put("p", "b", &other);
        let mut spec = spec(tiers);
        spec.on_cut = busbar_routing::OnCut::Fail;
        let model = rig.route(&spec).chat.unwrap();
        let (counted, counted_too) = (one.clone(), other.clone());
        let subject = Subject {
            model: Arc::clone(&model),
            answered: Box::new(|| ask("answer")),
            refused: Box::new(|| ask("refuse")),
            broken: Some(Box::new(|| ask("break"))),
            live: Box::new(move || counted.live() + counted_too.live()),
        };
        all(&subject).await;
    }
}
