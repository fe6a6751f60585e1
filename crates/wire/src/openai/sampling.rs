//! The fields about sampling, which chat and plain completions share.

use std::collections::BTreeMap;

use busbar_core::{Error, LogitBias, Result, Sampling};

use super::OneOrMany;

/// More stop texts than this are a mistake; the dialect itself says 4.
const MOST_STOPS: usize = 16;

/// Biases as clients write them: token id → what is added to its logit.
pub(super) type BiasMap = BTreeMap<String, f32>;

/// Adds the biases, and refuses what is out of its range.
pub(super) fn checked(mut sampling: Sampling, biases: Option<BiasMap>) -> Result<Sampling> {
    let biases = biases.unwrap_or_default();
    sampling.logit_bias = biases.iter().map(bias).collect::<Result<_>>()?;
    sampling.check()?;
    Ok(sampling)
}

fn bias((token, &bias): (&String, &f32)) -> Result<LogitBias> {
    let number = token.parse().map_err(|_| {
        Error::invalid(
            format!("logit_bias.{token}"),
            "the keys of `logit_bias` must be token ids",
        )
    })?;
    Ok(LogitBias { token: number, bias })
}

/// Stop texts, checked.
pub(super) fn stop(stop: Option<OneOrMany>) -> Result<Vec<String>> {
    let stop = stop.map(OneOrMany::into_vec).unwrap_or_default();
    if stop.len() > MOST_STOPS {
        let message = format!("`stop` may have at most {MOST_STOPS} texts, not {}", stop.len());
        return Err(Error::invalid("stop", message));
    }
    if let Some(empty) = stop.iter().position(String::is_empty) {
        return Err(Error::invalid(
            format!("stop[{empty}]"),
            "a stop text must not be empty",
        ));
    }
    Ok(stop)
}

/// A limit on the answer, checked.
pub(super) fn max_tokens(param: &str, max: Option<u32>) -> Result<Option<busbar_core::Tokens>> {
    if max == Some(0) {
        return Err(Error::invalid(
            param,
            format!("`{param}` must be at least 1, not 0"),
        ));
    }
    Ok(max.map(busbar_core::Tokens))
}

/// One answer a request, and no other number.
pub(super) fn single(param: &str, count: Option<u32>) -> Result<()> {
    match count {
        None | Some(1) => Ok(()),
        Some(count) => Err(super::unsupported(
            param,
            format!("`{param}` must be 1, not {count}: send one request for each answer"),
        )),
    }
}
