//! Takes up one configuration after the other, in the order in which they come.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::UNIX_EPOCH};

use busbar_config::{Chosen, Fate, Flag, Loaded, Offered, Sources, State, Version, Versions, diff};
use busbar_core::{Error as ModelError, ErrorKind, Readiness};
use busbar_wire::configuration::RefusedConfiguration;
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};
use toml::Table;

use super::{
    candidate::Candidate,
    guests::Visit,
    offer::{Offer, Place},
    reasons::{missing, reasons, unkept},
    reloader::{Asked, News, Parts},
    start::{Configured, Standing},
    steering::Told,
    watch,
};
use crate::{
    Error, Result,
    load::{Kept, Outcome, Wanted},
};

/// The one who does it.
pub(super) struct Worker {
    parts: Parts,
    sources: Sources,
    /// What cannot change before a restart.
    started: Loaded,
    file: Option<PathBuf>,
    /// Where it comes from, for people.
    origin: Option<String>,
    /// Tells whoever asks elsewhere to do so at once.
    ask: mpsc::Sender<Asked>,
    versions: Option<Versions>,
    environment: String,
    offer: Offer,
    kept: Arc<Kept>,
    serving: Serving,
    /// What operators are told.
    told: Told,
    /// What versions say with their secrets, as far as this process has seen them.
    whole: BTreeMap<u64, Table>,
}

/// What serves.
struct Serving {
    number: Option<u64>,
    table: Table,
}

impl Worker {
    /// One who begins with what was configured. `ask` tells whoever asks elsewhere to do so at once.
    pub(super) fn new(
        configured: Configured,
        parts: Parts,
        told: Told,
        ask: mpsc::Sender<Asked>,
    ) -> (Self, Wanted, Standing) {
        let loaded = configured.loaded;
        let environment = loaded.config.source.environment.clone().unwrap_or_default();
        let worker = Self {
            parts,
            sources: fixed(configured.sources, &environment),
            environment,
            serving: Serving {
                number: None,
                table: loaded.table.clone(),
            },
            started: loaded,
            origin: configured.origin,
            file: configured.file,
            ask,
            versions: configured.versions,
            offer: configured.offer,
            kept: Arc::new(Kept::nothing(configured.wanted.role())),
            told,
            whole: BTreeMap::new(),
        };
        (worker, configured.wanted, configured.standing)
    }

    /// Does it until nobody has news any more.
    pub(super) async fn run(
        mut self,
        wanted: Wanted,
        standing: Standing,
        mut news: mpsc::Receiver<News>,
        failed: oneshot::Sender<Error>,
    ) {
        // Held to the end: others can tell that somebody takes up what they choose.
        let versions = self.versions.clone();
        let _attended = aside(move || Ok(versions.map(|versions| versions.attend()))).await;
        if let Err(error) = self.begin(wanted, standing).await {
            // The server may have been stopped meanwhile.
            let _unheard = failed.send(error);
            return;
        }
        while let Some(news) = news.recv().await {
            match news {
                News::File(place) => self.offered(self.offer.with_file(place)).await,
                News::Elsewhere(said, asked) => {
                    if let Some(said) = said {
                        self.offered(self.offer.with(said)).await;
                    }
                    done(asked);
                }
                News::Anew(asked) => self.anew(asked).await,
                News::Guest(visit) => self.visited(visit).await,
                News::Chosen(chosen) => {
                    // Its reasons are in the log and in the history.
                    let _told = self.go_back(chosen.number).await;
                }
                News::RollBack(number, reply) => {
                    let _unheard = reply.send(self.go_back(number).await);
                }
            }
        }
    }

    /// The first time: models serve one by one, as each is there, and one that cannot be loaded is left
    /// out.
    async fn begin(&mut self, wanted: Wanted, standing: Standing) -> Result<()> {
        let roster = self.parts.roster.clone();
        let outcome = self
            .load(wanted, move |models| {
                roster.publish(models.clone(), Readiness::Loading);
            })
            .await?;
        let failure = outcome.failures.into_iter().next_back();
        let none = outcome.nothing;
        let readiness = match &failure {
            Some(error) => Readiness::Failed(ModelError::new(ErrorKind::Unavailable, error.to_string())),
            None => Readiness::Ready,
        };
        tracing::info!(models = outcome.models.iter().count(), "loaded");
        self.parts.roster.publish(outcome.models, readiness);
        self.kept = Arc::new(outcome.kept);
        match failure {
            Some(error) if none => return Err(error),
            _ => self.stand(standing).await,
        }
        Ok(())
    }

    async fn stand(&mut self, standing: Standing) {
        match standing {
            Standing::Offered => {
                let number = self.record(Fate::Served).await;
                self.served(number, None).await;
            }
            Standing::Chosen(number) => {
                tracing::warn!(
                    version = number,
                    "an earlier version of the configuration serves, as chosen"
                );
                let chosen = self.state().await.chosen;
                self.served(Some(number), chosen).await;
            }
            Standing::LastGood(number, reasons) => {
                self.served(Some(number), None).await;
                self.refuse(reasons).await;
            }
        }
    }

    /// What the source says now.
    async fn offered(&mut self, offer: Offer) {
        if offer == self.offer {
            return;
        }
        self.offer = offer;
        self.take(Changed::Only).await;
    }

    async fn anew(&mut self, asked: Asked) {
        tracing::info!("reading the configuration again");
        if let Some(file) = self.file.clone() {
            let look = tokio::task::spawn_blocking(move || watch::look(&file)).await;
            self.offer = self.offer.with_file(look.unwrap_or(Place::Nothing));
        }
        self.take(Changed::OrNot).await;
        // What they say elsewhere comes later, as news. Where nobody keeps it elsewhere, or they are being
        // asked all the time, this is all there is.
        if let Err(TrySendError::Full(asked) | TrySendError::Closed(asked)) = self.ask.try_send(asked) {
            done(asked);
        }
    }

    /// Takes up what the source says, unless a person went back to a version while it said the same.
    async fn take(&mut self, what: Changed) {
        let chosen = self.state().await.chosen;
        let instead_of = chosen.and_then(|chosen| chosen.instead_of);
        if instead_of == Some(self.offer.fingerprint(&self.environment)) {
            return tracing::info!("the source says what was gone back from; nothing changes");
        }
        let (offer, sources, kept) = (self.offer.clone(), self.sources.clone(), self.kept.clone());
        let candidate = aside(move || Candidate::of(&offer, &sources, &kept)).await;
        let candidate = match candidate {
            Ok(candidate) => candidate,
            Err(error) => return self.refuse(reasons(&error)).await,
        };
        if candidate.loaded.table == self.serving.table && what == Changed::Only {
            self.told.set(|told| told.refused = None);
            return self.parts.metrics.configuration_current();
        }
        match self.put(candidate).await {
            Ok(()) => {
                let number = self.record(Fate::Served).await;
                self.served(number, None).await;
            }
            Err(reasons) => self.refuse(reasons).await,
        }
    }

    /// Serves with one model more, or one less.
    async fn visited(&mut self, visit: Visit) {
        let mut kept = Kept::clone(&self.kept);
        let changed = visit.change.apply(&mut kept.guests);
        let (offer, sources) = (self.offer.clone(), self.sources.clone());
        let put = match changed {
            Ok(()) => match aside(move || Candidate::of(&offer, &sources, &kept)).await {
                Ok(candidate) => self.put(candidate).await,
                Err(error) => Err(reasons(&error)),
            }
            .map_err(|reasons| ModelError::new(ErrorKind::Unavailable, reasons.join("; "))),
            Err(refused) => Err(refused),
        };
        visit.done(put, &self.kept.guests);
    }

    /// Puts a version of before into service again.
    ///
    /// # Errors
    /// The reasons why it cannot serve, a line each.
    async fn go_back(&mut self, number: u64) -> std::result::Result<(), Vec<String>> {
        let Some(versions) = self.versions.clone() else {
            return Err(vec![missing(number).to_string()]);
        };
        let instead_of = Some(self.offer.fingerprint(&self.environment));
        if self.serving.number == Some(number) {
            self.note(Some(Chosen { number, instead_of })).await;
            self.told.set(|told| told.chosen = true);
            return Ok(());
        }
        let whole = self.whole.get(&number).cloned();
        let now = whole.or_else(|| self.offer.table(&self.environment));
        let (sources, kept) = (self.sources.clone(), self.kept.clone());
        let now = now.unwrap_or_else(|| self.serving.table.clone());
        let found = aside(move || match versions.get(number) {
            Some(version) => Candidate::version(&version, &now, &sources, &kept),
            None => Err(missing(number)),
        });
        let put = match found.await {
            Ok(candidate) => self.put(candidate).await,
            Err(error) => Err(reasons(&error)),
        };
        match &put {
            Ok(()) => {
                let chosen = Chosen { number, instead_of };
                self.served(Some(number), Some(chosen)).await;
            }
            Err(reasons) => {
                tracing::error!(
                    version = number,
                    reasons = reasons.join("; "),
                    "it cannot be gone back to"
                );
                self.note(None).await;
            }
        }
        put
    }

    /// Loads what is not there yet, and swaps everything at once.
    async fn put(&mut self, candidate: Candidate) -> std::result::Result<(), Vec<String>> {
        let loaded = candidate.loaded;
        candidate
            .wanted
            .fetch_keys()
            .await
            .map_err(|error| reasons(&error))?;
        let outcome = self.load(candidate.wanted, |_| ()).await;
        let outcome = outcome.map_err(|error| reasons(&error))?;
        if !outcome.failures.is_empty() {
            return Err(outcome.failures.iter().flat_map(reasons).collect());
        }
        if outcome.nothing {
            return Err(vec!["it has no model to serve".to_owned()]);
        }
        self.parts.roster.publish(outcome.models, Readiness::Ready);
        let before = std::mem::replace(&mut self.kept, Arc::new(outcome.kept));
        // A model that nobody asks any more is unloaded, which takes a while.
        tokio::task::spawn_blocking(move || drop(before));
        let changes = diff(&self.serving.table, &loaded.table);
        let changed: Vec<_> = changes.iter().map(|change| &*change.path).collect();
        let mut waiting = loaded.waiting_for_restart(&self.started);
        waiting.extend(self.other_environment(&loaded));
        tracing::info!(changed = changed.join(", "), "a configuration was taken up");
        if !waiting.is_empty() {
            tracing::warn!(settings = waiting.join(", "), "these hold only after a restart");
        }
        self.told.set(|told| told.waiting_for_restart = waiting);
        self.serving.table = loaded.table;
        Ok(())
    }

    /// The environment decides where a configuration is looked for and what its versions are called; it
    /// stays what it was when the process began.
    fn other_environment(&self, loaded: &Loaded) -> Option<String> {
        let written = |loaded: &Loaded| {
            let environment = loaded.table.get("source")?.get("environment")?.as_str()?;
            Some(environment.to_owned())
        };
        (written(loaded) != written(&self.started)).then(|| "source.environment".to_owned())
    }

    /// Notes what serves from now on.
    async fn served(&mut self, number: Option<u64>, chosen: Option<Chosen>) {
        self.serving.number = number;
        self.told.set(|told| {
            told.version = number;
            told.chosen = chosen.is_some();
            told.refused = None;
        });
        if let (Some(number), Some(versions)) = (number, self.versions.clone()) {
            let kept = aside(move || Ok(versions.numbers())).await.unwrap_or_default();
            self.whole.retain(|number, _| kept.contains(number));
            self.whole.insert(number, self.serving.table.clone());
        }
        self.note(chosen).await;
        self.parts.metrics.configuration_taken(number);
    }

    async fn refuse(&mut self, reasons: Vec<String>) {
        tracing::error!(
            reasons = reasons.join("; "),
            serving = self.serving.number,
            "a configuration was refused; the last good one serves on"
        );
        let version = self.record(Fate::Refused(reasons.clone())).await;
        // Last, so that whoever sees it counted finds it kept.
        self.parts.metrics.configuration_refused();
        self.told
            .set(|told| told.refused = Some(RefusedConfiguration { version, reasons }));
    }

    async fn load(
        &self,
        wanted: Wanted,
        ready: impl Fn(&busbar_core::Models) + Send + 'static,
    ) -> Result<Outcome> {
        let (kept, metrics) = (self.kept.clone(), self.parts.metrics.clone());
        aside(move || Ok(wanted.load(&kept, &metrics, ready))).await
    }

    /// Keeps what the source says and what became of it; gives its number. Where it cannot be kept, it
    /// serves nevertheless.
    async fn record(&self, fate: Fate) -> Option<u64> {
        let versions = self.versions.clone()?;
        let now = self.parts.clock.wall().duration_since(UNIX_EPOCH);
        let (offer, environment) = (self.offer.clone(), self.environment.clone());
        let origin = self.origin.clone();
        let recorded = aside(move || {
            let table = offer.table(&environment);
            let offered = Offered {
                table: table.as_ref(),
                origin: origin.unwrap_or_default(),
                label: offer.label,
                fate,
                at: now.map_or(0, |since| since.as_secs()),
            };
            versions.record(&offered).map_err(unkept)
        });
        let recorded: Result<Version> = recorded.await;
        recorded
            .inspect_err(|error| tracing::warn!(%error, "this version is served, but not kept"))
            .ok()
            .map(|version| version.number)
    }

    /// Which version serves, as it was noted last.
    async fn state(&self) -> State {
        let versions = self.versions.clone();
        let state = aside(move || Ok(versions.map(|versions| versions.state())));
        state.await.ok().flatten().unwrap_or_default()
    }

    async fn note(&self, chosen: Option<Chosen>) {
        let Some(versions) = self.versions.clone() else {
            return;
        };
        let serving = self.serving.number;
        let noted = aside(move || {
            let serving = serving.or_else(|| versions.state().serving);
            versions.note(&State { serving, chosen }).map_err(unkept)
        });
        let noted = noted.await;
        if let Err(error) = noted {
            tracing::warn!(%error, "which version serves is not kept");
        }
    }
}

/// Tells whoever waited that everything was read again.
fn done(asked: Asked) {
    // Whoever asked may have gone.
    let _unheard = asked.map(|asked| asked.send(()));
}

/// Whether a configuration is taken up that says what the one before said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changed {
    /// Only one that says something else.
    Only,
    /// Any: what its settings lead to may have changed.
    OrNot,
}

/// The sources with the environment that the process began with.
fn fixed(mut sources: Sources, environment: &str) -> Sources {
    sources.flags.push(Flag {
        name: "the environment at the start".to_owned(),
        path: "source.environment".to_owned(),
        value: environment.to_owned(),
    });
    sources
}

/// Runs what blocks beside the threads that serve.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ModelError::internal("taking up a configuration broke off").with_source(error))?
}
