//! Pictures as jobs, from the client's side: what is sent, where it is, and what comes back.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use busbar_core::{Error, Result};
use serde_json::Value;

use super::Call;
use crate::{
    answer::json,
    jobs::{ImageJob, ImageJobList},
};

const JOBS: &str = "/v1/images/jobs";

/// The request for a job. The recipe has the fields of the body already; the picture to start from is
/// a file.
pub fn image_job(mut recipe: Value, init: Option<&[u8]>) -> Call {
    if let Some(fields) = recipe.as_object_mut() {
        if fields.get("model").and_then(Value::as_str) == Some("") {
            fields.remove("model");
        }
        if let Some(init) = init {
            fields.insert("image".to_owned(), STANDARD.encode(init).into());
        }
    }
    Call {
        path: JOBS.into(),
        body: json(&recipe),
    }
}

/// Where a job is.
pub fn job_path(id: &str) -> String {
    format!("{JOBS}/{}", plain(id))
}

/// Where a job is stopped.
pub fn cancel_path(id: &str) -> String {
    format!("{}/cancel", job_path(id))
}

/// Where the newest jobs are listed.
pub fn list_path(state: Option<&str>, most: usize) -> String {
    let state = state.map_or_else(String::new, |state| format!("&state={}", plain(state)));
    format!("{JOBS}?limit={most}{state}")
}

/// A job in an answer.
///
/// # Errors
/// `Internal` where the answer is none.
pub fn read_image_job(body: &[u8]) -> Result<ImageJob> {
    serde_json::from_slice(body).map_err(|error| unreadable("job").with_source(error))
}

/// The jobs of a page.
///
/// # Errors
/// `Internal` where the answer is none.
pub fn read_image_jobs(body: &[u8]) -> Result<Vec<ImageJob>> {
    let list: ImageJobList =
        serde_json::from_slice(body).map_err(|error| unreadable("list of jobs").with_source(error))?;
    Ok(list.data)
}

fn unreadable(what: &str) -> Error {
    Error::internal(format!("the server's {what} cannot be read"))
}

/// What stands for itself in an address; the rest is no part of a name that a server gave.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect()
}

#[cfg(test)]
mod tests {
    use busbar_core::{Context, RequestId};
    use serde_json::json;

    use super::*;
    use crate::jobs::ImageJobBody;

    #[test]
    fn what_is_sent_is_what_a_server_reads() {
        let recipe =
            json!({"model": "", "prompt": "a red apple", "count": 2, "format": "webp", "preview_every": 0});
        let call = image_job(recipe, Some(b"abc"));
        let asked = ImageJobBody::read(&call.body).unwrap();
        let asked = asked.into_asked(Context::new(RequestId::new("r"))).unwrap();
        assert_eq!((&*call.path, asked.request.count), (JOBS, 2));
        assert!(asked.picture.is_some() && asked.request.model.as_str().is_empty());
    }

    #[test]
    fn no_name_leads_elsewhere() {
        assert_eq!(cancel_path("../a?b"), format!("{JOBS}/ab/cancel"));
        assert_eq!(
            list_path(Some("running"), 5),
            format!("{JOBS}?limit=5&state=running")
        );
    }
}
