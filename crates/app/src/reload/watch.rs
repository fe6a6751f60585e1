//! Looks at the file, and at what people chose, again and again. A file that is replaced, as editors do it,
//! or that a link leads to elsewhere of a sudden, is read like one that was written over.

use std::{fs, io, path::PathBuf, sync::Arc, time::Duration};

use busbar_config::{Chosen, Document, Origin, Problem, Problems, Versions};
use tokio::sync::mpsc;

use super::{due::Due, offer::Place, reloader::News, steady::Steady};

/// How often they are looked at; a change is believed at the second look.
const EVERY: Duration = Duration::from_millis(400);
/// How often it is looked at what people chose where that is asked over a network.
const EVERY_AFAR: Duration = Duration::from_secs(5);
/// A file larger than this is no configuration.
const LARGEST: u64 = 4 << 20;

/// What is looked at.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) file: Option<PathBuf>,
    pub(super) versions: Option<Versions>,
}

/// What a look has found.
#[derive(Clone, Debug, PartialEq)]
enum Reading {
    Text(String),
    Failed(String),
}

/// Looks until nobody wants to hear of it any more.
pub(super) async fn watch(watched: Watched, news: mpsc::Sender<News>) {
    let mut reading = Steady::new();
    let near = watched.versions.clone().filter(|versions| versions.are_near());
    let mut chosen = near.as_ref().and_then(|versions| versions.state().chosen);
    loop {
        tokio::time::sleep(EVERY).await;
        let (file, versions) = (watched.file.clone(), near.clone());
        let look = move || {
            (
                file.map(|file| read(&file)),
                versions.map(|versions| versions.state().chosen),
            )
        };
        // Files may hang: on a network, for minutes.
        let Ok((text, now)) = tokio::task::spawn_blocking(look).await else {
            return;
        };
        if let Some(new) = text.and_then(|text| reading.look(text))
            && let Some(file) = &watched.file
            && news.send(News::File(new.into_place(file))).await.is_err()
        {
            return;
        }
        if let Some(now) = now
            && let Some(choice) = newly(&mut chosen, now)
            && news.send(News::Chosen(choice)).await.is_err()
        {
            return;
        }
    }
}

/// Looks at what people chose on other machines, until nobody wants to hear of it any more: now and then, or
/// with `due` when it is time.
pub(super) async fn watch_afar(versions: Versions, due: Option<Arc<Due>>, news: mpsc::Sender<News>) {
    let look = |versions: Versions| async move {
        let look = tokio::task::spawn_blocking(move || versions.known_state());
        look.await.ok()?.map(|state| state.chosen)
    };
    let mut chosen = look(versions.clone()).await.flatten();
    loop {
        match &due {
            Some(due) => due.time().await,
            None => tokio::time::sleep(EVERY_AFAR).await,
        }
        // Those who cannot be reached have said nothing new.
        let Some(now) = look(versions.clone()).await else {
            continue;
        };
        // Everybody who goes back notes it, each with what it is instead of for him: that is no news.
        let number = |chosen: &Option<Chosen>| chosen.as_ref().map(|chosen| chosen.number);
        let same = number(&now) == number(&chosen);
        if let Some(choice) = newly(&mut chosen, now)
            && !same
            && news.send(News::Chosen(choice)).await.is_err()
        {
            return;
        }
    }
}

/// What the file says now, for those who do not want to wait for the next look.
pub(super) fn look(file: &std::path::Path) -> Place {
    read(file).into_place(file)
}

fn newly(known: &mut Option<Chosen>, now: Option<Chosen>) -> Option<Chosen> {
    if *known == now {
        return None;
    }
    known.clone_from(&now);
    now
}

fn read(file: &std::path::Path) -> Reading {
    let text = fs::metadata(file).and_then(|about| match about.len() {
        size if size > LARGEST => Err(io::Error::other("larger than any configuration")),
        _ => fs::read_to_string(file),
    });
    text.map_or_else(|error| Reading::Failed(error.to_string()), Reading::Text)
}

impl Reading {
    fn into_place(self, file: &std::path::Path) -> Place {
        let origin = Origin::File(file.to_owned());
        let document = match self {
            Self::Text(text) => Document::read(&text, origin),
            Self::Failed(message) => Err(Problem {
                field: String::new(),
                origin: Some(origin),
                message,
            }),
        };
        Place::from(document.map(Some).map_err(Problems::from))
    }
}
