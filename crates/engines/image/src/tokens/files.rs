//! `tokenizer/`: `vocab.json` and `merges.txt`, or `tokenizer.json`; and what its marks are, in
//! `tokenizer_config.json` and `special_tokens_map.json`.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Bpe, Tokenizer};
use crate::ModelFiles;

#[derive(Deserialize)]
struct TokenizerFile {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    vocab: HashMap<String, u32>,
    merges: Vec<Merge>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Pair(String, String),
    Line(String),
}

impl Merge {
    fn pair(self) -> Option<(String, String)> {
        match self {
            Self::Pair(left, right) => Some((left, right)),
            Self::Line(line) => pair_of(&line),
        }
    }
}

fn pair_of(line: &str) -> Option<(String, String)> {
    let (left, right) = line.split_once(' ')?;
    Some((left.to_owned(), right.trim_end().to_owned()))
}

const VOCABULARY: &str = "tokenizer/vocab.json";
const MERGES: &str = "tokenizer/merges.txt";
const BOTH: &str = "tokenizer/tokenizer.json";
const CONFIG: &str = "tokenizer/tokenizer_config.json";
const MARKS: &str = "tokenizer/special_tokens_map.json";

/// Reads the files; `places` is how many tokens the encoder takes.
pub(crate) fn read(files: &ModelFiles, places: usize) -> Result<Tokenizer, String> {
    let (vocab, merges) = if files.has(VOCABULARY) {
        let vocab: HashMap<String, u32> = parse(files, VOCABULARY)?;
        let lines = files.read(MERGES).map_err(|error| error.to_string())?;
        let lines = std::str::from_utf8(&lines).map_err(|error| format!("{MERGES}: {error}"))?;
        let merges: Vec<_> = lines
            .lines()
            .filter(|line| !line.starts_with("#version"))
            .filter_map(pair_of)
            .collect();
        (vocab, merges)
    } else {
        let TokenizerFile { model } = parse(files, BOTH)?;
        let merges: Vec<_> = model.merges.into_iter().filter_map(Merge::pair).collect();
        (model.vocab, merges)
    };
    let mut config: Value = parse(files, CONFIG)?;
    // What older files say of marks there goes before what they say beside it: Stable Diffusion 2
    // fills up with `!` by that file alone.
    if files.has(MARKS) && config.get("added_tokens_decoder").is_none() {
        let marks: Map<String, Value> = parse(files, MARKS)?;
        if let Some(config) = config.as_object_mut() {
            config.extend(marks);
        }
    }
    build(vocab, &merges, &config, places)
}

fn build(
    vocab: HashMap<String, u32>,
    merges: &[(String, String)],
    config: &Value,
    places: usize,
) -> Result<Tokenizer, String> {
    // A mark is written as its text, or as an object that has it.
    let mark = |name: &str, usual: &str| {
        let value = &config[name];
        let text = value.as_str().or_else(|| value["content"].as_str());
        text.unwrap_or(usual).to_owned()
    };
    let id = |text: &str| {
        let id = vocab.get(text).copied();
        id.ok_or_else(|| format!("the vocabulary has no `{text}`"))
    };
    let (start, end) = (
        mark("bos_token", "<|startoftext|>"),
        mark("eos_token", "<|endoftext|>"),
    );
    let (start_id, end_id) = (id(&start)?, id(&end)?);
    let (pad, unknown) = (mark("pad_token", &end), mark("unk_token", &end));
    let (pad_id, unknown_id) = (id(&pad)?, id(&unknown)?);
    let length = config["model_max_length"]
        .as_u64()
        .and_then(|length| usize::try_from(length).ok())
        .map_or(places, |length| length.min(places));
    if length < 3 {
        return Err(format!("texts of {length} tokens have no room for a word"));
    }
    // Whatever is a mark is found in texts too: the `!` that Stable Diffusion 2 fills up with.
    let marks = vec![
        (start, start_id),
        (end, end_id),
        (pad, pad_id),
        (unknown, unknown_id),
    ];
    Ok(Tokenizer {
        bpe: Bpe::new(vocab, merges, unknown_id, marks)?,
        start: start_id,
        end: end_id,
        pad: pad_id,
        length,
    })
}

fn parse<T: for<'a> Deserialize<'a>>(files: &ModelFiles, name: &str) -> Result<T, String> {
    files.parse(name).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[derive(Deserialize)]
    struct Expected {
        prompts: Vec<String>,
        ids: Vec<Vec<u32>>,
    }

    #[test]
    fn texts_have_the_tokens_that_the_reference_gives_them() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/diffusion");
        // One has two files, the others one, and their padding differs.
        for name in ["sd1", "sd2", "deep"] {
            let files = ModelFiles::folder(fixtures.join(name));
            let tokenizer = read(&files, 77).unwrap();
            let expected: Expected = parse(&files, "tokens.json").unwrap();
            assert!(!expected.prompts.is_empty());
            for (prompt, ids) in expected.prompts.iter().zip(expected.ids) {
                assert_eq!(tokenizer.encode(prompt), ids, "{name}: {prompt:?}");
            }
        }
    }

    #[test]
    fn older_files_name_their_marks_in_a_file_of_their_own() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("tokenizer");
        fs::create_dir(&folder).unwrap();
        let fixture =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/diffusion/sd1/tokenizer");
        for file in ["vocab.json", "merges.txt", "tokenizer_config.json"] {
            fs::copy(fixture.join(file), folder.join(file)).unwrap();
        }
        let marks = r#"{"bos_token": {"content": "<|startoftext|>"}, "pad_token": "!"}"#;
        fs::write(folder.join("special_tokens_map.json"), marks).unwrap();
        let tokenizer = read(&home.path().into(), 77).unwrap();
        // As the reference has it, with ten places: 533, 320, 528, 0, 521, 534, 0, 0, 0, 0.
        assert_eq!(tokenizer.encode("a red!apple"), [533, 320, 528, 0, 521, 534]);
        assert_eq!(tokenizer.empty()[..4], [533, 534, 0, 0]);
    }

    #[test]
    fn a_long_text_becomes_several_pieces_and_an_endless_one_is_refused() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/diffusion");
        let tokenizer = read(&fixtures.join("sd2").into(), 77).unwrap();
        let pieces = tokenizer.pieces("prompt", &"apple ".repeat(80)).unwrap();
        assert_eq!(pieces.len(), 2);
        assert!(
            pieces
                .iter()
                .all(|piece| piece.len() == 77 && piece[0] == tokenizer.start)
        );
        assert_eq!(
            pieces[1][6], tokenizer.end,
            "five words are left for the second piece"
        );
        assert_eq!(tokenizer.pieces("prompt", "").unwrap(), [tokenizer.empty()]);
        let error = tokenizer.pieces("prompt", &"apple ".repeat(601)).unwrap_err();
        assert_eq!(error.param(), Some("prompt"));
    }
}
