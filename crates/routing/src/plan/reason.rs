//! Why a target is not tried.

use std::time::Duration;

use busbar_core::Tokens;

use crate::health::Unwell;

/// Why a target is not tried.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reason {
    /// It is not here (yet).
    Absent,
    /// Its weight is nothing.
    Drained,
    /// This flag is off for the request.
    Flag(String),
    /// Something must be that is not.
    Condition(String),
    /// The data may only go to these regions.
    Residency(String),
    /// It cannot do this.
    Lacks(&'static str),
    /// The prompt is too long for it.
    Window { needs: Tokens, has: Tokens },
    /// More is asked for than it writes.
    Output { wants: Tokens, has: Tokens },
    /// It is not well.
    Unwell(Unwell),
    /// Whoever asks wants to know what happens without it.
    SaidToFail,
}

impl Reason {
    /// A word of a bounded set.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Drained => "drained",
            Self::Flag(_) => "flag",
            Self::Condition(_) => "condition",
            Self::Residency(_) => "residency",
            Self::Lacks(_) => "capability",
            Self::Window { .. } => "context_window",
            Self::Output { .. } => "output_limit",
            Self::Unwell(Unwell::Open(_)) => "breaker_open",
            Self::Unwell(Unwell::Resting(_)) => "resting",
            Self::Unwell(Unwell::Full) => "full",
            Self::SaidToFail => "said_to_fail",
        }
    }

    /// A sentence.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Absent => "it is still being loaded, or could not be".to_owned(),
            Self::Drained => "its weight is 0".to_owned(),
            Self::Flag(name) => format!("the flag `{name}` is off for this request"),
            Self::Condition(what) => what.clone(),
            Self::Residency(allowed) => format!("the data may only go to {allowed}"),
            Self::Lacks(what) => format!("it takes no {what}"),
            Self::Window { needs, has } => {
                format!("the prompt has about {needs} tokens, and it reads {has}")
            }
            Self::Output { wants, has } => {
                format!("{wants} tokens are asked for, and it writes {has} at most")
            }
            Self::Unwell(Unwell::Open(Some(left))) => {
                format!("its breaker is open for {:.1} s more", left.as_secs_f32())
            }
            Self::Unwell(Unwell::Open(None)) => {
                "its breaker is half open, and a probe is under way".to_owned()
            }
            Self::Unwell(Unwell::Resting(left)) => {
                format!("it asked to be left alone for {:.1} s more", left.as_secs_f32())
            }
            Self::Unwell(Unwell::Full) => "it has as many requests as it may have".to_owned(),
            Self::SaidToFail => "it is taken for broken, as was asked".to_owned(),
        }
    }

    /// Whether it will pass, and when, where that is known.
    pub(crate) fn passes_in(&self) -> Option<Duration> {
        const SOON: Duration = Duration::from_secs(1);
        match self {
            Self::Unwell(Unwell::Open(left)) => Some(left.unwrap_or(SOON)),
            Self::Unwell(Unwell::Resting(left)) => Some(*left),
            Self::Unwell(Unwell::Full) => Some(SOON),
            Self::Absent => Some(3 * SOON),
            _ => None,
        }
    }

    /// The field of the request that it is about.
    pub(crate) fn param(&self) -> Option<&'static str> {
        match self {
            Self::Lacks("tools") => Some("tools"),
            Self::Lacks("answers of a given form") => Some("response_format"),
            Self::Lacks(_) | Self::Window { .. } => Some("messages"),
            Self::Output { .. } => Some("max_tokens"),
            _ => None,
        }
    }
}
