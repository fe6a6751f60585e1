//! Tool calls, put together from whatever pieces a host sends them in.
//!
//! Seen in the wild: pieces without an index; whole calls in one piece; several calls that all say they
//! are number 0; the id, the name or both repeated in every piece, or empty after the first; names cut
//! in two; no ids at all.

use busbar_core::{Error, ErrorKind, Event, Result};
use serde::de::IgnoredAny;

use super::chunk::{CallPiece, FunctionPiece};

/// The longest id that every host takes back.
const LONGEST_ID: usize = 64;

/// The calls of one answer.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Call>);

#[derive(Debug, Default)]
struct Call {
    /// What the host calls it; hosts do not always tell calls apart by it.
    index: Option<u32>,
    id: String,
    name: String,
    arguments: String,
    /// Whether it has been told of. Its name is whole then.
    told: bool,
}

impl Calls {
    /// A piece of a call. `answer` is the answer's id, from which calls without one get theirs.
    pub(super) fn push(&mut self, mut piece: CallPiece, answer: &str, out: &mut Vec<Event>) -> Result<()> {
        let mut function = piece.function.take().unwrap_or_default();
        let name = function.name.take().filter(|name| !name.is_empty());
        let place = match self.find(&piece, name.as_deref()) {
            Some(place) => place,
            None => {
                // What was begun before is whole, or will be gone on with by its number.
                self.tell_all(answer, out)?;
                self.0.push(Call {
                    index: piece.index,
                    ..Call::default()
                });
                self.0.len() - 1
            }
        };
        let arguments = function.arguments();
        let Some(call) = self.0.get_mut(place) else {
            return Ok(());
        };
        if call.id.is_empty() {
            call.id = piece.id.unwrap_or_default();
        }
        if let Some(name) = name.filter(|name| !call.told && *name != call.name) {
            call.name.push_str(&name);
        }
        if arguments.is_empty() {
            return Ok(());
        }
        call.arguments.push_str(&arguments);
        self.tell_named(answer, out)?;
        self.tell(place, answer, out)?;
        let index = number(place);
        out.push(Event::ToolCallDelta { index, arguments });
        Ok(())
    }

    /// The older way: one call, without id and number.
    pub(super) fn push_function(
        &mut self,
        function: FunctionPiece,
        answer: &str,
        out: &mut Vec<Event>,
    ) -> Result<()> {
        let piece = CallPiece {
            index: Some(0),
            id: None,
            function: Some(function),
        };
        self.push(piece, answer, out)
    }

    /// Tells of every call that has begun, before something else is told.
    pub(super) fn tell_all(&mut self, answer: &str, out: &mut Vec<Event>) -> Result<()> {
        (0..self.0.len()).try_for_each(|place| self.tell(place, answer, out))
    }

    /// Tells of every call that has a name, so that calls begin in their order.
    fn tell_named(&mut self, answer: &str, out: &mut Vec<Event>) -> Result<()> {
        let named = |call: &Call| !call.name.is_empty();
        for place in 0..self.0.len() {
            if self.0.get(place).is_some_and(named) {
                self.tell(place, answer, out)?;
            }
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the arguments of every call are JSON.
    pub(super) fn are_whole(&self) -> bool {
        self.0
            .iter()
            .all(|call| call.arguments.is_empty() || is_whole(&call.arguments))
    }

    /// The call that a piece goes on with; none where it begins another.
    fn find(&self, piece: &CallPiece, name: Option<&str>) -> Option<usize> {
        let id = piece.id.as_deref().filter(|id| !id.is_empty());
        if let Some(id) = id {
            let known = self.0.iter().rposition(|call| call.id == id);
            // A call that got no id yet may get it late.
            return known.or_else(|| self.numbered(piece.index?).filter(|place| self.lacks_id(*place)));
        }
        let place = match piece.index {
            Some(index) => self.numbered(index)?,
            None => self.0.len().checked_sub(1)?,
        };
        let call = self.0.get(place)?;
        // A name after whole arguments is that of another call.
        let another = name.is_some() && is_whole(&call.arguments);
        (!another).then_some(place)
    }

    fn numbered(&self, index: u32) -> Option<usize> {
        self.0.iter().rposition(|call| call.index == Some(index))
    }

    fn lacks_id(&self, place: usize) -> bool {
        self.0
            .get(place)
            .is_some_and(|call| call.id.is_empty() && !call.told)
    }

    fn tell(&mut self, place: usize, answer: &str, out: &mut Vec<Event>) -> Result<()> {
        let Some(call) = self.0.get_mut(place).filter(|call| !call.told) else {
            return Ok(());
        };
        if call.name.is_empty() {
            let message = "the model's host sent a tool call that does not name its tool";
            return Err(Error::new(ErrorKind::BadUpstream, message));
        }
        if call.id.is_empty() {
            call.id = made_up(answer, place);
        }
        call.told = true;
        out.push(Event::ToolCallStart {
            index: number(place),
            id: call.id.as_str().into(),
            name: call.name.clone(),
        });
        Ok(())
    }
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn is_whole(arguments: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(arguments).is_ok()
}

/// An id that no other answer's call has, of the characters that every host takes.
fn made_up(answer: &str, place: usize) -> String {
    let plain = answer
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let mut id = format!("call_{place}_");
    id.extend(plain.take(LONGEST_ID - 16));
    id
}
