//! A configuration that could serve: checked whole, its models found and their hosts built, none loaded.

use busbar_config::{Document, Loaded, Origin, Sources, Version, load_from, restored};
use toml::Table;

use super::offer::Offer;
use crate::{
    Error, Result,
    load::{Kept, Wanted},
};

/// A configuration that could serve.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// The checked configuration.
    pub(crate) loaded: Loaded,
    /// The models that it wants.
    pub(crate) wanted: Wanted,
}

impl Candidate {
    /// What the source says.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(crate) fn of(offer: &Offer, sources: &Sources, before: &Kept) -> Result<Self> {
        Self::checked(offer.check(sources)?, before)
    }

    /// A version that was kept. Its secrets are not: they come from `whole`, which has all of them, or from
    /// what is said now.
    ///
    /// # Errors
    /// Everything that is wrong; a secret that nobody has any more.
    pub(crate) fn version(version: &Version, now: &Table, sources: &Sources, before: &Kept) -> Result<Self> {
        let number = version.number;
        let wrong = |message: String| Error::Model(busbar_core::Error::invalid("version", message));
        let Some(table) = &version.table else {
            return Err(wrong(format!(
                "version {number} could not be read when it was offered"
            )));
        };
        let table = restored(table, now).map_err(|lost| {
            let fields = lost.join(", ");
            wrong(format!(
                "version {number} had a secret that is kept nowhere: {fields}; name a variable of the \
                 environment instead (api_key_env)"
            ))
        })?;
        let document = Document::of(table, Origin::Version(number));
        Self::checked(load_from(sources, &[document])?, before)
    }

    fn checked(loaded: Loaded, before: &Kept) -> Result<Self> {
        let wanted = Wanted::of(&loaded.config, before)?;
        Ok(Self { loaded, wanted })
    }
}
