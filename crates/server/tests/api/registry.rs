//! `/v1/registry`: models go into production and out of it, and requests go where they should.

use std::sync::Arc;

use busbar_core::{
    BoxFuture, Capabilities, Classification, Classifier, ClassifyRequest, ClassifyTimings, Model, ModelCard,
    Models, Result, Roster, Sight, StageChange, StageKeeper, Staged, Stages, Task,
};
use busbar_server::Operators;
use busbar_testkit::Gate;
use serde_json::{Value, json};

use crate::support::{Answer, Rig, staged};

/// Says its name.
#[derive(Debug)]
struct Eye(&'static str, Option<Slow>);

/// Tells that it was reached, and waits.
#[derive(Clone, Debug)]
struct Slow {
    reached: Gate,
    wait: Gate,
}

impl Classifier for Eye {
    fn classify(&self, request: ClassifyRequest) -> BoxFuture<'_, Result<Classification>> {
        Box::pin(async move {
            if let Some(slow) = &self.1 {
                slow.reached.open(1);
                slow.wait.pass().await;
            }
            Ok(Classification {
                model: self.0.into(),
                version: Some(format!("{}-1", self.0)),
                sights: request
                    .pictures
                    .iter()
                    .map(|_| Sight {
                        predictions: vec![],
                        width: 1,
                        height: 1,
                    })
                    .collect(),
                timings: ClassifyTimings::default(),
            })
        })
    }
}

fn eye(name: &'static str, slow: Option<Slow>) -> Model {
    let card = ModelCard {
        id: name.into(),
        title: name.into(),
        host: "test".into(),
        licence: "MIT".into(),
        capabilities: Capabilities {
            tasks: vec![Task::Classify],
            ..Capabilities::default()
        },
        price: None,
    };
    Model {
        version: Some(format!("{name}-1")),
        classify: Some(Arc::new(Eye(name, slow))),
        ..Model::new(card)
    }
}

/// Keeps stages as long as the test lasts.
#[derive(Debug)]
struct Memory(Roster);

impl StageKeeper for Memory {
    fn stages(&self) -> Stages {
        self.0.models().stages().clone()
    }

    fn change(&self, change: StageChange) -> BoxFuture<'_, Result<Stages>> {
        let known = |staged: Staged| -> Result<Staged> {
            let models = self.0.models();
            let (card, _) = models.classifier(staged.model.as_str())?;
            Ok(Staged {
                model: card.id.clone(),
                version: models.get(card.id.as_str())?.version.clone(),
            })
        };
        Box::pin(async move {
            let change = match change {
                StageChange::Nominate(staged) => StageChange::Nominate(known(staged)?),
                StageChange::Promote(staged) => StageChange::Promote(staged.map(known).transpose()?),
                other => other,
            };
            let after = self.stages().after(change)?;
            self.0.stage(after.clone(), Vec::new());
            Ok(after)
        })
    }
}

fn rig(slow: Option<Slow>) -> Rig {
    steered_by(Operators::Anyone, slow)
}

fn steered_by(operators: Operators, slow: Option<Slow>) -> Rig {
    let models = Models::default().with(eye("a", slow)).with(eye("b", None));
    let roster = Roster::from(models);
    staged(roster.clone(), Arc::new(Memory(roster)), operators)
}

async fn change(rig: &Rig, what: &str, body: Value) -> Answer {
    rig.post(&format!("/v1/registry/{what}"), &body).await
}

/// Who answers a request for this model.
async fn answers(rig: &Rig, model: &str) -> String {
    let answer = rig
        .post("/predict", &json!({"image": "YWJj", "model": model}))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert_eq!(
        answer["version"],
        json!(format!("{}-1", answer["model"].as_str().unwrap()))
    );
    answer["model"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_model_goes_into_production_and_out_of_it() {
    let rig = rig(None);
    let before = rig.get("/v1/registry").await.json();
    assert_eq!(
        before["aliases"],
        json!({"candidate": null, "production": null, "previous": null})
    );
    assert_eq!(answers(&rig, "").await, "a");

    assert_eq!(change(&rig, "candidate", json!({"model": "b"})).await.status, 200);
    assert_eq!(
        (answers(&rig, "").await, answers(&rig, "candidate").await),
        ("a".into(), "b".into())
    );
    let told = change(&rig, "promote", json!({})).await.json();
    assert_eq!(
        told["aliases"]["production"],
        json!({"model": "b", "version": "b-1"})
    );
    assert_eq!(
        told["models"][1],
        json!({"model": "b", "version": "b-1", "aliases": ["production"]})
    );
    assert_eq!(
        (answers(&rig, "").await, answers(&rig, "production").await),
        ("b".into(), "b".into())
    );

    change(&rig, "promote", json!({"model": "a"})).await;
    assert_eq!(
        (answers(&rig, "").await, answers(&rig, "previous").await),
        ("a".into(), "b".into())
    );
    let told = change(&rig, "rollback", json!({"model": "a"})).await.json();
    assert_eq!(told["aliases"]["candidate"]["model"], json!("a"));
    assert_eq!(answers(&rig, "").await, "b");
    assert_eq!(rig.get("/v1/registry").await.json(), told);
}

#[tokio::test]
async fn a_request_under_way_keeps_its_model() {
    let slow = Slow {
        reached: Gate::closed(),
        wait: Gate::closed(),
    };
    let rig = rig(Some(slow.clone()));
    let body = json!({"image": "YWJj"});
    let asked = rig.post("/predict", &body);
    let swapped = async {
        slow.reached.pass().await;
        assert_eq!(change(&rig, "promote", json!({"model": "b"})).await.status, 200);
        assert_eq!(answers(&rig, "").await, "b");
        slow.wait.open(1);
    };
    let (answer, ()) = tokio::join!(asked, swapped);
    assert_eq!(answer.json()["model"], json!("a"));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() {
    let rig = rig(None);
    for (what, body, status, code) in [
        ("promote", json!({}), 400, json!("no_candidate")),
        ("rollback", json!({}), 400, json!("no_previous")),
        ("promote", json!({"model": "c"}), 404, json!("model_not_found")),
        ("candidate", json!({}), 400, Value::Null),
        ("candidate", json!({"name": "a"}), 400, Value::Null),
        ("rollback", json!({"model": "b"}), 400, json!("not_in_production")),
    ] {
        let answer = change(&rig, what, body).await;
        let told = answer.json();
        assert_eq!((answer.status, &told["code"]), (status, &code), "{what}: {told}");
    }
    assert_eq!(rig.get("/v1/registry").await.json()["history"], json!([]));
}

#[tokio::test]
async fn a_server_without_a_registry_says_so() {
    let rig = crate::support::saying(&[]);
    let answer = rig.get("/v1/registry").await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (503, &json!("registry_disabled"))
    );
}

#[tokio::test]
async fn whoever_is_no_operator_looks_and_changes_nothing() {
    for operators in [Operators::Local, Operators::Nobody] {
        // What comes by no connection of this machine is not local.
        let rig = steered_by(operators, None);
        for what in ["candidate", "promote", "rollback"] {
            let answer = change(&rig, what, json!({"model": "a"})).await;
            assert_eq!(answer.status, 403, "{what}");
            assert_eq!(answer.json()["code"], json!("not_an_operator"), "{what}");
        }
        let told = rig.get("/v1/registry").await.json();
        assert_eq!(told["aliases"]["production"], Value::Null);
    }
}
