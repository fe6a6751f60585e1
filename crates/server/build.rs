//! Embeds the console: every file of `console/dist` becomes a row of a table that is compiled in.
//! Where the console was not built, the table is empty and the server says so.

use std::{
    collections::hash_map::DefaultHasher,
    env,
    fmt::Write as _,
    fs,
    hash::{Hash as _, Hasher as _},
    io,
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
    let mut files = Vec::new();
    collect(&dist, &mut files)?;
    files.sort();
    let mut table = String::from("static FILES: &[File] = &[\n");
    for file in &files {
        row(&dist, file, &mut table)?;
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

fn row(dist: &Path, file: &Path, table: &mut String) -> io::Result<()> {
    let name = file.strip_prefix(dist).map_err(io::Error::other)?;
    // On Windows too, paths in addresses have slashes.
    let name = name
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/");
    let mut hash = DefaultHasher::new();
    fs::read(file)?.hash(&mut hash);
    let (path, hash) = (file.canonicalize()?, hash.finish());
    writeln!(
        table,
        "    File {{ path: {name:?}, bytes: include_bytes!({path:?}), etag: \"\\\"{hash:016x}\\\"\" }},"
    )
    .map_err(io::Error::other)
}
