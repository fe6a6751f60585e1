//! How the next token is chosen.

/// Sampling parameters. `None` means the model's own default; ranges are checked by [`Sampling::check`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    /// 0 picks the likeliest token always; 1 samples the model's own distribution. 0 to 2.
    pub temperature: Option<f32>,
    /// Nucleus sampling: the smallest set of tokens whose probabilities reach this. Above 0 to 1.
    pub top_p: Option<f32>,
    /// Only the k likeliest tokens. At least 1.
    pub top_k: Option<u32>,
    /// Only tokens at least this fraction as likely as the likeliest. 0 to 1.
    pub min_p: Option<f32>,
    /// Divides the logit of tokens already seen. Above 0 to 2; 1 does nothing.
    pub repetition_penalty: Option<f32>,
    /// Subtracts from the logit of tokens already seen. −2 to 2.
    pub presence_penalty: Option<f32>,
    /// Subtracts from the logit by how often a token was seen. −2 to 2.
    pub frequency_penalty: Option<f32>,
    /// Same seed, same request, same text, whatever else runs beside it.
    pub seed: Option<u64>,
    /// Added to single tokens' logits before anything else.
    pub logit_bias: Vec<LogitBias>,
}

/// What is added to one token's logit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogitBias {
    /// The token's number in the model's vocabulary.
    pub token: u32,
    /// −100 (never) to 100 (always).
    pub bias: f32,
}

impl Sampling {
    /// Refuses what no model can do.
    ///
    /// # Errors
    /// `Invalid`, naming the first field that is out of its range.
    pub fn check(&self) -> crate::Result<()> {
        check("temperature", self.temperature, 0.0..=2.0)?;
        check("top_p", self.top_p, f32::MIN_POSITIVE..=1.0)?;
        check("min_p", self.min_p, 0.0..=1.0)?;
        check(
            "repetition_penalty",
            self.repetition_penalty,
            f32::MIN_POSITIVE..=2.0,
        )?;
        check("presence_penalty", self.presence_penalty, -2.0..=2.0)?;
        check("frequency_penalty", self.frequency_penalty, -2.0..=2.0)?;
        if self.top_k == Some(0) {
            return Err(crate::Error::invalid(
                "top_k",
                "`top_k` must be at least 1, not 0",
            ));
        }
        self.logit_bias
            .iter()
            .try_for_each(|bias| check("logit_bias", Some(bias.bias), -100.0..=100.0))
    }
}

fn check(param: &str, value: Option<f32>, range: std::ops::RangeInclusive<f32>) -> crate::Result<()> {
    let Some(value) = value else { return Ok(()) };
    // NaN is contained in no range.
    if range.contains(&value) {
        return Ok(());
    }
    let (low, high) = (range.start(), range.end());
    let low = if *low == f32::MIN_POSITIVE {
        "above 0".into()
    } else {
        format!("{low}")
    };
    Err(crate::Error::invalid(
        param,
        format!("`{param}` must be {low} to {high}, not {value}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(sampling: &Sampling) -> Option<String> {
        sampling
            .check()
            .err()
            .and_then(|error| error.param().map(str::to_owned))
    }

    #[test]
    fn the_defaults_and_the_borders_pass() {
        assert_eq!(refused(&Sampling::default()), None);
        let borders = Sampling {
            temperature: Some(2.0),
            top_p: Some(1.0),
            ..Sampling::default()
        };
        assert_eq!(refused(&borders), None);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let hot = Sampling {
            temperature: Some(2.1),
            ..Sampling::default()
        };
        assert_eq!(refused(&hot).as_deref(), Some("temperature"));
        let none = Sampling {
            top_p: Some(0.0),
            ..Sampling::default()
        };
        assert_eq!(refused(&none).as_deref(), Some("top_p"));
        let nan = Sampling {
            frequency_penalty: Some(f32::NAN),
            ..Sampling::default()
        };
        assert_eq!(refused(&nan).as_deref(), Some("frequency_penalty"));
        let zero = Sampling {
            top_k: Some(0),
            ..Sampling::default()
        };
        assert_eq!(refused(&zero).as_deref(), Some("top_k"));
    }
}
