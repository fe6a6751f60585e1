//! Asks what is on pictures, and which model of several is to say it.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use busbar_core::{
    Classification, ClassifyRequest, ClassifyTimings, Error, ErrorKind, Picture, Prediction, Result, Sight,
    StageChange, Staged, Stages,
};

use super::Call;
use crate::{
    answer::json,
    predict::{PredictAnswer, PredictBody, PredictPicture, PredictResult},
    registry::{RegistryAnswer, RegistryEntry, StageBody},
};

/// Where stages are told.
pub const REGISTRY: &str = "/v1/registry";

/// The request for labels.
///
/// # Errors
/// `Unsupported` for pictures that are no files.
pub fn predict(request: &ClassifyRequest) -> Result<Call> {
    let model = request.model.as_str();
    let pictures = request.pictures.iter().map(|picture| match picture {
        Picture::Encoded(file) => Ok(PredictPicture {
            image_url: None,
            image: Some(STANDARD.encode(file)),
        }),
        Picture::Pixels(_) => Err(Error::new(ErrorKind::Unsupported, "only files can be sent")),
    });
    let body = PredictBody {
        model: (!model.is_empty()).then(|| model.to_owned()),
        images: Some(pictures.collect::<Result<_>>()?),
        top_k: Some(request.top_k.get()),
        threshold: Some(request.threshold),
        ..PredictBody::default()
    };
    Ok(Call {
        path: "/predict".into(),
        body: json(&body),
    })
}

/// The answer to it.
///
/// # Errors
/// `BadUpstream` where it is none.
pub fn read_prediction(body: &[u8]) -> Result<Classification> {
    let answer: PredictAnswer = read(body)?;
    let timings = answer.timings_ms;
    let span = |millis: f64| Duration::try_from_secs_f64(millis / 1000.0).unwrap_or_default();
    Ok(Classification {
        model: answer.model.into(),
        version: answer.version,
        sights: answer.results.into_iter().map(sight).collect(),
        timings: ClassifyTimings {
            decode: span(timings.decode),
            preprocess: span(timings.preprocess),
            queue: span(timings.queue),
            inference: span(timings.inference),
        },
    })
}

/// The request for a change of stages.
pub fn change_stages(change: &StageChange) -> Call {
    let name = |staged: &Staged| staged.model.to_string();
    let (path, model) = match change {
        StageChange::Nominate(staged) => ("/v1/registry/candidate", Some(name(staged))),
        StageChange::Promote(staged) => ("/v1/registry/promote", staged.as_ref().map(name)),
        StageChange::Rollback(from) => ("/v1/registry/rollback", from.as_ref().map(ToString::to_string)),
    };
    Call {
        path: path.into(),
        body: json(&StageBody { model }),
    }
}

/// What stages a server tells.
///
/// # Errors
/// `BadUpstream` where it tells none.
pub fn read_stages(body: &[u8]) -> Result<Stages> {
    let answer: RegistryAnswer = read(body)?;
    let staged = |entry: RegistryEntry| Staged {
        model: entry.model.into(),
        version: entry.version,
    };
    Ok(Stages {
        candidate: answer.aliases.candidate.map(staged),
        production: answer.aliases.production.map(staged),
        before: answer.history.into_iter().map(staged).collect(),
    })
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        Error::new(
            ErrorKind::BadUpstream,
            "the server's answer is not what it should be",
        )
        .with_source(error)
    })
}

fn sight(result: PredictResult) -> Sight {
    let predictions = result.predictions.into_iter().map(|label| Prediction {
        label: label.label,
        index: label.index,
        score: label.score,
    });
    Sight {
        predictions: predictions.collect(),
        width: result.width,
        height: result.height,
    }
}

#[cfg(test)]
mod tests {
    use busbar_core::{Context, RequestId};

    use super::*;

    #[test]
    fn what_is_asked_and_answered_comes_through_the_format_unchanged() {
        let pictures = vec![Picture::Encoded((&b"abc"[..]).into())];
        let request = ClassifyRequest::new(Context::new(RequestId::new("r")), "m".into(), pictures);
        let asked = PredictBody::read(&predict(&request).unwrap().body)
            .unwrap()
            .into_asked()
            .unwrap();
        assert_eq!(
            (&*asked.model, asked.pictures.len(), asked.several),
            ("m", 1, true)
        );
        let seen = Classification {
            model: "m".into(),
            version: Some("1".into()),
            sights: vec![Sight {
                predictions: vec![Prediction {
                    label: "cat".into(),
                    index: 7,
                    score: 0.5,
                }],
                width: 3,
                height: 2,
            }],
            timings: ClassifyTimings {
                inference: Duration::from_millis(12),
                ..ClassifyTimings::default()
            },
        };
        let answer = PredictAnswer::new(seen.clone(), true, Duration::ZERO, Duration::ZERO);
        assert_eq!(read_prediction(&answer.encode()).unwrap(), seen);
        assert!(read_prediction(b"{}").is_err());
    }

    #[test]
    fn stages_come_through_the_format_unchanged() {
        let staged = |model: &str| Staged {
            model: model.into(),
            version: None,
        };
        let stages = Stages {
            candidate: Some(staged("a")),
            production: Some(staged("b")),
            before: vec![staged("c"), staged("d")],
        };
        let told = RegistryAnswer::new(&stages, std::iter::empty()).encode();
        assert_eq!(read_stages(&told).unwrap(), stages);
        let call = change_stages(&StageChange::Promote(None));
        assert_eq!(call.path, "/v1/registry/promote");
        assert_eq!(StageBody::read(&call.body).unwrap(), StageBody::default());
    }
}
