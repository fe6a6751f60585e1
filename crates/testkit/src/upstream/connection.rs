//! One connection of a fake host: requests in, scripts out, until either side goes.

use std::sync::{Arc, atomic::Ordering};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::{Received, Say, Shared};

/// Serves until the client goes away or a script closes the connection.
pub(super) async fn serve(socket: TcpStream, shared: Arc<Shared>) {
    // Each step is to arrive as it was said, not gathered into one packet.
    let _ = socket.set_nodelay(true);
    let (reader, mut writer) = socket.into_split();
    let mut reader = BufReader::new(reader);
    while let Some(request) = receive(&mut reader).await {
        let steps = (shared.script)(&request);
        shared.received().push(request);
        let answering = Live::begin(&shared);
        let stays = tokio::select! {
            stays = answer(&mut writer, steps) => stays,
            () = gone(&mut reader) => false,
        };
        drop(answering);
        if !stays {
            return;
        }
    }
}

/// The next request; `None` where there is none.
async fn receive(reader: &mut BufReader<OwnedReadHalf>) -> Option<Received> {
    let mut line = String::new();
    reader.read_line(&mut line).await.ok()?;
    let mut words = line.split_whitespace();
    let mut request = Received {
        method: words.next()?.to_owned(),
        path: words.next()?.to_owned(),
        ..Received::default()
    };
    loop {
        line.clear();
        reader.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let header = (name.to_ascii_lowercase(), value.trim().to_owned());
        request.headers.push(header);
    }
    let length = request
        .header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).await.ok()?;
    Some(request)
}

/// Says the steps; answers with whether the connection stays.
async fn answer(writer: &mut OwnedWriteHalf, steps: Vec<Say>) -> bool {
    for step in steps {
        match step {
            Say::Bytes(bytes) => {
                if writer.write_all(&bytes).await.is_err() {
                    return false;
                }
            }
            Say::Pause(time) => tokio::time::sleep(time).await,
            Say::Hold => std::future::pending().await,
            Say::Close => return false,
        }
    }
    true
}

/// Resolves once the client has gone. Clients that send the next request early are not expected.
async fn gone(reader: &mut BufReader<OwnedReadHalf>) {
    match reader.fill_buf().await {
        Ok([]) | Err(_) => {}
        Ok(_) => std::future::pending().await,
    }
}

/// Counts an answer as long as it is under way.
struct Live<'a>(&'a Shared);

impl<'a> Live<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.live.fetch_add(1, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, Ordering::SeqCst);
    }
}
