//! Pictures: what the service's models for them take and answer.
//!
//! Pictures are files here, as they came; nobody looks into them.

mod stability;
mod titan;

pub use stability::{ARTIFACTS, StabilityBody};
pub use titan::TitanImageBody;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use busbar_core::{Context, Error, ErrorKind, ImageRequest, ModelId, Result};
use bytes::Bytes;

use serde::{Deserialize, de::IgnoredAny};

use crate::{
    bedrock::{Family, unsupported},
    body,
};

/// A picture that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// A file: PNG, JPEG.
    pub file: Bytes,
    /// Its seed.
    pub seed: u32,
}

/// A body that asks for pictures.
#[derive(Clone, Debug, PartialEq)]
pub enum ImageBody {
    /// Titan's and Nova Canvas's.
    Titan(Box<TitanImageBody>),
    /// Stability's.
    Stability(Box<StabilityBody>),
}

/// What tells the formats apart.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Marks {
    task_type: Option<IgnoredAny>,
}

impl ImageBody {
    /// Reads a body for a model of this family. Where the id does not tell whose the model is, the body
    /// does.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(bytes: &[u8], family: Family) -> Result<Self> {
        let titans = match family {
            Family::Stability => false,
            Family::TitanImage | Family::NovaCanvas => true,
            _ => body::read::<Marks>(bytes)?.task_type.is_some(),
        };
        match titans {
            true => TitanImageBody::read(bytes).map(|body| Self::Titan(body.into())),
            false => StabilityBody::read(bytes).map(|body| Self::Stability(body.into())),
        }
    }

    /// The request that this body means.
    ///
    /// # Errors
    /// `Invalid` or `Unsupported`, naming the field.
    pub fn into_request(self, context: Context, model: ModelId) -> Result<ImageRequest> {
        let request = match self {
            Self::Titan(body) => body.into_request(context, model)?,
            Self::Stability(body) => body.into_request(context, model)?,
        };
        request.check()?;
        Ok(request)
    }

    /// An answer with these pictures, in the form that whoever sent this body reads.
    pub fn answer(&self, made: &[Made]) -> Bytes {
        match self {
            Self::Titan(_) => titan::write_answer(made),
            Self::Stability(body) => body.write_answer(made),
        }
    }
}

/// What a host that makes pictures is asked for.
///
/// # Errors
/// `Unsupported`, naming the field that the format has no word for.
pub fn write(request: &ImageRequest, model: &str) -> Result<Bytes> {
    if request.init.is_some() {
        return Err(no_word("image"));
    }
    if request.scheduler.is_some() {
        return Err(no_word("scheduler"));
    }
    match Family::of(model) {
        Family::Stability => StabilityBody::write(request, model),
        _ => TitanImageBody::write(request),
    }
}

/// The pictures of an answer.
///
/// # Errors
/// `BadUpstream` where it is no answer; `Invalid` where the host would not make the picture.
pub fn read_answer(body: &[u8], model: &str) -> Result<Vec<Bytes>> {
    match Family::of(model) {
        Family::Stability => stability::read_answer(body),
        _ => titan::read_answer(body),
    }
}

fn no_word(param: &str) -> Error {
    let message = format!("`{param}` has no word in the format of this model's host; leave it out");
    unsupported(param, message)
}

fn decode(picture: &str) -> Result<Bytes> {
    let decoded = BASE64_STANDARD.decode(picture).map_err(|error| {
        let message = "the host sent a picture that is not base64";
        Error::new(ErrorKind::BadUpstream, message).with_source(error)
    })?;
    Ok(decoded.into())
}

fn encode(made: &[Made]) -> Vec<String> {
    made.iter()
        .map(|made| BASE64_STANDARD.encode(&made.file))
        .collect()
}

/// The host looked at what was asked for, or at what came out, and keeps it.
fn filtered(reason: &str) -> Error {
    Error::new(
        ErrorKind::Invalid,
        format!("the host would not make this picture: {reason}"),
    )
    .with_param("prompt")
    .with_code("content_policy_violation")
}
