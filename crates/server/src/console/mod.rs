//! The console: files that were built into the program, so that nothing is read at run time and no
//! path can lead anywhere else.

mod files;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    response::Response,
};
use files::File;

use crate::error;

include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// Shown where the console was not built.
const NOT_BUILT: &File = &File {
    path: "index.html",
    bytes: include_bytes!("not_built.html"),
    gzip: None,
    etag: "\"not-built\"",
};

/// Files whose name changes with their content may be kept for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// All others are asked for again each time, which costs an empty answer.
const ASK_AGAIN: &str = "no-cache";

/// What the console has at a path, if anything. A browser that goes to any other page of ours gets
/// the console, which knows its own pages.
pub(crate) fn at(method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    find(FILES, method, path, headers).map(|file| respond(file, headers))
}

fn find<'a>(files: &'a [File], method: &Method, path: &str, headers: &HeaderMap) -> Option<&'a File> {
    if method != Method::GET && method != Method::HEAD {
        return None;
    }
    let name = path.trim_start_matches('/');
    let file = files.iter().find(|file| file.path == name && !name.is_empty());
    if file.is_some() {
        return file;
    }
    if !(name.is_empty() || is_page(name, headers)) {
        return None;
    }
    Some(
        files
            .iter()
            .find(|file| file.path == "index.html")
            .unwrap_or(NOT_BUILT),
    )
}

/// Whether a browser wants to see a page there: not a file that is missing, and not the API.
fn is_page(name: &str, headers: &HeaderMap) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    let wants = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    wants.contains("text/html") && !last.contains('.') && name != "v1" && !name.starts_with("v1/")
}

fn respond(file: &File, headers: &HeaderMap) -> Response {
    let mut response = if lists(headers, &header::IF_NONE_MATCH, |tag| {
        tag.trim_start_matches("W/") == file.etag
    }) {
        error::not_modified()
    } else {
        whole(file, headers)
    };
    let keep = if file.is_hashed() { FOR_EVER } else { ASK_AGAIN };
    let out = response.headers_mut();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    out.insert(header::ETAG, HeaderValue::from_static(file.etag));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

fn whole(file: &File, headers: &HeaderMap) -> Response {
    // `gzip;q=0` says that it is not wanted; any other weight says that it is.
    let wants_gzip = lists(headers, &header::ACCEPT_ENCODING, |coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim() == "gzip" && weight.trim() != "q=0"
    });
    let gzip = file.gzip.filter(|_| wants_gzip);
    let mut response = Response::new(Body::from(gzip.unwrap_or(file.bytes)));
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type()));
    if gzip.is_some() {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Whether one of a header's values, which are parted by commas, is such.
fn lists(headers: &HeaderMap, name: &HeaderName, is: impl Fn(&str) -> bool) -> bool {
    let values = headers
        .get(name)
        .and_then(|values| values.to_str().ok())
        .unwrap_or_default();
    values.split(',').any(|value| is(value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT: &[File] = &[
        File {
            path: "assets/index-DiwrgTda.js",
            bytes: b"js",
            gzip: Some(b"small"),
            etag: "\"1\"",
        },
        File {
            path: "favicon.svg",
            bytes: b"<svg/>",
            gzip: None,
            etag: "\"2\"",
        },
        File {
            path: "index.html",
            bytes: b"<html>",
            gzip: None,
            etag: "\"3\"",
        },
    ];

    fn browser() -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("text/html,*/*;q=0.8"))])
    }

    #[track_caller]
    fn check(path: &str, headers: &HeaderMap, found: Option<&str>) {
        let file = find(BUILT, &Method::GET, path, headers);
        assert_eq!(file.map(|file| file.path), found, "{path}");
    }

    #[test]
    fn files_are_found_by_their_path_alone() {
        check(
            "/assets/index-DiwrgTda.js",
            &HeaderMap::new(),
            Some("assets/index-DiwrgTda.js"),
        );
        check("/favicon.svg", &HeaderMap::new(), Some("favicon.svg"));
        check("/", &HeaderMap::new(), Some("index.html"));
        for outside in [
            "/../Cargo.toml",
            "/assets/../../x",
            "/assets",
            "/assets/missing.js",
            "//etc/passwd",
        ] {
            check(outside, &HeaderMap::new(), None);
        }
    }

    #[test]
    fn a_browser_gets_the_console_at_pages_that_only_the_console_knows() {
        check("/race", &browser(), Some("index.html"));
        check("/race", &HeaderMap::new(), None);
        check("/assets/missing.js", &browser(), None);
        check("/v1/nothing", &browser(), None);
        assert!(find(BUILT, &Method::POST, "/", &browser()).is_none());
    }

    #[test]
    fn a_console_that_was_not_built_says_how_to_build_it() {
        let page = find(&[], &Method::GET, "/", &browser()).unwrap();
        assert!(std::str::from_utf8(page.bytes).unwrap().contains("make build"));
    }

    #[test]
    fn only_files_with_a_hash_in_their_name_are_kept_for_ever() {
        let kept = |file: &File| respond(file, &HeaderMap::new()).headers()[header::CACHE_CONTROL].clone();
        assert_eq!(kept(&BUILT[0]), FOR_EVER);
        assert_eq!(kept(&BUILT[1]), ASK_AGAIN);
        assert_eq!(kept(&BUILT[2]), ASK_AGAIN);
    }

    #[test]
    fn a_file_that_the_browser_has_is_not_sent_again() {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"9\", W/\"3\""));
        assert_eq!(respond(&BUILT[2], &headers).status().as_u16(), 304);
        assert_eq!(respond(&BUILT[1], &headers).status().as_u16(), 200);
    }

    #[test]
    fn a_browser_that_can_unpack_gets_the_small_one() {
        let coding = |accepted: &'static str, file: &File| {
            let accepts = (header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            let response = respond(file, &HeaderMap::from_iter([accepts]));
            response.headers().get(header::CONTENT_ENCODING).cloned()
        };
        assert_eq!(
            coding("br, gzip", &BUILT[0]),
            Some(HeaderValue::from_static("gzip"))
        );
        assert_eq!(
            coding("gzip;q=0.5", &BUILT[0]),
            Some(HeaderValue::from_static("gzip"))
        );
        assert_eq!(coding("gzip;q=0, br", &BUILT[0]), None);
        assert_eq!(coding("identity", &BUILT[0]), None);
        assert_eq!(coding("gzip", &BUILT[1]), None);
    }
}
