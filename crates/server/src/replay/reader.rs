//! Somebody who reads a kept stream.

use std::sync::Arc;

use futures_util::stream;
use tokio::sync::Notify;

use super::{
    Replay,
    shelf::{Attached, Next, truncated},
};
use crate::{Item, Items, Part, dialects::Dialect};

/// Somebody who reads a kept stream. The stream is kept for as long as there is one.
#[derive(Debug)]
pub(crate) struct Reader {
    replay: Replay,
    id: String,
    model: String,
    dialect: &'static Dialect,
    after: u64,
    events: Arc<Notify>,
    ended: bool,
}

impl Reader {
    pub(super) fn new(replay: Replay, id: String, attached: Attached) -> Self {
        Self {
            replay,
            id,
            model: attached.model,
            dialect: attached.dialect,
            after: attached.after,
            events: attached.events,
            ended: false,
        }
    }

    /// The stream's name.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What it is written in.
    pub(crate) fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    /// The model that serves.
    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    /// The next item. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Option<Item> {
        while !self.ended {
            let changed = self.events.notified();
            tokio::pin!(changed);
            // From here on no change is missed, also one between looking and waiting.
            changed.as_mut().enable();
            let next = self.replay.shelf().next(&self.id, self.after);
            match next {
                Next::Item(item) => {
                    self.after = item.last();
                    self.ended = item.is_end();
                    return Some(item);
                }
                Next::Wait => changed.await,
                Next::End => self.ended = true,
                Next::Truncated => {
                    self.ended = true;
                    let error = truncated();
                    let chunk = (self.dialect.fail)(&error);
                    return Some(Item {
                        seq: self.after + 1,
                        part: Part::Failed { error, chunk },
                    });
                }
            }
        }
        None
    }

    /// As a stream.
    pub(crate) fn into_items(self) -> Items {
        Box::pin(stream::unfold(self, |mut reader| async move {
            reader.next().await.map(|item| (item, reader))
        }))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let now = self.replay.now();
        self.replay.shelf().detach(now, &self.id);
    }
}
