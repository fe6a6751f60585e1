//! Jinja as `transformers` sets it up, with bounds.

use std::fmt;

use minijinja::{
    Environment, Error, ErrorKind, Output, State, Value, escape_formatter, syntax::SyntaxConfig,
    value::ValueKind,
};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::{generation::without_marks, json, python};

/// The one template of an environment.
pub(super) const NAME: &str = "chat";

/// Steps of one rendering. A turn takes about a hundred; ten million take about a second.
const FUEL: u64 = 10_000_000;

/// An environment that holds this template under [`NAME`].
pub(super) fn environment(template: &str) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    environment.set_syntax(syntax.build()?);
    environment.set_fuel(Some(FUEL));
    environment.set_formatter(print);
    environment.set_unknown_method_callback(method);
    environment.add_filter("tojson", json::tojson);
    environment.add_filter("string", |value: &Value| python::string(value));
    environment.add_filter("escape", |value: &Value| python::escape(value));
    environment.add_filter("e", |value: &Value| python::escape(value));
    environment.add_test("iterable", python::is_iterable);
    environment.add_test("sequence", python::is_sequence);
    environment.add_function("raise_exception", raise);
    environment.add_template_owned(NAME, without_marks(template).into_owned())?;
    Ok(environment)
}

/// The template itself refused what it was given.
#[derive(Debug)]
pub(super) struct Refused(pub(super) String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// What a template said by `raise_exception`, where it did.
pub(super) fn refusal(error: &Error) -> Option<&str> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return Some(&refused.0);
        }
        cause = error.source();
    }
    None
}

/// The function `raise_exception`.
fn raise(message: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, "raise_exception").with_source(Refused(message)))
}

/// Prints what is no text as Python does; nothing is escaped.
fn print(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::String | ValueKind::Undefined => escape_formatter(out, state, value),
        _ => out.write_str(&python::str(value)).map_err(Error::from),
    }
}

/// Python's methods: those that the engine's own set lacks, then that set.
fn method(state: &mut State, value: &Value, method: &str, args: &[Value]) -> Result<Value, Error> {
    if let (Some(text), [affix]) = (value.as_str(), args)
        && let Some(affix) = affix.as_str()
    {
        match method {
            "removeprefix" => return Ok(text.strip_prefix(affix).unwrap_or(text).into()),
            "removesuffix" => return Ok(text.strip_suffix(affix).unwrap_or(text).into()),
            _ => {}
        }
    }
    unknown_method_callback(state, value, method, args)
}
