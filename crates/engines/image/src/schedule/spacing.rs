//! Which times are visited: Table 2 of "Common Diffusion Noise Schedules and Sample Steps are
//! Flawed" (Lin and others, 2023).

use candle_core::{Result, bail};

/// How the times are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spacing {
    /// From the last time to the first.
    Linspace,
    /// Whole steps, counted from the first.
    Leading,
    /// Counted back from the last.
    Trailing,
}

impl Spacing {
    /// The spacing of that name.
    pub(crate) fn from_name(name: &str) -> Result<Self> {
        match name {
            "linspace" => Ok(Self::Linspace),
            "leading" => Ok(Self::Leading),
            "trailing" => Ok(Self::Trailing),
            other => bail!("`timestep_spacing` = `{other}` is not supported"),
        }
    }
}

/// `count` values from `last` down to 0.
pub(crate) fn linspace(last: f64, count: usize) -> impl Iterator<Item = f64> {
    let step = if count > 1 { last / (count - 1) as f64 } else { 0.0 };
    (0..count).rev().map(move |i| i as f64 * step)
}

/// `count` times of `known`, the latest first.
pub(crate) fn times(spacing: Spacing, known: usize, count: usize, offset: f64) -> Vec<f64> {
    match spacing {
        Spacing::Linspace => linspace((known - 1) as f64, count).collect(),
        Spacing::Leading => leading(known / count, count, offset).collect(),
        Spacing::Trailing => trailing(known, count).collect(),
    }
}

/// As [`times`], but as multistep solvers have it: the first time is left out, as they end there.
pub(crate) fn times_before_the_end(spacing: Spacing, known: usize, count: usize, offset: f64) -> Vec<f64> {
    match spacing {
        Spacing::Linspace => linspace((known - 1) as f64, count + 1)
            .take(count)
            .map(f64::round_ties_even)
            .collect(),
        Spacing::Leading => leading(known / (count + 1), count + 1, offset)
            .take(count)
            .collect(),
        Spacing::Trailing => trailing(known, count).collect(),
    }
}

fn leading(ratio: usize, count: usize, offset: f64) -> impl Iterator<Item = f64> {
    (0..count).rev().map(move |i| (i * ratio) as f64 + offset)
}

fn trailing(known: usize, count: usize) -> impl Iterator<Item = f64> {
    let ratio = known as f64 / count as f64;
    (0..count).map(move |i| (known as f64 - i as f64 * ratio).round_ties_even() - 1.0)
}
