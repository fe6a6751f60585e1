//! Pictures to labels.

use std::{fmt, num::NonZeroUsize, time::Duration};

use bytes::Bytes;

use crate::{BoxFuture, Context, Error, ModelId, Pixels, Result};

/// Something that says what is on a picture.
///
/// `testkit::conformance::classify` is the contract; every implementation faces it.
pub trait Classifier: fmt::Debug + Send + Sync + 'static {
    /// Looks at each picture of the request. All of them are answered, or none.
    ///
    /// Dropping the future cancels the work and frees what it held.
    ///
    /// # Errors
    /// `Invalid` where a picture cannot be read, naming it ([`ClassifyRequest::param_of`]);
    /// `TooLarge` where one has more pixels than a stated limit; `Overloaded` where as many
    /// requests wait as may.
    fn classify(&self, request: ClassifyRequest) -> BoxFuture<'_, Result<Classification>>;
}

/// A request for labels.
#[derive(Clone, Debug)]
pub struct ClassifyRequest {
    /// Whom it is for.
    pub context: Context,
    /// The model asked for.
    pub model: ModelId,
    /// What to look at: at least one.
    pub pictures: Vec<Picture>,
    /// The most labels for each picture.
    pub top_k: NonZeroUsize,
    /// Labels with a lower score are left out, even if none is left then. From 0 to 1.
    pub threshold: f32,
}

/// A picture.
#[derive(Clone, PartialEq, Eq)]
pub enum Picture {
    /// A file of a usual format, as it came.
    Encoded(Bytes),
    /// Pixels.
    Pixels(Pixels),
}

/// What is on the pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    /// The model that looked.
    pub model: ModelId,
    /// Which version of it, where versions are kept.
    pub version: Option<String>,
    /// One for each picture, in order.
    pub sights: Vec<Sight>,
    /// Where the time went.
    pub timings: ClassifyTimings,
}

/// What is on one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// The likeliest first.
    pub predictions: Vec<Prediction>,
    /// The picture's width in pixels, the way up that people see it.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

/// A label and how likely it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// What people read.
    pub label: String,
    /// The class's number in the model's own counting.
    pub index: usize,
    /// From 0 to 1; those of all classes together make 1.
    pub score: f32,
}

/// Where the time of a request went. Pictures of one request are looked at together, so these are
/// of all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassifyTimings {
    /// Files to pixels.
    pub decode: Duration,
    /// Pixels to what the model takes.
    pub preprocess: Duration,
    /// Until the model was free.
    pub queue: Duration,
    /// The model itself, with whatever else it looked at in the same go.
    pub inference: Duration,
}

impl ClassifyRequest {
    /// How many labels there are where nobody says.
    pub const USUAL_TOP_K: NonZeroUsize = NonZeroUsize::new(5).unwrap();

    /// A request for the usual number of labels, whatever their scores.
    pub fn new(context: Context, model: ModelId, pictures: Vec<Picture>) -> Self {
        Self {
            context,
            model,
            pictures,
            top_k: Self::USUAL_TOP_K,
            threshold: 0.0,
        }
    }

    /// What errors call the picture at `index`: `image`, or `images[2]` where there are several.
    pub fn param_of(&self, index: usize) -> String {
        match self.pictures.len() {
            0 | 1 => "image".to_owned(),
            _ => format!("images[{index}]"),
        }
    }

    /// Looks at everything but the pictures themselves.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn check(&self) -> Result<()> {
        if self.pictures.is_empty() {
            return Err(Error::invalid("image", "there is no picture to look at"));
        }
        // Written so that NaN is refused too.
        if !(0.0..=1.0).contains(&self.threshold) {
            return Err(Error::invalid(
                "threshold",
                format!("`threshold` is {}, and must be from 0 to 1", self.threshold),
            ));
        }
        Ok(())
    }
}

/// Pictures never reach a log, so their bytes are not shown.
impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoded(bytes) => write!(f, "Encoded({} bytes)", bytes.len()),
            Self::Pixels(pixels) => pixels.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RequestId;

    fn request(pictures: usize, threshold: f32) -> ClassifyRequest {
        let picture = Picture::Encoded(Bytes::from_static(b"secret"));
        let context = Context::new(RequestId::new("r"));
        let mut request = ClassifyRequest::new(context, "m".into(), vec![picture; pictures]);
        request.threshold = threshold;
        request
    }

    #[test]
    fn what_is_wrong_is_named() {
        let param = |pictures, threshold| {
            let error = request(pictures, threshold).check().unwrap_err();
            error.param().map(str::to_owned)
        };
        assert_eq!(param(0, 0.0).as_deref(), Some("image"));
        for wrong in [-0.1, 1.1, f32::NAN] {
            assert_eq!(param(1, wrong).as_deref(), Some("threshold"));
        }
        assert!(request(1, 1.0).check().is_ok());
        assert_eq!(request(1, 0.0).param_of(0), "image");
        assert_eq!(request(3, 0.0).param_of(2), "images[2]");
    }

    #[test]
    fn pixels_must_be_as_many_as_their_size_says() {
        assert!(Pixels::new(2, 1, Bytes::from_static(&[0; 6])).is_ok());
        assert!(Pixels::new(2, 1, Bytes::from_static(&[0; 5])).is_err());
        assert!(Pixels::new(0, 9, Bytes::new()).is_err());
    }

    #[test]
    fn debug_shows_no_bytes() {
        assert!(!format!("{:?}", request(1, 0.0)).contains("secret"));
    }
}
