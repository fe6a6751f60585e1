//! Which web addresses may be fetched from: `https:`, and `http:` on this machine only.

use std::net::{Ipv4Addr, Ipv6Addr};

use ureq::http::Uri;

/// Nothing if the address may be used, else why not.
pub(crate) fn check(address: &str) -> Result<(), String> {
    let uri: Uri = address
        .parse()
        .map_err(|_| format!("'{address}' is no address"))?;
    let host = uri.host().unwrap_or_default();
    if host.is_empty() {
        return Err(format!("'{address}' names no host"));
    }
    // It would end up in error messages and records.
    if uri
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return Err("must not contain a user name or password".to_owned());
    }
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if is_loopback(host) => Ok(()),
        Some("http") => Err(format!(
            "'{address}' must be https: http is for this machine only"
        )),
        _ => Err(format!("'{address}' must start with https://")),
    }
}

/// Whether every hop to the address must be encrypted.
pub(crate) fn is_https(address: &str) -> bool {
    address.starts_with("https:")
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in [
            "https://example.com/a",
            "http://localhost:1/a",
            "http://127.9.9.9/",
            "http://[::1]:80/a",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "http://example.com/a",
            "http://127.0.0.1.example.com/a",
            "http://localhost@example.com/",
            "https://user:secret@example.com/",
            "https:///a",
            "/a",
            "ftp://localhost/a",
        ] {
            assert!(check(bad).is_err(), "{bad} was let through");
        }
    }
}
