//! The card of a model that runs on this machine and does one thing. Loads nothing.

use busbar_core::{Capabilities, ModelCard, Task};

/// Of the model that is called so.
pub(crate) fn of_here(id: &str, title: &str, licence: &str, task: Task) -> ModelCard {
    ModelCard {
        id: id.into(),
        title: title.to_owned(),
        host: "busbar".to_owned(),
        licence: licence.to_owned(),
        capabilities: Capabilities {
            tasks: vec![task],
            ..Capabilities::default()
        },
        price: None,
    }
}
