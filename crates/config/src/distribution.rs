//! `[distribution]`: who hands files of a bucket to clients in the bucket's place, and how addresses there are
//! signed.

use busbar_core::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{problem::Problems, storage::Storage};

/// As written; empty is absent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDistribution {
    address: String,
    key_id: String,
    private_key: String,
}

/// Who hands files out. Whoever knows the service says what is wrong with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// Where: `https://d111111abcdef8.cloudfront.net`.
    pub address: String,
    /// By which name the public half of the key is known there.
    pub key_id: String,
    /// The private half: the key itself, a file with it, or the name of a secret that is kept elsewhere.
    pub private_key: Secret<String>,
}

impl RawDistribution {
    pub(crate) fn check(&self, storage: &Storage, problems: &mut Problems) -> Option<Distribution> {
        let fields = [
            (
                "distribution.address",
                &self.address,
                "https://d111111abcdef8.cloudfront.net",
            ),
            (
                "distribution.key_id",
                &self.key_id,
                "the public key's id there, K2JCJMDEHXQW5F",
            ),
            (
                "distribution.private_key",
                &self.private_key,
                "a PEM file, or secretsmanager:NAME",
            ),
        ];
        if fields.iter().all(|(_, text, _)| text.is_empty()) {
            return None;
        }
        for (field, _, write) in fields.iter().filter(|(_, text, _)| text.is_empty()) {
            problems.field(
                *field,
                format!("is missing; signed addresses need all three: write {write}"),
            );
        }
        if !self.address.is_empty() && storage.files.is_none() {
            let message =
                "hands out what lies in a bucket, and files lie in a folder here; set `storage.files`";
            problems.field("distribution.address", message);
        }
        let named = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !self.key_id.chars().all(named) {
            let message = format!("`{}` is no id of a key; write K2JCJMDEHXQW5F", self.key_id);
            problems.field("distribution.key_id", message);
        }
        Some(Distribution {
            address: self.address.trim_end_matches('/').to_owned(),
            key_id: self.key_id.clone(),
            private_key: Secret::new(self.private_key.clone()),
        })
    }
}

/// The key may be written in it.
impl std::fmt::Debug for RawDistribution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawDistribution")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        [address, key_id, private_key]: [&str; 3],
        files: Option<&str>,
        wrong: &[&str],
    ) -> Option<Distribution> {
        let raw = RawDistribution {
            address: address.into(),
            key_id: key_id.into(),
            private_key: private_key.into(),
        };
        let storage = Storage {
            files: files.map(str::to_owned),
            ..Storage::default()
        };
        let mut problems = Problems::default();
        let checked = raw.check(&storage, &mut problems);
        let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, wrong);
        checked
    }

    #[test]
    fn all_three_belong_together_and_to_files_in_a_bucket() {
        let bucket = Some("s3://b/files");
        assert_eq!(check(["", "", ""], bucket, &[]), None);
        let whole = check(["https://d.example/", "K1", "key.pem"], bucket, &[]).unwrap();
        assert_eq!(whole.address, "https://d.example");
        check(
            ["https://d.example", "", ""],
            bucket,
            &["distribution.key_id", "distribution.private_key"],
        );
        check(["", "K1", "key.pem"], bucket, &["distribution.address"]);
        check(
            ["https://d.example", "K1", "key.pem"],
            None,
            &["distribution.address"],
        );
        check(
            ["https://d.example", "K1&x", "key.pem"],
            bucket,
            &["distribution.key_id"],
        );
    }

    #[test]
    fn the_key_is_shown_nowhere() {
        let key = "-----BEGIN PRIVATE KEY-----MIIsecret";
        let shown = check(["https://d.example", "K1", key], Some("s3://b/f"), &[]);
        assert!(!format!("{shown:?}").contains("MIIsecret"));
    }
}
