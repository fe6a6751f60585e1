//! The files that pictures become: named beforehand, and there whole or not at all.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use busbar_app::MediaType;
use tempfile::NamedTempFile;

use crate::exit::{Failure, Result};

/// The files to write.
#[derive(Debug)]
pub(crate) struct Outputs {
    paths: Vec<PathBuf>,
    format: MediaType,
    force: bool,
}

impl Outputs {
    /// `a.png` for one picture, `a-1.png`, `a-2.png` and so on for several.
    pub(crate) fn new(path: &Path, count: u32, force: bool) -> Result<Self> {
        let format = format(path)?;
        let paths: Vec<PathBuf> = match count {
            0 | 1 => vec![path.to_owned()],
            count => (1..=count).map(|number| numbered(path, number)).collect(),
        };
        for path in &paths {
            if path.exists() && !force {
                let message = format!("{} is there already; --force replaces it", path.display());
                return Err(Failure::Failed(message));
            }
        }
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(Failure::Failed(format!(
                "there is no folder {}",
                folder.display()
            )));
        }
        Ok(Self { paths, format, force })
    }

    /// What the ending says.
    pub(crate) fn format(&self) -> MediaType {
        self.format
    }

    /// Writes a picture, and says where.
    pub(crate) fn write(&self, index: u32, file: &[u8]) -> Result<PathBuf> {
        let failed =
            |error: std::io::Error| Failure::Failed(format!("the picture could not be written: {error}"));
        let Some(path) = self.paths.get(index as usize) else {
            return Err(Failure::Failed(
                "there are more pictures than were asked for".to_owned(),
            ));
        };
        let mut whole = NamedTempFile::new_in(folder_of(path)).map_err(failed)?;
        whole.write_all(file).map_err(failed)?;
        open_to_others(&whole).map_err(failed)?;
        whole.as_file().sync_all().map_err(failed)?;
        let placed = match self.force {
            true => whole.persist(path),
            false => whole.persist_noclobber(path),
        };
        placed.map_err(|error| failed(error.error))?;
        Ok(path.clone())
    }
}

/// Files that are made to be moved are their owner's alone; a picture is as open as others are made here.
#[cfg(unix)]
fn open_to_others(file: &NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn open_to_others(_: &NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().unwrap_or(Path::new("."));
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let name = format!("{}-{number}.{}", part(path.file_stem()), part(path.extension()));
    path.with_file_name(name)
}

fn format(path: &Path) -> Result<MediaType> {
    let ending = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    match &*ending {
        "png" => Ok(MediaType::Png),
        "jpg" | "jpeg" => Ok(MediaType::Jpeg),
        "webp" => Ok(MediaType::Webp),
        _ => {
            let message = format!("{} must end in .png, .jpg or .webp", path.display());
            Err(Failure::Usage(message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_pictures_are_numbered_before_the_ending() {
        let outputs = Outputs::new(Path::new("a.b.webp"), 2, false).unwrap();
        assert_eq!(outputs.paths, [Path::new("a.b-1.webp"), Path::new("a.b-2.webp")]);
        assert_eq!(outputs.format(), MediaType::Webp);
        assert!(Outputs::new(Path::new("a.gif"), 1, false).is_err());
        assert!(Outputs::new(Path::new("/no/such/folder/a.png"), 1, false).is_err());
    }

    #[test]
    fn a_file_that_is_there_is_kept_unless_it_may_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let outputs = Outputs::new(&path, 1, false).unwrap();
        outputs.write(0, b"one").unwrap();
        // One that came meanwhile is kept too.
        assert!(outputs.write(0, b"two").is_err());
        assert!(Outputs::new(&path, 1, false).is_err());
        Outputs::new(&path, 1, true).unwrap().write(0, b"three").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
