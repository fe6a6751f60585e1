//! What the AWS services share: credentials and signatures. The SDK is used for credentials alone.

mod connector;
mod credentials;
mod settings;
mod sigv4;

pub use credentials::{Credentials, Identity};
pub use settings::Settings;
pub use sigv4::Signer;
