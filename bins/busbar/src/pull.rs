//! Pulls models, for the command that is called so and for those that find theirs missing.

use busbar_app::{Error, Shelf, Talk};
use busbar_catalog::{Cancel, Entry, Error as CatalogError, Silent, Status};

use crate::{
    exit::{Failure, Result},
    runtime::interrupted,
    setup::Setup,
    terminal::{PullBar, confirm, spinner},
};

/// The model that a name means, or a place: `name` is what it is to be called then.
pub(crate) async fn find(wanted: &str, name: Option<&str>, shelf: &Shelf, setup: &Setup) -> Result<Entry> {
    let cancel = Cancel::new();
    let (store, catalog, stop) = (shelf.store.clone(), shelf.catalog.clone(), cancel.clone());
    let (place, called) = (wanted.to_owned(), name.map(str::to_owned));
    let wait = spinner("asking where it is", setup.terminal, setup.quiet);
    let work = tokio::task::spawn_blocking(move || store.at(&catalog, &place, called.as_deref(), &stop));
    let found = finish(work, &cancel).await;
    wait.finish_and_clear();
    match (found??, name) {
        (Some(entry), _) => Ok(entry),
        (None, None) => Ok(shelf.catalog.entry(wanted)?.clone()),
        (None, Some(_)) => Err(Failure::Usage(format!(
            "--name is for models that are pulled by their place; '{wanted}' has its name"
        ))),
    }
}

/// Pulls a model, showing its licence and how far it is. Ctrl-C stops it; what has come is kept.
pub(crate) async fn pull(entry: &Entry, shelf: &Shelf, setup: &Setup) -> Result {
    let terminal = setup.terminal;
    if shelf.catalog.entry(entry.name.as_str()).is_err() {
        // Before a byte moves: what was begun can be named, gone on with, and removed.
        shelf.store.remember(entry, &Silent, &Cancel::new())?;
    }
    if let Status::Present { path, .. } = shelf.store.status(entry) {
        if !setup.quiet {
            terminal.note(format!("{} is here: {}", entry.name, path.display()))?;
        }
        return Ok(());
    }
    if !setup.quiet {
        terminal.note(format!("{}: {}", entry.name, entry.title))?;
        terminal.note(format!("licence: {}", entry.licence))?;
    }
    let cancel = Cancel::new();
    let bar = PullBar::new(terminal, setup.quiet);
    let (store, wanted, stop) = (shelf.store.clone(), entry.clone(), cancel.clone());
    let work = tokio::task::spawn_blocking(move || {
        let pulled = store.pull(&wanted, &bar, &stop);
        bar.clear();
        pulled
    });
    let path = finish(work, &cancel).await??;
    if !setup.quiet {
        terminal.note(format!("{} is here: {}", entry.name, path.display()))?;
    }
    Ok(())
}

/// Waits for the pull; Ctrl-C asks it to stop, and then it tidies up behind itself.
async fn finish<T>(work: tokio::task::JoinHandle<T>, cancel: &Cancel) -> Result<T> {
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => {
                return done.map_err(|error| Failure::Failed(format!("the pull broke off: {error}")));
            }
            () = interrupted() => cancel.cancel(),
        }
    }
}

/// Opens the model to talk to. Where it is not here yet and a person is, offers to pull it.
pub(crate) async fn open(setup: &Setup, name: Option<&str>) -> Result<Talk> {
    or_pull(setup, async || Ok(Talk::open(setup.config(), name).await?)).await
}

/// Opens something that needs a model. Where that is not here yet and a person is, offers to pull it.
pub(crate) async fn or_pull<T>(setup: &Setup, open: impl AsyncFn() -> Result<T>) -> Result<T> {
    let (missing, wanted) = match load(setup, &open).await {
        Err(Failure::App(Error::Catalog(missing))) => match wanted(&missing) {
            Some(wanted) => (missing, wanted),
            None => return Err(missing.into()),
        },
        other => return other,
    };
    if !setup.terminal.can_ask() || setup.quiet {
        return Err(missing.into());
    }
    let shelf = Shelf::open(setup.config())?;
    let entry = find(&wanted, None, &shelf, setup).await?;
    let size = entry.size.map_or_else(String::new, |size| format!("{size}, "));
    let question = format!(
        "The model {} ({size}{}) is not here yet. Fetch it now?",
        entry.name, entry.licence.name
    );
    if !confirm(&question)? {
        return Err(missing.into());
    }
    pull(&entry, &shelf, setup).await?;
    load(setup, &open).await
}

/// What would have to be pulled.
fn wanted(missing: &CatalogError) -> Option<String> {
    match missing {
        CatalogError::NotPulled(name) => Some(name.to_string()),
        CatalogError::PlaceNotPulled(place) => Some(place.clone()),
        _ => None,
    }
}

async fn load<T>(setup: &Setup, open: &impl AsyncFn() -> Result<T>) -> Result<T> {
    let wait = spinner("loading the model", setup.terminal, setup.quiet);
    let opened = open().await;
    wait.finish_and_clear();
    opened
}
