//! Configuration: from flags, environment and file to values that cannot be wrong.
//!
//! Every setting is a line of `defaults.toml`; its environment name and its place in
//! `busbar config show` follow from there. One precedence for all: flag, environment, file, default.
//!
//! **Invariant:** no other crate reads an environment variable, and what leaves here is valid as a
//! whole: errors are reported together, each with its field and its fix. Nothing is written but the
//! record of a configuration's versions (`versions`), and there no secret.

mod auto;
mod client;
mod cores;
mod cors;
mod diff;
mod distribution;
mod document;
mod environment;
mod fetch;
mod hosting;
mod hub;
mod images;
mod jobs;
mod lambda;
mod later;
mod layers;
mod load;
mod log;
mod metrics;
mod models;
mod nearest;
mod overlay;
mod problem;
mod providers;
mod raw;
mod routes;
mod routing;
mod secrets;
mod server;
mod settings;
mod size;
mod source;
mod span;
mod storage;
mod streams;
mod text;
mod tls;
mod vaults;
mod versions;
mod word;

pub use client::Client;
pub use cores::{Cores, cores};
pub use cors::{Cors, Origins};
pub use diff::{Change, diff};
pub use distribution::Distribution;
pub use document::Document;
pub use environment::Environment;
pub use fetch::Fetch;
pub use hosting::Hosting;
pub use hub::Hub;
pub use images::{ImageModel, Images, Precision};
pub use jobs::Jobs;
pub use lambda::{Lambda, LambdaAnswers};
pub use later::Later;
pub use layers::{Origin, Shown};
pub use load::{Config, Flag, Loaded, Sources, find, glance, load, load_from, read};
pub use log::{Log, LogFormat};
pub use metrics::Metrics;
pub use models::{Models, TextModel};
pub use nearest::nearest;
pub use overlay::flattened;
pub use problem::{Problem, Problems};
pub use providers::Provider;
pub use raw::schema;
pub use routing::Routing;
pub use secrets::{redacted, restored};
pub use server::{Operators, Server};
pub use settings::{Setting, settings, template};
pub use source::Source;
pub use storage::Storage;
pub use streams::{Streams, WebSocket};
pub use text::{GpuLayers, TextEngine};
pub use tls::Tls;
pub use vaults::Vaults;
pub use versions::{Attended, Chosen, Fate, Offered, State, Version, Versions, fingerprint};
