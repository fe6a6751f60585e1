//! What a client is told when another model goes on with its answer.

use busbar_core::Resumed;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The model was lost in the middle of its answer, and another one goes on where the text ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Resumed)]
pub struct ResumedNote {
    /// The model that was lost.
    pub from: String,
    /// The one that goes on.
    pub to: String,
}

impl From<&Resumed> for ResumedNote {
    fn from(resumed: &Resumed) -> Self {
        Self {
            from: resumed.from.as_str().to_owned(),
            to: resumed.to.as_str().to_owned(),
        }
    }
}
