//! The heads of requests and answers in HTTP/1.1, as bytes.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version,
    header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING},
    request,
};

use super::extent::{Chunks, Extent, Malformed};
use crate::status;

/// More headers than any host sends.
const MOST_HEADERS: usize = 100;

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Where its body ends.
    pub(super) extent: Extent,
    /// Whether its connection may carry another request.
    pub(super) keeps: bool,
}

/// The head of a request whose body has that length, as it is written on a connection to its host.
pub(super) fn write(request: &request::Parts, length: usize) -> Vec<u8> {
    let mut head = Vec::with_capacity(512);
    let mut say = |pieces: &[&[u8]]| pieces.iter().for_each(|piece| head.extend_from_slice(piece));
    let path = request.uri.path_and_query().map_or("/", |path| path.as_str());
    say(&[
        request.method.as_str().as_bytes(),
        b" ",
        path.as_bytes(),
        b" HTTP/1.1\r\n",
    ]);
    if !request.headers.contains_key(HOST) {
        say(&[b"host: ", host(&request.uri).as_bytes(), b"\r\n"]);
    }
    for (name, value) in &request.headers {
        say(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
    }
    let says_length = length > 0 || matches!(request.method, Method::POST | Method::PUT | Method::PATCH);
    if says_length && !request.headers.contains_key(CONTENT_LENGTH) {
        say(&[b"content-length: ", length.to_string().as_bytes(), b"\r\n"]);
    }
    say(&[b"\r\n"]);
    head
}

/// The host as a header says it: without who we are there.
fn host(uri: &Uri) -> &str {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    authority.rsplit('@').next().unwrap_or_default()
}

/// Reads the head that these bytes begin with, and how long it is. `None` while it is not whole.
pub(super) fn read(bytes: &[u8], method: &Method) -> Result<Option<(Head, usize)>, Malformed> {
    let mut from = 0;
    loop {
        let Some((head, length)) = read_one(&bytes[from..], method)? else {
            return Ok(None);
        };
        from += length;
        // What a host says on the way to its answer is none.
        if !status::is_interim(head.status) {
            return Ok(Some((head, from)));
        }
    }
}

fn read_one(bytes: &[u8], method: &Method) -> Result<Option<(Head, usize)>, Malformed> {
    let mut room = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut parsed = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    let length = match config.parse_response_with_uninit_headers(&mut parsed, bytes, &mut room) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(Malformed("the head of an answer cannot be read")),
    };
    let status = parsed.code.and_then(status::read);
    let status = status.ok_or(Malformed("a status that is none"))?;
    let version = match parsed.version {
        Some(1) => Version::HTTP_11,
        _ => Version::HTTP_10,
    };
    // One piece of memory for all values.
    let whole = Bytes::copy_from_slice(&bytes[..length]);
    let mut headers = HeaderMap::with_capacity(parsed.headers.len());
    for header in parsed.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let start = header.value.as_ptr().addr() - bytes.as_ptr().addr();
        let value = HeaderValue::from_maybe_shared(whole.slice(start..start + header.value.len()));
        match (name, value) {
            (Ok(name), Ok(value)) => headers.append(name, value),
            _ => return Err(Malformed("a header that is none")),
        };
    }
    let extent = match status::has_no_body(status, method) {
        true => Extent::NONE,
        false => extent(&headers, version)?,
    };
    let head = Head {
        keeps: keeps(&headers, version) && !matches!(extent, Extent::Connection),
        status,
        headers,
        extent,
    };
    Ok(Some((head, length)))
}

fn extent(headers: &HeaderMap, version: Version) -> Result<Extent, Malformed> {
    if let Some(last) = headers.get_all(TRANSFER_ENCODING).iter().next_back() {
        if version == Version::HTTP_10 {
            return Err(Malformed("an old answer with a new encoding"));
        }
        let last = last.as_bytes().rsplit(|byte| *byte == b',').next();
        let is_chunked = last.is_some_and(|last| last.trim_ascii().eq_ignore_ascii_case(b"chunked"));
        return Ok(match is_chunked {
            true => Extent::Chunks(Chunks::default()),
            false => Extent::Connection,
        });
    }
    let mut length = None;
    for said in tokens(headers, &CONTENT_LENGTH) {
        let digits = said.iter().all(u8::is_ascii_digit);
        let said = std::str::from_utf8(said).ok().filter(|_| digits);
        let said: u64 = said
            .and_then(|said| said.parse().ok())
            .ok_or(Malformed("a length that is none"))?;
        if length.is_some_and(|length| length != said) {
            return Err(Malformed("two lengths"));
        }
        length = Some(said);
    }
    Ok(length.map_or(Extent::Connection, Extent::Length))
}

fn keeps(headers: &HeaderMap, version: Version) -> bool {
    let says = |word: &[u8]| tokens(headers, &CONNECTION).any(|said| said.eq_ignore_ascii_case(word));
    // With both, nobody knows where the body ends for whoever stands between.
    let is_clear = !(headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH));
    is_clear && !says(b"close") && (version == Version::HTTP_11 || says(b"keep-alive"))
}

/// What a header lists, however often it is there.
fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    let values = headers.get_all(name).into_iter();
    values.flat_map(|value| {
        value
            .as_bytes()
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        read(text.as_bytes(), &Method::POST).unwrap().unwrap().0
    }

    #[test]
    fn a_head_is_none_until_it_is_whole_and_ends_where_it_ends() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\nX-A: b\r\n\r\nhello";
        let end = text.len() - 5;
        for length in 0..end {
            assert!(read(&text.as_bytes()[..length], &Method::POST).unwrap().is_none());
        }
        let (head, length) = read(text.as_bytes(), &Method::POST).unwrap().unwrap();
        assert_eq!((length, head.headers["x-a"].as_bytes()), (end, &b"b"[..]));
        assert!(head.keeps && matches!(head.extent, Extent::Length(5)));
    }

    #[test]
    fn where_a_body_ends_is_what_its_head_says() {
        let extent = |more: &str| format!("{:?}", head(&format!("HTTP/1.1 200 OK\r\n{more}\r\n")).extent);
        assert_eq!(
            extent("content-length: 7, 7\r\ncontent-length: 7\r\n"),
            "Length(7)"
        );
        assert!(extent("transfer-encoding: Chunked\r\n").starts_with("Chunks"));
        assert!(
            extent("transfer-encoding: gzip\r\ntransfer-encoding: gzip, chunked\r\n").starts_with("Chunks")
        );
        assert_eq!(extent("transfer-encoding: chunked, gzip\r\n"), "Connection");
        assert_eq!(extent(""), "Connection");
        let empty = head("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n");
        assert!(empty.extent.is_over());
        let of_head = read(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", &Method::HEAD);
        assert!(of_head.unwrap().unwrap().0.extent.is_over());
    }

    #[test]
    fn a_connection_is_kept_where_both_sides_know_that_it_can_be() {
        let keeps = |version: &str, more: &str| {
            head(&format!(
                "HTTP/{version} 200 OK\r\ncontent-length: 0\r\n{more}\r\n"
            ))
            .keeps
        };
        assert!(keeps("1.1", ""));
        assert!(!keeps("1.1", "connection: x, Close\r\n"));
        assert!(!keeps("1.1", "connection: close\r\nconnection: keep-alive\r\n"));
        assert!(!keeps("1.1", "transfer-encoding: chunked\r\n"));
        assert!(!keeps("1.0", ""));
        assert!(keeps("1.0", "connection: Keep-Alive\r\n"));
        assert!(!head("HTTP/1.1 200 OK\r\n\r\n").keeps);
    }

    #[test]
    fn what_is_no_head_is_refused() {
        for text in [
            "hello\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 099 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: \0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: \r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5, 6\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
            "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        ] {
            assert!(read(text.as_bytes(), &Method::POST).is_err(), "{text}");
        }
        let many = "a: b\r\n".repeat(MOST_HEADERS + 1);
        assert!(read(format!("HTTP/1.1 200 OK\r\n{many}\r\n").as_bytes(), &Method::POST).is_err());
    }

    #[test]
    fn a_request_says_its_length_once_and_not_who_we_are() {
        let request = http::Request::post("http://me:secret@host:81/a?b=c").header("x-a", "b");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let written = String::from_utf8(write(&parts, 7)).unwrap();
        assert_eq!(
            written,
            "POST /a?b=c HTTP/1.1\r\nhost: host:81\r\nx-a: b\r\ncontent-length: 7\r\n\r\n"
        );
        let request = http::Request::get("http://host").header("host", "other");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(write(&parts, 0), b"GET / HTTP/1.1\r\nhost: other\r\n\r\n");
    }
}
