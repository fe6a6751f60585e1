//! Which container a body was written for, where nothing but the body tells.

use serde::{Deserialize, de::IgnoredAny};

/// What a body asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// Labels for a picture.
    Picture,
    /// A conversation goes on.
    Chat,
    /// A text goes on.
    Completion,
    /// `inputs` and `parameters`.
    Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Marks {
    image: Option<IgnoredAny>,
    images: Option<IgnoredAny>,
    image_url: Option<IgnoredAny>,
    messages: Option<IgnoredAny>,
    prompt: Option<IgnoredAny>,
}

impl Container {
    /// Looks at a body. What is none of the others is left to the reader of texts, who says what is wrong.
    pub fn of(body: &[u8]) -> Self {
        match serde_json::from_slice(body).unwrap_or_default() {
            Marks {
                messages: Some(_), ..
            } => Self::Chat,
            Marks { prompt: Some(_), .. } => Self::Completion,
            Marks { image: Some(_), .. }
            | Marks { images: Some(_), .. }
            | Marks {
                image_url: Some(_), ..
            } => Self::Picture,
            Marks { .. } => Self::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_tell_what_a_body_was_written_for() {
        assert_eq!(Container::of(br#"{"messages":[]}"#), Container::Chat);
        assert_eq!(Container::of(br#"{"prompt":"a"}"#), Container::Completion);
        assert_eq!(Container::of(br#"{"image_url":"https://x"}"#), Container::Picture);
        assert_eq!(Container::of(br#"{"inputs":"a"}"#), Container::Text);
        assert_eq!(Container::of(b"no JSON"), Container::Text);
    }
}
