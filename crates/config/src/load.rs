//! Reads all sources in their order and checks the whole.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    client::Client,
    cors::Cors,
    environment::Environment,
    fetch::Fetch,
    hub::Hub,
    layers::{Layers, Origin, Shown},
    log::Log,
    models::Models,
    nearest::nearest,
    problem::{Problem, Problems},
    providers::Provider,
    raw::{self, Raw},
    server::Server,
    settings::{Setting, settings},
    storage::Storage,
    streams::{Streams, WebSocket},
    tls::Tls,
};

/// Where settings come from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The variables of the environment.
    pub environment: Environment,
    /// The file that `--config` names; it must exist. Otherwise the usual places are looked at.
    pub file: Option<PathBuf>,
    /// Settings from the command line.
    pub flags: Vec<Flag>,
}

/// A setting from the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The flag as it is typed: `--listen`.
    pub name: String,
    /// The setting's path: `server.listen`.
    pub path: String,
    /// The value as text.
    pub value: String,
}

/// The whole configuration, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where to listen, and what one request may take.
    pub server: Server,
    /// The certificate, where the server speaks HTTPS itself.
    pub tls: Option<Tls>,
    /// Which web pages of elsewhere may call.
    pub cors: Cors,
    /// Event streams.
    pub streams: Streams,
    /// WebSocket connections.
    pub websocket: WebSocket,
    /// What clients point to.
    pub fetch: Fetch,
    /// Which models are served, and how they are run.
    pub models: Models,
    /// What is logged.
    pub log: Log,
    /// Where files live.
    pub storage: Storage,
    /// Where models are fetched from.
    pub hub: Hub,
    /// The server that commands talk to.
    pub client: Client,
    /// Who hosts models elsewhere.
    pub providers: Vec<Provider>,
}

/// A configuration with how it came about.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// Every setting in force, with where it came from.
    pub shown: Vec<Shown>,
    /// What looks like a mistake without being one for certain.
    pub warnings: Vec<String>,
}

/// Reads the sources and checks the whole.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(sources: &Sources) -> Result<Loaded, Problems> {
    let mut problems = Problems::default();
    let mut layers = Layers::new();
    let file = find_file(sources, &mut problems);
    if let Some(path) = &file {
        read_file(path, &mut layers, &mut problems);
    }
    for (setting, name, value) in set_in(&sources.environment) {
        layers.text(&setting.path, value, Origin::Environment(name.to_owned()));
    }
    for flag in &sources.flags {
        set_flag(flag, &mut layers, &mut problems);
    }
    let config = raw::parse(layers.table.clone(), &mut problems)
        .map(|raw| check(&raw, &sources.environment, &mut problems));
    problems.attribute(|field| layers.origin(field));
    match config {
        Some(config) if problems.is_empty() => Ok(Loaded {
            config,
            file,
            shown: layers.show(),
            warnings: strangers(&sources.environment),
        }),
        _ => {
            problems.warnings = strangers(&sources.environment);
            Err(problems)
        }
    }
}

fn check(raw: &Raw, environment: &Environment, problems: &mut Problems) -> Config {
    Config {
        server: raw.server.check(problems),
        tls: raw.tls.check(problems),
        cors: raw.cors.check(problems),
        streams: raw.streams.check(problems),
        websocket: raw.websocket.check(problems),
        fetch: raw.fetch.check(problems),
        models: raw.models.check(raw.text, problems),
        log: raw.log.check(problems),
        storage: raw.storage.check(environment, problems),
        hub: raw.hub.check(problems),
        client: raw.client.check(problems),
        providers: raw.providers.check(environment, problems),
    }
}

/// The file that is named, else the first that is there of the usual ones.
fn find_file(sources: &Sources, problems: &mut Problems) -> Option<PathBuf> {
    let environment = &sources.environment;
    let flag = || Some((sources.file.clone()?, Origin::Flag("--config".into())));
    let variable = || {
        let path = environment.get("BUSBAR_CONFIG")?;
        Some((path.into(), Origin::Environment("BUSBAR_CONFIG".into())))
    };
    if let Some((path, origin)) = flag().or_else(variable) {
        if path.is_file() {
            return Some(path);
        }
        problems.push(Problem {
            field: String::new(),
            origin: Some(origin),
            message: format!(
                "no such file: {}; `busbar config init` writes one",
                path.display()
            ),
        });
        return None;
    }
    let usual = [
        Some(PathBuf::from("busbar.toml")),
        environment
            .config_directory()
            .map(|directory| directory.join("busbar.toml")),
        cfg!(unix).then(|| PathBuf::from("/etc/busbar/busbar.toml")),
    ];
    usual.into_iter().flatten().find(|path| path.is_file())
}

fn read_file(path: &Path, layers: &mut Layers, problems: &mut Problems) {
    let origin = Origin::File(path.to_owned());
    let parsed = fs::read_to_string(path)
        .map_err(|error: io::Error| error.to_string())
        .and_then(|text| text.parse::<toml::Table>().map_err(|error| error.to_string()));
    match parsed {
        Ok(table) => layers.file(table, &origin),
        Err(message) => problems.push(Problem {
            field: String::new(),
            origin: Some(origin),
            message: message.trim_end().to_owned(),
        }),
    }
}

fn set_flag(flag: &Flag, layers: &mut Layers, problems: &mut Problems) {
    let known = settings().iter().any(|setting| setting.path == flag.path);
    if known {
        return layers.text(&flag.path, &flag.value, Origin::Flag(flag.name.clone()));
    }
    let meant = nearest(&flag.path, settings().iter().map(|setting| &*setting.path));
    problems.push(Problem {
        field: flag.path.clone(),
        origin: Some(Origin::Flag(flag.name.clone())),
        message: meant.map_or_else(
            || "there is no such setting; `busbar config show` lists them".to_owned(),
            |meant| format!("there is no such setting; did you mean `{meant}`?"),
        ),
    });
}

/// The settings that the environment sets, each by the first of its names that is there.
fn set_in(environment: &Environment) -> impl Iterator<Item = (&'static Setting, &'static str, &str)> {
    settings().iter().filter_map(|setting| {
        let names = setting.environment.iter();
        let (name, value) = names
            .filter_map(|name| Some((&**name, environment.get(name)?)))
            .next()?;
        Some((setting, name, value))
    })
}

/// Variables that begin like ours and are none of ours.
fn strangers(environment: &Environment) -> Vec<String> {
    let known: Vec<&str> = settings()
        .iter()
        .flat_map(|setting| setting.environment.iter().map(String::as_str))
        .chain(["BUSBAR_CONFIG"])
        .collect();
    let strangers = environment.names("BUSBAR_").filter(|name| !known.contains(name));
    let warn = |name: &str| match nearest(name, known.iter().copied()) {
        Some(meant) => {
            format!("the environment variable {name} means nothing to Busbar; did you mean {meant}?")
        }
        None => format!("the environment variable {name} means nothing to Busbar"),
    };
    strangers.map(warn).collect()
}
