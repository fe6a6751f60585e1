//! A summary under way: which calls are made, in what order, and when it is enough.

use std::mem;

use busbar_core::{Error, Event, EventStream, Progress, Result, Tokens, Transcript, Usage};
use futures_util::StreamExt as _;

use super::{
    SummaryDone, SummaryEvent, SummaryRequest,
    plan::{Call, Plan, Tools},
    prompt::Work,
    round::{Round, Step},
};

/// A summary under way.
pub(super) struct Run {
    plan: Plan,
    stage: Stage,
    usage: Usage,
    parts: u32,
    rounds: u32,
    /// How many calls the last round had.
    width: usize,
}

/// Where it stands.
enum Stage {
    /// This is left to be summarised.
    Text(String),
    /// Its parts are being summarised.
    Round(Round),
    /// The summary itself is being written.
    Last(EventStream),
    /// Nothing follows.
    Ended,
}

impl Run {
    pub(super) fn new(tools: Tools, mut request: SummaryRequest) -> Self {
        let text = mem::take(&mut request.text);
        Self {
            plan: Plan { tools, request },
            stage: Stage::Text(text),
            usage: Usage::default(),
            parts: 1,
            rounds: 0,
            width: 0,
        }
    }

    /// The next item; `None` after the end, which an error is too.
    pub(super) async fn next(&mut self) -> Option<Result<SummaryEvent>> {
        match self.step().await {
            Ok(event) => event.map(Ok),
            Err(error) => {
                self.stage = Stage::Ended;
                Some(Err(error))
            }
        }
    }

    async fn step(&mut self) -> Result<Option<SummaryEvent>> {
        loop {
            match &mut self.stage {
                Stage::Ended => return Ok(None),
                Stage::Text(text) => {
                    let text = mem::take(text);
                    if let Some(progress) = self.begin(text).await? {
                        return Ok(Some(progress));
                    }
                }
                Stage::Round(round) => match round.next().await? {
                    Step::Progress(progress) => return Ok(Some(SummaryEvent::Progress(progress))),
                    Step::End(answers) => {
                        let notes = self.notes(answers).await?;
                        self.rounds += 1;
                        self.stage = Stage::Text(notes);
                    }
                },
                Stage::Last(events) => match events.next().await {
                    Some(Ok(Event::Delta(delta))) => return Ok(Some(SummaryEvent::Delta(delta))),
                    Some(Ok(Event::Done(done))) => {
                        self.stage = Stage::Ended;
                        return Ok(Some(SummaryEvent::Done(SummaryDone {
                            finish: done.finish,
                            usage: self.usage + done.usage,
                            parts: self.parts,
                            rounds: self.rounds,
                        })));
                    }
                    // How far the prompt is read, and tools that were not offered.
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error),
                    None => return Err(Error::internal("the model's stream ended before it was done")),
                },
            }
        }
    }

    /// Starts the last call if the text fits into it, and a round over its parts if not.
    async fn begin(&mut self, text: String) -> Result<Option<SummaryEvent>> {
        let (style, length) = (self.plan.request.style, self.plan.request.length);
        if self.rounds == 0 {
            let whole = Work::Whole(style, length);
            if self.plan.fits(whole, &text).await? {
                return self.finish(whole, &text).await;
            }
            let calls = self.plan.calls(Work::Part(length), &text).await?;
            self.parts = u32::try_from(calls.len()).unwrap_or(u32::MAX);
            return self.round("map", calls);
        }
        let last = Work::Last(style, length);
        if self.plan.fits(last, &text).await? {
            return self.finish(last, &text).await;
        }
        let calls = self.plan.calls(Work::Notes(length), &text).await?;
        if calls.len() < self.width {
            return self.round("reduce", calls);
        }
        // The notes are no fewer than before: a counter that does not add up. What fits is enough.
        let fits = self.plan.room(last)?.text;
        let text = self.plan.tools.ruler.clip(&text, fits).await?;
        self.finish(last, text).await
    }

    fn round(&mut self, stage: &'static str, calls: Vec<Call>) -> Result<Option<SummaryEvent>> {
        self.width = calls.len();
        self.stage = Stage::Round(Round::start(stage, calls, self.plan.tools.at_once));
        Ok(None)
    }

    async fn finish(&mut self, work: Work, text: &str) -> Result<Option<SummaryEvent>> {
        let answer = self.plan.room(work)?.answer;
        let call = self.plan.call(work, text.trim(), answer);
        self.stage = Stage::Last(call.start().await?);
        Ok(
            matches!(work, Work::Last(..)).then_some(SummaryEvent::Progress(Progress {
                stage: "reduce",
                done: 0,
                total: 1,
            })),
        )
    }

    /// The answers of a round as one text. Each is cut to its share, so that every round leaves
    /// less than the one before and there is a last one, whatever the model writes.
    async fn notes(&mut self, answers: Vec<Transcript>) -> Result<String> {
        let length = self.plan.request.length;
        let answer = self.plan.room(Work::Part(length))?.answer.0;
        // A model's own count of what it wrote and ours of its text differ a little.
        let share = Tokens(answer + answer / 4);
        let mut notes = String::new();
        for answer in answers {
            self.usage += answer.usage;
            let note = self.plan.tools.ruler.clip(answer.text.trim(), share).await?;
            if !notes.is_empty() && !note.is_empty() {
                notes.push_str("\n\n");
            }
            notes.push_str(note);
        }
        if notes.is_empty() {
            return Err(Error::internal(
                "the model wrote nothing about any part of the text",
            ));
        }
        Ok(notes)
    }
}
