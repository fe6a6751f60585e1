//! The server, put together. Read top to bottom: each line says why it stands there.

use std::sync::Arc;

use busbar_config::Config;
use busbar_core::{Roster, StageKeeper};
use busbar_server::{
    Drain, Hosts, Listen, Origins, Parts, ReplayLimits, Server, Settings, Stopped, Tls, WsLimits,
};
use busbar_telemetry::Metrics;
use tokio::net::TcpListener;

use crate::{
    Configured, Error, Result, about,
    clock::SystemClock,
    fetch,
    images::{Studio, StudioSettings},
    load::Role,
    reload::{self, Reloader},
    routes,
    signals::Signals,
    stages::Keeper,
};

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything that ran was finished.
    Finished,
    /// So many answers were cut off, because their time was up.
    CutOff(usize),
    /// At once, on a second signal.
    AtOnce,
}

/// Serves until a signal comes and what runs then is finished.
///
/// # Errors
/// What makes serving impossible: a certificate of no use, a port that is taken; or, later, that no model
/// could be loaded.
pub async fn serve(configured: Configured) -> Result<Ended> {
    // Before anything that takes time: a signal that comes meanwhile is not lost.
    let signals = Signals::listen()?;
    let config = configured.loaded.config.clone();
    let role = configured.wanted.role();
    let tls = config
        .tls
        .as_ref()
        .map(|tls| Tls::read(&tls.certificate, &tls.key))
        .transpose();
    let tls = tls.map_err(Error::Tls)?;
    let listener = bind(&config).await?;
    let clock = Arc::new(SystemClock);
    // Counts from the first request on.
    let metrics = Metrics::new(about::build_info(), clock.clone());
    // Loading takes seconds; /healthz answers meanwhile, and /readyz says when it is over.
    let roster = Roster::loading();
    // Which classifier is in production is known before the first one is there.
    let keeper: Arc<dyn StageKeeper> = Arc::new(Keeper::open(&config, &roster)?);
    let parts = reload::Parts {
        roster: roster.clone(),
        metrics: metrics.clone(),
        clock: clock.clone(),
        signals: signals.clone(),
    };
    let watched = roster.clone();
    metrics.watch_targets(move || routes::targets(&watched.models()));
    // Held to the end: it takes up whatever becomes of the configuration.
    let (_reloader, failed) = Reloader::start(configured, parts);
    // Pictures take minutes: they are jobs, recorded where they outlive this process.
    let studio = studio(&config, role, &roster, &metrics).await;
    // Shared with the listener, which stops taking what is new when the router does.
    let drain = Drain::default();
    let server = Server::new(Parts {
        models: roster,
        fetcher: fetch::pictures(&config.fetch),
        stages: Some(keeper),
        pictures: studio.as_ref().map(Studio::pictures),
        settings: settings(&config),
        clock,
        metrics,
        drain: drain.clone(),
    });
    let listen = Listen {
        tls,
        drain_timeout: config.server.drain_timeout,
    };
    let mut failure = None;
    let stop = async {
        tokio::select! {
            () = signals.first() => {}
            // A server without a model is of no use to anybody: end, and say why.
            Ok(error) = failed => failure = Some(error),
        }
        // Beside the answers that are still under way, not after them.
        if let Some(studio) = &studio {
            studio.stop();
        }
    };
    let router = busbar_server::router(server);
    let stopped = tokio::select! {
        stopped = busbar_server::serve(listener, router, drain, listen, stop) => stopped,
        // Whoever sends a second signal has no patience left.
        () = signals.second() => return Ok(Ended::AtOnce),
    };
    if let Some(studio) = studio {
        // What is not done by then is given back, for the next process to go on with.
        tokio::select! {
            () = studio.ended() => {}
            () = signals.second() => return Ok(Ended::AtOnce),
        }
    }
    let stopped = stopped.map_err(|source| Error::Io {
        doing: "serving".to_owned(),
        source,
    })?;
    match (failure, stopped) {
        (Some(error), _) => Err(error),
        (None, Stopped::Finished) => Ok(Ended::Finished),
        (None, Stopped::CutOff(running)) => Ok(Ended::CutOff(running)),
    }
}

/// Pictures as jobs. Where they cannot be recorded, everything else is served nevertheless.
async fn studio(config: &Config, role: Role, roster: &Roster, metrics: &Arc<Metrics>) -> Option<Studio> {
    let mut settings = StudioSettings::new(config);
    settings.work = settings.work.filter(|_| role != Role::Api);
    let opened = Studio::open(settings, roster, Arc::new(SystemClock), metrics.clone()).await;
    opened
        .inspect_err(
            |error| tracing::error!(%error, "no pictures can be made: there is no place for their jobs"),
        )
        .ok()
}

async fn bind(config: &Config) -> Result<TcpListener> {
    let address = config.server.listen;
    TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen { address, source })
}

fn settings(config: &Config) -> Settings {
    let (server, streams, websocket) = (&config.server, &config.streams, &config.websocket);
    let loopback_only = server.listen.ip().is_loopback() && !server.any_host && !server.behind_https_proxy;
    Settings {
        body_limit: server.body_limit,
        request_timeout: server.request_timeout,
        keep_alive: streams.keep_alive,
        hosts: if loopback_only {
            Hosts::Loopback
        } else {
            Hosts::Any
        },
        origins: match &config.cors.origins {
            busbar_config::Origins::None => Origins::None,
            busbar_config::Origins::Any => Origins::Any,
            busbar_config::Origins::These(these) => Origins::These(these.clone()),
        },
        origins_max_age: config.cors.max_age,
        https: config.tls.is_some() || server.behind_https_proxy,
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
    }
}
