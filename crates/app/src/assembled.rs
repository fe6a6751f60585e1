//! The server put together, without a socket: what every front of it has in common. Read top to bottom:
//! each line says why it stands there.

use std::{sync::Arc, time::Duration};

use axum::Router;
use busbar_config::Config;
use busbar_core::{AnswerStore, Guests, Roster, StageKeeper};
use busbar_jobs::endpoint::EndpointJobs;
use busbar_server::{Drain, Hosts, Operators, Origins, Parts, ReplayLimits, Server, Settings, WsLimits};
use busbar_storage::AnswerFiles;
use busbar_telemetry::Metrics;
use tokio::sync::oneshot;

use crate::{
    Configured, Error, Result, about,
    clock::SystemClock,
    distribution, fetch,
    figures::Figures,
    images::{Studio, StudioSettings},
    later,
    load::Role,
    reload::{self, Looks, Reloader},
    routes,
    signals::Signals,
    stages::Keeper,
};

/// Who stands between the clients and the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    /// A listener of our own.
    Listener,
    /// A service that has names of its own, speaks HTTPS to the clients, and reaches nothing but us.
    Gateway,
}

/// A server that loads its models; nobody has asked it anything yet.
pub(crate) struct Assembled {
    /// What all endpoints know.
    pub(crate) server: Server,
    /// All endpoints.
    pub(crate) router: Router,
    /// Shared with the router: it stops taking what is new when this begins.
    pub(crate) drain: Drain,
    /// The models, as they come into service.
    pub(crate) roster: Roster,
    /// Pictures as jobs, where they can be recorded.
    pub(crate) studio: Option<Studio>,
    /// Why no model could be loaded.
    pub(crate) failed: oneshot::Receiver<Error>,
    /// Held to the end: it takes up whatever becomes of the configuration.
    pub(crate) reloader: Reloader,
}

impl Assembled {
    /// Puts the parts together; from here on models are being loaded.
    ///
    /// # Errors
    /// What is known of the classifiers' stages cannot be read.
    pub(crate) async fn of(configured: Configured, signals: &Signals, front: Front) -> Result<Self> {
        let config = configured.loaded.config.clone();
        let role = configured.wanted.role();
        let clock = Arc::new(SystemClock);
        // Counts from the first request on.
        let metrics = Metrics::new(about::build_info(), clock.clone());
        if let Some(figures) = Figures::of(&config.metrics, front) {
            metrics.follow(Box::new(figures));
        }
        // Loading takes seconds; /healthz answers meanwhile, and /readyz says when it is over.
        let roster = Roster::loading();
        // Which classifier is in production is known before the first one is there.
        let keeper: Arc<dyn StageKeeper> = Arc::new(Keeper::open(&config, &roster)?);
        let parts = reload::Parts {
            roster: roster.clone(),
            metrics: metrics.clone(),
            clock: clock.clone(),
            signals: signals.clone(),
            looks: match front {
                Front::Listener => Looks::Timed,
                // It stands still between two calls, and its timers with it.
                Front::Gateway => Looks::Called,
            },
        };
        // Before the first request: an answer from before the start is as good as one from after it.
        if let Some(answers) = answers(&config, &clock).await {
            configured.wanted.keep_answers_in(answers);
        }
        let watched = roster.clone();
        metrics.watch_targets(move || routes::targets(&watched.models()));
        let (reloader, failed) = Reloader::start(configured, parts);
        // Where answers are put that come later, or why there are none.
        let later = later::Places::of(&config)?;
        // Pictures take minutes: they are jobs, recorded where they outlive this process.
        let settings_of_jobs = StudioSettings {
            // Known, and with its key, before the first one is asked for.
            distribution: distribution::of(&config).await?,
            notices: later.clone().map(later::notices),
            ..studio_settings(&config, role, front)
        };
        let mut studio = studio(settings_of_jobs, &roster, &metrics).await;
        let drain = Drain::default();
        let server = Server::new(Parts {
            models: roster.clone(),
            fetcher: fetch::pictures(&config.fetch),
            stages: Some(keeper),
            guests: reloader.guests().map(|guests| guests as Arc<dyn Guests>),
            pictures: studio.as_ref().map(Studio::pictures),
            steering: Some(reloader.steering()),
            settings: Settings {
                later: later.as_ref().map(|places| places.named.clone()),
                ..settings(&config, front)
            },
            clock,
            metrics,
            drain: drain.clone(),
        });
        // Whoever serves answers them: nobody else has all models.
        if let (Some(studio), Some(places)) = (&mut studio, later) {
            let endpoints = EndpointJobs::new(Arc::new(server.clone()), places, busbar_server::explain);
            studio.answer_later(endpoints, &roster);
        }
        Ok(Self {
            router: busbar_server::router(server.clone()),
            server,
            drain,
            roster,
            studio,
            failed,
            reloader,
        })
    }
}

/// Where answers of routes outlive the process, if they are to. A disk that fails keeps nobody from serving.
async fn answers(config: &Config, clock: &Arc<SystemClock>) -> Option<Arc<dyn AnswerStore>> {
    let (most, clock) = (config.storage.answers, clock.clone());
    let folder = config.storage.home.join("answers");
    if most == 0 {
        return None;
    }
    let opening = tokio::task::spawn_blocking(move || AnswerFiles::open(&folder, most, clock));
    match opening.await {
        Ok(Ok(files)) => Some(Arc::new(files)),
        Ok(Err(error)) => {
            tracing::warn!(%error, "answers are kept in memory only: their folder cannot be used");
            None
        }
        Err(_) => None,
    }
}

/// How jobs are done here.
fn studio_settings(config: &Config, role: Role, front: Front) -> StudioSettings {
    let mut settings = StudioSettings::new(config);
    settings.work = settings.work.filter(|_| role != Role::Api);
    // Where others see the queues too, whoever stands in front brings what is in them.
    settings.by_event = front == Front::Gateway && config.storage.queues.is_some();
    if settings.by_event {
        // Whoever brings work says itself until when it may take.
        settings.answer.finish_within = Duration::ZERO;
        settings.work = settings.work.map(|_| settings.answer);
    }
    settings
}

/// Pictures as jobs. Where they cannot be recorded, everything else is served nevertheless.
async fn studio(settings: StudioSettings, roster: &Roster, metrics: &Arc<Metrics>) -> Option<Studio> {
    let opened = Studio::open(settings, roster, Arc::new(SystemClock), metrics.clone()).await;
    opened
        .inspect_err(
            |error| tracing::error!(%error, "no pictures can be made: there is no place for their jobs"),
        )
        .ok()
}

fn settings(config: &Config, front: Front) -> Settings {
    let (server, streams, websocket) = (&config.server, &config.streams, &config.websocket);
    let gateway = front == Front::Gateway;
    // Where nobody listens, an address to listen on says nothing about who may come.
    let loopback_only =
        !gateway && server.listen.ip().is_loopback() && !server.any_host && !server.behind_https_proxy;
    Settings {
        body_limit: server.body_limit,
        request_timeout: server.request_timeout,
        keep_alive: streams.keep_alive,
        hosts: if loopback_only {
            Hosts::Loopback
        } else {
            Hosts::Any
        },
        operators: match server.operators {
            busbar_config::Operators::Nobody => Operators::Nobody,
            busbar_config::Operators::Local => Operators::Local,
            busbar_config::Operators::Anyone => Operators::Anyone,
        },
        origins: match &config.cors.origins {
            busbar_config::Origins::None => Origins::None,
            busbar_config::Origins::Any => Origins::Any,
            busbar_config::Origins::These(these) => Origins::These(these.clone()),
        },
        origins_max_age: config.cors.max_age,
        https: gateway || config.tls.is_some() || server.behind_https_proxy,
        replay: ReplayLimits {
            stream: streams.resume_buffer,
            total: streams.resume_total,
            streams: streams.resumable,
        },
        ws: WsLimits {
            heartbeat: websocket.heartbeat,
            idle_timeout: websocket.idle_timeout,
            max_in_flight: websocket.in_flight,
            queue_frames: websocket.send_frames,
            queue_bytes: websocket.send_buffer,
            ..WsLimits::default()
        },
        later: None,
    }
}
