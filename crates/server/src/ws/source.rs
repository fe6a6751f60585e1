//! Where a request's items come from: a generation that ends with its connection, or a kept stream.

use busbar_core::Tenant;

use crate::{Item, Server, items::Chunks, replay::Reader};

/// Where a request's items come from. Dropping it ends the generation, save that of a kept stream.
pub(super) enum Source {
    /// A generation of this connection's own.
    Own {
        /// The stream's name.
        stream: String,
        /// The model that serves.
        model: String,
        /// Its items.
        chunks: Box<Chunks>,
    },
    /// A stream that outlives the connection.
    Kept(Reader),
}

impl Source {
    pub(super) fn stream(&self) -> &str {
        match self {
            Self::Own { stream, .. } => stream,
            Self::Kept(reader) => reader.id(),
        }
    }

    pub(super) fn model(&self) -> &str {
        match self {
            Self::Own { model, .. } => model,
            Self::Kept(reader) => reader.model(),
        }
    }

    /// The next item. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Option<Item> {
        match self {
            Self::Own { chunks, .. } => chunks.next().await,
            Self::Kept(reader) => reader.next().await,
        }
    }

    /// Stops the generation; its last item comes soon.
    pub(super) fn stop(&mut self, server: &Server, tenant: &Tenant) {
        match self {
            Self::Own { chunks, .. } => chunks.cancel(),
            // It may have been stopped from elsewhere.
            Self::Kept(reader) => _ = server.replay().stop(tenant, reader.id()),
        }
    }
}
