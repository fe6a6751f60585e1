//! The one place where a GGUF file is opened for a look.

use std::{fs::File, path::Path};

use busbar_core::{Error, ErrorKind, Result};

use super::{GgufInfo, inspect};

/// Looks at the file at this path.
///
/// # Errors
/// `Unavailable`, naming the file and what is wrong with it.
pub fn check_file(path: &Path) -> Result<GgufInfo> {
    let named = |reason: &dyn std::fmt::Display| {
        Error::new(
            ErrorKind::Unavailable,
            format!("the model file `{}` cannot be used: {reason}", path.display()),
        )
        .with_code("bad_model_file")
    };
    let file = File::open(path).map_err(|error| named(&error).with_source(error))?;
    inspect(file).map_err(|error| named(&error).with_source(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_or_no_model_is_named() {
        let missing = check_file(Path::new("/nowhere/model.gguf")).unwrap_err();
        assert!(missing.message().contains("/nowhere/model.gguf"), "{missing}");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let error = check_file(&source).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains("does not begin with `GGUF`"), "{error}");
    }
}
