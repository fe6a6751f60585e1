//! The vendors, a row each: what stands in the configuration as `kind`, and who reads that section.

mod anthropic;
pub mod aws;
mod bedrock;
mod chaos;
pub mod compatible;
mod openai;
mod sagemaker;

/// What clouds offer beside models: services that speak JSON, and stores of objects.
pub mod services {
    pub use super::aws::{Account, Distribution, Gate, Held, Location, Objects, Opener, Refused, Service};
}

use std::{fmt, sync::Arc};

use busbar_core::{Fetcher, Model};

use crate::{
    connections::Hold,
    documents::Keep,
    http::Client,
    image::Decode,
    prices::Prices,
    settings::{Problem, Section},
    vaults::Open,
};

/// What all providers share.
#[derive(Clone)]
pub struct Shared {
    /// The one HTTP client.
    pub client: Client,
    /// What tokens cost.
    pub prices: Arc<Prices>,
    /// Reads the files of pictures.
    pub decode: Decode,
    /// Fetches what clients point to, for hosts that do not.
    pub fetcher: Option<Arc<dyn Fetcher>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
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
        kind: "chaos",
        key_variable: None,
        build: chaos::build,
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
    ("appconfig-extension", aws::extension::documents),
    ("ssm", aws::parameters::documents),
];

/// Whoever keeps secrets, by what stands before their names.
pub(crate) const VAULTS: &[(&str, Open)] = &[("secretsmanager", aws::secrets::open)];

/// Whoever speaks to the gateway that holds a function's connections.
pub(crate) const HOLDER: Hold = aws::connections::connections;

/// The kinds there are, in the order of the table.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    let own = REGISTRY.iter().map(|vendor| vendor.kind);
    own.chain(compatible::ROWS.iter().map(|row| row.kind))
}

/// What in a section says that its key is not the one that the vendor's own clients would take: another
/// address, which must not get it, or another way to say who we are.
const OWN_WAYS: &[&str] = &["access_key_id", "endpoint", "profile", "role"];

/// The variable in which a vendor's own clients look for their key, for a section that has none. Whoever
/// reads the environment may look there.
pub fn key_variable(section: &Section) -> Option<&'static str> {
    let own = REGISTRY.iter().find(|vendor| vendor.kind == section.kind);
    let (variable, has_address) = match own {
        Some(vendor) => (vendor.key_variable, true),
        None => {
            let row = compatible::row(&section.kind)?;
            (row.key_variable, row.endpoint.is_some())
        }
    };
    let mut ways = OWN_WAYS.iter().filter(|name| has_address || **name != "endpoint");
    let has_own_way = ways.any(|name| section.fields.contains_key(*name));
    variable.filter(|_| section.key.is_none() && !has_own_way)
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
            decode: Arc::new(|_| Box::pin(async { Err(busbar_core::Error::internal("no picture comes")) })),
            fetcher: None,
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
    fn a_key_is_looked_for_where_the_vendors_clients_do_but_never_sent_elsewhere() {
        let look = |kind: &str, fields: &str| {
            key_variable(&Section {
                kind: kind.into(),
                fields: fields.parse().unwrap(),
                ..Section::default()
            })
        };
        assert_eq!(look("openai", ""), Some("OPENAI_API_KEY"));
        assert_eq!(look("groq", ""), Some("GROQ_API_KEY"));
        assert_eq!(look("openai", "endpoint = 'https://proxy/v1'"), None);
        assert_eq!(look("bedrock", "region = 'r'"), Some("AWS_BEARER_TOKEN_BEDROCK"));
        assert_eq!(look("bedrock", "region = 'r'\nrole = 'arn'"), None);
        // It has no address but the one that is set.
        let azure = "endpoint = 'https://x.openai.azure.com/openai/v1'";
        assert_eq!(look("azure", azure), Some("AZURE_OPENAI_API_KEY"));
        assert_eq!((look("vllm", ""), look("unheard of", "")), (None, None));
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
