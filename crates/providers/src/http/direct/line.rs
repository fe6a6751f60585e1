//! One connection in clear. Nothing is kept for it between two pieces: what comes is read into the stack
//! of whoever looks, and leaves it in a piece of memory of its own length.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use bytes::Bytes;
use http::Method;
use tokio::{
    io::{AsyncRead as _, AsyncWrite as _, ReadBuf},
    net::TcpStream,
};

use super::{
    extent::Malformed,
    head::{self, Head},
};

/// What is read at once.
const ROOM: usize = 16 << 10;
/// A longer head is not read.
const MOST_OF_A_HEAD: usize = 256 << 10;

/// Why an exchange failed, in the words of whoever knows.
pub(in crate::http) type Why = Box<dyn std::error::Error + Send + Sync>;

/// A connection.
#[derive(Debug)]
pub(super) struct Line(TcpStream);

/// A request on its way.
#[derive(Debug)]
pub(super) struct Sending {
    head: Vec<u8>,
    body: Bytes,
    sent: usize,
}

/// An answer that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) head: Head,
    /// What came of its body with the head.
    pub(super) body: Vec<u8>,
    /// Whether more came than belongs to it.
    pub(super) is_too_much: bool,
}

/// No answer.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) why: Why,
    /// Whether the host cannot have heard anything.
    pub(super) is_unsent: bool,
}

impl Sending {
    pub(super) fn new(head: Vec<u8>, body: Bytes) -> Self {
        Self { head, body, sent: 0 }
    }

    pub(super) fn is_over(&self) -> bool {
        self.sent == self.head.len() + self.body.len()
    }
}

impl Line {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self(stream)
    }

    /// Whether it can take a request: while it waits, nothing comes and it does not end.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut room = [MaybeUninit::uninit(); 1];
        let mut read = ReadBuf::uninit(&mut room);
        let mut nobody = Context::from_waker(Waker::noop());
        Pin::new(&mut self.0)
            .poll_read(&mut nobody, &mut read)
            .is_pending()
    }

    /// Writes what can be written. Ready once all is.
    pub(super) fn poll_send(
        &mut self,
        sending: &mut Sending,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !sending.is_over() {
            let of_head = sending.sent.min(sending.head.len());
            let of_body = sending.sent - of_head;
            let rest = [
                IoSlice::new(&sending.head[of_head..]),
                IoSlice::new(&sending.body[of_body..]),
            ];
            match ready!(Pin::new(&mut self.0).poll_write_vectored(context, &rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => sending.sent += written,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Gives what comes to `take`; nothing means that the connection has ended.
    pub(super) fn poll_read<T>(
        &mut self,
        context: &mut Context<'_>,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Poll<io::Result<T>> {
        let mut room = [MaybeUninit::uninit(); ROOM];
        let mut read = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.0).poll_read(context, &mut read))?;
        Poll::Ready(Ok(take(read.filled())))
    }

    /// Sends a request, and waits for the head of its answer, which may come before all is sent.
    pub(super) async fn ask(&mut self, sending: &mut Sending, method: &Method) -> Result<Begun, Refused> {
        let mut come = Vec::new();
        let mut unwritten = None;
        poll_fn(|context| {
            if unwritten.is_none()
                && let Poll::Ready(Err(error)) = self.poll_send(sending, context)
            {
                // A host that has heard enough may have answered before it closed.
                unwritten = Some(error);
            }
            loop {
                let read = ready!(self.poll_read(context, |read| match read.is_empty() {
                    true => Err(closed()),
                    false => begun(&mut come, read, method),
                }));
                return Poll::Ready(match read.map_err(Why::from).flatten() {
                    Ok(None) => continue,
                    Ok(Some(begun)) => Ok(begun),
                    Err(why) => Err(Refused {
                        why: unwritten.take().map_or(why, Why::from),
                        is_unsent: sending.sent == 0,
                    }),
                });
            }
        })
        .await
    }
}

/// The beginning of an answer, once its head is whole: `come` is what was read of it before.
fn begun(come: &mut Vec<u8>, read: &[u8], method: &Method) -> Result<Option<Begun>, Why> {
    let mut bytes = read;
    if !come.is_empty() {
        come.extend_from_slice(read);
        bytes = come;
    }
    let Some((mut head, length)) = head::read(bytes, method)? else {
        if come.is_empty() {
            come.extend_from_slice(read);
        }
        return match come.len() > MOST_OF_A_HEAD {
            true => Err(Malformed("a head without an end").into()),
            false => Ok(None),
        };
    };
    let mut body = Vec::new();
    let rest = &bytes[length..];
    let taken = head.extent.take(rest, &mut body)?;
    Ok(Some(Begun {
        head,
        body,
        is_too_much: taken < rest.len(),
    }))
}

/// The connection ended in the middle of an answer.
pub(super) fn closed() -> Why {
    io::Error::new(io::ErrorKind::UnexpectedEof, "closed before the answer was whole").into()
}
