//! Reads a server's list of models.

use busbar_core::{Error, Result};
use serde::Deserialize;

/// Where the list is.
pub const MODELS: &str = "/v1/models";

/// A model of a server. What other servers than ours do not tell is absent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RemoteModel {
    /// The name to ask for.
    pub id: String,
    /// Whether it follows conversations.
    pub chat: Option<bool>,
    /// The most tokens that prompt and answer may have together.
    pub context_window: Option<u32>,
    /// On what terms it may be used.
    pub licence: Option<String>,
    /// Whether it is the one meant when none is named.
    #[serde(default)]
    pub default: bool,
}

/// The models in an answer.
///
/// # Errors
/// `Internal` where the answer is no list of models.
pub fn read_models(body: &[u8]) -> Result<Vec<RemoteModel>> {
    #[derive(Deserialize)]
    struct List {
        data: Vec<RemoteModel>,
    }
    let list: List = serde_json::from_slice(body)
        .map_err(|error| Error::internal("the server's list of models cannot be read").with_source(error))?;
    Ok(list.data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::models::{ModelList, ModelObject};

    #[test]
    fn our_own_list_and_a_bare_one_are_read() {
        let card = busbar_core::ModelCard {
            id: "m".into(),
            title: "M".into(),
            host: "text".into(),
            licence: "MIT".into(),
            capabilities: busbar_core::Capabilities {
                chat: true,
                context_window: busbar_core::Tokens(512),
                ..Default::default()
            },
            price: None,
        };
        let list = ModelList::new(vec![ModelObject::new(&card, 0, true)]).encode();
        let [own] = &*read_models(&list).unwrap() else {
            panic!()
        };
        assert_eq!(
            (own.chat, own.context_window, own.default),
            (Some(true), Some(512), true)
        );
        let bare = read_models(br#"{"object":"list","data":[{"id":"x","object":"model","owned_by":"y"}]}"#);
        assert_eq!(bare.unwrap()[0].chat, None);
        assert!(read_models(b"[]").is_err());
    }
}
