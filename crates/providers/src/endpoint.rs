//! Where a host is: an address to which paths are added, segment by segment. What is within a segment
//! never makes another: a model's name cannot choose the path.

use http::Uri;

/// The address of a host: `https://api.example.com/v1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// Reads an address.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn new(address: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            Err(format!(
                "`{address}` {why}; write https://host or https://host/path"
            ))
        };
        let Ok(uri) = address.parse::<Uri>() else {
            return wrong("is no address");
        };
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return wrong("does not begin with http:// or https://");
        }
        if uri.host().is_none_or(str::is_empty) {
            return wrong("names no host");
        }
        // Not repeated: who writes a password here does not want it in a log.
        if uri.authority().is_some_and(|whole| whole.as_str().contains('@')) {
            return Err("has a user name or password in it; keys have a setting of their own".into());
        }
        if uri.query().is_some() {
            return wrong("has a query");
        }
        Ok(Self(address.trim_end_matches('/').to_owned()))
    }

    /// The address with these segments after it, each escaped, and perhaps a query.
    ///
    /// # Errors
    /// A sentence where a segment is empty or would be read as a way upwards.
    pub fn join(&self, segments: &[&str], query: Option<&str>) -> Result<Uri, String> {
        let mut address = self.0.clone();
        for segment in segments {
            if matches!(*segment, "" | "." | "..") {
                return Err(format!("`{segment}` cannot be a part of an address"));
            }
            address.push('/');
            escape(segment, &mut address);
        }
        if let Some(query) = query {
            address.push('?');
            address.push_str(query);
        }
        address.parse().map_err(|_| format!("`{address}` is no address"))
    }
}

/// What stands for a text within an address.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    escape(text, &mut out);
    out
}

/// Everything but RFC 3986's unreserved characters is escaped, slashes, dots' neighbours and percent
/// signs too: what the host decodes is the segment as it was given.
fn escape(segment: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
            continue;
        }
        out.push('%');
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(model: &str, path: &str) {
        let endpoint = Endpoint::new("https://h/base/").unwrap();
        let uri = endpoint.join(&["model", model, "converse"], None).unwrap();
        assert_eq!(uri.path(), format!("/base/model/{path}/converse"));
        assert_eq!(uri.query(), None);
    }

    #[test]
    fn a_models_name_never_chooses_the_path() {
        check("claude-3:0", "claude-3%3A0");
        check("../../admin", "..%2F..%2Fadmin");
        check("..%2f..%2fadmin", "..%252f..%252fadmin");
        check("a/b?c#d", "a%2Fb%3Fc%23d");
        check("a\r\nHost: x", "a%0D%0AHost%3A%20x");
        check("\\..\\", "%5C..%5C");
        check("é", "%C3%A9");
        check(
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x-v1:0",
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.x-v1%3A0",
        );
    }

    #[test]
    fn a_segment_that_is_a_way_upwards_is_refused() {
        let endpoint = Endpoint::new("https://h").unwrap();
        for segment in ["", ".", ".."] {
            assert!(endpoint.join(&[segment], None).is_err(), "{segment:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_and_a_password_not_repeated() {
        for wrong in [
            "",
            "h:80",
            "ftp://h",
            "https://",
            "https://h/?a=b",
            "not an address",
        ] {
            assert!(Endpoint::new(wrong).is_err(), "{wrong:?}");
        }
        let told = Endpoint::new("https://me:secret@h").unwrap_err();
        assert!(!told.contains("secret"));
    }
}
