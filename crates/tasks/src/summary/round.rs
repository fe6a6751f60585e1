//! One round: a call for every part, several at once, the answers put back in order.

use std::pin::Pin;

use busbar_core::{Progress, Result, Transcript};
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};

use super::plan::Call;

/// Something that happened in a round.
pub(super) enum Step {
    /// So far it has come.
    Progress(Progress),
    /// All parts are written; these are their answers in order.
    End(Vec<Transcript>),
}

/// One round of calls under way. Dropping it cancels them.
pub(super) struct Round {
    stage: &'static str,
    answers: Vec<Option<Transcript>>,
    calls: Pin<Box<dyn Stream<Item = Result<Told>> + Send>>,
    begun: bool,
    done: u32,
}

/// What a part's call tells.
enum Told {
    /// Its first event is there.
    Begun,
    /// This is the answer of the part of this number.
    Written(usize, Transcript),
}

impl Round {
    /// Makes the calls, at most `at_once` at a time.
    pub(super) fn start(stage: &'static str, calls: Vec<Call>, at_once: usize) -> Self {
        Self {
            stage,
            answers: vec![None; calls.len()],
            calls: Box::pin(
                stream::iter(calls.into_iter().enumerate())
                    .map(|(number, call)| told(number, call))
                    .flatten_unordered(at_once),
            ),
            begun: false,
            done: 0,
        }
    }

    /// What happens next. The first step comes with the first event of the first call, so that
    /// until then the whole may fail as one call would.
    pub(super) async fn next(&mut self) -> Result<Step> {
        while let Some(told) = self.calls.next().await {
            match told? {
                Told::Begun if self.begun => {}
                Told::Begun => {
                    self.begun = true;
                    return Ok(self.progress());
                }
                Told::Written(number, answer) => {
                    self.answers[number] = Some(answer);
                    self.done += 1;
                    return Ok(self.progress());
                }
            }
        }
        Ok(Step::End(self.answers.drain(..).flatten().collect()))
    }

    fn progress(&self) -> Step {
        Step::Progress(Progress {
            stage: self.stage,
            done: self.done,
            total: u32::try_from(self.answers.len()).unwrap_or(u32::MAX),
        })
    }
}

/// The two things that one call tells, or its error.
fn told(number: usize, call: Call) -> Pin<Box<dyn Stream<Item = Result<Told>> + Send>> {
    let call = async move { call.start().await };
    Box::pin(call.into_stream().flat_map(move |started| match started {
        Err(error) => stream::iter([Err(error)]).left_stream(),
        Ok(events) => {
            let answer = Transcript::collect(events)
                .map(move |answer| answer.map(|answer| Told::Written(number, answer)));
            stream::iter([Ok(Told::Begun)])
                .chain(answer.into_stream())
                .right_stream()
        }
    }))
}
