//! An answer's file: where it lies, and how it says that it is whole and the right one.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use busbar_core::AnswerKey;
use sha2::{Digest as _, Sha256};

/// What every file begins with.
const MAGIC: &[u8; 16] = b"busbar answer 1\n";
/// The magic and the hash.
pub(super) const HEAD: usize = MAGIC.len() + 32;
/// Where files are while they are written.
const UNFINISHED: &str = "unfinished";

/// Makes the folder, for nobody else to read: answers are as secret as what was asked.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    for folder in [folder, &folder.join(UNFINISHED)] {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    Ok(())
}

/// Where an answer lies: one of 256 folders, so that none grows too long.
pub(super) fn place(folder: &Path, key: &AnswerKey) -> PathBuf {
    let name = name(key);
    folder.join(name.get(..2).unwrap_or_default()).join(name)
}

/// The key of a file; `None`: it is no answer's.
pub(super) fn key_of(name: &str) -> Option<AnswerKey> {
    let mut key = [0; 32];
    if name.len() != 64 {
        return None;
    }
    for (byte, at) in key.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(name.get(at..at + 2)?, 16).ok()?;
    }
    // Written as we write it: no signs, no capitals.
    (self::name(&key) == name).then_some(key)
}

/// Writes an answer beside its place, and moves it there.
pub(super) fn write(folder: &Path, key: &AnswerKey, content: &[u8]) -> io::Result<()> {
    let (place, beside) = (place(folder, key), folder.join(UNFINISHED).join(name(key)));
    let written = write_whole(&beside, key, content).and_then(|()| {
        let parent = place.parent().unwrap_or(folder);
        if !parent.is_dir() {
            fs::create_dir_all(parent)?;
        }
        fs::rename(&beside, &place)
    });
    if written.is_err() {
        // Where the disk is full, a part of a file would keep it so.
        let _gone = fs::remove_file(&beside);
    }
    written
}

fn write_whole(path: &Path, key: &AnswerKey, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(MAGIC)?;
    file.write_all(&hash(key, content))?;
    file.write_all(content)
}

/// What a file says, if it is whole and was written for this key.
pub(super) fn content(key: &AnswerKey, bytes: &[u8]) -> Option<Vec<u8>> {
    let (said, content) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<32>()?;
    (*said == hash(key, content)).then(|| content.to_vec())
}

/// Removes what a crash has left half-written.
pub(super) fn remove_unfinished(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder.join(UNFINISHED)) else {
        return;
    };
    for entry in entries.flatten() {
        let _gone = fs::remove_file(entry.path());
    }
}

fn name(key: &AnswerKey) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hash(key: &AnswerKey, content: &[u8]) -> [u8; 32] {
    let digest = Sha256::new_with_prefix(key);
    digest.chain_update(content).finalize().into()
}
