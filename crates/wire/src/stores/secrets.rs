//! Secrets Manager: one secret, by its name.

use busbar_core::{Error, ErrorKind, Result, Secret};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::nonsense;
pub use super::parameters::{MEDIA_TYPE, TARGET};
use crate::answer::json;

/// What it says now.
pub const GET: &str = "secretsmanager.GetSecretValue";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Ask<'a> {
    secret_id: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Told {
    secret_string: Option<String>,
}

/// Asks for a secret by its name or ARN.
pub fn ask(id: &str) -> Bytes {
    json(&Ask { secret_id: id })
}

/// The secret, or one field of it where it is a JSON object.
///
/// # Errors
/// It is none of these; nothing of it is repeated.
pub fn read(answer: &[u8], field: Option<&str>) -> Result<Secret<String>> {
    let told: Told = serde_json::from_slice(answer).map_err(|_| nonsense("secret"))?;
    let wrong = |message: String| Error::new(ErrorKind::Invalid, message);
    let text = told
        .secret_string
        .ok_or_else(|| wrong("it is no text but bytes; store it as a text".to_owned()))?;
    let Some(field) = field else {
        return match text.trim() {
            "" => Err(wrong("it is empty".to_owned())),
            // Files have a line's end where people do not see it.
            text => Ok(Secret::new(text.to_owned())),
        };
    };
    let object: Value = serde_json::from_str(&text)
        .map_err(|_| wrong(format!("it is no JSON object, so it has no `{field}`")))?;
    match object.get(field) {
        Some(Value::String(value)) if !value.trim().is_empty() => Ok(Secret::new(value.trim().to_owned())),
        Some(_) => Err(wrong(format!("its `{field}` is no text, or empty"))),
        None => Err(wrong(format!("it has no `{field}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(secret: &str) -> Vec<u8> {
        serde_json::to_vec(&serde_json::json!({"ARN": "arn", "Name": "n", "SecretString": secret})).unwrap()
    }

    #[test]
    fn a_secret_is_a_text_or_a_field_of_one() {
        assert_eq!(ask("prod/far").as_ref(), br#"{"SecretId":"prod/far"}"#);
        assert_eq!(read(&told("sk-1\n"), None).unwrap().expose(), "sk-1");
        let object = told(r#"{"key": "sk-2", "number": 5, "empty": ""}"#);
        assert_eq!(read(&object, Some("key")).unwrap().expose(), "sk-2");
        for field in ["number", "empty", "none"] {
            let error = read(&object, Some(field)).unwrap_err();
            assert!(error.message().contains(field) && !error.message().contains("sk-2"));
        }
    }

    #[test]
    fn what_is_no_secret_says_so_and_repeats_nothing() {
        for (answer, field) in [
            (told("sk-very-secret"), Some("key")),
            (told(""), None),
            (br#"{"SecretBinary": "c2stdmVyeQ=="}"#.to_vec(), None),
            (b"sk-very-secret".to_vec(), None),
        ] {
            let error = read(&answer, field).unwrap_err();
            assert!(!error.message().contains("very"), "{}", error.message());
        }
    }
}
