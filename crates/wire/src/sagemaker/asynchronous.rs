//! Work that is done later: what a request for it says in its headers, and where the answer will be.

use busbar_core::{Error, Result};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::answer::json;

const CONTENT_TYPE: &str = "x-amzn-sagemaker-content-type";
const ACCEPT: &str = "x-amzn-sagemaker-accept";
const CUSTOM_ATTRIBUTES: &str = "x-amzn-sagemaker-custom-attributes";
const INFERENCE_ID: &str = "x-amzn-sagemaker-inference-id";
const INPUT_LOCATION: &str = "x-amzn-sagemaker-inputlocation";
const TTL: &str = "x-amzn-sagemaker-requestttlseconds";
const TIMEOUT: &str = "x-amzn-sagemaker-invocationtimeoutseconds";
const OUTPUT_LOCATION: &str = "x-amzn-sagemaker-outputlocation";
const FAILURE_LOCATION: &str = "x-amzn-sagemaker-failurelocation";

/// What a request says in its headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AsyncAsked {
    /// What the input is.
    pub content_type: Option<String>,
    /// What the answer shall be.
    pub accept: Option<String>,
    /// For the container.
    pub custom_attributes: Option<String>,
    /// The client's name for it.
    pub inference_id: Option<String>,
    /// Where the input is; `None`: it is the body.
    pub input_location: Option<String>,
    /// How long it may wait, seconds; 60 to 21,600.
    pub ttl: Option<u32>,
    /// How long it may take, seconds; 1 to 3,600.
    pub timeout: Option<u32>,
}

/// What the service answers at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AsyncTaken {
    /// The client's name for it, or the service's.
    pub inference_id: Option<String>,
    /// Where the answer will be.
    pub output_location: Option<String>,
    /// Where the failure will be, if it fails.
    pub failure_location: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Body {
    inference_id: Option<String>,
}

impl AsyncAsked {
    /// Reads what the headers say; `header` finds one by its name in lower case.
    ///
    /// # Errors
    /// `Invalid`, naming the header.
    pub fn read<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Result<Self> {
        let text = |name: &str| header(name).map(str::to_owned);
        let input_location = text(INPUT_LOCATION);
        if let Some(place) = &input_location
            && !place.starts_with("s3://")
            && !place.starts_with("https://")
        {
            let message =
                format!("`{INPUT_LOCATION}` must be an address that begins with `s3://` or `https://`");
            return Err(Error::invalid(INPUT_LOCATION, message));
        }
        Ok(Self {
            content_type: text(CONTENT_TYPE),
            accept: text(ACCEPT),
            custom_attributes: text(CUSTOM_ATTRIBUTES),
            inference_id: text(INFERENCE_ID),
            input_location,
            ttl: seconds(TTL, header(TTL), 60, 21_600)?,
            timeout: seconds(TIMEOUT, header(TIMEOUT), 1, 3_600)?,
        })
    }

    /// The headers that say this.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let texts = [
            (CONTENT_TYPE, self.content_type.clone()),
            (ACCEPT, self.accept.clone()),
            (CUSTOM_ATTRIBUTES, self.custom_attributes.clone()),
            (INFERENCE_ID, self.inference_id.clone()),
            (INPUT_LOCATION, self.input_location.clone()),
            (TTL, self.ttl.map(|seconds| seconds.to_string())),
            (TIMEOUT, self.timeout.map(|seconds| seconds.to_string())),
        ];
        present(texts)
    }
}

impl AsyncTaken {
    /// The body.
    pub fn body(&self) -> Bytes {
        json(&Body {
            inference_id: self.inference_id.clone(),
        })
    }

    /// The headers.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        present([
            (OUTPUT_LOCATION, self.output_location.clone()),
            (FAILURE_LOCATION, self.failure_location.clone()),
        ])
    }

    /// Reads an answer; `header` finds a header by its name in lower case.
    pub fn read<'a>(body: &[u8], header: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |name: &str| header(name).map(str::to_owned);
        Self {
            inference_id: serde_json::from_slice::<Body>(body)
                .unwrap_or_default()
                .inference_id,
            output_location: text(OUTPUT_LOCATION),
            failure_location: text(FAILURE_LOCATION),
        }
    }
}

fn present<const N: usize>(headers: [(&'static str, Option<String>); N]) -> Vec<(&'static str, String)> {
    headers
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn seconds(name: &'static str, value: Option<&str>, least: u32, most: u32) -> Result<Option<u32>> {
    let Some(value) = value else { return Ok(None) };
    match value.parse() {
        Ok(seconds) if (least..=most).contains(&seconds) => Ok(Some(seconds)),
        _ => {
            let message = format!("`{name}` must be a number from {least} to {most}");
            Err(Error::invalid(name, message))
        }
    }
}
