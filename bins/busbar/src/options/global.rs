//! Options of every command.

use std::path::PathBuf;

use busbar_config::Flag;
use clap::Args;

use super::flag;

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// Read this configuration file instead of the usual ones.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Set any setting: --set server.body_limit="64 MiB". `busbar config show` lists them.
    #[arg(long, global = true, value_name = "SETTING=VALUE", value_parser = setting)]
    pub(crate) set: Vec<(String, String)>,

    /// Keep models and history in this directory.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,

    /// Log this: a level such as `debug`, or `info,busbar_server=debug`.
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log: Option<String>,

    /// Say nothing but the result.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

impl Global {
    /// The settings among them.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        let named = [
            flag(
                "--home",
                "storage.home",
                self.home.as_ref().map(|home| home.display()),
            ),
            flag("--log", "log.filter", self.log.as_ref()),
        ];
        let set = self.set.iter().map(|(path, value)| Flag {
            name: "--set".to_owned(),
            path: path.clone(),
            value: value.clone(),
        });
        named.into_iter().flatten().chain(set).collect()
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (path, value) = text
        .split_once('=')
        .ok_or("write SETTING=VALUE, such as server.body_limit=64MiB")?;
    Ok((path.trim().to_owned(), value.trim().to_owned()))
}
