//! `[source]`: where the configuration comes from beside the file, and for which environment.

use std::{
    path::{Path, absolute},
    time::Duration,
};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{problem::Problems, span::Span};

/// What is understood where the environment names a region in its own way.
pub(crate) const REGION_VARIABLES: &[&str] = &["AWS_REGION", "AWS_DEFAULT_REGION"];
/// The file and nothing else.
const FILE: &str = "file";

/// As written; empty is absent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSource {
    kind: String,
    environment: String,
    application: String,
    profile: String,
    parameters: String,
    region: String,
    endpoint: String,
    interval: Span,
    keep: u32,
}

/// Where the configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Who keeps it beside the file; `None`: the file is all there is.
    pub kind: Option<String>,
    /// The environment: which `[environments.…]` holds, and where to look.
    pub environment: Option<String>,
    /// The application whose configuration it is.
    pub application: Option<String>,
    /// Which of its configurations.
    pub profile: Option<String>,
    /// A parameter, or with a slash at its end all that are beneath it.
    pub parameters: Option<String>,
    /// The region where it is kept.
    pub region: Option<String>,
    /// Instead of the region's own address.
    pub endpoint: Option<String>,
    /// The environment there, where that is another word than ours for it.
    pub(crate) there: Option<String>,
    /// How often it is looked at, where whoever keeps it does not say.
    pub interval: Duration,
    /// How many versions are kept.
    pub keep: usize,
}

impl Source {
    /// The environment in which whoever keeps it has it.
    pub fn kept_in(&self) -> Option<&str> {
        self.there.as_deref().or(self.environment.as_deref())
    }

    /// What the versions of a configuration are kept by: where it comes from, and for which
    /// environment. `None`: it comes from nowhere, so that there are no versions of it.
    pub fn identity(&self, file: Option<&Path>) -> Option<String> {
        let of = |field: &Option<String>| field.clone().unwrap_or_default();
        let environment = of(&self.environment);
        match (&self.kind, file) {
            (None, None) => None,
            (None, Some(file)) => {
                let file = absolute(file).unwrap_or_else(|_| file.to_owned());
                Some(match &*environment {
                    "" => file.display().to_string(),
                    environment => format!("{} ({environment})", file.display()),
                })
            }
            (Some(kind), _) => {
                let places = [&self.application, &self.there, &self.profile, &self.parameters];
                let places: Vec<_> = places.into_iter().flatten().map(String::as_str).collect();
                let (region, endpoint) = (of(&self.region), of(&self.endpoint));
                Some(format!(
                    "{kind} {} {environment} {region}{endpoint}",
                    places.join("/")
                ))
            }
        }
    }
}

impl RawSource {
    pub(crate) fn check(&self, problems: &mut Problems) -> Source {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        let environment = &self.environment;
        if environment.contains(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)) {
            let message = format!("`{environment}` is no name; use letters, digits and -_.");
            problems.field("source.environment", message);
        }
        problems.within(
            "source.interval",
            self.interval,
            Span(Duration::from_secs(1))..=Span(Duration::from_secs(24 * 3600)),
        );
        problems.within("source.keep", self.keep, 2..=1000);
        Source {
            kind: text(&self.kind).filter(|kind| kind != FILE),
            environment: text(environment),
            application: text(&self.application),
            profile: text(&self.profile),
            parameters: text(&self.parameters),
            region: text(&self.region),
            endpoint: text(&self.endpoint),
            there: None,
            interval: self.interval.0,
            keep: self.keep as usize,
        }
    }
}
