//! A running server, for the commands that ask it about its configuration.

use busbar_app::Remote;
use busbar_config::{Client, Config, Flag, glance};

use super::sources;
use crate::{
    exit::{Failure, Result},
    options::Global,
};

/// Which server to ask.
#[derive(Debug, clap::Args)]
pub(super) struct At {
    /// Ask the running server at this address, as one of its operators (`server.operators`).
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl At {
    /// The server that is named: by the flag, or by the setting that names one for all commands.
    pub(super) fn named(&self, global: &Global) -> Result<Option<Remote>> {
        Ok(Remote::new(&self.settings(global)?.client))
    }

    /// The same; where none is named, the one that a server with this configuration would be.
    pub(super) fn any(&self, global: &Global) -> Result<Remote> {
        let settings = self.settings(global)?;
        let named = settings.client.url.clone();
        let client = Client {
            url: Some(named.unwrap_or_else(|| address(&settings))),
            ..settings.client
        };
        Remote::new(&client).ok_or_else(|| Failure::Usage("name a server with --url".to_owned()))
    }

    /// What is configured, as far as it is right: a file that is not is what these commands are for.
    fn settings(&self, global: &Global) -> Result<Config> {
        let mut sources = sources(global);
        sources.flags.extend(self.url.clone().map(|value| Flag {
            name: "--url".to_owned(),
            path: "client.url".to_owned(),
            value,
        }));
        let file = busbar_config::read(&sources).ok().flatten();
        let documents: Vec<_> = file.into_iter().collect();
        let whole = glance(&sources, &documents).or_else(|| glance(&sources, &[]));
        whole.ok_or_else(|| {
            Failure::Usage("the address of the server is wrong; name one with --url".to_owned())
        })
    }
}

/// Where a server with these settings is reached on this machine.
fn address(settings: &Config) -> String {
    let mut address = settings.server.listen;
    if address.ip().is_unspecified() {
        let here: std::net::IpAddr = match address.ip() {
            std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(here);
    }
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{address}")
}
