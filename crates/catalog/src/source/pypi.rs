//! `pypi:project==version/path`: a file inside a wheel of a Python package index.
//!
//! The wheel is fetched with the machine's own pip, so a company's index, mirror, proxy and certificates
//! work as they do for everything else there. No code of the package is run, now or later.

mod pip;
mod wheel;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::Origin;
use crate::{Error, Result, name::inner_path, partial::Partial, pull::Errand, record};

/// A file of a package.
#[derive(Debug)]
struct WheelFile {
    project: String,
    version: String,
    member: String,
}

pub(super) fn parse(rest: &str, _: &Path) -> Result<Arc<dyn Origin>, String> {
    let Some(((project, version), member)) = rest
        .split_once('/')
        .and_then(|(requirement, member)| Some((requirement.split_once("==")?, member)))
    else {
        return Err("must be project==version/path".to_owned());
    };
    // Both become an argument of pip, so neither may look like an option or a place.
    let named = |text: &str, others: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || others.contains(c))
    };
    if !named(project, "._-") {
        return Err(format!("names no project: '{project}'"));
    }
    if !named(version, ".!+_-") {
        return Err(format!("names no version: '{version}'"));
    }
    Ok(Arc::new(WheelFile {
        project: project.to_owned(),
        version: version.to_owned(),
        member: inner_path(member)?,
    }))
}

impl WheelFile {
    fn requirement(&self) -> String {
        format!("{}=={}", self.project, self.version)
    }

    /// Where the wheel is kept until its file is safe. Pip's own name for it may be another.
    fn kept(&self, errand: &Errand<'_>) -> PathBuf {
        errand
            .means
            .scratch
            .join(format!("{}-{}.whl", self.project, self.version))
    }

    /// The wheel, from an earlier pull that got this far or from the index.
    fn wheel(&self, partial: &Partial<'_>, errand: &Errand<'_>) -> Result<PathBuf> {
        let kept = self.kept(errand);
        if kept.exists() {
            return Ok(kept);
        }
        fs::create_dir_all(errand.means.scratch)
            .map_err(Error::io("make the directory", errand.means.scratch))?;
        let fetched = pip::download(&self.requirement(), partial.length(), errand)?;
        // Only a whole wheel ever has this name.
        fs::rename(&fetched, &kept).map_err(Error::io("rename", &fetched))?;
        record::sync_directory_of(&kept)?;
        pip::sweep(errand.means.scratch);
        Ok(kept)
    }
}

impl Origin for WheelFile {
    fn fetch(&self, partial: &mut Partial<'_>, errand: &Errand<'_>) -> Result<()> {
        let wheel = self.wheel(partial, errand)?;
        // Unpacking is quick: not worth going on in the middle of a compressed stream.
        partial.restart_part()?;
        let unpacked = wheel::unpack(&wheel, &self.member, partial);
        if let Err(Error::Wheel { .. }) = unpacked {
            record::remove(&wheel)?;
        }
        unpacked
    }

    fn release(&self, errand: &Errand<'_>) {
        // A wheel left behind costs space for a while, no more: the scratch directory goes in the end.
        let _ = record::remove(&self.kept(errand));
    }

    fn copies(&self) -> u64 {
        // The wheel, and pip's own copy of it while it downloads.
        2
    }
}

impl fmt::Display for WheelFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pypi:{}=={}/{}", self.project, self.version, self.member)
    }
}
