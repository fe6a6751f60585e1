//! Containers that hold many models: how they are told to load one, and how they tell which they have.
//!
//! Source: "Build Your Own Container for SageMaker AI Multi-Model Endpoints".

use busbar_core::{Error, Guest, Result};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{answer::json, body};

/// Models on a page where nobody says how many.
const PAGE: usize = 100;
/// Names are hashes; what is longer is none.
const LONGEST: usize = 256;

#[derive(Deserialize)]
struct Load {
    model_name: String,
    url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct One<'a> {
    model_name: &'a str,
    model_url: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    models: Vec<One<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<&'a str>,
}

/// What a query says about the page that it wants.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PageQuery {
    /// How many.
    limit: Option<usize>,
    /// Where it begins.
    next_page_token: Option<String>,
}

/// Which model is to be loaded from where.
///
/// # Errors
/// `Invalid`, naming the field.
pub fn read_load(sent: &[u8]) -> Result<Guest> {
    let load: Load = body::read(sent)?;
    let plain = |c: char| c.is_ascii_graphic() && !"/?#%".contains(c);
    let name = load.model_name;
    if name.is_empty() || name.len() > LONGEST || !name.chars().all(plain) {
        let message = "`model_name` must be 1 to 256 letters, digits and signs, without a slash";
        return Err(Error::invalid("model_name", message));
    }
    if !load.url.starts_with('/') || load.url.split('/').any(|part| part == "..") {
        let message = "`url` must be a folder of this machine, such as /opt/ml/models/NAME/model";
        return Err(Error::invalid("url", message));
    }
    Ok(Guest {
        name,
        place: load.url,
    })
}

/// One model.
pub fn write_one(guest: &Guest) -> Bytes {
    json(&one(guest))
}

/// A page of them; they are in the order of their names.
///
/// # Errors
/// `Invalid` where the query wants none.
pub fn write_page(guests: &[Guest], query: &PageQuery) -> Result<Bytes> {
    let limit = query.limit.unwrap_or(PAGE);
    if limit == 0 {
        return Err(Error::invalid("limit", "`limit` must be 1 or more"));
    }
    let from = query.next_page_token.as_deref().unwrap_or_default();
    let rest: Vec<_> = guests.iter().filter(|guest| &*guest.name >= from).collect();
    let next = rest.get(limit).map(|guest| &*guest.name);
    Ok(json(&Page {
        models: rest.iter().take(limit).map(|guest| one(guest)).collect(),
        next_page_token: next,
    }))
}

fn one(guest: &Guest) -> One<'_> {
    One {
        model_name: &guest.name,
        model_url: &guest.place,
    }
}

#[cfg(test)]
mod tests {
    use busbar_core::ErrorKind;
    use serde_json::{Value, json};

    use super::*;

    fn guests(names: &[&str]) -> Vec<Guest> {
        let guest = |name: &&str| Guest {
            name: (*name).to_owned(),
            place: format!("/opt/ml/models/{name}/model"),
        };
        names.iter().map(guest).collect()
    }

    #[test]
    fn an_order_names_a_model_and_a_folder() {
        let guest = read_load(br#"{"model_name": "a", "url": "/opt/ml/models/a/model"}"#).unwrap();
        assert_eq!(guest, guests(&["a"]).remove(0));
        for (sent, field) in [
            (r#"{"model_name": "", "url": "/x"}"#, "model_name"),
            (r#"{"model_name": "a/b", "url": "/x"}"#, "model_name"),
            (r#"{"model_name": "a", "url": "s3://x"}"#, "url"),
            (r#"{"model_name": "a", "url": "/x/../etc"}"#, "url"),
            (r#"{"url": "/x"}"#, "model_name"),
        ] {
            let error = read_load(sent.as_bytes()).unwrap_err();
            assert_eq!(
                (error.kind(), error.param()),
                (ErrorKind::Invalid, Some(field)),
                "{sent}"
            );
        }
    }

    #[test]
    fn pages_follow_one_another_to_the_end() {
        let all = guests(&["a", "b", "c"]);
        let (mut names, mut token) = (Vec::new(), None);
        loop {
            let query = PageQuery {
                limit: Some(2),
                next_page_token: token,
            };
            let page: Value = serde_json::from_slice(&write_page(&all, &query).unwrap()).unwrap();
            let models = page["models"].as_array().unwrap();
            names.extend(models.iter().map(|model| model["modelName"].clone()));
            token = page["nextPageToken"].as_str().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        assert_eq!(names, [json!("a"), json!("b"), json!("c")]);
    }
}
