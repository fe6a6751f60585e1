//! Answers as bytes, for those who keep them beyond the process: a byte that says what follows, numbers of
//! eight bytes, texts behind their length. What another version wrote, or nobody, is no answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use busbar_core::{
    Delta, Done, Event, FinishReason, ModelId, Money, Price, Served, ThoughtDelta, TokenLogprob, Tokens,
    ToolCallId, Usage,
};

/// Raised whenever something here is written in another way.
const VERSION: u8 = 1;

/// An answer as it was written, and when it was given.
#[derive(Debug, PartialEq)]
pub(crate) struct Read {
    pub(crate) events: Vec<Event>,
    pub(crate) served: Option<Served>,
    pub(crate) at: SystemTime,
}

/// Writes an answer.
pub(crate) fn write(events: &[Event], served: Option<&Served>, at: SystemTime) -> Vec<u8> {
    let mut pen = Pen(vec![VERSION]);
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    pen.number(since.as_millis() as u64);
    pen.maybe(served, Pen::served);
    for event in events {
        pen.event(event);
    }
    pen.0
}

/// Reads an answer; `None` where it is none.
pub(crate) fn read(bytes: &[u8]) -> Option<Read> {
    let mut eye = Eye(bytes);
    if eye.byte()? != VERSION {
        return None;
    }
    let at = UNIX_EPOCH.checked_add(Duration::from_millis(eye.number()?))?;
    let served = eye.maybe(Eye::served)?;
    let mut events = Vec::new();
    while !eye.0.is_empty() {
        events.push(eye.event()?);
    }
    // An answer that does not end is none.
    matches!(events.last(), Some(Event::Done(_))).then_some(Read { events, served, at })
}

struct Pen(Vec<u8>);

impl Pen {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn text(&mut self, text: &[u8]) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text);
    }

    fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn served(&mut self, served: &Served) {
        self.text(served.target.as_bytes());
        self.text(served.model.as_str().as_bytes());
        self.maybe(served.price.as_ref(), |pen, price| {
            let Price {
                input,
                cached_input,
                cache_write,
                output,
                reasoning,
                since,
            } = price;
            for money in [input, cached_input, cache_write, output, reasoning] {
                pen.number(money.as_picodollars());
            }
            pen.text(since.as_bytes());
        });
    }

    fn usage(&mut self, usage: &Usage) {
        let Usage {
            input,
            cached_input,
            cache_write,
            output,
            reasoning,
        } = usage;
        for tokens in [input, cached_input, cache_write, output, reasoning] {
            self.number(tokens.0.into());
        }
    }

    fn logprobs(&mut self, logprobs: &[TokenLogprob]) {
        self.number(logprobs.len() as u64);
        for one in logprobs {
            self.text(one.token.as_bytes());
            self.text(&one.bytes);
            self.number(one.logprob.to_bits().into());
            self.logprobs(&one.top);
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Delta(delta) => {
                self.0.push(b'd');
                self.text(delta.text.as_bytes());
                self.logprobs(&delta.logprobs);
            }
            Event::Thought(thought) => {
                let (kind, text) = match thought {
                    ThoughtDelta::Text(text) => (b't', text),
                    ThoughtDelta::Signature(text) => (b's', text),
                    ThoughtDelta::Sealed(text) => (b'z', text),
                };
                self.0.push(kind);
                self.text(text.as_bytes());
            }
            Event::ToolCallStart { index, id, name } => {
                self.0.push(b'c');
                self.number((*index).into());
                self.text(id.as_str().as_bytes());
                self.text(name.as_bytes());
            }
            Event::ToolCallDelta { index, arguments } => {
                self.0.push(b'a');
                self.number((*index).into());
                self.text(arguments.as_bytes());
            }
            Event::Usage(usage) => {
                self.0.push(b'u');
                self.usage(usage);
            }
            Event::Done(done) => {
                self.0.push(b'e');
                self.0.push(match done.finish {
                    FinishReason::Stop => 0,
                    FinishReason::Length => 1,
                    FinishReason::ToolCalls => 2,
                    FinishReason::Filtered => 3,
                });
                self.usage(&done.usage);
                self.maybe(done.stop_text.as_deref(), |pen, text| pen.text(text.as_bytes()));
            }
            // How far the work had come, and who did it, is no part of what is said.
            Event::Progress(_) | Event::Resumed(_) => {}
        }
    }
}

struct Eye<'a>(&'a [u8]);

impl Eye<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes.to_vec())
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?).ok()
    }

    fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    fn served(&mut self) -> Option<Served> {
        Some(Served {
            target: self.text()?.into(),
            model: ModelId::from(self.text()?.as_str()),
            price: self.maybe(|eye| {
                Some(Price {
                    input: eye.money()?,
                    cached_input: eye.money()?,
                    cache_write: eye.money()?,
                    output: eye.money()?,
                    reasoning: eye.money()?,
                    since: eye.text()?.into(),
                })
            })?,
        })
    }

    fn money(&mut self) -> Option<Money> {
        self.number().map(Money::picodollars)
    }

    fn usage(&mut self) -> Option<Usage> {
        Some(Usage {
            input: Tokens(self.small()?),
            cached_input: Tokens(self.small()?),
            cache_write: Tokens(self.small()?),
            output: Tokens(self.small()?),
            reasoning: Tokens(self.small()?),
        })
    }

    /// The likeliest tokens at a place have none of their own.
    fn logprobs(&mut self, depth: u8) -> Option<Vec<TokenLogprob>> {
        let count = self.number()?;
        let deeper = if count == 0 { depth } else { depth.checked_sub(1)? };
        let mut logprobs = Vec::new();
        for _ in 0..count {
            logprobs.push(TokenLogprob {
                token: self.text()?,
                bytes: self.bytes()?,
                logprob: f32::from_bits(self.small()?),
                top: self.logprobs(deeper)?,
            });
        }
        Some(logprobs)
    }

    fn event(&mut self) -> Option<Event> {
        Some(match self.byte()? {
            b'd' => Event::Delta(Delta {
                text: self.text()?,
                logprobs: self.logprobs(2)?,
            }),
            b't' => Event::Thought(ThoughtDelta::Text(self.text()?)),
            b's' => Event::Thought(ThoughtDelta::Signature(self.text()?)),
            b'z' => Event::Thought(ThoughtDelta::Sealed(self.text()?)),
            b'c' => Event::ToolCallStart {
                index: self.small()?,
                id: ToolCallId::from(self.text()?.as_str()),
                name: self.text()?,
            },
            b'a' => Event::ToolCallDelta {
                index: self.small()?,
                arguments: self.text()?,
            },
            b'u' => Event::Usage(self.usage()?),
            b'e' => {
                let finish = match self.byte()? {
                    0 => FinishReason::Stop,
                    1 => FinishReason::Length,
                    2 => FinishReason::ToolCalls,
                    3 => FinishReason::Filtered,
                    _ => return None,
                };
                let usage = self.usage()?;
                let stop_text = self.maybe(Self::text)?;
                Event::Done(Done {
                    finish,
                    usage,
                    stop_text,
                })
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer() -> (Vec<Event>, Served) {
        let usage = Usage {
            input: Tokens(1),
            cached_input: Tokens(2),
            cache_write: Tokens(3),
            output: Tokens(4),
            reasoning: Tokens(u32::MAX),
        };
        let likely = |token: &str, top| TokenLogprob {
            token: token.into(),
            bytes: vec![0xff, 0],
            logprob: -0.25,
            top,
        };
        let events = vec![
            Event::Usage(usage),
            Event::Thought(ThoughtDelta::Text("hm".into())),
            Event::Thought(ThoughtDelta::Signature("by".into())),
            Event::Thought(ThoughtDelta::Sealed("secret".into())),
            Event::Delta(Delta {
                text: "né".into(),
                logprobs: vec![likely("n", vec![likely("m", Vec::new())])],
            }),
            Event::ToolCallStart {
                index: 7,
                id: "c1".into(),
                name: "weather".into(),
            },
            Event::ToolCallDelta {
                index: 7,
                arguments: "{}".into(),
            },
            Event::Done(Done {
                finish: FinishReason::Length,
                usage,
                stop_text: Some("\n".into()),
            }),
        ];
        let price = Price {
            input: Money::picodollars(1),
            cached_input: Money::picodollars(2),
            cache_write: Money::picodollars(3),
            output: Money::picodollars(4),
            reasoning: Money::picodollars(5),
            since: "2026-11-01".into(),
        };
        let served = Served {
            target: "far/eu/m".into(),
            model: "m".into(),
            price: Some(price),
        };
        (events, served)
    }

    const AT: Duration = Duration::from_millis(1_764_000_000_123);

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        let (events, served) = answer();
        for served in [None, Some(served)] {
            let bytes = write(&events, served.as_ref(), UNIX_EPOCH + AT);
            let expected = Read {
                events: events.clone(),
                served,
                at: UNIX_EPOCH + AT,
            };
            assert_eq!(read(&bytes), Some(expected));
        }
    }

    #[test]
    fn a_part_of_an_answer_is_none() {
        let (events, served) = answer();
        let bytes = write(&events, Some(&served), UNIX_EPOCH + AT);
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), None, "{length} bytes");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_anything(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut written = vec![VERSION];
            written.extend(bytes);
            let _whatever = read(&written);
        }
    }
}
