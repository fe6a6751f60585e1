//! Where the models that tests ask questions of are.

use std::path::PathBuf;

use busbar_catalog::{Cancel, Catalog, Silent, Store};

/// The default model: follows instructions.
pub(crate) const SMOLLM2: &str = "smollm2-135m-instruct";
/// A base model with another tokeniser, a sliding window and other quantisations.
pub(crate) const GEMMA: &str = "gemma-3-270m";

/// Where a model's file is. Pulled if it is not here yet, as `busbar models pull` does.
pub(crate) fn model_file(name: &str) -> PathBuf {
    let home = std::env::var_os("BUSBAR_HOME").map_or_else(default_home, PathBuf::from);
    let catalog = Catalog::builtin().expect("the catalog is right");
    let entry = catalog.entry(name).expect("the catalog knows the test models");
    Store::new(home)
        .pull(entry, &Silent, &Cancel::new())
        .expect("the model can be pulled")
}

fn default_home() -> PathBuf {
    let home = PathBuf::from(std::env::var_os("HOME").expect("there is a home directory"));
    if cfg!(target_os = "macos") {
        return home.join("Library/Application Support/busbar");
    }
    std::env::var_os("XDG_DATA_HOME")
        .map_or_else(|| home.join(".local/share"), PathBuf::from)
        .join("busbar")
}
