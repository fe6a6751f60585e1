//! Text in; text, starts of calls and pieces of their arguments out.

use busbar_core::ToolCallId;

use super::{
    CallIds, ToolStyle,
    call::{CallReader, Heard, Names, Outcome},
};
use crate::text::stop::open_suffix;

/// How much may stand between a call and its closing marker: small models write a brace too many.
const LONGEST_JUNK: usize = 16;

/// What the text turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text for the reader.
    Text {
        /// Where it stands in the text that was put in, in bytes.
        at: usize,
        /// The text.
        text: String,
    },
    /// A call begins.
    Start {
        /// Which call of this answer.
        index: u32,
        /// Its id.
        id: ToolCallId,
        /// The tool's name.
        name: String,
    },
    /// More of a call's arguments.
    Arguments {
        /// Which call of this answer.
        index: u32,
        /// The piece.
        arguments: String,
    },
}

/// Finds the calls in one answer's text.
#[derive(Debug)]
pub struct ToolParser {
    style: &'static ToolStyle,
    /// The tools that there are.
    names: Vec<String>,
    ids: CallIds,
    /// Text of which nothing is settled yet.
    held: String,
    /// Where `held` begins in the whole text.
    offset: usize,
    state: State,
    calls: u32,
}

#[derive(Debug)]
enum State {
    /// Nothing but white space so far.
    Beginning,
    /// In text.
    Text,
    /// In what is, or may be, a call.
    Call {
        reader: CallReader,
        /// How much of `held` the reader has seen.
        read: usize,
        /// How much of `held` is text again if this is no call.
        begins: usize,
        /// Whether a marker stood before it.
        marked: bool,
    },
    /// Behind a call, before its closing marker.
    Closing,
    /// Behind a call and its closing marker.
    Behind,
}

/// Whether there is anything to do until more text comes.
#[derive(PartialEq, Eq)]
enum Next {
    Again,
    Wait,
}

impl ToolParser {
    /// For the answer of a model that writes calls in this style and may call these tools.
    pub fn new(style: &'static ToolStyle, names: Vec<String>, ids: CallIds) -> Self {
        Self {
            style,
            names,
            ids,
            held: String::new(),
            offset: 0,
            state: State::Beginning,
            calls: 0,
        }
    }

    /// The style that is read.
    pub fn style(&self) -> &'static ToolStyle {
        self.style
    }

    /// How many calls have begun.
    pub fn calls(&self) -> u32 {
        self.calls
    }

    /// Adds text; appends what is settled by it.
    pub fn push(&mut self, text: &str, pieces: &mut Vec<Piece>) {
        self.held.push_str(text);
        while self.step(pieces) == Next::Again {}
    }

    /// Says that no text follows; what was held back and is no call is text.
    pub fn finish(&mut self, pieces: &mut Vec<Piece>) {
        let open_call = match &self.state {
            State::Call { reader, .. } => reader.any_started(),
            State::Closing | State::Behind => self.held.trim().is_empty(),
            State::Beginning | State::Text => false,
        };
        if open_call {
            self.drop_front(self.held.len());
        }
        self.release(self.held.len(), pieces);
        self.state = State::Text;
    }

    fn step(&mut self, pieces: &mut Vec<Piece>) -> Next {
        match self.state {
            State::Beginning => self.beginning(),
            State::Text => self.text(pieces),
            State::Call { .. } => self.call(pieces),
            State::Closing => self.closing(),
            State::Behind => self.behind(),
        }
    }

    fn beginning(&mut self) -> Next {
        let start = self.held.trim_start();
        let white = self.held.len() - start.len();
        match start.chars().next() {
            None => return Next::Wait,
            Some('{' | '[') if self.style.bare => self.enter(white, white + 1, false),
            Some(_) => match self.opening(white) {
                Opening::Here(marker) => {
                    self.drop_front(white);
                    self.enter(marker, marker, true);
                }
                Opening::Perhaps => return Next::Wait,
                Opening::No => self.state = State::Text,
            },
        }
        Next::Again
    }

    fn text(&mut self, pieces: &mut Vec<Piece>) -> Next {
        let opens = self.style.opens.iter();
        let found = opens.filter_map(|open| self.held.find(open).map(|at| (at, open.len())));
        if let Some((at, marker)) = found.min() {
            self.release(at, pieces);
            self.enter(marker, marker, true);
            return Next::Again;
        }
        let opens = self.style.opens.iter();
        let open = opens.map(|open| open_suffix(&self.held, open)).max().unwrap_or(0);
        self.release(self.held.len() - open, pieces);
        Next::Wait
    }

    fn call(&mut self, pieces: &mut Vec<Piece>) -> Next {
        let State::Call {
            reader,
            read,
            begins,
            marked,
        } = &mut self.state
        else {
            return Next::Again;
        };
        let names = if *marked && self.style.sure {
            Names::Any
        } else {
            Names::Only(&self.names)
        };
        let mut heard = Vec::new();
        let mut outcome = Outcome::More;
        for c in self.held.get(*read..).unwrap_or_default().chars() {
            outcome = reader.read(c, names, &mut heard);
            // The character at which a call breaks is none of it.
            *read += if outcome == Outcome::Broken {
                0
            } else {
                c.len_utf8()
            };
            if outcome != Outcome::More {
                break;
            }
        }
        let (started, read, begins, marked) = (reader.any_started(), *read, *begins, *marked);
        heard.into_iter().for_each(|heard| self.hear(heard, pieces));
        if started {
            self.drop_front(read);
            if let State::Call { read, .. } = &mut self.state {
                *read = 0;
            }
        }
        match outcome {
            Outcome::More => return Next::Wait,
            // An empty array of calls: nothing to tell, nothing to show.
            Outcome::Done if !started && marked && self.style.sure => {
                self.drop_front(read);
                self.state = State::Closing;
            }
            _ if !started => {
                self.release(begins, pieces);
                self.state = State::Text;
            }
            _ if marked => self.state = State::Closing,
            _ => self.state = State::Behind,
        }
        Next::Again
    }

    fn closing(&mut self) -> Next {
        let Some(close) = self.style.close else {
            self.state = State::Behind;
            return Next::Again;
        };
        match self.held.find(close) {
            Some(at) if self.held.get(..at).unwrap_or_default().trim().len() <= LONGEST_JUNK => {
                self.drop_front(at + close.len());
            }
            None if self.held.trim().len() < LONGEST_JUNK + close.len() => return Next::Wait,
            _ => {}
        }
        self.state = State::Behind;
        Next::Again
    }

    fn behind(&mut self) -> Next {
        let bare = self.style.bare;
        let between = |c: char| c.is_whitespace() || (bare && matches!(c, ';' | ','));
        let white = self.held.len() - self.held.trim_start_matches(between).len();
        self.drop_front(white);
        if self.held.is_empty() {
            return Next::Wait;
        }
        match self.opening(0) {
            Opening::Here(marker) => self.enter(marker, marker, true),
            Opening::Perhaps => return Next::Wait,
            Opening::No if bare && self.held.starts_with('{') => self.enter(0, 1, false),
            Opening::No => self.state = State::Text,
        }
        Next::Again
    }

    /// Whether a call is opened behind the first `from` bytes of what is held.
    fn opening(&self, from: usize) -> Opening {
        let rest = self.held.get(from..).unwrap_or_default();
        if let Some(open) = self.style.opens.iter().find(|open| rest.starts_with(**open)) {
            return Opening::Here(open.len());
        }
        if self.style.opens.iter().any(|open| open.starts_with(rest)) {
            return Opening::Perhaps;
        }
        Opening::No
    }

    fn enter(&mut self, read: usize, begins: usize, marked: bool) {
        self.state = State::Call {
            reader: CallReader::default(),
            read,
            begins,
            marked,
        };
    }

    fn hear(&mut self, heard: Heard, pieces: &mut Vec<Piece>) {
        match heard {
            Heard::Start(name) => {
                let (index, id) = (self.calls, self.ids.next_id());
                self.calls += 1;
                pieces.push(Piece::Start { index, id, name });
            }
            Heard::Arguments(arguments) => pieces.push(Piece::Arguments {
                index: self.calls.saturating_sub(1),
                arguments,
            }),
        }
    }

    fn release(&mut self, length: usize, pieces: &mut Vec<Piece>) {
        let at = self.offset;
        let text = self.drop_front(length);
        if !text.is_empty() {
            pieces.push(Piece::Text { at, text });
        }
    }

    fn drop_front(&mut self, length: usize) -> String {
        self.offset += length;
        let rest = self.held.split_off(length);
        std::mem::replace(&mut self.held, rest)
    }
}

/// Whether a call is opened.
enum Opening {
    /// By a marker of this length.
    Here(usize),
    /// More text will tell.
    Perhaps,
    No,
}
