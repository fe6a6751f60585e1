//! What the AWS services share: credentials and signatures. The SDK is used for credentials alone.

mod account;
pub(super) mod appconfig;
pub(super) mod connections;
mod connector;
mod credentials;
mod distribution;
pub(super) mod extension;
mod keeper;
mod objects;
pub(super) mod parameters;
mod presign;
pub(super) mod secrets;
mod service;
mod settings;
mod sigv4;

pub use account::Account;
pub use credentials::{Credentials, Identity};
pub use distribution::{Distribution, Gate};
pub use objects::{Held, Location, Objects};
pub use presign::Opener;
pub use service::{Refused, Service};
pub use settings::Settings;
pub use sigv4::{Signer, Style};
