//! Progress on standard error: bars where a person looks, few lines where not.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use busbar_catalog::{Phase, Progress, PullProgress};
use indicatif::{ProgressBar, ProgressStyle};

use super::Terminal;

const BAR: &str = "{prefix} {wide_bar:.cyan/dim} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
const NO_TOTAL: &str = "{prefix} {spinner} {bytes} {bytes_per_sec}";
const COUNT: &str = "{prefix} {wide_bar:.cyan/dim} {pos}/{len} {eta}";

/// How far a pull is.
pub(crate) struct PullBar {
    bar: ProgressBar,
    phase: Mutex<Option<Phase>>,
    terminal: Terminal,
    quiet: bool,
}

impl PullBar {
    pub(crate) fn new(terminal: Terminal, quiet: bool) -> Self {
        let drawn = terminal.err_is_terminal() && !quiet;
        let bar = if drawn {
            ProgressBar::no_length()
        } else {
            ProgressBar::hidden()
        };
        Self {
            bar,
            phase: Mutex::new(None),
            terminal,
            quiet,
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn enter(&self, phase: Phase) {
        self.bar.reset();
        self.bar.set_prefix(format!("{:>9}", phase.as_str()));
        if !self.terminal.err_is_terminal() && !self.quiet {
            // A line for each phase: enough for a log.
            let _unseen = self.terminal.note(phase.as_str());
        }
    }
}

impl PullProgress for PullBar {
    fn at(&self, progress: Progress) {
        {
            let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
            if phase.replace(progress.phase) != Some(progress.phase) {
                self.enter(progress.phase);
            }
        }
        match progress.total {
            Some(total) if self.bar.length() != Some(total.get()) => {
                self.bar.set_style(style(BAR));
                self.bar.set_length(total.get());
            }
            None if self.bar.length().is_some() => {
                self.bar.set_style(style(NO_TOTAL));
                self.bar.unset_length();
            }
            Some(_) | None => {}
        }
        self.bar.set_position(progress.done.get());
    }
}

/// How many of a known number of steps are done.
pub(crate) struct Steps {
    bar: ProgressBar,
    terminal: Terminal,
    quiet: bool,
}

impl Steps {
    pub(crate) fn new(terminal: Terminal, quiet: bool) -> Self {
        let drawn = terminal.err_is_terminal() && !quiet;
        let bar = if drawn {
            ProgressBar::no_length()
        } else {
            ProgressBar::hidden()
        };
        bar.set_style(style(COUNT));
        Self { bar, terminal, quiet }
    }

    /// So many of so many are done.
    pub(crate) fn at(&self, what: &str, done: u32, total: u32) {
        self.bar.set_prefix(what.to_owned());
        self.bar.set_length(total.into());
        self.bar.set_position(done.into());
        if !self.terminal.err_is_terminal() && !self.quiet {
            let _unseen = self.terminal.note(format!("{what}: {done} of {total}"));
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Something that takes a while and cannot tell how long.
pub(crate) fn spinner(what: &str, terminal: Terminal, quiet: bool) -> ProgressBar {
    if !terminal.err_is_terminal() || quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner().with_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// The templates above are tested, so the fallback is never seen.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_understood() {
        for template in [BAR, NO_TOTAL, COUNT] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
