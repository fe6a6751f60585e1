//! What the AWS services share: credentials and signatures. The SDK is used for credentials alone.

pub(super) mod appconfig;
mod connector;
mod credentials;
mod keeper;
mod objects;
pub(super) mod parameters;
mod settings;
mod sigv4;

pub use credentials::{Credentials, Identity};
pub use objects::{Location, Objects};
pub use settings::Settings;
pub use sigv4::{Signer, Style};
