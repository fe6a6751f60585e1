//! Shows an answer while it is being written.

use std::{
    io::{self, Write as _},
    time::Instant,
};

use busbar_core::{Event, EventStream, ModelId, Stopwatch, Transcript};
use futures_util::StreamExt as _;

use super::{Terminal, dim, wrap::Wrap};
use crate::{
    exit::{Failure, Result},
    runtime::interrupted,
};

/// An answer as far as it was shown.
pub(crate) struct Shown {
    /// What was written.
    pub(crate) transcript: Transcript,
    /// Whether somebody stopped it.
    pub(crate) stopped: bool,
    /// Its figures, as one line; nothing where it wrote nothing.
    pub(crate) figures: Option<String>,
}

/// Writes the text of an answer to standard output as it comes. Ctrl-C stops the answer, not the program.
pub(crate) async fn show(mut events: EventStream, started: Instant, terminal: Terminal) -> Result<Shown> {
    let mut transcript = Transcript::empty();
    let mut watch = Stopwatch::start(started);
    let mut out = Out::new(terminal);
    let mut stopped = false;
    let mut ended = false;
    while !ended {
        let event = tokio::select! {
            event = events.next() => event,
            () = interrupted() => { stopped = true; break }
        };
        let Some(event) = event else { break };
        let event = event?;
        if let Event::Delta(delta) = &event {
            watch.chunk(Instant::now());
            out.write(&delta.text)?;
        }
        if let Some(done) = transcript.push(event) {
            transcript.finish = done.finish;
            transcript.usage = done.usage;
            ended = true;
        }
    }
    // Frees the model at once; whoever asks next need not wait for this answer.
    drop(events);
    out.end(transcript.text.ends_with('\n'))?;
    let metrics = watch.finish(Instant::now(), ModelId::new(""), transcript.usage);
    let figures = metrics.first_chunk.filter(|_| !stopped).map(|first| {
        let speed = metrics.tokens_per_second();
        let speed = speed.map_or_else(String::new, |speed| format!(" · {speed:.1} tokens/s"));
        let first = first.as_secs_f64();
        format!(
            "{} tokens{speed} · first after {first:.2} s",
            transcript.usage.output
        )
    });
    Ok(Shown {
        transcript,
        stopped,
        figures,
    })
}

impl Shown {
    /// The figures for a person, beside the result.
    pub(crate) fn say_figures(&self, terminal: Terminal) -> Result {
        match &self.figures {
            Some(figures) if terminal.err_is_terminal() => {
                writeln!(io::stderr(), "{}", dim(figures, terminal.err_colour())).map_err(Failure::Output)
            }
            _ => Ok(()),
        }
    }
}

/// Standard output: as it is for programs, wrapped for people.
struct Out(Option<Wrap>);

impl Out {
    fn new(terminal: Terminal) -> Self {
        let width = || terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
        Self(terminal.out_is_terminal().then(|| Wrap::new(width())))
    }

    fn write(&mut self, text: &str) -> Result {
        match &mut self.0 {
            Some(wrap) => put(&wrap.push(&visible(text))),
            None => put(text),
        }
    }

    /// Ends the last line, unless it has ended.
    fn end(&mut self, has_ended: bool) -> Result {
        let held = self.0.as_mut().map(Wrap::finish).unwrap_or_default();
        put(&held)?;
        if has_ended { Ok(()) } else { put("\n") }
    }
}

fn put(text: &str) -> Result {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(Failure::Output)
}

/// The text without what would command the terminal: a model may have read it anywhere.
fn visible(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_command_the_terminal_is_left_out() {
        assert_eq!(visible("a\x1b]0;title\x07b\n\tc\u{9b}2J"), "a]0;titleb\n\tc2J");
    }
}
