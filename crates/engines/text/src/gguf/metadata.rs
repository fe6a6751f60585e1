//! The fields of a GGUF file: all are checked, few are kept.

use std::{
    collections::{BTreeMap, HashSet},
    io::{Read, Seek},
};

use super::{GgufError, source::Source};

/// Longer names of fields than this are no names.
const LONGEST_KEY: u64 = 1 << 10;
/// Longer values that are kept than this are no sensible values; real chat templates have 10 KB.
const LONGEST_TEXT: u64 = 1 << 20;
/// Texts that are kept.
const TEXTS: [&str; 4] = [
    "general.architecture",
    "general.name",
    "tokenizer.ggml.model",
    "tokenizer.chat_template",
];
/// The array whose length is the size of the vocabulary.
const TOKENS: &str = "tokenizer.ggml.tokens";

/// The fields that are kept.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    texts: BTreeMap<String, String>,
    numbers: BTreeMap<String, u64>,
    tokens: Option<u64>,
}

impl Metadata {
    pub(super) fn read<R: Read + Seek>(source: &mut Source<R>, count: u64) -> Result<Self, GgufError> {
        let mut metadata = Self::default();
        let mut seen = HashSet::new();
        for _ in 0..count {
            let key = source.text("the metadata", LONGEST_KEY)?;
            if !seen.insert(key.clone()) {
                return Err(GgufError::corrupt(format!("the field `{key}` is there twice")));
            }
            metadata.field(source, key)?;
        }
        Ok(metadata)
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.texts.get(key).cloned()
    }

    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.numbers.get(key).copied()
    }

    /// How many tokens are listed.
    pub(super) fn tokens(&self) -> Option<u64> {
        self.tokens
    }

    /// On multiples of what tensors begin.
    pub(super) fn alignment(&self) -> Result<u64, GgufError> {
        match self.number("general.alignment") {
            None => Ok(32),
            Some(alignment) if alignment.is_power_of_two() && alignment <= 1 << 30 => Ok(alignment),
            Some(alignment) => Err(GgufError::corrupt(format!(
                "its alignment of {alignment} is no power of two"
            ))),
        }
    }

    fn field<R: Read + Seek>(&mut self, source: &mut Source<R>, key: String) -> Result<(), GgufError> {
        let within = format!("the field `{key}`");
        match source.u32(&within)? {
            8 if TEXTS.contains(&key.as_str()) => {
                let text = source.text(&within, LONGEST_TEXT)?;
                self.texts.insert(key, text);
                Ok(())
            }
            8 => source.skip_text(&within),
            9 => {
                let length = array(source, &within)?;
                if key == TOKENS {
                    self.tokens = Some(length);
                }
                Ok(())
            }
            kind => {
                if let Some(number) = number(source, kind, &within)? {
                    self.numbers.insert(key, number);
                }
                Ok(())
            }
        }
    }
}

/// Goes past an array; tells how long it is.
fn array<R: Read + Seek>(source: &mut Source<R>, within: &str) -> Result<u64, GgufError> {
    let kind = source.u32(within)?;
    let length = source.u64(within)?;
    if kind == 8 {
        source.fits("texts", length, 8)?;
        for _ in 0..length {
            source.skip_text(within)?;
        }
        return Ok(length);
    }
    let size =
        size(kind).ok_or_else(|| GgufError::corrupt(format!("{within} is an array of type {kind}")))?;
    source.fits("array items", length, size)?;
    source.skip(length * size, within)?;
    Ok(length)
}

/// Reads a number; `None` where it is no whole number that is not negative.
fn number<R: Read + Seek>(source: &mut Source<R>, kind: u32, within: &str) -> Result<Option<u64>, GgufError> {
    Ok(match kind {
        0 | 7 => Some(u64::from(source.array::<1>(within)?[0])),
        1 => u64::try_from(i8::from_le_bytes(source.array(within)?)).ok(),
        2 => Some(u64::from(u16::from_le_bytes(source.array(within)?))),
        3 => u64::try_from(i16::from_le_bytes(source.array(within)?)).ok(),
        4 => Some(u64::from(source.u32(within)?)),
        5 => u64::try_from(i32::from_le_bytes(source.array(within)?)).ok(),
        10 => Some(source.u64(within)?),
        11 => u64::try_from(i64::from_le_bytes(source.array(within)?)).ok(),
        6 | 12 => {
            source.skip(size(kind).unwrap_or_default(), within)?;
            None
        }
        _ => {
            return Err(GgufError::corrupt(format!(
                "{within} has the unknown type {kind}"
            )));
        }
    })
}

/// Bytes of a value of this type, where all have the same.
fn size(kind: u32) -> Option<u64> {
    Some(match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        10..=12 => 8,
        _ => return None,
    })
}
