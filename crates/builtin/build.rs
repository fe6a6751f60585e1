//! Embeds the models of `models/`: every file of a model's folder becomes a row of a table that is
//! compiled in. A model whose folder is not there has an empty table.

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

/// The folders, and what their tables are called.
const MODELS: &[(&str, &str)] = &[("emoji-diffusion", "EMOJI_DIFFUSION")];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let models = root.join("../../models");
    println!("cargo:rerun-if-changed={}", models.display());
    let mut tables = String::new();
    for (folder, table) in MODELS {
        let folder = models.join(folder);
        let mut files = Vec::new();
        for part in PARTS {
            collect(&folder.join(part), &mut files)?;
        }
        files.sort();
        let _written = writeln!(tables, "static {table}: &[(&str, &[u8])] = &[");
        for file in &files {
            let name = file.strip_prefix(&folder).map_err(io::Error::other)?;
            // On Windows too, a model's files are named with slashes.
            let name = name
                .components()
                .map(|part| part.as_os_str().to_string_lossy())
                .collect::<Vec<_>>()
                .join("/");
            let _written = writeln!(tables, "    ({name:?}, include_bytes!({file:?})),");
        }
        tables.push_str("];\n");
    }
    fs::write(out.join("models.rs"), tables)
}

/// What a model is made of; what stands beside it (how it was made, say) stays outside.
const PARTS: &[&str] = &[
    "busbar.json",
    "model_index.json",
    "scheduler",
    "text_encoder",
    "tokenizer",
    "unet",
    "vae",
];

/// A file, or what lies in a folder.
fn collect(place: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    const ENDINGS: &[&str] = &["json", "safetensors", "txt"];
    if place.is_file() {
        into.push(place.to_owned());
        return Ok(());
    }
    let Ok(entries) = fs::read_dir(place) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|end| ENDINGS.iter().any(|known| end == *known))
        {
            into.push(path);
        }
    }
    Ok(())
}
