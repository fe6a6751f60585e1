//! Embeds the console: every file of `console/dist` becomes a row of a table that is compiled in.
//! Text is compressed beside it, here once rather than at every request. Where the console was not
//! built, the table is empty and the server says so.

use flate2::{Compression, write::GzEncoder};
use std::{
    collections::hash_map::DefaultHasher,
    env,
    fmt::Write as _,
    fs,
    hash::{Hash as _, Hasher as _},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let dist = root.join("../../console/dist");
    // Cargo watches a folder that is there; one that is missing would have this run at every build.
    if fs::create_dir_all(&dist).is_ok() {
        println!("cargo:rerun-if-changed={}", dist.display());
    }
    let copies = out.join("console");
    if copies.exists() {
        fs::remove_dir_all(&copies)?;
    }
    fs::create_dir_all(&copies)?;
    let mut files = Vec::new();
    collect(&dist, &mut files)?;
    files.sort();
    let mut table = String::from("static FILES: &[File] = &[\n");
    for file in &files {
        row(&dist, &copies, file, &mut table)?;
    }
    table.push_str("];\n");
    fs::write(out.join("console.rs"), table)
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, into)?;
        } else {
            into.push(path);
        }
    }
    Ok(())
}

fn row(dist: &Path, out: &Path, file: &Path, table: &mut String) -> io::Result<()> {
    let name = file.strip_prefix(dist).map_err(io::Error::other)?;
    // On Windows too, paths in addresses have slashes.
    let name = name
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/");
    let content = fs::read(file)?;
    let mut hash = DefaultHasher::new();
    content.hash(&mut hash);
    let hash = hash.finish();
    // A copy, so that a console that is built anew meanwhile takes nothing away from under the compiler.
    let copy = out.join(format!("{hash:016x}"));
    fs::write(&copy, &content)?;
    let gzip = match compress(&content)? {
        // Pictures and fonts are compressed already.
        small if small.len() * 10 > content.len() * 9 => "None".to_owned(),
        small => {
            let path = copy.with_extension("gz");
            fs::write(&path, small)?;
            format!("Some(include_bytes!({path:?}))")
        }
    };
    writeln!(
        table,
        "    File {{ path: {name:?}, bytes: include_bytes!({copy:?}), gzip: {gzip}, etag: \"\\\"{hash:016x}\\\"\" }},"
    )
    .map_err(io::Error::other)
}

fn compress(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}
