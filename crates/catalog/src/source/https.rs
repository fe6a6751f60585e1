//! `https://host/path`: a file on a web server, with ranges if the server has them.

use std::{fmt, path::Path, sync::Arc};

use super::{Origin, address, http};
use crate::{Result, partial::Partial, pull::Errand};

/// An address that may be fetched from.
#[derive(Debug)]
struct Https {
    address: String,
}

pub(super) fn parse(rest: &str, _: &Path) -> Result<Arc<dyn Origin>, String> {
    checked(format!("https:{rest}"))
}

/// The same over `http:`, which [`address::check`] allows on this machine only.
pub(super) fn parse_plain(rest: &str, _: &Path) -> Result<Arc<dyn Origin>, String> {
    checked(format!("http:{rest}"))
}

fn checked(address: String) -> Result<Arc<dyn Origin>, String> {
    address::check(&address)?;
    Ok(Arc::new(Https { address }))
}

impl Origin for Https {
    fn fetch(&self, partial: &mut Partial<'_>, errand: &Errand<'_>) -> Result<()> {
        let get = http::Get {
            address: &self.address,
            place: &self.address,
            token: None,
        };
        http::download(&get, partial, errand)
    }
}

impl fmt::Display for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}
