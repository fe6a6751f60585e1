//! What a fake host does, step by step.

use std::time::Duration;

/// A step of an answer. After the last one the connection waits for the next request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say {
    /// These bytes, at once.
    Bytes(Vec<u8>),
    /// Nothing for a while.
    Pause(Duration),
    /// Nothing, until the client goes away.
    Hold,
    /// The end of the connection.
    Close,
}

impl Say {
    /// A whole answer: status line, length, body.
    pub fn whole(status: &str, media_type: &str, body: impl AsRef<[u8]>) -> Vec<Self> {
        Self::with(status, &[("content-type", media_type)], body)
    }

    /// The same with these headers.
    pub fn with(status: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<Self> {
        let body = body.as_ref();
        let mut bytes = head(status, headers);
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        bytes.extend_from_slice(body);
        vec![Self::Bytes(bytes)]
    }

    /// A whole stream: the head, then each piece by itself, then its end.
    pub fn stream(media_type: &str, pieces: &[impl AsRef<[u8]>]) -> Vec<Self> {
        let mut steps = Self::begun(media_type, pieces);
        steps.push(Self::Bytes(b"0\r\n\r\n".to_vec()));
        steps
    }

    /// A stream that has begun, and whose end is still to be said.
    pub fn begun(media_type: &str, pieces: &[impl AsRef<[u8]>]) -> Vec<Self> {
        let mut bytes = head("200 OK", &[("content-type", media_type)]);
        bytes.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
        let mut steps = vec![Self::Bytes(bytes)];
        for piece in pieces {
            steps.push(Self::piece(piece));
        }
        steps
    }

    /// A piece of a stream.
    pub fn piece(piece: impl AsRef<[u8]>) -> Self {
        let piece = piece.as_ref();
        let mut bytes = format!("{:x}\r\n", piece.len()).into_bytes();
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
        Self::Bytes(bytes)
    }
}

fn head(status: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.into_bytes()
}
