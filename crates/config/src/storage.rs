//! `[storage]`: where models and history live, and what is kept of jobs.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{environment::Environment, problem::Problems, size::Size, source::REGION_VARIABLES};

/// As written; empty means the platform's data directory, and what is beneath it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStorage {
    home: String,
    jobs: String,
    queues: String,
    files: String,
    region: String,
    endpoint: String,
    answers: Size,
}

/// Where models and history live, and what is kept of jobs. The directory is made when something is
/// first put there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Storage {
    /// `$BUSBAR_HOME`.
    pub home: PathBuf,
    /// The table where jobs are recorded; `None`: a file in the data directory.
    pub jobs: Option<String>,
    /// What the addresses of queues begin with; `None`: they are in a file in the data directory.
    pub queues: Option<String>,
    /// The place of files, `s3://bucket/path`; `None`: a folder of the data directory.
    pub files: Option<String>,
    /// The region where table, queues and bucket are.
    pub region: String,
    /// Instead of the region's own addresses.
    pub endpoint: Option<String>,
    /// Bytes of answers of routes that are kept on disk; 0: none.
    pub answers: u64,
}

const TABLE: &str = "dynamodb:";
const QUEUES: &str = "sqs:";
const BUCKET: &str = "s3://";

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
        let jobs = after("storage.jobs", &self.jobs, TABLE, "busbar", problems);
        if let Some(name) = jobs
            && (name.len() < 3 || name.contains(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)))
        {
            let message = format!("`{name}` is no table; its name has 3 letters, digits and -_. or more");
            problems.field("storage.jobs", message);
        }
        let example = "https://sqs.eu-west-1.amazonaws.com/123456789012/busbar-";
        let queues = after("storage.queues", &self.queues, QUEUES, example, problems);
        if let Some(prefix) = queues.filter(|prefix| !prefix.starts_with("http")) {
            let message = format!("`{prefix}` is no address; write {QUEUES}{example}");
            problems.field("storage.queues", message);
        }
        let files = after("storage.files", &self.files, BUCKET, "bucket/files/", problems);
        let elsewhere = jobs.or(queues).or(files).is_some();
        if elsewhere && self.region.is_empty() {
            let message = format!("where are they? write eu-west-1, or set {}", REGION_VARIABLES[0]);
            problems.field("storage.region", message);
        }
        Storage {
            home,
            jobs: jobs.map(str::to_owned),
            queues: queues.map(str::to_owned),
            files: files.map(|place| format!("{BUCKET}{}", place.trim_end_matches('/'))),
            region: self.region.clone(),
            endpoint: (!self.endpoint.is_empty()).then(|| self.endpoint.clone()),
            answers: self.answers.0,
        }
    }
}

/// What stands after a word that says who keeps it.
fn after<'a>(
    field: &str,
    written: &'a str,
    word: &str,
    example: &str,
    problems: &mut Problems,
) -> Option<&'a str> {
    if written.is_empty() {
        return None;
    }
    let rest = written.strip_prefix(word).filter(|rest| !rest.is_empty());
    if rest.is_none() {
        let message = format!("`{written}` is no place for this; write {word}{example}, or nothing");
        problems.field(field, message);
    }
    rest
}

/// `~/models` as a shell would read it; services and files have no shell.
fn expand(path: &str, environment: &Environment) -> PathBuf {
    let below = path.strip_prefix("~/").zip(environment.get("HOME"));
    below.map_or_else(|| path.into(), |(rest, home)| PathBuf::from(home).join(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(jobs: &str, queues: &str, files: &str, region: &str) -> (Storage, Vec<String>) {
        let raw = RawStorage {
            home: "/data".into(),
            jobs: jobs.into(),
            queues: queues.into(),
            files: files.into(),
            region: region.into(),
            endpoint: String::new(),
            answers: Size(0),
        };
        let mut problems = Problems::default();
        let storage = raw.check(&Environment::default(), &mut problems);
        let fields = problems.iter().map(|problem| problem.field.clone());
        (storage, fields.collect())
    }

    #[test]
    fn jobs_stay_here_unless_somebody_else_is_named() {
        let (storage, wrong) = check("", "", "", "");
        assert!(wrong.is_empty());
        let here = Storage {
            home: "/data".into(),
            ..Storage::default()
        };
        assert_eq!(storage, here);
        let (storage, wrong) = check("dynamodb:busbar", "sqs:https://q/1/busbar-", "s3://b/files/", "r");
        assert!(wrong.is_empty());
        assert_eq!(storage.jobs.as_deref(), Some("busbar"));
        assert_eq!(storage.queues.as_deref(), Some("https://q/1/busbar-"));
        assert_eq!(storage.files.as_deref(), Some("s3://b/files"));
    }

    #[test]
    fn what_is_no_place_is_told_by_its_field() {
        assert_eq!(check("postgres:x", "", "", "r").1, ["storage.jobs"]);
        assert_eq!(check("dynamodb:", "", "", "r").1, ["storage.jobs"]);
        assert_eq!(check("dynamodb:a b c", "", "", "r").1, ["storage.jobs"]);
        assert_eq!(check("", "sqs:busbar-", "", "r").1, ["storage.queues"]);
        assert_eq!(check("", "", "/files", "r").1, ["storage.files"]);
        assert_eq!(check("", "", "s3://b", "").1, ["storage.region"]);
    }
}
