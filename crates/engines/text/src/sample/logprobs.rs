//! Log-probabilities as the model itself gave them, before temperature and penalties.

/// A token and the natural logarithm of its probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// The token.
    pub token: u32,
    /// ln p.
    pub logprob: f32,
}

/// The chosen token's log-probability, and the `top` likeliest tokens, likeliest first.
pub fn ranked(logits: &[f32], chosen: u32, top: usize) -> (f32, Vec<Ranked>) {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|&logit| f64::from(logit - max).exp()).sum();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a logarithm of a sum of at most 2^32 terms"
    )]
    let norm = max + sum.ln() as f32;
    let mut best: Vec<Ranked> = Vec::with_capacity(top + 1);
    for (token, &logit) in (0_u32..).zip(logits) {
        let full = best.len() == top;
        if top == 0 || full && best.last().is_some_and(|last| logit - norm <= last.logprob) {
            continue;
        }
        let ranked = Ranked {
            token,
            logprob: logit - norm,
        };
        let place = best.partition_point(|other| other.logprob >= ranked.logprob);
        best.insert(place, ranked);
        best.truncate(top);
    }
    let own = logits
        .get(chosen as usize)
        .map_or(f32::NEG_INFINITY, |logit| logit - norm);
    (own, best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_and_the_top_is_sorted() {
        let logits = [1.0, 3.0, 2.0, -1.0];
        let (own, top) = ranked(&logits, 2, 4);
        let sum: f32 = top.iter().map(|ranked| ranked.logprob.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        assert_eq!(
            top.iter().map(|ranked| ranked.token).collect::<Vec<_>>(),
            [1, 2, 0, 3]
        );
        assert!((own - top[1].logprob).abs() < 1e-6);
    }

    #[test]
    fn no_alternatives_are_listed_where_none_are_asked_for() {
        assert_eq!(ranked(&[0.0, 0.0], 0, 0), (-std::f32::consts::LN_2, Vec::new()));
    }
}
