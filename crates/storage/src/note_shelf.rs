//! The versions of a configuration among notes, for processes on several machines: an index that says which
//! versions there are and which serves, and a note for what each of them says.
//!
//! A version's note is written first, under a name of its own, and is there once the index names it: whoever
//! is killed between the two leaves a note that nobody finds, and what was there.

use std::{
    any::Any,
    collections::BTreeMap,
    fmt,
    sync::{Arc, mpsc},
    time::Duration,
};

use busbar_core::{BoxFuture, Error, ErrorKind, Note, Notes, Result, Shelf, Writing};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

/// Whoever starts waits for the first answer, and a function has seconds to start.
const WITHIN: Duration = Duration::from_secs(3);
/// How often an index is written again that others write too.
const TRIES: usize = 32;

/// Versions among notes.
pub struct NoteShelf {
    shelf: Arc<Inner>,
    orders: UnboundedSender<BoxFuture<'static, ()>>,
}

#[derive(Debug)]
struct Inner {
    notes: Arc<dyn Notes>,
    /// What the index is called, and with what the names of versions begin.
    name: String,
}

/// What there is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Index {
    /// What the notes of versions are called, beside the index's own name.
    versions: BTreeMap<u64, String>,
    #[serde(default)]
    state: Option<String>,
}

impl NoteShelf {
    /// The versions of the configuration of this key.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new(notes: Arc<dyn Notes>, key: &str) -> Result<Self> {
        let (orders, inbox) = unbounded_channel();
        // Those who ask may stand on a runtime, or have none.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| Error::internal("no runtime for versions").with_source(source))?;
        std::thread::Builder::new()
            .name("versions".into())
            .spawn(move || runtime.block_on(serve(inbox)))
            .map_err(|source| Error::internal("no thread for versions").with_source(source))?;
        let name = format!("configuration#{key}");
        Ok(Self {
            shelf: Arc::new(Inner { notes, name }),
            orders,
        })
    }

    fn wait<T: Send + 'static, F>(&self, work: impl FnOnce(Arc<Inner>) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let (answer, answered) = mpsc::channel();
        let work = work(self.shelf.clone());
        let order = Box::pin(async move {
            let done = tokio::time::timeout(WITHIN, work).await;
            // Whoever asked may have gone.
            let _asker = answer.send(done.unwrap_or_else(|_| Err(late())));
        });
        self.orders.send(order).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())?
    }
}

impl Shelf for NoteShelf {
    fn place(&self) -> String {
        format!("the notes `{}`", self.shelf.name)
    }

    fn numbers(&self) -> Result<Vec<u64>> {
        self.wait(|shelf| async move { Ok(shelf.index().await?.0.versions.into_keys().collect()) })
    }

    fn text(&self, number: u64) -> Result<Option<String>> {
        self.wait(move |shelf| async move {
            match shelf.index().await?.0.versions.get(&number) {
                Some(unique) => shelf.text(unique).await,
                None => Ok(None),
            }
        })
    }

    fn texts(&self) -> Result<Vec<(u64, String)>> {
        self.wait(|shelf| async move {
            let (index, _) = shelf.index().await?;
            let texts = try_join_all(index.versions.values().map(|unique| shelf.text(unique))).await?;
            let all = index.versions.keys().zip(texts);
            Ok(all.filter_map(|(number, text)| Some((*number, text?))).collect())
        })
    }

    fn add(&self, number: u64, text: &str) -> Result<bool> {
        let text = text.to_owned();
        self.wait(move |shelf| async move { shelf.add(number, &text).await })
    }

    fn remove(&self, number: u64) -> Result<()> {
        self.wait(move |shelf| async move {
            let removed = shelf.change(|index| Some(index.versions.remove(&number))).await?;
            match removed.flatten() {
                Some(unique) => shelf.notes.remove(&shelf.of(&unique)).await,
                None => Ok(()),
            }
        })
    }

    fn state(&self) -> Result<Option<String>> {
        self.wait(|shelf| async move { Ok(shelf.index().await?.0.state) })
    }

    fn set_state(&self, text: &str) -> Result<()> {
        let text = text.to_owned();
        self.wait(move |shelf| async move {
            let set = shelf.change(|index| {
                index.state = Some(text.clone());
                Some(())
            });
            set.await.map(drop)
        })
    }

    /// Nobody could tell when it ends.
    fn attend(&self) -> Result<Box<dyn Any + Send + Sync>> {
        Ok(Box::new(()))
    }

    fn is_attended(&self) -> Option<bool> {
        None
    }
}

impl Inner {
    async fn index(&self) -> Result<(Index, Option<String>)> {
        let Some(Note { text, mark }) = self.notes.read(&self.name).await? else {
            return Ok((Index::default(), None));
        };
        let index = serde_json::from_str(&text).map_err(|source| {
            Error::internal(format!("`{}` is no index of versions", self.name)).with_source(source)
        })?;
        Ok((index, Some(mark)))
    }

    /// Changes the index; what gives `None` changes nothing.
    async fn change<T>(&self, rule: impl Fn(&mut Index) -> Option<T>) -> Result<Option<T>> {
        for _ in 0..TRIES {
            let (mut index, mark) = self.index().await?;
            let Some(result) = rule(&mut index) else {
                return Ok(None);
            };
            let text = serde_json::to_string(&index)
                .map_err(|source| Error::internal("an index cannot be written down").with_source(source))?;
            if self.write(&self.name, &text, mark.as_deref()).await? {
                return Ok(Some(result));
            }
        }
        let retry_after = Duration::from_millis(100);
        let message = "too many write versions of the configuration at once";
        Err(Error::new(ErrorKind::Overloaded { retry_after }, message))
    }

    async fn add(&self, number: u64, text: &str) -> Result<bool> {
        let unique = format!("{number}-{}", Uuid::new_v4().simple());
        let name = self.of(&unique);
        self.write(&name, text, None).await?;
        let added = self.change(|index| {
            let last = index.versions.keys().next_back();
            if last.is_some_and(|last| *last >= number) {
                return None;
            }
            index.versions.insert(number, unique.clone());
            Some(())
        });
        let added = added.await?.is_some();
        if !added {
            self.notes.remove(&name).await?;
        }
        Ok(added)
    }

    async fn text(&self, unique: &str) -> Result<Option<String>> {
        Ok(self.notes.read(&self.of(unique)).await?.map(|note| note.text))
    }

    async fn write(&self, name: &str, text: &str, over: Option<&str>) -> Result<bool> {
        let writing = Writing {
            name,
            text,
            over,
            until: None,
        };
        Ok(self.notes.write(writing).await?.is_some())
    }

    fn of(&self, unique: &str) -> String {
        format!("{}#{unique}", self.name)
    }
}

impl fmt::Debug for NoteShelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NoteShelf").field(&self.shelf.name).finish()
    }
}

async fn serve(mut inbox: UnboundedReceiver<BoxFuture<'static, ()>>) {
    while let Some(order) = inbox.recv().await {
        order.await;
    }
}

fn late() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the versions of the configuration cannot be had in time",
    )
    .with_code("storage_failed")
}

fn gone() -> Error {
    Error::new(ErrorKind::Unavailable, "the thread of versions has ended")
}
