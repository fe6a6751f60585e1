//! Compiles forms, and keeps those that were asked for lately.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use busbar_core::{Error, Result};
use llguidance::{
    Matcher, ParserFactory,
    api::{GrammarWithLexer, ParserLimits, TopLevelGrammar},
    earley::SlicedBiasComputer,
    toktrie::InferenceCapabilities,
};
use serde_json::Value;

use super::{CallForm, Constraint, Form, refusal, schema, trie};
use crate::vocab::TokenTable;

/// How many compiled forms are kept; applications use few.
const KEPT: usize = 16;

/// The forms of one model's answers. Cheap until a form is first asked for.
pub struct Grammars {
    table: Arc<TokenTable>,
    /// The vocabulary's tree; built at the first form, since many servers never see one.
    factory: OnceLock<Result<ParserFactory>>,
    /// Compiled forms, the one last used at the back.
    kept: Mutex<VecDeque<(String, Arc<Mutex<Matcher>>)>>,
}

impl Grammars {
    /// For the answers of the model with this vocabulary.
    pub fn new(table: Arc<TokenTable>) -> Self {
        Self {
            table,
            factory: OnceLock::new(),
            kept: Mutex::default(),
        }
    }

    /// A constraint for one answer. May take some tens of milliseconds where the form is new:
    /// keep it off the thread that computes.
    ///
    /// # Errors
    /// `Invalid` where the schema is wrong, or asks for what cannot be enforced; the message says
    /// where and what.
    pub fn constraint(&self, form: &Form) -> Result<Constraint> {
        let key = format!("{form:?}");
        if let Some(kept) = self.recall(&key) {
            return Ok(begin(&kept, form));
        }
        let fresh = Arc::new(Mutex::new(self.compile(form)?));
        let constraint = begin(&fresh, form);
        self.keep(key, fresh);
        Ok(constraint)
    }

    fn compile(&self, form: &Form) -> Result<Matcher> {
        let answer = form
            .answer()
            .map(|schema| prepared(schema, "response_format"))
            .transpose()?;
        let call = match form.call() {
            Some(call) => Some(self.call(call, &prepared(call.schema.clone(), "tools")?)),
            None => None,
        };
        let grammar = match (answer, call) {
            (Some(answer), None) => TopLevelGrammar::from_json_schema(answer),
            (answer, call) => lark(answer.as_ref(), call.as_deref()),
        };
        let matcher = Matcher::new(self.factory()?.create_parser(grammar));
        match matcher.get_error() {
            None => Ok(matcher),
            Some(message) => Err(refusal::refused(form.param(), &message)),
        }
    }

    /// A call between its markers, in the grammar's own notation.
    fn call(&self, call: &CallForm, schema: &Value) -> String {
        let (open, close) = (self.markers(&call.open), self.markers(&call.close));
        format!("{open} call {close}\ncall: %json {schema}")
    }

    /// Control tokens by their numbers, other text as literals.
    fn markers(&self, pieces: &[String]) -> String {
        let piece = |piece: &String| match self.table.control(piece) {
            Some(token) => format!("<[{token}]>"),
            None => Value::from(piece.as_str()).to_string(),
        };
        pieces.iter().map(piece).collect::<Vec<_>>().join(" ")
    }

    fn factory(&self) -> Result<&ParserFactory> {
        let built = self.factory.get_or_init(|| build(&self.table));
        built.as_ref().map_err(Clone::clone)
    }

    fn recall(&self, key: &str) -> Option<Arc<Mutex<Matcher>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| known == key)?;
        let entry = kept.remove(at)?;
        let matcher = entry.1.clone();
        kept.push_back(entry);
        Some(matcher)
    }

    fn keep(&self, key: String, matcher: Arc<Mutex<Matcher>>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Two requests may have compiled the same form at the same time.
        kept.retain(|(known, _)| *known != key);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((key, matcher));
    }
}

impl fmt::Debug for Grammars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grammars")
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}

/// A schema that has been checked and made ready.
fn prepared(mut schema: Value, param: &str) -> Result<Value> {
    schema::check(&schema).map_err(|refusal| refusal.into_error(param))?;
    schema::prepare(&mut schema);
    Ok(schema)
}

/// A grammar of an answer or a call, in the notation of the compiler.
fn lark(answer: Option<&Value>, call: Option<&str>) -> TopLevelGrammar {
    let start = match (answer, call) {
        (Some(answer), Some(call)) => {
            format!("start: answer | framed\nanswer: %json {answer}\nframed: {call}\n")
        }
        (_, call) => format!("start: {}\n", call.unwrap_or_default()),
    };
    TopLevelGrammar::from_grammar(GrammarWithLexer::from_lark(start))
}

/// A copy that shares nothing with the kept one, so that answers cannot slow or fail each other.
fn begin(kept: &Mutex<Matcher>, form: &Form) -> Constraint {
    let matcher = kept.lock().unwrap_or_else(PoisonError::into_inner);
    Constraint::new(matcher.deep_clone(), form.param())
}

fn build(table: &TokenTable) -> Result<ParserFactory> {
    let environment = trie::environment(table);
    let mut factory = ParserFactory::new(
        &environment,
        InferenceCapabilities::default(),
        &SlicedBiasComputer::json_slices(),
    )
    .map_err(|error| Error::internal(format!("the vocabulary does not allow grammars: {error}")))?;
    factory.quiet();
    *factory.limits_mut() = limits();
    Ok(factory)
}

/// A tenth of the defaults where they allow hundreds of megabytes or tens of milliseconds: the
/// schema comes from a client.
fn limits() -> ParserLimits {
    ParserLimits {
        max_lexer_states: 20_000,
        max_grammar_size: 100_000,
        verbose_errors: false,
        ..ParserLimits::default()
    }
}
