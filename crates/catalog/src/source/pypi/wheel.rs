//! A file out of a wheel, streamed. Nothing is ever written under a name that the wheel chose.

use std::{fs::File, io::Read, path::Path};

use zip::{ZipArchive, read::ZipFile, result::ZipError};

use crate::{Error, Phase, Result, partial::Partial, verify::CHUNK};

/// Appends the member to `partial`.
pub(super) fn unpack(wheel: &Path, member: &str, partial: &mut Partial<'_>) -> Result<()> {
    let unusable = |says: String| Error::Wheel {
        wheel: wheel
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        says,
    };
    let file = File::open(wheel).map_err(Error::io("open", wheel))?;
    let mut archive =
        ZipArchive::new(file).map_err(|error| unusable(format!("it is no zip file ({error})")))?;
    let instead = namesake(&archive, member);
    let mut content = archive.by_name(member).map_err(|error| {
        unusable(match error {
            ZipError::FileNotFound => format!("there is no {member} in it{instead}"),
            other => format!("{member} cannot be read ({other})"),
        })
    })?;
    plain(&content, member).map_err(|says| unusable(says.to_owned()))?;
    let declared = content.size();
    partial.expect(declared)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        // The checksum is compared when the end is reached; damage before it shows as a decoding error.
        let read = content
            .read(&mut chunk)
            .map_err(|error| unusable(format!("{member} is damaged ({error})")))?;
        if read == 0 {
            break;
        }
        if partial.offset() + read as u64 > declared {
            return Err(unusable(format!("{member} unpacks to more than it declares")));
        }
        partial.append(&chunk[..read], Phase::Unpacking)?;
    }
    if partial.offset() != declared {
        return Err(unusable(format!("{member} unpacks to less than it declares")));
    }
    Ok(())
}

/// A member of the same file name in another directory: most likely what the entry should say.
fn namesake(archive: &ZipArchive<File>, member: &str) -> String {
    let name = member.rsplit('/').next();
    let mut members = archive.file_names().flatten();
    match members.find(|other| *other != member && other.rsplit('/').next() == name) {
        Some(other) => format!(" (but there is {other:?})"),
        None => String::new(),
    }
}

/// Is it an ordinary file with an ordinary name?
fn plain(content: &ZipFile<'_, File>, member: &str) -> Result<(), &'static str> {
    if content.encrypted() {
        return Err("the file in it is encrypted");
    }
    if content.is_dir() || content.is_symlink() {
        return Err("what it calls by that name is no file");
    }
    // Sound names were checked when the catalog was read; the archive must mean the same by them.
    if content.enclosed_name().as_deref() != Some(Path::new(member)) {
        return Err("the file's name leads out of the archive");
    }
    Ok(())
}
