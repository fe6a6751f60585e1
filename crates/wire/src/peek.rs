//! What must be known of a body before it is decided who reads it whole.

use serde::Deserialize;

/// The fields that say where a request goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Peek {
    /// The model asked for; empty where none is.
    #[serde(default)]
    pub model: String,
    /// Whether the answer comes in pieces.
    #[serde(default)]
    pub stream: bool,
}

impl Peek {
    /// Looks at a body; `None` where it is not JSON or these fields are not what they should be.
    pub fn of(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_whole_is_looked_at() {
        let peek = Peek::of(br#"{"messages":[{"model":"x"}],"model":"m","stream":true}"#);
        assert_eq!(
            peek,
            Some(Peek {
                model: "m".into(),
                stream: true
            })
        );
        assert_eq!(Peek::of(b"{}"), Some(Peek::default()));
        assert_eq!(Peek::of(br#"{"model":7}"#), None);
        assert_eq!(Peek::of(br#"{"model":"m""#), None);
    }
}
