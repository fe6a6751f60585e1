//! Reads all sources in their order and checks the whole.

use std::{fmt, fs, path::PathBuf};

use busbar_routing::RouteSpec;

use crate::{
    Document,
    client::Client,
    cors::Cors,
    distribution::Distribution,
    environment::Environment,
    fetch::Fetch,
    hosting::ROLE,
    hub::Hub,
    images::Images,
    jobs::Jobs,
    lambda::Lambda,
    later::Later,
    layers::{Layers, Origin, Shown},
    log::Log,
    metrics::Metrics,
    models::Models,
    nearest::nearest,
    overlay::{ENVIRONMENTS, flattened},
    problem::{Problem, Problems},
    providers::Provider,
    raw::{self, Raw},
    routing::Routing,
    server::Server,
    settings::{Setting, settings},
    source::Source,
    storage::Storage,
    streams::{Streams, WebSocket},
    tls::Tls,
    vaults::Vaults,
    word::{self, Named, What},
};

/// The setting that says which environment holds.
const ENVIRONMENT: &str = "source.environment";

/// The sections that a running server takes up; what is only for commands counts as such.
const TAKEN_UP: &[&str] = &["client", "hub", "models", "routing", "text"];

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
    /// Where the configuration comes from.
    pub source: Source,
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
    /// How pictures are made and handed out.
    pub images: Images,
    /// Work that outlives a request.
    pub jobs: Jobs,
    /// Answers that come later.
    pub later: Later,
    /// How a function on AWS Lambda answers.
    pub lambda: Lambda,
    /// What is logged.
    pub log: Log,
    /// Figures beside those that are scraped.
    pub metrics: Metrics,
    /// Where keys are kept that are only named here.
    pub vault: Vaults,
    /// Where files live.
    pub storage: Storage,
    /// Who hands out files that lie in a bucket, where the bucket does not.
    pub distribution: Option<Distribution>,
    /// Where models are fetched from.
    pub hub: Hub,
    /// The server that commands talk to.
    pub client: Client,
    /// Who hosts models elsewhere.
    pub providers: Vec<Provider>,
    /// What holds for all routes.
    pub routing: Routing,
    /// Names that clients ask for, and the models that answer.
    pub routes: Vec<RouteSpec>,
}

/// A configuration with how it came about.
#[derive(Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// What the documents say together, without defaults, environment and flags; secrets included.
    pub table: toml::Table,
    /// Every setting in force, with where it came from.
    pub shown: Vec<Shown>,
    /// What looks like a mistake without being one for certain.
    pub warnings: Vec<String>,
}

impl Loaded {
    /// The settings that hold only once the server was started anew: those that differ from what it was
    /// started with, and that no running server takes up.
    pub fn waiting_for_restart(&self, started: &Self) -> Vec<String> {
        let pairs = self.shown.iter().zip(&started.shown);
        let waiting = pairs.filter(|(now, then)| {
            let section = now.path.split('.').next().unwrap_or_default();
            now.value != then.value && !TAKEN_UP.contains(&section)
        });
        waiting.map(|(now, _)| now.path.clone()).collect()
    }
}

/// What it says may be secret.
impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("config", &self.config)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// Reads the file, the environment and the flags, and checks the whole.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(sources: &Sources) -> Result<Loaded, Problems> {
    let mut problems = Problems::default();
    let documents = Vec::from_iter(read_into(sources, &mut problems));
    assemble(sources, &documents, problems).1
}

/// What the file says, where there is one.
///
/// # Errors
/// It is not there, or cannot be read.
pub fn read(sources: &Sources) -> Result<Option<Document>, Problems> {
    let mut problems = Problems::default();
    let document = read_into(sources, &mut problems);
    if problems.is_empty() {
        return Ok(document);
    }
    problems.warnings = strangers(&sources.environment);
    Err(problems)
}

/// Lays documents over the defaults, then the environment and the flags, and checks the whole.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load_from(sources: &Sources, documents: &[Document]) -> Result<Loaded, Problems> {
    assemble(sources, documents, Problems::default()).1
}

/// The same in spite of what is wrong, for those who must know where things are before all of it is
/// right: wrong settings have their defaults.
pub fn glance(sources: &Sources, documents: &[Document]) -> Option<Config> {
    assemble(sources, documents, Problems::default()).0
}

/// The file that is to be read: the one that is named, else the first that is there of the usual ones.
///
/// # Errors
/// The named one is not there.
pub fn find(sources: &Sources) -> Result<Option<PathBuf>, Problems> {
    let mut problems = Problems::default();
    let file = find_file(sources, &mut problems);
    if problems.is_empty() {
        Ok(file)
    } else {
        Err(problems)
    }
}

fn assemble(
    sources: &Sources,
    documents: &[Document],
    mut problems: Problems,
) -> (Option<Config>, Result<Loaded, Problems>) {
    let environment = &sources.environment;
    let mut layers = Layers::new();
    // What is wrong with it is told by whoever looks for the file.
    let named = word::named(sources).ok().flatten();
    for document in documents {
        layers.document(document);
        stays_at_home(document, &mut problems);
    }
    let chosen = chosen(sources, &layers);
    if let Err(known) = layers.environment(&chosen) {
        let message = format!(
            "there is no [environments.{chosen}] in the configuration; there are: {}",
            known.join(", ")
        );
        problems.field(ENVIRONMENT, message);
    }
    word::lay(named.as_ref(), &mut layers);
    for (setting, name, value) in set_in(environment) {
        layers.text(&setting.path, value, Origin::Environment(name.to_owned()));
    }
    for flag in &sources.flags {
        set_flag(flag, &mut layers, &mut problems);
    }
    let config =
        raw::parse(layers.table.clone(), &mut problems).map(|raw| check(&raw, environment, &mut problems));
    let config = config.map(|mut config| {
        if let Some(What::Word(word)) = named.map(|named| named.what) {
            config.source.there = word.kept_in;
        }
        config
    });
    problems.attribute(|field| layers.origin(field));
    let loaded = match &config {
        Some(config) if problems.is_empty() => Ok(Loaded {
            config: config.clone(),
            file: documents.iter().find_map(|document| match &document.origin {
                Origin::File(path) => Some(path.clone()),
                _ => None,
            }),
            table: flattened(documents, &chosen),
            shown: layers.show(),
            warnings: strangers(environment),
        }),
        _ => {
            problems.warnings = strangers(environment);
            Err(problems)
        }
    };
    (config, loaded)
}

/// The environment that holds: it decides what the documents say, so it is known before the rest.
fn chosen(sources: &Sources, layers: &Layers) -> String {
    let flags = sources.flags.iter().rev();
    let flag = flags
        .filter(|flag| flag.path == ENVIRONMENT)
        .map(|flag| &*flag.value);
    let mut variables = set_in(&sources.environment).filter(|(setting, ..)| setting.path == ENVIRONMENT);
    let written = || layers.table.get("source")?.get("environment")?.as_str();
    let chosen = flag
        .chain(variables.next().map(|(_, _, value)| value))
        .chain(written())
        .next();
    chosen.unwrap_or_default().to_owned()
}

/// Whoever keeps a configuration elsewhere does not say where it is kept; nor does an environment.
fn stays_at_home(document: &Document, problems: &mut Problems) {
    let origin = Some(&document.origin);
    let elsewhere = matches!(document.origin, Origin::Source(_));
    if elsewhere && document.table.contains_key("source") {
        let message = "only the file, the environment and flags say where the configuration comes from";
        problems.from("source", message, origin);
    }
    let home = document
        .table
        .get("storage")
        .and_then(|storage| storage.get("home"));
    if elsewhere && home.is_some() {
        let message = "only the file, the environment and flags say where files live on this machine";
        problems.from("storage.home", message, origin);
    }
    let environments = document.table.get(ENVIRONMENTS).and_then(toml::Value::as_table);
    for (name, own) in environments.into_iter().flatten() {
        for section in ["source", ENVIRONMENTS] {
            if own.get(section).is_some() {
                let field = format!("environments.{name}.{section}");
                problems.from(&field, "an environment cannot set this", origin);
            }
        }
    }
}

fn check(raw: &Raw, environment: &Environment, problems: &mut Problems) -> Config {
    let routing = raw.routing.check(problems);
    let others = !raw.providers.is_empty() || !raw.routes.is_empty();
    let mut config = Config {
        source: raw.source.check(problems),
        server: raw.server.check(problems),
        tls: raw.tls.check(problems),
        cors: raw.cors.check(problems),
        streams: raw.streams.check(problems),
        websocket: raw.websocket.check(problems),
        fetch: raw.fetch.check(problems),
        models: raw.models.check(raw.text, others, problems),
        images: raw.images.check(problems),
        jobs: raw.jobs.check(problems),
        later: raw.later.check(),
        lambda: raw.lambda.check(),
        log: raw.log.check(problems),
        metrics: raw.metrics.check(problems),
        vault: raw.vault.check(problems),
        storage: raw.storage.check(environment, problems),
        distribution: None,
        hub: raw.hub.check(problems),
        client: raw.client.check(problems),
        providers: raw.providers.check(environment, problems),
        routes: raw.routes.check(&routing, problems),
        routing,
    };
    config.distribution = raw.distribution.check(&config.storage, problems);
    config
}

/// The file that is named, else the first that is there of the usual ones.
fn find_file(sources: &Sources, problems: &mut Problems) -> Option<PathBuf> {
    let environment = &sources.environment;
    let named = word::named(sources)
        .map_err(|problem| problems.push(problem))
        .ok()?;
    if let Some(Named { what, origin }) = named {
        let What::File(path) = what else { return None };
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

fn read_into(sources: &Sources, problems: &mut Problems) -> Option<Document> {
    let path = find_file(sources, problems)?;
    let origin = Origin::File(path.clone());
    let text = fs::read_to_string(&path).map_err(|error| Problem {
        field: String::new(),
        origin: Some(origin.clone()),
        message: error.to_string(),
    });
    let document = text.and_then(|text| Document::read(&text, origin));
    document.map_err(|problem| problems.push(problem)).ok()
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
        .chain([word::VARIABLE, ROLE])
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
