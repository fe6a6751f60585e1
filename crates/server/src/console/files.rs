//! A file of the console.

/// A file of the console.
pub(super) struct File {
    /// Where it is, without a slash before it.
    pub(super) path: &'static str,
    /// What is in it.
    pub(super) bytes: &'static [u8],
    /// The same compressed, where that is worth while.
    pub(super) gzip: Option<&'static [u8]>,
    /// Changes with its content.
    pub(super) etag: &'static str,
}

impl File {
    /// What its name's end says that it is. Browsers are told not to guess, so it has to be right.
    pub(super) fn media_type(&self) -> &'static str {
        let end = self.path.rsplit_once('.').map_or("", |(_, end)| end);
        match end {
            "css" => "text/css; charset=utf-8",
            "html" => "text/html; charset=utf-8",
            "ico" => "image/x-icon",
            "jpg" | "jpeg" => "image/jpeg",
            "js" | "mjs" => "text/javascript; charset=utf-8",
            "json" | "map" => "application/json",
            "png" => "image/png",
            "svg" => "image/svg+xml",
            "txt" => "text/plain; charset=utf-8",
            "wasm" => "application/wasm",
            "webmanifest" => "application/manifest+json",
            "webp" => "image/webp",
            "woff2" => "font/woff2",
            _ => "application/octet-stream",
        }
    }

    /// Whether its name has its content's hash in it, as the build gives to everything in `assets`:
    /// `assets/index-DiwrgTda.js`.
    pub(super) fn is_hashed(&self) -> bool {
        let Some(name) = self.path.strip_prefix("assets/") else {
            return false;
        };
        let stem = name.split('.').next().unwrap_or_default();
        stem.len() > 8 && stem.as_bytes()[stem.len() - 9] == b'-'
    }
}
