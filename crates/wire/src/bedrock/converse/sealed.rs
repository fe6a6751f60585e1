//! Thoughts that only the model can read. Here they are bytes in base64; with other hosts they are any
//! text, and that text must come back as it was.

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// Before the text of a thought that was no base64.
const TEXT: &[u8] = b"text:";

/// A sealed thought as the format has it.
pub(super) fn write(sealed: &str) -> String {
    let reads_as_itself = BASE64_STANDARD
        .decode(sealed)
        .is_ok_and(|bytes| !bytes.starts_with(TEXT));
    if reads_as_itself {
        return sealed.to_owned();
    }
    BASE64_STANDARD.encode([TEXT, sealed.as_bytes()].concat())
}

/// The sealed thought that this means.
pub(super) fn read(redacted: String) -> String {
    let decoded = BASE64_STANDARD.decode(&redacted).unwrap_or_default();
    let text = decoded.strip_prefix(TEXT).map(<[u8]>::to_vec);
    text.and_then(|text| String::from_utf8(text).ok())
        .unwrap_or(redacted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_back() {
        for sealed in ["", "AAAA", "not base64!", "dGV4dDphYmM=", "AAA"] {
            assert_eq!(read(write(sealed)), sealed);
        }
        assert_eq!(write("AAAA"), "AAAA");
    }
}
