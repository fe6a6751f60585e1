//! What every answer tells browsers about safety.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::Server;

/// Scripts, styles and pictures come from us, from files of their own. A WebSocket to our own host
/// is `'self'` too (CSP level 3). `data:` and `blob:` pictures are what exports and icons are.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; object-src 'none'; img-src 'self' data: blob:";

/// A year: what browsers' preload lists ask for at least.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=31536000; includeSubDomains";

const FIXED: [(HeaderName, HeaderValue); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONTENT_SECURITY_POLICY),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        // The console's own pages take pictures to look at; nobody else's pages get to.
        HeaderValue::from_static("camera=(self), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];

/// Adds them.
pub(super) fn add(headers: &mut HeaderMap, server: &Server) {
    for (name, value) in FIXED {
        headers.insert(name, value);
    }
    // Pictures of jobs may lie elsewhere.
    let from = server.pictures().ok().and_then(|pictures| pictures.from.as_ref());
    if let Some(from) = from
        && let Ok(value) = HeaderValue::from_str(&format!("{CONTENT_SECURITY_POLICY} {from}"))
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    if server.settings().https {
        let value = HeaderValue::from_static(STRICT_TRANSPORT_SECURITY);
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
}
