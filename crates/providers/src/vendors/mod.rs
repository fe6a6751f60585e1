//! The vendors, a row each: what stands in the configuration as `kind`, and who reads that section.

mod anthropic;
pub mod aws;
mod bedrock;
pub mod compatible;
mod openai;
mod sagemaker;

use std::sync::Arc;

use busbar_core::Model;

use crate::{
    documents::Keep,
    http::Client,
    prices::Prices,
    settings::{Problem, Section},
};

/// What all providers share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The one HTTP client.
    pub client: Client,
    /// What tokens cost.
    pub prices: Arc<Prices>,
}

/// Makes the models of a section.
type Build = fn(&Section, &Shared) -> Result<Vec<Model>, Vec<Problem>>;

/// A vendor with a format, an endpoint or credentials of its own.
struct Vendor {
    kind: &'static str,
    /// Where this vendor's own clients look for the key.
    key_variable: Option<&'static str>,
    build: Build,
}

const REGISTRY: &[Vendor] = &[
    Vendor {
        kind: "anthropic",
        key_variable: Some("ANTHROPIC_API_KEY"),
        build: anthropic::build,
    },
    Vendor {
        kind: "bedrock",
        key_variable: Some("AWS_BEARER_TOKEN_BEDROCK"),
        build: bedrock::build,
    },
    Vendor {
        kind: "openai",
        key_variable: Some("OPENAI_API_KEY"),
        build: openai::build,
    },
    Vendor {
        kind: "sagemaker",
        key_variable: None,
        build: sagemaker::build,
    },
];

/// Whoever keeps configurations, by what stands there as `source.kind`.
pub(crate) const KEEPERS: &[(&str, Keep)] = &[
    ("appconfig", aws::appconfig::documents),
    ("ssm", aws::parameters::documents),
];

/// The kinds there are, in the order of the table.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    let own = REGISTRY.iter().map(|vendor| vendor.kind);
    own.chain(compatible::ROWS.iter().map(|row| row.kind))
}

/// The variable in which a vendor's own clients look for their key. Whoever reads the environment may
/// look there too, where a section has none.
pub fn key_variable(kind: &str) -> Option<&'static str> {
    let own = REGISTRY.iter().find(|vendor| vendor.kind == kind);
    match own {
        Some(vendor) => vendor.key_variable,
        None => compatible::row(kind)?.key_variable,
    }
}

/// The models of a section.
///
/// # Errors
/// Everything that is wrong with it.
pub fn build(section: &Section, shared: &Shared) -> Result<Vec<Model>, Vec<Problem>> {
    if let Some(vendor) = REGISTRY.iter().find(|vendor| vendor.kind == section.kind) {
        return (vendor.build)(section, shared);
    }
    if let Some(row) = compatible::row(&section.kind) {
        return compatible::build(row, section, shared);
    }
    let known: Vec<_> = kinds().collect();
    let message = format!(
        "`{}` is no kind of provider; there are: {}",
        section.kind,
        known.join(", ")
    );
    Err(vec![Problem::new("kind", message)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_is_not_there_is_told_with_those_that_are() {
        let shared = Shared {
            client: Client::new().unwrap(),
            prices: Arc::default(),
        };
        let section = Section {
            kind: "opanai".into(),
            ..Section::default()
        };
        let problems = build(&section, &shared).unwrap_err();
        assert_eq!(problems[0].field, "kind");
        assert!(problems[0].message.contains("bedrock"), "{problems:?}");
    }

    #[test]
    fn no_kind_is_there_twice() {
        let mut all: Vec<_> = kinds().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
