//! The tensors of a GGUF file: where they lie, and that the file reaches that far.

use std::{
    collections::HashSet,
    io::{Read, Seek},
};

use super::{GgufError, source::Source};

/// ggml cuts longer names off.
const LONGEST_NAME: u64 = 63;
/// Numbers of a block and its bytes, by ggml's number of the type; none where there is no such
/// type, or no longer. From ggml's `ggml-common.h`.
static BLOCKS: [Option<(u64, u64)>; 43] = [
    Some((1, 4)),   // F32
    Some((1, 2)),   // F16
    Some((32, 18)), // Q4_0
    Some((32, 20)), // Q4_1
    None,
    None,
    Some((32, 22)),   // Q5_0
    Some((32, 24)),   // Q5_1
    Some((32, 34)),   // Q8_0
    Some((32, 36)),   // Q8_1
    Some((256, 84)),  // Q2_K
    Some((256, 110)), // Q3_K
    Some((256, 144)), // Q4_K
    Some((256, 176)), // Q5_K
    Some((256, 210)), // Q6_K
    Some((256, 292)), // Q8_K
    Some((256, 66)),  // IQ2_XXS
    Some((256, 74)),  // IQ2_XS
    Some((256, 98)),  // IQ3_XXS
    Some((256, 50)),  // IQ1_S
    Some((32, 18)),   // IQ4_NL
    Some((256, 110)), // IQ3_S
    Some((256, 82)),  // IQ2_S
    Some((256, 136)), // IQ4_XS
    Some((1, 1)),     // I8
    Some((1, 2)),     // I16
    Some((1, 4)),     // I32
    Some((1, 8)),     // I64
    Some((1, 8)),     // F64
    Some((256, 56)),  // IQ1_M
    Some((1, 2)),     // BF16
    None,
    None,
    None,
    Some((256, 54)), // TQ1_0
    Some((256, 66)), // TQ2_0
    None,
    None,
    None,
    Some((32, 17)),  // MXFP4
    Some((64, 36)),  // NVFP4
    Some((128, 18)), // Q1_0
    Some((64, 18)),  // Q2_0
];

/// The name of a quantisation by llama.cpp's number of the file type.
pub(super) fn quantisation(file_type: u64) -> Option<&'static str> {
    Some(match file_type {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        19 => "IQ2_XXS",
        20 => "IQ2_XS",
        21 => "Q2_K_S",
        22 => "IQ3_XS",
        23 => "IQ3_XXS",
        24 => "IQ1_S",
        25 => "IQ4_NL",
        26 => "IQ3_S",
        27 => "IQ3_M",
        28 => "IQ2_S",
        29 => "IQ2_M",
        30 => "IQ4_XS",
        31 => "IQ1_M",
        32 => "BF16",
        36 => "TQ1_0",
        37 => "TQ2_0",
        38 => "MXFP4_MOE",
        39 => "NVFP4",
        40 => "Q1_0",
        41 => "Q2_0",
        _ => return None,
    })
}

/// A tensor's place among the data.
struct Entry {
    name: String,
    offset: u64,
    bytes: u64,
}

/// Reads all entries and checks that their data is within the file; tells how much it is.
pub(super) fn check<R: Read + Seek>(
    source: &mut Source<R>,
    count: u64,
    alignment: u64,
) -> Result<u64, GgufError> {
    let mut entries = Vec::new();
    let mut seen = HashSet::new();
    for _ in 0..count {
        let entry = entry(source, alignment)?;
        if !seen.insert(entry.name.clone()) {
            return Err(GgufError::corrupt(format!(
                "the tensor `{}` is there twice",
                entry.name
            )));
        }
        entries.push(entry);
    }
    let data = source.position().next_multiple_of(alignment);
    let mut total = 0_u64;
    for entry in entries {
        let end = data
            .checked_add(entry.offset)
            .and_then(|start| start.checked_add(entry.bytes));
        if end.is_none_or(|end| end > source.length()) {
            return Err(GgufError::Truncated(format!("the tensor `{}`", entry.name)));
        }
        total = total.saturating_add(entry.bytes);
    }
    Ok(total)
}

fn entry<R: Read + Seek>(source: &mut Source<R>, alignment: u64) -> Result<Entry, GgufError> {
    let name = source.text("the tensor entries", LONGEST_NAME)?;
    let within = format!("the entry of the tensor `{name}`");
    let dimensions = source.u32(&within)?;
    if dimensions > 4 {
        return Err(GgufError::corrupt(format!(
            "{within} has {dimensions} dimensions"
        )));
    }
    let mut shape = Vec::new();
    for _ in 0..dimensions {
        shape.push(source.u64(&within)?);
    }
    let kind = source.u32(&within)?;
    let offset = source.u64(&within)?;
    if !offset.is_multiple_of(alignment) {
        return Err(GgufError::corrupt(format!(
            "{within} begins at {offset}, which is no multiple of {alignment}"
        )));
    }
    let bytes = size(&shape, kind).map_err(|reason| GgufError::corrupt(format!("{within} {reason}")))?;
    Ok(Entry { name, offset, bytes })
}

/// Bytes of a tensor.
fn size(shape: &[u64], kind: u32) -> Result<u64, String> {
    let block = BLOCKS.get(kind as usize).copied().flatten();
    let (numbers, bytes) = block.ok_or_else(|| format!("has the unknown type {kind}"))?;
    let row = shape.first().copied().unwrap_or(1);
    if !row.is_multiple_of(numbers) {
        return Err(format!("has rows of {row} numbers in blocks of {numbers}"));
    }
    let count = shape
        .iter()
        .try_fold(1_u64, |count, &length| count.checked_mul(length));
    count
        // ggml counts in 64 bits with a sign.
        .filter(|&count| count > 0 && i64::try_from(count).is_ok())
        .and_then(|count| (count / numbers).checked_mul(bytes))
        .ok_or_else(|| format!("has the impossible shape {shape:?}"))
}
