//! ONNX Runtime, from a shared library that is found at run time.
//!
//! One process has one such library: the first one that was loaded stays.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use busbar_core::{Error, Result};
use ort::{environment::Environment, session::Session, value::TensorRef};

use super::{Loading, Network, layout::Arrangement};

struct OrtNetwork {
    session: Session,
    input: String,
    output: String,
    arrangement: Arrangement,
}

pub(super) fn load(loading: Loading<'_>) -> Result<Vec<Box<dyn Network>>, String> {
    let library = loading.onnxruntime.ok_or("its shared library is not here")?;
    let environment = open(library)?;
    let description = loading.description;
    let network = || {
        let session = Session::builder(&environment)
            .and_then(|builder| Ok(builder.with_intra_threads(1)?))
            .and_then(|mut builder| builder.commit_from_memory(loading.model))
            .map_err(|error| error.to_string())?;
        let first = |outlets: &[ort::value::Outlet]| outlets.first().map(|outlet| outlet.name().to_owned());
        let input = description.input.clone().or_else(|| first(session.inputs()));
        let output = description.output.clone().or_else(|| first(session.outputs()));
        Ok(Box::new(OrtNetwork {
            input: input.ok_or("the model has no input")?,
            output: output.ok_or("the model has no output")?,
            arrangement: Arrangement::of(description),
            session,
        }) as Box<dyn Network>)
    };
    (0..loading.workers.get()).map(|_| network()).collect()
}

/// Loads the library once. One that failed may be tried again: it may have been repaired.
fn open(library: &Path) -> Result<Environment, String> {
    static OPENED: Mutex<Option<Environment>> = Mutex::new(None);
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = &*opened {
        return Ok(environment.clone());
    }
    if !library.is_file() {
        return Err(format!("there is no file `{}`", library.display()));
    }
    let environment = ort::init_from(library)
        .map_err(|error| format!("`{}` cannot be loaded: {error}", library.display()))?
        .with_telemetry(false)
        .build()
        .map_err(|error| error.to_string())?;
    Ok(opened.insert(environment).clone())
}

impl Network for OrtNetwork {
    fn run(&mut self, numbers: &[f32]) -> Result<Vec<f32>> {
        let failed = |error: ort::Error| Error::internal("the model failed").with_source(error);
        let numbers = self.arrangement.numbers(numbers);
        let shape = self.arrangement.shape();
        let input = TensorRef::from_array_view((shape, &*numbers)).map_err(failed)?;
        let outputs = self
            .session
            .run(ort::inputs![self.input.as_str() => input])
            .map_err(failed)?;
        let Some(output) = outputs.get(&self.output) else {
            return Err(Error::internal("the model has no such output"));
        };
        let (_, scores) = output.try_extract_tensor::<f32>().map_err(failed)?;
        Ok(scores.to_vec())
    }
}
