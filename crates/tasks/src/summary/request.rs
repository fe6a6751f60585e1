//! What is to be summarised, and how.

use busbar_core::{Context, ModelId, Sampling, Tokens};

/// A request for a summary.
#[derive(Clone, Debug)]
pub struct SummaryRequest {
    /// Whom it is for; its deadline is that of every call.
    pub context: Context,
    /// The model asked for, passed on with every call.
    pub model: ModelId,
    /// The text, of any length.
    pub text: String,
    /// The form of the summary.
    pub style: Style,
    /// How long it should be.
    pub length: Length,
    /// How tokens are chosen, in every call.
    pub sampling: Sampling,
    /// The most tokens of the summary; `None`: by style and length.
    pub max_tokens: Option<Tokens>,
}

impl SummaryRequest {
    /// A request with every setting at its default.
    pub fn new(context: Context, model: ModelId, text: impl Into<String>) -> Self {
        Self {
            context,
            model,
            text: text.into(),
            style: Style::default(),
            length: Length::default(),
            sampling: Sampling::default(),
            max_tokens: None,
        }
    }
}

/// The form of a summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// Running text.
    #[default]
    Paragraph,
    /// A list.
    Bullets,
    /// One line.
    Headline,
}

impl Style {
    /// Every style, in the order in which they are explained.
    pub const ALL: [Self; 3] = [Self::Paragraph, Self::Bullets, Self::Headline];

    /// The name that requests use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paragraph => "paragraph",
            Self::Bullets => "bullets",
            Self::Headline => "headline",
        }
    }

    /// The style of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|style| style.as_str() == name)
    }
}

/// How long a summary should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Length {
    /// The gist.
    Short,
    /// The main points.
    #[default]
    Medium,
    /// The main points and what supports them.
    Long,
}

impl Length {
    /// Every length, shortest first.
    pub const ALL: [Self; 3] = [Self::Short, Self::Medium, Self::Long];

    /// The name that requests use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Medium => "medium",
            Self::Long => "long",
        }
    }

    /// The length of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|length| length.as_str() == name)
    }
}
