//! Models that whoever runs this process brings and takes away: taken up one after the other, like
//! everything else that changes what serves.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use busbar_core::{BoxFuture, Error, ErrorKind, GUEST_DOES_NOT_FIT, GUEST_IS_HERE, Guest, Guests, Result};
use tokio::sync::{mpsc, oneshot};

use super::reloader::News;
use crate::{doctor::available_memory, load::Arrivals};

/// What is to become of one.
#[derive(Debug)]
pub(super) enum Change {
    Come(Guest),
    Go(String),
}

/// A change, and who waits for it.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) change: Change,
    told: oneshot::Sender<Result<()>>,
    book: Arc<RwLock<Arrivals>>,
}

/// Whoever is asked to take them in.
#[derive(Debug)]
pub(crate) struct GuestBook {
    news: mpsc::Sender<News>,
    here: Arc<RwLock<Arrivals>>,
}

impl GuestBook {
    pub(super) fn new(news: mpsc::Sender<News>) -> Arc<Self> {
        Arc::new(Self {
            news,
            here: Arc::default(),
        })
    }

    async fn change(&self, change: Change) -> Result<()> {
        let (told, tells) = oneshot::channel();
        let visit = Visit {
            change,
            told,
            book: self.here.clone(),
        };
        let gone = || Error::new(ErrorKind::Unavailable, "the server is shutting down");
        // Whoever gives up waiting does not stop what has begun: it is listed once it is done.
        self.news.send(News::Guest(visit)).await.map_err(|_| gone())?;
        tells.await.map_err(|_| gone())?
    }
}

impl Guests for GuestBook {
    fn receive(&self, guest: Guest) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.change(Change::Come(guest)))
    }

    fn dismiss<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.change(Change::Go(name.to_owned())))
    }

    fn present(&self) -> Vec<Guest> {
        let here = self.here.read().unwrap_or_else(PoisonError::into_inner);
        here.iter()
            .map(|(name, place)| Guest {
                name: name.clone(),
                place: place.display().to_string(),
            })
            .collect()
    }
}

impl Visit {
    /// Tells whoever waits; those that are here now are listed before.
    pub(super) fn done(self, how: Result<()>, here: &Arrivals) {
        here.clone_into(&mut self.book.write().unwrap_or_else(PoisonError::into_inner));
        // Whoever waited may have left.
        let _unheard = self.told.send(how);
    }
}

impl Change {
    /// The guests after it.
    pub(super) fn apply(&self, guests: &mut Arrivals) -> Result<()> {
        match self {
            Self::Come(guest) => {
                if guests.contains_key(&guest.name) {
                    let message = format!("the model `{}` is loaded already", guest.name);
                    return Err(Error::invalid("model_name", message).with_code(GUEST_IS_HERE));
                }
                let place = PathBuf::from(&guest.place);
                if !place.exists() {
                    let message = format!("there is nothing at {}", place.display());
                    return Err(Error::invalid("url", message));
                }
                fits(&guest.name, &place)?;
                guests.insert(guest.name.clone(), place);
                Ok(())
            }
            Self::Go(name) => {
                let gone = guests.remove(name);
                let absent = || Error::new(ErrorKind::NotFound, format!("the model `{name}` is not loaded"));
                gone.map(drop).ok_or_else(absent)
            }
        }
    }
}

/// Whether its files would fit into memory, as they are once they are loaded. Who brings models takes others
/// away where one does not fit.
fn fits(name: &str, place: &Path) -> Result<()> {
    let needed = size(place, 0);
    match available_memory() {
        Some(available) if needed > available => {
            let message =
                format!("the model `{name}` needs {needed} bytes of memory, and {available} are left");
            Err(Error::new(ErrorKind::Unavailable, message).with_code(GUEST_DOES_NOT_FIT))
        }
        _ => Ok(()),
    }
}

/// Bytes of all files; folders within folders as far as models are looked for there.
fn size(place: &Path, depth: usize) -> u64 {
    const DEEPEST: usize = 6;
    let Ok(about) = fs::metadata(place) else { return 0 };
    if about.is_file() {
        return about.len();
    }
    let entries = fs::read_dir(place).ok().filter(|_| depth < DEEPEST);
    let entries = entries.into_iter().flatten().flatten();
    entries.map(|entry| size(&entry.path(), depth + 1)).sum()
}
