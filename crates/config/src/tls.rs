//! `[tls]`: the certificate that the server shows.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::problem::Problems;

/// As written; empty is absent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTls {
    certificate: String,
    key: String,
}

/// The files of a certificate. Their content is read when the server starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The chain, PEM, own certificate first.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

impl RawTls {
    pub(crate) fn check(&self, problems: &mut Problems) -> Option<Tls> {
        match (&*self.certificate, &*self.key) {
            ("", "") => return None,
            ("", _) => problems.field(
                "tls.certificate",
                "is missing, but `tls.key` is set; HTTPS needs both",
            ),
            (_, "") => problems.field(
                "tls.key",
                "is missing, but `tls.certificate` is set; HTTPS needs both",
            ),
            (certificate, key) => {
                exists("tls.certificate", certificate, problems);
                exists("tls.key", key, problems);
            }
        }
        Some(Tls {
            certificate: (&self.certificate).into(),
            key: (&self.key).into(),
        })
    }
}

fn exists(field: &str, path: &str, problems: &mut Problems) {
    if !std::path::Path::new(path).is_file() {
        problems.field(field, format!("no such file: {path}"));
    }
}
