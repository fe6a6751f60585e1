//! How long to wait before the next try. Pure: chance is passed in.

use std::time::Duration;

/// Pauses that double, up to a cap, of which a random half is taken off.
///
/// The jitter spreads tries that failed together; see "Exponential Backoff And Jitter" (Brooker,
/// 2015), "equal jitter".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest first pause.
    pub first: Duration,
    /// No pause is longer. SQS delays a message by 15 minutes at most, so more would not carry.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(2),
            most: Duration::from_secs(300),
        }
    }
}

impl Backoff {
    /// The pause after `failures` failed tries; `chance` is from 0 up to 1.
    pub fn pause(&self, failures: u32, chance: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(30);
        let whole = self.first.saturating_mul(1 << doublings).min(self.most);
        whole / 2 + (whole / 2).mul_f64(chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap() {
        let backoff = Backoff {
            first: Duration::from_secs(2),
            most: Duration::from_secs(10),
        };
        let longest: Vec<u64> = (1..6)
            .map(|failures| backoff.pause(failures, 1.0).as_secs())
            .collect();
        assert_eq!(longest, [2, 4, 8, 10, 10]);
        assert_eq!(backoff.pause(1, 0.0), Duration::from_secs(1));
    }

    proptest! {
        #[test]
        fn a_pause_is_between_half_the_whole_and_the_whole(failures in 0_u32.., chance in 0.0..1.0) {
            let backoff = Backoff::default();
            let pause = backoff.pause(failures, chance);
            prop_assert!(pause >= backoff.first / 2);
            prop_assert!(pause <= backoff.most);
        }
    }
}
