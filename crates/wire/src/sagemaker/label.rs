//! What is on a picture: its bytes in, labels out.
//!
//! Source: the SageMaker developer guide, "Image Classification" in JumpStart (`application/x-image` in,
//! `application/json;verbose` out), and Hugging Face's image classification pipeline.

use busbar_core::{Error, ErrorKind, Prediction, Result};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::answer::json;

/// What requests are: a picture's file.
pub const MEDIA_TYPE: &str = "application/x-image";

/// How labels are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelForm {
    /// A list of labels with their scores.
    List,
    /// JumpStart's: all scores, all labels, and the likeliest.
    Verbose,
    /// JumpStart's: all scores.
    Scores,
}

impl LabelForm {
    /// What the header `accept` asks for.
    pub fn of(accept: Option<&str>) -> Self {
        match accept.unwrap_or_default().split_once(';') {
            Some((_, "verbose")) => Self::Verbose,
            Some((_, "probabilities")) => Self::Scores,
            _ => Self::List,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Labelled {
    label: String,
    score: f32,
}

#[derive(Serialize, Deserialize)]
struct Verbose {
    probabilities: Vec<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    predicted_label: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    List(Vec<Labelled>),
    Verbose(Verbose),
    Ours { predictions: Vec<Labelled> },
}

/// An answer with these labels, the likeliest first.
pub fn write_answer(predictions: &[Prediction], form: LabelForm) -> Bytes {
    let label = |prediction: &Prediction| prediction.label.clone();
    // Scores by themselves are told apart by their places, which are the classes'.
    let mut by_class: Vec<_> = predictions.iter().collect();
    by_class.sort_by_key(|prediction| prediction.index);
    let verbose = form == LabelForm::Verbose;
    match form {
        LabelForm::List => {
            let labelled = |prediction: &Prediction| Labelled {
                label: label(prediction),
                score: prediction.score,
            };
            json(&predictions.iter().map(labelled).collect::<Vec<_>>())
        }
        LabelForm::Verbose | LabelForm::Scores => json(&Verbose {
            probabilities: by_class.iter().map(|prediction| prediction.score).collect(),
            labels: verbose.then(|| by_class.iter().map(|prediction| label(prediction)).collect()),
            predicted_label: predictions.first().map(label).filter(|_| verbose),
        }),
    }
}

/// The labels of an answer, the likeliest first.
///
/// # Errors
/// `BadUpstream` where it is no answer.
pub fn read_answer(body: &[u8]) -> Result<Vec<Prediction>> {
    let nonsense = || {
        Error::new(
            ErrorKind::BadUpstream,
            "the endpoint sent something that are no labels",
        )
    };
    let answer: Answer = serde_json::from_slice(body).map_err(|error| nonsense().with_source(error))?;
    let labelled: Vec<_> = match answer {
        Answer::List(list) | Answer::Ours { predictions: list } => {
            list.into_iter().map(|one| (one.label, one.score)).collect()
        }
        Answer::Verbose(verbose) => {
            let count = verbose.probabilities.len();
            let numbers = || (0..count).map(|number| number.to_string()).collect();
            let labels: Vec<String> = verbose.labels.unwrap_or_else(numbers);
            if labels.len() != count {
                return Err(nonsense());
            }
            std::iter::zip(labels, verbose.probabilities).collect()
        }
    };
    let numbered = labelled.into_iter().enumerate();
    let mut predictions: Vec<_> = numbered
        .map(|(index, (label, score))| Prediction { label, index, score })
        .collect();
    predictions.sort_by(|one, other| other.score.total_cmp(&one.score));
    Ok(predictions)
}
