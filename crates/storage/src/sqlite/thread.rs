//! The one thread that talks to the database file, and what its failures mean.

use std::{
    fmt,
    path::Path,
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use busbar_core::{Error, ErrorKind, Result};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

/// Something to do on the thread.
type Order = Box<dyn FnOnce(&mut Connection) + Send>;

/// The thread; it ends when this is dropped.
pub(super) struct Thread {
    orders: Sender<Order>,
}

impl Thread {
    /// Opens the file on a new thread and has it prepared; resolves when it is.
    pub(super) fn start(
        path: &Path,
        busy: Duration,
        prepare: fn(&mut Connection) -> Result<()>,
    ) -> Result<Self> {
        let (orders, inbox) = channel::<Order>();
        let (ready, opened) = channel();
        let path = path.to_owned();
        std::thread::Builder::new()
            .name("sqlite".into())
            .spawn(move || {
                let connection = open(&path, busy).and_then(|mut connection| {
                    prepare(&mut connection)?;
                    Ok(connection)
                });
                match connection {
                    Ok(connection) => {
                        let _opener_waits = ready.send(Ok(()));
                        serve(connection, &inbox);
                    }
                    Err(error) => {
                        let _opener_waits = ready.send(Err(error));
                    }
                }
            })
            .map_err(|source| Error::internal("no thread for the database").with_source(source))?;
        opened.recv().map_err(|_| gone())??;
        Ok(Self { orders })
    }

    /// Reads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.order(move |connection| work(connection)).await
    }

    /// Writes, in a transaction that begins as a writer's: so it waits for its turn, rather than
    /// find in its middle that another was quicker.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.order(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        })
        .await
    }

    async fn order<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let order: Order = Box::new(move |connection| {
            // Whoever asked may have gone; a write is made all the same.
            let _asker = answer.send(work(connection));
        });
        self.orders.send(order).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?.map_err(failed)
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Thread(sqlite)")
    }
}

fn serve(mut connection: Connection, inbox: &Receiver<Order>) {
    while let Ok(order) = inbox.recv() {
        order(&mut connection);
    }
}

fn open(path: &Path, busy: Duration) -> Result<Connection> {
    let connect = || {
        make_private(path);
        let connection = Connection::open(path)?;
        connection.busy_timeout(busy)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        Ok(connection)
    };
    connect().map_err(|source: rusqlite::Error| {
        let mut error = failed(source);
        if matches!(error.kind(), ErrorKind::Unavailable) {
            let message = format!("the database {} cannot be opened: {error}", path.display());
            error = Error::new(ErrorKind::Unavailable, message)
                .with_code(error.code().unwrap_or("storage_failed"))
                .with_source(error);
        }
        error
    })
}

/// Jobs hold what people asked for, so the file is its owner's alone; SQLite gives the log beside
/// it the same rights. A file that cannot be made here is reported by SQLite, with its reason.
fn make_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(path));
}

fn gone() -> Error {
    Error::new(ErrorKind::Unavailable, "the database's thread has ended")
}

/// What a failure of the database means to whoever asked.
pub(super) fn failed(error: rusqlite::Error) -> Error {
    let (kind, code, what) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            let retry_after = Duration::from_millis(200);
            let kind = ErrorKind::Overloaded { retry_after };
            (kind, "storage_busy", "the database is busy")
        }
        Some(ErrorCode::DiskFull) => (
            ErrorKind::Unavailable,
            "storage_full",
            "there is no room left for the database",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => (
            ErrorKind::Unavailable,
            "storage_unwritable",
            "the database may not be written",
        ),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => (
            ErrorKind::Unavailable,
            "storage_damaged",
            "the file is no database, or is damaged",
        ),
        _ => (ErrorKind::Unavailable, "storage_failed", "the database failed"),
    };
    Error::new(kind, what).with_code(code).with_source(error)
}
