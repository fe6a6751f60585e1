//! Options about how the next token is chosen.

use busbar_core::{ChatRequest, Sampling, Tokens};
use clap::Args;

use crate::exit::{Failure, Result};

/// How the next token is chosen.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Answer")]
pub(crate) struct SamplingOptions {
    /// 0 picks the likeliest token always, 1 follows the model's own probabilities. 0 to 2.
    #[arg(long, short, value_name = "X")]
    temperature: Option<f32>,

    /// Sample from the likeliest tokens that together have this probability. 0 to 1.
    #[arg(long, value_name = "X")]
    top_p: Option<f32>,

    /// Sample from the k likeliest tokens only.
    #[arg(long, value_name = "K")]
    top_k: Option<u32>,

    /// Leave out tokens less than this fraction as likely as the likeliest. 0 to 1.
    #[arg(long, value_name = "X")]
    min_p: Option<f32>,

    /// Make what was said less likely: above 1. 0 to 2.
    #[arg(long, value_name = "X")]
    repetition_penalty: Option<f32>,

    /// Same seed, same answer.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// The most tokens to write.
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) max_tokens: Option<u32>,

    /// End the answer before this text. May be given several times.
    #[arg(long, value_name = "TEXT")]
    stop: Vec<String>,
}

impl SamplingOptions {
    /// The parameters, checked.
    pub(crate) fn sampling(&self) -> Result<Sampling> {
        let sampling = Sampling {
            temperature: self.temperature,
            top_p: self.top_p,
            top_k: self.top_k,
            min_p: self.min_p,
            repetition_penalty: self.repetition_penalty,
            seed: self.seed,
            ..Sampling::default()
        };
        sampling
            .check()
            .map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(sampling)
    }

    /// Puts all of it into a request.
    pub(crate) fn apply(&self, request: &mut ChatRequest) -> Result {
        request.sampling = self.sampling()?;
        request.max_tokens = self.max_tokens.map(Tokens);
        request.stop.clone_from(&self.stop);
        Ok(())
    }
}
