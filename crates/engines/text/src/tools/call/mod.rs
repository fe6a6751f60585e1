//! Reads the JSON of calls, character by character, and hears names and arguments as they come.
//!
//! Understood are `{"name": …, "arguments": {…}}` with `parameters` for `arguments`, with the keys
//! in any order, with other keys among them, inside `{"function": …}`, as arguments that are JSON
//! in a string, as an array of any of these; and `name[ARGS]{…}`.

mod names;

pub(super) use names::Names;
use names::{LONGEST_NAME, accepted, in_name, unquoted};

use super::json::{Step, ValueReader};

/// What a call says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A call begins, of the tool of this name.
    Start(String),
    /// More of its arguments.
    Arguments(String),
}

/// What a character did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// More is to come.
    More,
    /// It was the last one.
    Done,
    /// This is no call, or no longer one.
    Broken,
}

#[derive(Debug, Default)]
enum At {
    /// Before an object, an array of them, or a plain name.
    #[default]
    Begin,
    /// In what stands before the arguments of a call without an object around it.
    Head(String),
    /// Before a key, or the end of the object.
    Key,
    InKey(String),
    Colon(String),
    Value(Field, ValueReader),
    AfterValue,
    /// Behind a call of an array.
    Between,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Name,
    Arguments,
    /// The arguments of a call without an object around it.
    LastArguments,
    Other,
}

/// Reads one call or an array of them.
#[derive(Debug, Default)]
pub(super) struct CallReader {
    at: At,
    in_array: bool,
    /// How many `{"function":` are open.
    wrappers: u32,
    name: Option<String>,
    /// The value that is being read, or arguments that came before the name.
    text: String,
    early_arguments: Option<String>,
    started: bool,
    any_started: bool,
    has_arguments: bool,
}

impl CallReader {
    /// Whether any call has begun; until then, what was read may be given back as text.
    pub(super) fn any_started(&self) -> bool {
        self.any_started
    }

    /// Reads on.
    pub(super) fn read(&mut self, c: char, names: Names<'_>, heard: &mut Vec<Heard>) -> Outcome {
        match std::mem::take(&mut self.at) {
            At::Begin => self.begin(c, names),
            At::Head(head) => self.head(head, c, names, heard),
            At::Key => self.key(c, heard),
            At::InKey(key) => self.in_key(key, c),
            At::Colon(key) => self.colon(key, c, names),
            At::Value(field, reader) => self.value((field, reader), c, names, heard),
            At::AfterValue => self.after_value(c, heard),
            At::Between => self.between(c),
        }
    }

    fn go(&mut self, at: At) -> Outcome {
        self.at = at;
        Outcome::More
    }

    fn begin(&mut self, c: char, names: Names<'_>) -> Outcome {
        match c {
            _ if c.is_ascii_whitespace() => self.go(At::Begin),
            '{' => self.go(At::Key),
            '[' if !self.in_array => {
                self.in_array = true;
                self.go(At::Begin)
            }
            // An empty array of calls.
            ']' if self.in_array => Outcome::Done,
            _ if self.in_array || matches!(names, Names::Only(_)) => Outcome::Broken,
            _ if in_name(c) => self.go(At::Head(c.into())),
            _ => Outcome::Broken,
        }
    }

    fn head(&mut self, mut head: String, c: char, names: Names<'_>, heard: &mut Vec<Heard>) -> Outcome {
        if c != '{' {
            head.push(c);
            let whole = head.len() <= LONGEST_NAME && (in_name(c) || head.contains('[') || c == ' ');
            return if whole {
                self.go(At::Head(head))
            } else {
                Outcome::Broken
            };
        }
        // Behind the name: `[ARGS]`, and `[CALL_ID]…` before it in some versions.
        let name = head.split(['[', ' ']).next().unwrap_or_default();
        self.name = Some(name.to_owned());
        self.value((Field::LastArguments, ValueReader::default()), c, names, heard)
    }

    fn key(&mut self, c: char, heard: &mut Vec<Heard>) -> Outcome {
        match c {
            _ if c.is_ascii_whitespace() => self.go(At::Key),
            '"' => self.go(At::InKey(String::new())),
            '}' => self.close_object(heard),
            _ => Outcome::Broken,
        }
    }

    fn in_key(&mut self, mut key: String, c: char) -> Outcome {
        if c == '"' {
            return self.go(At::Colon(key));
        }
        key.push(c);
        // No key that matters has an escape in it.
        if key.len() > LONGEST_NAME || c == '\\' {
            return Outcome::Broken;
        }
        self.go(At::InKey(key))
    }

    fn colon(&mut self, key: String, c: char, names: Names<'_>) -> Outcome {
        if c.is_ascii_whitespace() {
            return self.go(At::Colon(key));
        }
        if c != ':' {
            return Outcome::Broken;
        }
        let field = match key.as_str() {
            "name" if self.name.is_none() => Field::Name,
            "arguments" | "parameters" if !self.has_arguments => Field::Arguments,
            "type" | "id" | "function" => Field::Other,
            // An answer in JSON that happens to have a name.
            _ if matches!(names, Names::Only(_)) && !self.any_started => return Outcome::Broken,
            _ => Field::Other,
        };
        // The reader tells a wrapper from a value by its first character.
        self.text = if key == "function" { key } else { String::new() };
        self.go(At::Value(field, ValueReader::default()))
    }

    fn value(
        &mut self,
        (field, mut reader): (Field, ValueReader),
        c: char,
        names: Names<'_>,
        heard: &mut Vec<Heard>,
    ) -> Outcome {
        if field == Field::Other && self.text == "function" && !c.is_ascii_whitespace() {
            self.text.clear();
            if c == '{' {
                self.wrappers += 1;
                return self.go(At::Key);
            }
        }
        match reader.step(c) {
            Step::Wrong => Outcome::Broken,
            Step::Before => self.go(At::Value(field, reader)),
            Step::Inside => {
                self.take(field, &reader, c, heard);
                self.go(At::Value(field, reader))
            }
            Step::Last => {
                self.take(field, &reader, c, heard);
                self.end_value(field, &reader, names, heard)
            }
            Step::After => match self.end_value(field, &reader, names, heard) {
                Outcome::More => self.after_value(c, heard),
                outcome => outcome,
            },
        }
    }

    /// Takes one character of a value.
    fn take(&mut self, field: Field, reader: &ValueReader, c: char, heard: &mut Vec<Heard>) {
        match field {
            Field::Other => {}
            Field::Name => self.text.push(c),
            // Arguments in a string are JSON only once their escapes are undone.
            Field::Arguments | Field::LastArguments if reader.is_string() || self.name.is_none() => {
                self.text.push(c);
            }
            Field::Arguments | Field::LastArguments => {
                self.start(heard);
                arguments(heard, c);
            }
        }
    }

    fn end_value(
        &mut self,
        field: Field,
        reader: &ValueReader,
        names: Names<'_>,
        heard: &mut Vec<Heard>,
    ) -> Outcome {
        let text = std::mem::take(&mut self.text);
        match field {
            Field::Other => {}
            Field::Name => match accepted(&text, names) {
                Some(name) => self.name = Some(name),
                None => return Outcome::Broken,
            },
            Field::Arguments | Field::LastArguments => {
                self.has_arguments = true;
                if reader.is_string() || self.name.is_none() {
                    self.early_arguments = Some(unquoted(text));
                }
            }
        }
        if self.name.is_some()
            && let Some(early) = self.early_arguments.take()
        {
            self.start(heard);
            heard.push(Heard::Arguments(early));
        }
        if field == Field::LastArguments {
            return Outcome::Done;
        }
        self.go(At::AfterValue)
    }

    fn after_value(&mut self, c: char, heard: &mut Vec<Heard>) -> Outcome {
        match c {
            _ if c.is_ascii_whitespace() => self.go(At::AfterValue),
            ',' => self.go(At::Key),
            '}' => self.close_object(heard),
            _ => Outcome::Broken,
        }
    }

    fn close_object(&mut self, heard: &mut Vec<Heard>) -> Outcome {
        if self.wrappers > 0 {
            self.wrappers -= 1;
            return self.go(At::AfterValue);
        }
        if self.name.is_none() {
            return Outcome::Broken;
        }
        if !self.has_arguments {
            self.start(heard);
            // Callers parse arguments as JSON, and none at all are none.
            heard.push(Heard::Arguments("{}".into()));
        }
        (self.name, self.started, self.has_arguments) = (None, false, false);
        if self.in_array {
            return self.go(At::Between);
        }
        Outcome::Done
    }

    fn between(&mut self, c: char) -> Outcome {
        match c {
            _ if c.is_ascii_whitespace() => self.go(At::Between),
            ',' => self.go(At::Begin),
            ']' => Outcome::Done,
            _ => Outcome::Broken,
        }
    }

    fn start(&mut self, heard: &mut Vec<Heard>) {
        if !self.started {
            (self.started, self.any_started) = (true, true);
            heard.push(Heard::Start(self.name.clone().unwrap_or_default()));
        }
    }
}

/// Adds a character to the arguments heard last.
fn arguments(heard: &mut Vec<Heard>, c: char) {
    match heard.last_mut() {
        Some(Heard::Arguments(text)) => text.push(c),
        _ => heard.push(Heard::Arguments(c.into())),
    }
}

#[cfg(test)]
mod tests;
