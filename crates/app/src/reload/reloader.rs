//! Whoever takes up configurations, and everybody with news for them. Nobody else puts models into service.

use std::{sync::Arc, time::Duration};

use busbar_config::Chosen;
use busbar_core::{Clock, Roster};
use busbar_server::Steering;
use busbar_telemetry::Metrics;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use super::{
    due::{Calls, Due, Looks},
    elsewhere::{Elsewhere, Said},
    guests::{GuestBook, Visit},
    offer::Place,
    start::Configured,
    steering::{Helm, Told},
    watch::{Watched, watch, watch_afar},
    worker::Worker,
};
use crate::{Error, load::Role, signals::Signals};

/// What it needs from the rest of the process.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// Where models are put into service.
    pub(crate) roster: Roster,
    /// Where it counts.
    pub(crate) metrics: Arc<Metrics>,
    /// What time it is.
    pub(crate) clock: Arc<dyn Clock>,
    /// Tells it to look at everything anew.
    pub(crate) signals: Signals,
    /// When it is looked at what others keep.
    pub(crate) looks: Looks,
}

/// How often a program that stands still between two calls looks at what people chose on other machines.
const LOOK_AFAR: Duration = Duration::from_secs(30);

/// Something that may change what serves.
#[derive(Debug)]
pub(super) enum News {
    /// What the file says now.
    File(Place),
    /// What they say who keep it elsewhere, where they say something new; and who wanted them to be asked.
    Elsewhere(Option<Said>, Asked),
    /// A person went back to a version.
    Chosen(Chosen),
    /// A model was brought, or is taken away.
    Guest(Visit),
    /// Everything is to be read again, the files that settings name included.
    Anew(Asked),
    /// A person wants to go back to a version, and to know why not.
    RollBack(u64, oneshot::Sender<std::result::Result<(), Vec<String>>>),
}

/// Whoever waits until everything was read again, if anybody does.
pub(super) type Asked = Option<oneshot::Sender<()>>;

/// Takes up configurations for as long as it is held.
#[derive(Debug)]
pub(crate) struct Reloader {
    _tasks: JoinSet<()>,
    helm: Arc<Helm>,
    calls: Calls,
    guests: Option<Arc<GuestBook>>,
}

impl Reloader {
    /// Loads what was configured, then takes up whatever comes. The result comes only if none of the
    /// first models could be loaded.
    pub(crate) fn start(mut configured: Configured, parts: Parts) -> (Self, oneshot::Receiver<Error>) {
        let (tell, failed) = oneshot::channel();
        let (send, news) = mpsc::channel(8);
        let (ask, asked) = mpsc::channel(8);
        let told = Told::default();
        told.set(|told| told.source.clone_from(&configured.origin));
        let helm = Helm {
            told: told.clone(),
            versions: configured.versions.clone(),
            news: send.clone(),
        };
        let mut tasks = JoinSet::new();
        let called = parts.looks == Looks::Called;
        let elsewhere = configured.elsewhere.take();
        let interval = elsewhere.as_ref().map(Elsewhere::interval).filter(|_| called);
        let due = interval.map(|interval| Due::new(parts.clock.clone(), interval));
        if let Some(elsewhere) = elsewhere {
            tasks.spawn(elsewhere.attend(asked, due.clone(), send.clone()));
        }
        let afar = configured
            .versions
            .clone()
            .filter(|versions| !versions.are_near());
        let chosen = called.then(|| Due::new(parts.clock.clone(), LOOK_AFAR));
        let chosen = chosen.filter(|_| afar.is_some());
        if let Some(versions) = afar {
            tasks.spawn(watch_afar(versions, chosen.clone(), send.clone()));
        }
        // What was put there with a function does not change under it, and nobody goes back there.
        if configured.versions.is_some() && !called {
            let watched = Watched {
                file: configured.file.clone(),
                versions: configured.versions.clone(),
            };
            tasks.spawn(watch(watched, send.clone()));
        }
        tasks.spawn(heed(parts.signals.clone(), send.clone()));
        let (worker, wanted, standing) = Worker::new(configured, parts, told, ask);
        let guests = (wanted.role() == Role::Host).then(|| GuestBook::new(send));
        tasks.spawn(worker.run(wanted, standing, news, tell));
        let reloader = Self {
            _tasks: tasks,
            helm: Arc::new(helm),
            calls: Calls::of(due.into_iter().chain(chosen)),
            guests,
        };
        (reloader, failed)
    }

    /// Whoever takes in models that are brought, where that is what this process is for.
    pub(crate) fn guests(&self) -> Option<Arc<GuestBook>> {
        self.guests.clone()
    }

    /// Whoever is to hear of calls.
    pub(crate) fn calls(&self) -> Calls {
        self.calls.clone()
    }

    /// What operators ask and do.
    pub(crate) fn steering(&self) -> Arc<dyn Steering> {
        self.helm.clone()
    }
}

/// Each signal that asks for it is news.
async fn heed(signals: Signals, news: mpsc::Sender<News>) {
    let mut heard = 0;
    loop {
        heard = signals.hangup_after(heard).await;
        if news.send(News::Anew(None)).await.is_err() {
            return;
        }
    }
}
