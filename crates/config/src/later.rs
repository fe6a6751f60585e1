//! `[later]`: where requests lie whose answers come later, and where the answers are put.

use schemars::JsonSchema;
use serde::Deserialize;

/// As written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLater {
    outputs: String,
    failures: String,
    inputs: Vec<String>,
    region: String,
    endpoint: String,
}

/// Places in a store of objects. Whoever knows the store says what is wrong with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// Where answers are put; `None`: no answers come later.
    pub outputs: Option<String>,
    /// Where failures are put; `None`: beside the answers.
    pub failures: Option<String>,
    /// Below which places requests may be; none: anywhere in the bucket of the answers.
    pub inputs: Vec<String>,
    /// The region of the store.
    pub region: Option<String>,
    /// Instead of the region's own address.
    pub endpoint: Option<String>,
}

impl RawLater {
    pub(crate) fn check(&self) -> Later {
        let text = |text: &String| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        Later {
            outputs: text(&self.outputs),
            failures: text(&self.failures),
            inputs: self.inputs.clone(),
            region: text(&self.region),
            endpoint: text(&self.endpoint),
        }
    }
}
