//! `rten`: a runtime in Rust for nearly every ONNX file.

use std::sync::Arc;

use busbar_core::{Error, ErrorKind, Result};
use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool};
use rten_tensor::{AsView as _, NdTensorView, Tensor};

use super::{Loading, Network, layout::Arrangement};

struct RtenNetwork {
    model: Arc<Model>,
    input: NodeId,
    output: NodeId,
    arrangement: Arrangement,
    threads: Arc<ThreadPool>,
}

pub(super) fn load(loading: Loading<'_>) -> Result<Vec<Box<dyn Network>>> {
    let unusable = |says: String| {
        Error::new(
            ErrorKind::Unavailable,
            format!("the model cannot be used: {says}"),
        )
    };
    let mut options = ModelOptions::with_all_ops();
    // Costs memory once, and saves time on each picture.
    options.prepack_weights(true);
    let model = options
        .load(loading.model.to_vec())
        .map_err(|error| unusable(error.to_string()))?;
    let named = |name: &Option<String>, first: Option<&NodeId>, what: &str| match name {
        Some(name) => model
            .find_node(name)
            .ok_or_else(|| unusable(format!("it has no {what} called `{name}`"))),
        None => first
            .copied()
            .ok_or_else(|| unusable(format!("it has no {what}"))),
    };
    let description = loading.description;
    let input = named(&description.input, model.input_ids().first(), "input")?;
    let output = named(&description.output, model.output_ids().first(), "output")?;
    let model = Arc::new(model);
    let network = |_| {
        Box::new(RtenNetwork {
            model: Arc::clone(&model),
            input,
            output,
            arrangement: Arrangement::of(description),
            // Each worker is one thread; its pool keeps rten from taking all of the machine.
            threads: Arc::new(ThreadPool::with_num_threads(1)),
        }) as Box<dyn Network>
    };
    Ok((0..loading.workers.get()).map(network).collect())
}

impl Network for RtenNetwork {
    fn run(&mut self, numbers: &[f32]) -> Result<Vec<f32>> {
        let failed = |error: rten::RunError| Error::internal("the model failed").with_source(error);
        let numbers = self.arrangement.numbers(numbers);
        let input = NdTensorView::from_data(self.arrangement.shape(), &*numbers);
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let outputs = self
            .model
            .run(vec![(self.input, input.into())], &[self.output], Some(options))
            .map_err(failed)?;
        let scores = outputs.into_iter().next().map(Tensor::<f32>::try_from);
        match scores {
            Some(Ok(scores)) => Ok(scores.to_vec()),
            _ => Err(Error::internal("the model's output is not of 32-bit floats")),
        }
    }
}
