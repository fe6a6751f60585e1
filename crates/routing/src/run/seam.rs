//! Where an answer was cut, and how another model goes on from there: the request for the rest, and what
//! to leave out of what comes so that nothing is said twice.

use busbar_core::{ChatRequest, Message, Prompt, Tokens};

/// What a model is told that goes on with another's answer and cannot simply be given its beginning.
const GO_ON: &str = "Your answer above was cut off in the middle. Go on from exactly where its text ends. \
    Do not repeat any of it, do not start again, and do not mention the interruption.";

/// Where an answer was cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seam {
    /// Everything that was said.
    pub(crate) sent: String,
    /// In so many pieces: about as many tokens.
    pub(crate) pieces: u32,
}

impl Seam {
    /// The request for the rest. `prefill`: the model goes on with a last turn of its own by itself.
    pub(crate) fn rest_of(&self, mut request: ChatRequest, prefill: bool) -> ChatRequest {
        if let Some(most) = request.max_tokens {
            request.max_tokens = Some(Tokens(most.0.saturating_sub(self.pieces).max(1)));
        }
        if self.sent.is_empty() {
            return request;
        }
        match &mut request.prompt {
            Prompt::Text(text) => text.push_str(&self.sent),
            // Space at the end of such a turn is refused by some hosts.
            Prompt::Messages(messages) if prefill => messages.push(Message::assistant(self.sent.trim_end())),
            Prompt::Messages(messages) => {
                messages.push(Message::assistant(self.sent.as_str()));
                messages.push(Message::user(GO_ON));
            }
        }
        request
    }

    /// How what comes from such a model is joined to what was said.
    pub(crate) fn splice(&self, prompt: &Prompt, prefill: bool) -> Splice {
        let mode = match prompt {
            _ if self.sent.is_empty() => Mode::Through,
            Prompt::Text(_) => Mode::Through,
            // The space that the turn lost is there already.
            Prompt::Messages(_) if prefill && ends_in_space(&self.sent) => Mode::Space,
            Prompt::Messages(_) if prefill => Mode::Through,
            Prompt::Messages(_) => Mode::Overlap { held: String::new() },
        };
        Splice { mode }
    }
}

fn ends_in_space(text: &str) -> bool {
    text.chars().next_back().is_some_and(char::is_whitespace)
}

/// Joins the rest of an answer to its beginning.
#[derive(Debug)]
pub(crate) struct Splice {
    mode: Mode,
}

#[derive(Debug)]
enum Mode {
    /// Everything is new.
    Through,
    /// Space at the beginning was said already.
    Space,
    /// The beginning may be what was said last, or all of it, once more.
    Overlap { held: String },
}

/// The rest does not fit: it starts the answer again, in other words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StartsAgain;

/// Less in common is chance: "the " at the end and at the beginning is no repetition.
const LEAST: usize = 16;
/// Further back nobody repeats.
const FAR: usize = 400;

impl Splice {
    /// What of the next piece is new.
    pub(crate) fn join(&mut self, sent: &str, piece: String) -> Result<String, StartsAgain> {
        match &mut self.mode {
            Mode::Through => Ok(piece),
            Mode::Space => {
                let new = piece.trim_start();
                if new.is_empty() {
                    return Ok(String::new());
                }
                let new = new.to_owned();
                self.mode = Mode::Through;
                Ok(new)
            }
            Mode::Overlap { held } => {
                held.push_str(&piece);
                if may_repeat(sent, held) {
                    return Ok(String::new());
                }
                let held = std::mem::take(held);
                self.mode = Mode::Through;
                new_of(sent, held)
            }
        }
    }

    /// Nothing more comes: what was held back, as far as it is new.
    pub(crate) fn rest(&mut self, sent: &str) -> Result<String, StartsAgain> {
        match std::mem::replace(&mut self.mode, Mode::Through) {
            Mode::Overlap { held } if held.len() >= LEAST || sent == held => new_of(sent, held),
            Mode::Overlap { held } => Ok(held),
            Mode::Through | Mode::Space => Ok(String::new()),
        }
    }
}

/// Whether these words may still turn out to be a repetition that has not ended.
fn may_repeat(sent: &str, held: &str) -> bool {
    let again = sent.len() >= held.len() && sent.starts_with(held);
    let mut from = sent.len().saturating_sub(FAR);
    while !sent.is_char_boundary(from) {
        from += 1;
    }
    let tail = &sent[from..];
    // Some end of what was said begins with all that is held, or is about to.
    let last = tail
        .char_indices()
        .any(|(at, _)| tail.len() - at > held.len() && tail[at..].starts_with(held));
    again && sent.len() > held.len() || last
}

fn new_of(sent: &str, held: String) -> Result<String, StartsAgain> {
    if let Some(new) = held.strip_prefix(sent).filter(|_| sent.len() >= LEAST) {
        return Ok(new.to_owned());
    }
    let most = held.len().min(sent.len());
    let repeated = (LEAST..=most)
        .rev()
        .filter(|&length| held.is_char_boundary(length))
        .find(|&length| sent.ends_with(&held[..length]));
    if let Some(length) = repeated {
        return Ok(held[length..].to_owned());
    }
    let common = sent.bytes().zip(held.bytes()).take_while(|(a, b)| a == b).count();
    // Much of the beginning, and then something else: two answers, which are never mixed.
    match common >= 2 * LEAST {
        true => Err(StartsAgain),
        false => Ok(held),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Ships come and go, and the harbour master counts them all.";

    fn join(sent: &str, pieces: &[&str], prefill: bool) -> Result<String, StartsAgain> {
        let seam = Seam {
            sent: sent.to_owned(),
            pieces: 1,
        };
        let mut splice = seam.splice(&Prompt::Messages(Vec::new()), prefill);
        let mut joined = sent.to_owned();
        for piece in pieces {
            joined.push_str(&splice.join(sent, (*piece).to_owned())?);
        }
        joined.push_str(&splice.rest(sent)?);
        Ok(joined)
    }

    #[test]
    fn a_rest_that_is_right_is_joined_as_it_is() {
        assert_eq!(
            join("one two", &[" three", " four"], false).unwrap(),
            "one two three four"
        );
        assert_eq!(join("one two ", &["three"], false).unwrap(), "one two three");
    }

    #[test]
    fn what_was_said_last_is_not_said_again() {
        let sent = &SAID[..40];
        for start in [10, 18, 24] {
            let again: Vec<String> = SAID[start..].chars().map(String::from).collect();
            let again: Vec<&str> = again.iter().map(String::as_str).collect();
            assert_eq!(join(sent, &again, false).unwrap(), SAID, "from {start}");
        }
    }

    #[test]
    fn an_answer_that_starts_again_alike_goes_on_where_it_was_cut() {
        assert_eq!(join(&SAID[..40], &[SAID], false).unwrap(), SAID);
        assert_eq!(
            join(&SAID[..40], &[&SAID[..20], &SAID[20..]], false).unwrap(),
            SAID
        );
    }

    #[test]
    fn an_answer_that_starts_again_in_other_words_is_not_mixed_in() {
        let other = format!("{} nobody ever counts them at all.", &SAID[..35]);
        assert_eq!(join(&SAID[..45], &[&other], false), Err(StartsAgain));
    }

    #[test]
    fn a_model_that_was_given_the_beginning_adds_no_space_twice() {
        assert_eq!(join("one two ", &[" ", " three"], true).unwrap(), "one two three");
        assert_eq!(join("one two", &[" three"], true).unwrap(), "one two three");
    }

    #[test]
    fn little_in_common_is_no_repetition() {
        assert_eq!(
            join("and on and on ", &["and on and off"], false).unwrap(),
            "and on and on and on and off"
        );
    }
}
