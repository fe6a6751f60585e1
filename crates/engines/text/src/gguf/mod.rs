//! A look at a GGUF file before llama.cpp sees it: whether it is whole, and what it says of itself.
//!
//! llama.cpp trusts much of what a file says; a download that was cut off or a disk that lost a
//! block must be an error that names the place, and not a crash. Every number is checked against
//! the length of the file, and no more is held in memory than is asked for.
//!
//! **Invariant:** pure over what it reads, and it knows nothing of llama.cpp; only `file.rs` opens a
//! file.

mod error;
mod file;
mod metadata;
mod source;
mod tensors;

#[cfg(test)]
mod fixture;

use std::io::{Read, Seek};

pub use error::GgufError;
pub use file::check_file;
use metadata::Metadata;
use source::Source;

/// The newest version of the format that is known here.
const NEWEST: u32 = 3;

/// What a GGUF file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GgufInfo {
    /// The architecture: `llama`, `qwen2`, `falcon`, …
    pub architecture: String,
    /// The model's name, as its maker wrote it.
    pub name: Option<String>,
    /// How the weights are quantised: `Q4_K_M`.
    pub quantisation: Option<&'static str>,
    /// The most tokens that it was trained to look at.
    pub context_length: Option<u64>,
    /// Length of its vectors.
    pub embedding_length: Option<u64>,
    /// Layers.
    pub block_count: Option<u64>,
    /// Tokens that it knows.
    pub vocab_size: Option<u64>,
    /// The kind of tokeniser: `gpt2`, `llama`, `bert`, …
    pub tokenizer: Option<String>,
    /// The Jinja template of conversations.
    pub chat_template: Option<String>,
    /// How token vectors become one, in models made for embeddings (llama.cpp's number).
    pub pooling: Option<u64>,
    /// Tensors in the file.
    pub tensors: u64,
    /// Bytes of all tensors.
    pub tensor_bytes: u64,
    /// Files that the model is split into.
    pub parts: u64,
}

/// Checks a file from its beginning to its end, tensor data excepted, and tells what it is.
///
/// # Errors
/// [`GgufError`], which says what is wrong where.
pub fn inspect(file: impl Read + Seek) -> Result<GgufInfo, GgufError> {
    let mut source = Source::new(file)?;
    let (tensor_count, metadata_count) = header(&mut source)?;
    let metadata = Metadata::read(&mut source, metadata_count)?;
    let tensors = tensors::check(&mut source, tensor_count, metadata.alignment()?)?;
    let architecture = metadata.text("general.architecture");
    let architecture = architecture.ok_or(GgufError::Missing("general.architecture"))?;
    let of_architecture = |field: &str| metadata.number(&format!("{architecture}.{field}"));
    Ok(GgufInfo {
        name: metadata.text("general.name"),
        quantisation: metadata
            .number("general.file_type")
            .and_then(tensors::quantisation),
        context_length: of_architecture("context_length"),
        embedding_length: of_architecture("embedding_length"),
        block_count: of_architecture("block_count"),
        vocab_size: metadata.tokens().or_else(|| of_architecture("vocab_size")),
        tokenizer: metadata.text("tokenizer.ggml.model"),
        chat_template: metadata.text("tokenizer.chat_template"),
        pooling: of_architecture("pooling_type"),
        tensors: tensor_count,
        tensor_bytes: tensors,
        parts: metadata.number("split.count").unwrap_or(1).max(1),
        architecture,
    })
}

/// Reads the numbers of tensors and of fields.
fn header<R: Read + Seek>(source: &mut Source<R>) -> Result<(u64, u64), GgufError> {
    let magic: [u8; 4] = source.array("the header")?;
    if magic != *b"GGUF" {
        return Err(GgufError::NotGguf);
    }
    let version = source.u32("the header")?;
    if !(2..=NEWEST).contains(&version) {
        return Err(GgufError::Version(version));
    }
    let tensors = source.u64("the header")?;
    let fields = source.u64("the header")?;
    // The smallest tensor entry takes 24 bytes, the smallest field 13.
    source.fits("tensor entries", tensors, 24)?;
    source.fits("metadata fields", fields, 13)?;
    Ok((tensors, fields))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::{fixture::Builder, *};

    fn check(bytes: &[u8]) -> Result<GgufInfo, GgufError> {
        inspect(Cursor::new(bytes))
    }

    fn message(bytes: &[u8]) -> String {
        check(bytes).unwrap_err().to_string()
    }

    #[test]
    fn a_whole_file_says_what_it_is() {
        let info = check(&Builder::small().bytes()).unwrap();
        assert_eq!(info.architecture, "llama");
        assert_eq!(info.name.as_deref(), Some("Tiny"));
        assert_eq!(info.quantisation, Some("Q4_K_M"));
        assert_eq!(
            (info.context_length, info.embedding_length),
            (Some(128), Some(64))
        );
        assert_eq!(info.vocab_size, Some(3));
        assert_eq!(info.chat_template.as_deref(), Some("{{ messages }}"));
        assert_eq!(info.tokenizer.as_deref(), Some("gpt2"));
        assert_eq!((info.tensors, info.parts), (2, 1));
        // 64 numbers of 4 bytes, and 64 as two blocks of 18.
        assert_eq!(info.tensor_bytes, 256 + 36);
    }

    #[test]
    fn what_is_no_gguf_is_told_apart_from_what_is_too_old_or_too_new() {
        assert_eq!(check(b"PK\x03\x04 and more"), Err(GgufError::NotGguf));
        for version in [1_u32, 4, 3_u32.swap_bytes()] {
            let mut bytes = Builder::small().bytes();
            bytes[4..8].copy_from_slice(&version.to_le_bytes());
            assert_eq!(check(&bytes), Err(GgufError::Version(version)));
        }
        assert!(message(&[]).contains("ends within the header"));
    }

    #[test]
    fn missing_tensor_data_is_told_with_the_tensors_name() {
        let bytes = Builder::small().bytes();
        let text = message(&bytes[..bytes.len() - 20]);
        assert!(text.contains("blk.0.weight"), "{text}");
    }

    #[test]
    fn counts_that_no_file_of_this_length_holds_are_refused_at_once() {
        for place in [8..16, 16..24] {
            let mut bytes = Builder::small().bytes();
            bytes[place].copy_from_slice(&u64::MAX.to_le_bytes());
            assert!(message(&bytes).contains("more"), "{}", message(&bytes));
        }
    }

    #[test]
    fn tensors_that_cannot_be_are_refused() {
        let refused = |build: fn(Builder) -> Builder| message(&build(Builder::small()).bytes());
        assert!(refused(|b| b.tensor("a", &[64], 99, 0)).contains("type 99"));
        assert!(refused(|b| b.tensor("a", &[63], 2, 0)).contains("blocks of 32"));
        assert!(refused(|b| b.tensor("a", &[1 << 40, 1 << 40], 0, 0)).contains("impossible"));
        assert!(refused(|b| b.tensor("a", &[0], 0, 0)).contains("impossible"));
        assert!(refused(|b| b.tensor("a", &[64], 0, 7)).contains("multiple"));
        assert!(refused(|b| b.tensor("token_embd.weight", &[64], 0, 0)).contains("twice"));
        assert!(refused(|b| b.number("general.alignment", 24)).contains("power of two"));
    }

    #[test]
    fn a_model_without_an_architecture_is_refused() {
        let bytes = Builder::default().number("general.file_type", 15).bytes();
        assert_eq!(check(&bytes), Err(GgufError::Missing("general.architecture")));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = check(&bytes);
            let _ = check(&[b"GGUF\x03\0\0\0".as_slice(), &bytes].concat());
        }

        #[test]
        fn every_file_that_is_cut_off_is_refused(cut in any::<proptest::sample::Index>()) {
            let bytes = Builder::small().bytes();
            prop_assert!(check(&bytes[..cut.index(bytes.len())]).is_err());
        }

        #[test]
        fn no_change_of_a_file_panics(
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        ) {
            let mut bytes = Builder::small().bytes();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let _ = check(&bytes);
        }
    }
}
