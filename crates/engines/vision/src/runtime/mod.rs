//! What computes a network: our own way where it knows the network, else a library.
//!
//! To add one: a file with its [`Network`], and a row in [`load`].

mod layout;
#[cfg(feature = "onnxruntime")]
mod onnxruntime;
mod rten;

use std::{num::NonZeroUsize, path::Path, sync::Arc};

use busbar_core::{Error, ErrorKind, Result};

use crate::{
    description::Description,
    direct::{DirectNetwork, Plan},
    onnx::Graph,
};

/// What is to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Our own way where it knows the network; else ONNX Runtime where it is found; else `rten`.
    #[default]
    Auto,
    /// Our own way, or nothing.
    Direct,
    /// `rten`, which is compiled in and knows nearly every network.
    Rten,
    /// ONNX Runtime, from its shared library, or nothing.
    OnnxRuntime,
}

/// What computes, and why that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// `direct`, `rten` or `onnxruntime`.
    pub name: &'static str,
    /// For people.
    pub why: String,
}

/// A network with memory of its own: one thread computes with it.
pub(crate) trait Network: Send {
    /// Scores of a picture, whose numbers lie as rows of pixels, colours together.
    fn run(&mut self, numbers: &[f32]) -> Result<Vec<f32>>;
}

impl Network for DirectNetwork {
    fn run(&mut self, numbers: &[f32]) -> Result<Vec<f32>> {
        Ok(Self::run(self, numbers))
    }
}

/// A network for each of some threads, and what computes them.
pub(crate) struct Loaded {
    pub(crate) networks: Vec<Box<dyn Network>>,
    pub(crate) running: Running,
}

/// What to load, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loading<'a> {
    pub(crate) model: &'a [u8],
    pub(crate) description: &'a Description,
    pub(crate) choice: Choice,
    pub(crate) onnxruntime: Option<&'a Path>,
    pub(crate) workers: NonZeroUsize,
}

pub(crate) fn load(loading: Loading<'_>) -> Result<Loaded> {
    match loading.choice {
        Choice::Auto => automatic(loading),
        Choice::Direct => direct(loading).map_err(|why| cannot("our own runtime", &why)),
        Choice::Rten => rten_network(loading, "it was asked for".to_owned()),
        Choice::OnnxRuntime => {
            onnx_runtime(loading, "it was asked for".to_owned()).map_err(|why| cannot("ONNX Runtime", &why))
        }
    }
}

fn automatic(loading: Loading<'_>) -> Result<Loaded> {
    let unknown = match direct(loading) {
        Ok(loaded) => return Ok(loaded),
        Err(why) => why,
    };
    let why = format!("our own runtime does not know {unknown}");
    match onnx_runtime(loading, why.clone()) {
        Ok(loaded) => Ok(loaded),
        Err(absent) => rten_network(loading, format!("{why}; ONNX Runtime is not used: {absent}")),
    }
}

fn direct(loading: Loading<'_>) -> Result<Loaded, String> {
    let description = loading.description;
    if description.layout != crate::description::Layout::Nchw {
        return Err("an input that is not by colours first".to_owned());
    }
    let graph = Graph::read(loading.model).map_err(|error| error.to_string())?;
    let plan = Plan::of(&graph, description.height as usize, description.width as usize)?;
    let plan = Arc::new(plan);
    let network = |_| Box::new(DirectNetwork::new(Arc::clone(&plan))) as Box<dyn Network>;
    Ok(Loaded {
        networks: (0..loading.workers.get()).map(network).collect(),
        running: Running {
            name: "direct",
            why: "it knows every operator of this network, and is the quickest at them".to_owned(),
        },
    })
}

fn rten_network(loading: Loading<'_>, why: String) -> Result<Loaded> {
    Ok(Loaded {
        networks: rten::load(loading)?,
        running: Running { name: "rten", why },
    })
}

#[cfg(feature = "onnxruntime")]
fn onnx_runtime(loading: Loading<'_>, why: String) -> Result<Loaded, String> {
    Ok(Loaded {
        networks: onnxruntime::load(loading)?,
        running: Running {
            name: "onnxruntime",
            why,
        },
    })
}

#[cfg(not(feature = "onnxruntime"))]
fn onnx_runtime(loading: Loading<'_>, _: String) -> Result<Loaded, String> {
    Err(match loading.onnxruntime {
        Some(library) => format!("this build cannot use `{}`", library.display()),
        None => "this build has no support for it".to_owned(),
    })
}

fn cannot(what: &str, why: &str) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{what} cannot be used: {why}"))
}
