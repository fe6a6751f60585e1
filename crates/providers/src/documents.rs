//! Documents of settings that are kept elsewhere: whoever keeps them is looked at again and again. What
//! they say is nobody's concern here.

use std::{fmt, time::Duration};

use busbar_core::{BoxFuture, Result, Secret};

use crate::{http::Client, settings::Problem, vendors::KEEPERS};

/// Whoever keeps documents of settings.
pub trait Documents: fmt::Debug + Send + 'static {
    /// What it is called in messages.
    fn place(&self) -> &str;

    /// Looks whether they have changed. `anew`: everything is wanted, changed or not.
    ///
    /// # Errors
    /// They cannot be had; they are asked for again later.
    fn look(&mut self, anew: bool) -> BoxFuture<'_, Result<Look>>;
}

/// What a look has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What is there; `None`: what was there at the look before.
    pub found: Option<Found>,
    /// When to look again, where whoever keeps them says.
    pub again: Option<Duration>,
}

/// Documents and settings, the later ones over the earlier ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// All of them.
    pub pieces: Vec<Piece>,
    /// What this version is called there.
    pub label: Option<String>,
}

/// One of them. What it says may be secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A whole document.
    Document {
        /// Where it is, for messages.
        name: String,
        /// What it says.
        text: Secret<String>,
    },
    /// A single setting.
    Setting {
        /// Where it is, for messages.
        name: String,
        /// Which one: `server.body_limit`.
        path: String,
        /// Its value.
        text: Secret<String>,
    },
}

/// Where documents are kept: what the configuration says about it. Who needs which field is theirs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Who keeps them.
    pub kind: String,
    /// For which environment.
    pub environment: Option<String>,
    /// Whose they are.
    pub application: Option<String>,
    /// Which of those.
    pub profile: Option<String>,
    /// Their name or path.
    pub parameters: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// Instead of the region's own address.
    pub endpoint: Option<String>,
    /// How often they are looked at.
    pub interval: Duration,
}

/// Makes whoever looks at them. Asks nobody yet.
pub(crate) type Keep = fn(&Place, Client) -> Result<Box<dyn Documents>, Vec<Problem>>;

/// Whoever keeps documents at a place. Asks nobody yet.
///
/// # Errors
/// Everything that is wrong with the place, by its fields.
pub fn documents(place: &Place, client: Client) -> Result<Box<dyn Documents>, Vec<Problem>> {
    let keeper = KEEPERS.iter().find(|(kind, _)| *kind == place.kind);
    let Some((_, keep)) = keeper else {
        let known: Vec<_> = KEEPERS.iter().map(|(kind, _)| *kind).collect();
        let message = format!(
            "`{}` keeps no configuration; there are: file, {}",
            place.kind,
            known.join(", ")
        );
        return Err(vec![Problem::new("kind", message)]);
    };
    keep(place, client)
}

impl Place {
    /// A field that must be there.
    pub(crate) fn needs<'a>(
        field: &'static str,
        value: Option<&'a String>,
        example: &str,
        problems: &mut Vec<Problem>,
    ) -> &'a str {
        value.map_or_else(
            || {
                problems.push(Problem::new(
                    field,
                    format!("is missing; write {field} = \"{example}\""),
                ));
                ""
            },
            String::as_str,
        )
    }
}
