//! An address as a client writes it, read the way browsers read it: `http://2130706433/` and
//! `http://127.1/` are what they are.

use std::net::IpAddr;

use http::Uri;
use url::{Host, Url};

use crate::Failure;

/// Longer ones are no addresses of pictures.
const LONGEST: usize = 8192;

/// An address of the web.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    host: String,
}

impl Target {
    /// Reads an address.
    ///
    /// # Errors
    /// `Invalid`, saying what is wrong; the address is not repeated: it may have a key in it.
    pub fn read(text: &str) -> Result<Self, Failure> {
        if text.len() > LONGEST {
            return Err(Failure::Invalid("is longer than an address may be"));
        }
        let url = Url::parse(text.trim())
            .map_err(|_| Failure::Invalid("is no address; write https://host/path"))?;
        Self::of(url)
    }

    /// Where this address leads on to.
    ///
    /// # Errors
    /// As [`Target::read`].
    pub fn join(&self, location: &str) -> Result<Self, Failure> {
        if location.len() > LONGEST {
            return Err(Failure::Invalid("leads to an address longer than one may be"));
        }
        let url = self.url.join(location);
        Self::of(url.map_err(|_| Failure::Invalid("leads to something that is no address"))?)
    }

    fn of(mut url: Url) -> Result<Self, Failure> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::Invalid("must begin with https:// or http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Failure::Invalid(
                "has a user name or password in it, and must have none",
            ));
        }
        // Not for the host.
        url.set_fragment(None);
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err(Failure::Invalid("names no host")),
        };
        Ok(Self { url, host })
    }

    /// The host's name in small letters, or its address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        // Both schemes have one.
        self.url.port_or_known_default().unwrap_or(0)
    }

    /// Whether it is to be spoken to by TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host's address, where it has no name.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self.url.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }

    /// What stands in the `host` header.
    pub(crate) fn authority(&self) -> &str {
        // A password was refused.
        self.url.authority()
    }

    /// What is asked for there.
    pub(crate) fn path_and_query(&self) -> Result<Uri, Failure> {
        let mut text = self.url.path().to_owned();
        if let Some(query) = self.url.query() {
            text.push('?');
            text.push_str(query);
        }
        text.parse()
            .map_err(|_| Failure::Invalid("has letters in it that an address may not have"))
    }
}

/// Addresses of clients may have keys in them.
impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Target")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, host: &str, port: u16) {
        let target = Target::read(text).unwrap();
        assert_eq!((target.host(), target.port()), (host, port), "{text}");
    }

    #[test]
    fn hosts_are_what_a_browser_takes_them_for() {
        check("https://Example.com/cat.jpg#left", "example.com", 443);
        check("http://example.com.:8080", "example.com.", 8080);
        for loopback in [
            "http://2130706433/",
            "http://0x7f.1/",
            "http://127.1/",
            "http://0177.0.0.1/",
            "http://127.0.0.1./",
            "http://①②⑦.0.0.1/",
            "http://127。0。0。1/",
        ] {
            check(loopback, "127.0.0.1", 80);
        }
        check("http://[::ffff:7f00:1]/", "::ffff:127.0.0.1", 80);
        check("http:\\\\example.com\\a", "example.com", 80);
        check("http:/example.com", "example.com", 80);
    }

    #[test]
    fn what_is_no_address_of_the_web_is_refused_and_never_repeated() {
        for wrong in [
            "",
            "cat.jpg",
            "//example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "javascript:alert(1)",
            "data:image/png;base64,AA",
            "https://",
            "https://user@example.com/",
            "https://user:secret@example.com/",
            "https://:secret@example.com/",
            "http://[::1",
            "http://exa mple.com/",
            "http://1.2.3.4.5/",
            "http://300.1.1.1/",
            "unix:///run/docker.sock",
            "https://example.com:99999/",
        ] {
            let failure = Target::read(wrong).unwrap_err();
            assert!(!format!("{failure:?} {failure}").contains("secret"), "{wrong}");
        }
        assert!(Target::read(&format!("https://a/{}", "a".repeat(LONGEST))).is_err());
    }

    #[test]
    fn it_leads_on_as_a_link_does() {
        let start = Target::read("https://a.example/x/y?q=1").unwrap();
        let to = |location: &str| start.join(location).map(|to| to.url.to_string()).ok();
        assert_eq!(to("z").as_deref(), Some("https://a.example/x/z"));
        assert_eq!(to("/z?a=b#c").as_deref(), Some("https://a.example/z?a=b"));
        assert_eq!(to("//b.example/").as_deref(), Some("https://b.example/"));
        assert_eq!(to("http://127.1/").as_deref(), Some("http://127.0.0.1/"));
        assert_eq!(
            (to("file:///etc/passwd"), to("https://me:you@b.example/")),
            (None, None)
        );
    }

    #[test]
    fn a_line_break_cannot_make_another_header() {
        let target = Target::read("http://a.example/a\r\nhost: b\r\n\r\n?x=\n").unwrap();
        assert_eq!(target.authority(), "a.example");
        let asked = target.path_and_query().unwrap().to_string();
        assert!(!asked.contains(['\r', '\n', ' ']), "{asked}");
    }
}
