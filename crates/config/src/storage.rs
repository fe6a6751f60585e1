//! `[storage]`: where models and history live.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{environment::Environment, problem::Problems};

/// As written; empty means the platform's data directory.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStorage {
    home: String,
}

/// Where models and history live. The directory is made when something is first put there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// `$BUSBAR_HOME`.
    pub home: PathBuf,
}

impl RawStorage {
    pub(crate) fn check(&self, environment: &Environment, problems: &mut Problems) -> Storage {
        let home = match &*self.home {
            "" => environment.data_directory(),
            home => Some(expand(home, environment)),
        };
        let home = home.unwrap_or_else(|| {
            problems.field(
                "storage.home",
                "this user has no home directory; set BUSBAR_HOME to a directory for models",
            );
            PathBuf::new()
        });
        if home.exists() && !home.is_dir() {
            problems.field("storage.home", format!("{} is not a directory", home.display()));
        }
        Storage { home }
    }
}

/// `~/models` as a shell would read it; services and files have no shell.
fn expand(path: &str, environment: &Environment) -> PathBuf {
    let below = path.strip_prefix("~/").zip(environment.get("HOME"));
    below.map_or_else(|| path.into(), |(rest, home)| PathBuf::from(home).join(rest))
}
