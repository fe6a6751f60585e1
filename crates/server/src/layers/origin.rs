//! Who may speak to us: by which name, and from which web pages. Programs that are no browsers send
//! no `Origin` and are not stopped here.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, Uri, header, request::Parts, uri::Authority},
    response::Response,
};
use busbar_core::{Error, ErrorKind};

use crate::{
    Hosts, Origins, Settings,
    error::{self, Failure},
};

/// What pages of elsewhere may send beside the harmless headers.
const ALLOWED_HEADERS: &str = "authorization, content-type, idempotency-key, last-event-id, x-busbar-resume, \
    x-busbar-timeout-ms, x-request-id";
/// What they may read beside the harmless headers.
const EXPOSED_HEADERS: &str = "location, retry-after, x-busbar-first-chunk-ms, x-busbar-model, \
    x-busbar-tokens-in, x-busbar-tokens-out, x-busbar-tokens-per-second, x-busbar-total-ms, x-request-id";
const ALLOWED_METHODS: &str = "GET, POST, DELETE";

/// Stops those who may not speak to us. The origin of a web page that may, so that its browser is told.
///
/// # Errors
/// Where the request is called by a name that is not ours, or comes from a page that may not make it.
pub(super) fn page(settings: &Settings, request: &Request) -> Result<Option<HeaderValue>, Failure> {
    check_host(settings, request)?;
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return Ok(None);
    };
    if is_allowed(&settings.origins, origin) {
        return Ok(Some(origin.clone()));
    }
    if is_foreign(request.headers(), request.uri(), origin) && settings.hosts == Hosts::Loopback {
        return Err(Failure::forbidden(foreign()));
    }
    // Elsewhere than on loopback the browser's own rules decide: no header, no reading.
    Ok(None)
}

/// Whether a browser asks what the page may do, before it does it.
pub(super) fn asks_first(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Refuses a web page of elsewhere that wants a WebSocket: browsers themselves do not stop it.
///
/// # Errors
/// Where the page is neither ours nor allowed.
pub(crate) fn may_connect(settings: &Settings, request: &Request) -> Result<(), Failure> {
    match request.headers().get(header::ORIGIN) {
        Some(origin)
            if !is_allowed(&settings.origins, origin)
                && is_foreign(request.headers(), request.uri(), origin) =>
        {
            Err(Failure::forbidden(foreign()))
        }
        _ => Ok(()),
    }
}

/// Whether a request was sent by a web page of elsewhere, allowed or not.
pub(crate) fn is_of_foreign_page(parts: &Parts) -> bool {
    let origin = parts.headers.get(header::ORIGIN);
    origin.is_some_and(|origin| is_foreign(&parts.headers, &parts.uri, origin))
}

/// Whether whoever sent this called us by a name that means this machine and nobody else.
pub(crate) fn is_called_this_machine(parts: &Parts) -> bool {
    called(&parts.headers, &parts.uri).is_some_and(is_this_machine)
}

fn is_this_machine(host: &str) -> bool {
    is_loopback(name(host))
}

/// The name that we were called by.
fn called<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let sent = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    // HTTP/2 has no `Host`, it has an authority.
    sent.or_else(|| uri.authority().map(Authority::as_str))
}

fn check_host(settings: &Settings, request: &Request) -> Result<(), Failure> {
    if settings.hosts == Hosts::Any {
        return Ok(());
    }
    if called(request.headers(), request.uri()).is_none_or(is_this_machine) {
        return Ok(());
    }
    let message = "this server listens for this machine only and is called `localhost`; \
        `server.any_host` lets it be called otherwise";
    Err(Failure::forbidden(
        Error::new(ErrorKind::Invalid, message)
            .with_param("host")
            .with_code("host_not_allowed"),
    ))
}

/// `[::1]:8080` → `::1`, `localhost:8080` → `localhost`.
fn name(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    host.split(':').next().unwrap_or_default()
}

fn is_loopback(name: &str) -> bool {
    if let Ok(address) = name.parse::<std::net::IpAddr>() {
        return address.is_loopback();
    }
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    // RFC 6761: nobody but this machine answers for names under `localhost`.
    name == "localhost" || name.ends_with(".localhost")
}

fn is_allowed(origins: &Origins, origin: &HeaderValue) -> bool {
    match origins {
        Origins::None => false,
        Origins::Any => true,
        Origins::These(these) => these.iter().any(|one| one.as_bytes() == origin.as_bytes()),
    }
}

/// Whether the page is not one of ours.
fn is_foreign(headers: &HeaderMap, uri: &Uri, origin: &HeaderValue) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    // A browser says this of its own, and a page cannot make it lie.
    if site == Some(b"same-origin") {
        return false;
    }
    let page = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, host)| host);
    page.is_none() || page != called(headers, uri)
}

fn foreign() -> Error {
    let message = "web pages of other origins may not call this server; `cors.origins` allows them";
    Error::new(ErrorKind::Invalid, message)
        .with_param("origin")
        .with_code("origin_not_allowed")
}

/// What a page may do.
pub(super) fn preflight(settings: &Settings) -> Response {
    let mut response = error::no_content();
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(ALLOWED_METHODS),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(ALLOWED_HEADERS),
    );
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        settings.origins_max_age.as_secs().into(),
    );
    response
}

/// Tells a browser that its page may read the answer.
pub(super) fn allow(headers: &mut HeaderMap, settings: &Settings, origin: HeaderValue) {
    let allowed = match settings.origins {
        Origins::Any => HeaderValue::from_static("*"),
        // Caches must not give one origin's permission to another.
        Origins::None | Origins::These(_) => {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
            origin
        }
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSED_HEADERS),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_pass_and_names_that_look_like_them_do_not() {
        for ours in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:80",
            "127.9.9.9",
            "[::1]:8080",
            "a.LOCALHOST.",
        ] {
            assert!(is_loopback(name(ours)), "{ours}");
        }
        for theirs in [
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "[::2]",
            "10.0.0.1",
            "",
        ] {
            assert!(!is_loopback(name(theirs)), "{theirs}");
        }
    }
}
