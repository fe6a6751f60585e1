//! Where a redirect leads, and whether to go there.

use ureq::http::Uri;

use super::super::address;

/// The address that `location` means when it comes from `from`; or why it must not be followed.
pub(super) fn follow(from: &str, location: &str) -> Result<String, String> {
    let next = join(from, location).ok_or_else(|| format!("'{location}' is no address"))?;
    address::check(&next)?;
    if address::is_https(from) && !address::is_https(&next) {
        return Err(format!("'{next}' is not encrypted, and {from} is"));
    }
    Ok(next)
}

/// Whether both are the same server, spoken to in the same way: only then may it see the same secret.
pub(super) fn same_server(one: &str, other: &str) -> bool {
    let server = |address: &str| {
        let uri: Uri = address.parse().ok()?;
        Some((
            uri.scheme_str()?.to_owned(),
            uri.authority()?.as_str().to_ascii_lowercase(),
        ))
    };
    server(one).is_some_and(|one| server(other) == Some(one))
}

fn join(from: &str, location: &str) -> Option<String> {
    let location = location.split('#').next().unwrap_or_default();
    // A colon before any slash ends a scheme; whether it is a good one is not decided here.
    let first = location.split(['/', '?']).next().unwrap_or_default();
    if first.contains(':') {
        return Some(location.to_owned());
    }
    let base: Uri = from.parse().ok()?;
    let (scheme, authority) = (base.scheme_str()?, base.authority()?);
    if location.starts_with("//") {
        return Some(format!("{scheme}:{location}"));
    }
    let directory = match location.starts_with('/') {
        true => "",
        false => base
            .path()
            .rsplit_once('/')
            .map_or("/", |(directory, _)| directory),
    };
    let slash = if location.starts_with('/') { "" } else { "/" };
    Some(format!(
        "{scheme}://{authority}{}{slash}{location}",
        directory.trim_end_matches('/')
    ))
}

#[cfg(test)]
mod tests {
    use super::{follow, same_server};

    #[test]
    fn a_location_is_read_from_where_it_was_found() {
        let from = "https://example.com/a/b?c=d";
        for (location, expected) in [
            ("https://other.example/x?y=z", "https://other.example/x?y=z"),
            ("//other.example/x", "https://other.example/x"),
            ("/x/y", "https://example.com/x/y"),
            ("x", "https://example.com/a/x"),
            ("/x#part", "https://example.com/x"),
        ] {
            assert_eq!(follow(from, location).as_deref(), Ok(expected), "{location}");
        }
        assert_eq!(
            follow("http://localhost:1", "x").as_deref(),
            Ok("http://localhost:1/x")
        );
    }

    #[test]
    fn no_redirect_leads_out_of_encryption_or_to_plain_http_elsewhere() {
        assert!(follow("https://example.com/", "http://localhost/").is_err());
        assert!(follow("https://example.com/", "http://example.com/").is_err());
        assert!(follow("http://localhost/", "http://example.com/").is_err());
        assert!(follow("http://localhost/", "file:///etc/passwd").is_err());
        assert!(follow("http://localhost/", "https://example.com/").is_ok());
    }

    #[test]
    fn another_port_scheme_or_host_is_another_server() {
        assert!(same_server("https://Example.com/a", "https://example.com/b"));
        assert!(!same_server("https://example.com/", "https://example.com:8443/"));
        assert!(!same_server("https://example.com/", "http://example.com/"));
        assert!(!same_server("https://example.com/", "https://cdn.example.com/"));
    }
}
