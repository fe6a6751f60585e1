//! From a request to tokens and to the parts of an answer.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    sync::Arc,
    time::SystemTime,
};

use busbar_core::{ChatRequest, Error, ErrorKind, Prompt, Result, Sampling, Tokens, ToolChoice};

use crate::{
    grammar::{Constraint, Form, Grammars},
    llama::Weights,
    sample::{Parameters, Sampler},
    scheduler::{Generation, Output},
    template::{ChatTemplate, Conversation},
    text::OutputPipe,
    tools::{CallIds, ToolParser},
    vocab::TokenTable,
};

/// What requests are prepared with. Nothing in it changes.
#[derive(Debug)]
pub(crate) struct Preparation {
    pub(crate) weights: Arc<Weights>,
    pub(crate) table: Arc<TokenTable>,
    pub(crate) grammars: Grammars,
    pub(crate) template: Option<ChatTemplate>,
    pub(crate) model: String,
    pub(crate) window: usize,
    pub(crate) defaults: Sampling,
}

impl Preparation {
    /// Checks a request and makes everything that its answer needs. Takes time on long prompts and
    /// on new grammars: not for a thread that others wait for.
    pub(crate) fn prepare(
        &self,
        request: &ChatRequest,
        output: Output,
        now: SystemTime,
    ) -> Result<(Vec<u32>, Generation)> {
        request.sampling.check()?;
        self.check(request)?;
        let prompt = self.tokens(request, now)?;
        let room = self.fit(prompt.len(), "messages")?;
        let seed = request.sampling.seed.unwrap_or_else(random_seed);
        let parameters = Parameters::new(&request.sampling, &self.defaults);
        let generation = Generation {
            sampler: Sampler::new(parameters, seed, &prompt),
            constraint: self.constraint(request)?,
            pipe: OutputPipe::new(self.table.clone(), &request.stop, self.tool_parser(request)),
            most: request.max_tokens.map_or(room, |most| most.min(room)),
            logprobs: request.logprobs,
            ignore_end: request.ignore_end,
            output,
        };
        Ok((prompt, generation))
    }

    /// How many tokens a prompt is, with everything that the template puts around it.
    pub(crate) fn count(&self, request: &ChatRequest, now: SystemTime) -> Result<Tokens> {
        Ok(Tokens::from_len(self.tokens(request, now)?.len()))
    }

    /// Tokens of a text by itself, checked against the window.
    pub(crate) fn embeddable(&self, text: &str) -> Result<Vec<u32>> {
        if text.is_empty() {
            return Err(Error::invalid(
                "input",
                "`input` holds an empty text; an embedding needs at least one token",
            ));
        }
        let tokens = self.weights.tokenise(text, true);
        if tokens.len() > self.window {
            return Err(self.too_long(tokens.len(), "input"));
        }
        if tokens.is_empty() {
            return Err(Error::invalid(
                "input",
                "`input` holds a text without a single token",
            ));
        }
        Ok(tokens)
    }

    /// How many tokens an answer may have after a prompt of this length.
    fn fit(&self, prompt: usize, param: &str) -> Result<Tokens> {
        match self.window.checked_sub(prompt) {
            Some(room) if room > 0 => Ok(Tokens::from_len(room)),
            _ => Err(self.too_long(prompt, param)),
        }
    }

    fn too_long(&self, tokens: usize, param: &str) -> Error {
        let window = self.window;
        Error::invalid(
            param,
            format!(
                "the prompt is {tokens} tokens long, but the context window of `{}` holds {window}, and the answer \
                 needs at least one of them",
                self.model
            ),
        )
        .with_code("context_length_exceeded")
    }

    fn check(&self, request: &ChatRequest) -> Result<()> {
        if request.max_tokens == Some(Tokens::ZERO) {
            return Err(Error::invalid(
                "max_tokens",
                "`max_tokens` must be at least 1, not 0",
            ));
        }
        let vocabulary = self.table.len();
        let unknown = request
            .sampling
            .logit_bias
            .iter()
            .find(|bias| bias.token as usize >= vocabulary);
        if let Some(bias) = unknown {
            let message = format!(
                "`logit_bias` names token {}, but the vocabulary has {vocabulary}",
                bias.token
            );
            return Err(Error::invalid("logit_bias", message));
        }
        Ok(())
    }

    fn tokens(&self, request: &ChatRequest, now: SystemTime) -> Result<Vec<u32>> {
        let tokens = match &request.prompt {
            Prompt::Text(text) => self.weights.tokenise(text, true),
            Prompt::Messages(messages) => {
                let template = self
                    .template
                    .as_ref()
                    .ok_or_else(|| ChatTemplate::missing(&self.model))?;
                let tools = if self.uses_tools(request) {
                    &request.tools[..]
                } else {
                    &[]
                };
                let rendered = template.render(&Conversation { messages, tools, now })?;
                rendered
                    .pieces()
                    .iter()
                    .flat_map(|piece| self.weights.tokenise(piece, false))
                    .collect()
            }
        };
        if tokens.is_empty() {
            return Err(Error::invalid(
                "prompt",
                "`prompt` is empty; there is nothing to continue",
            ));
        }
        Ok(tokens)
    }

    fn uses_tools(&self, request: &ChatRequest) -> bool {
        !request.tools.is_empty() && request.tool_choice != ToolChoice::None
    }

    fn tool_parser(&self, request: &ChatRequest) -> Option<ToolParser> {
        if !self.uses_tools(request) {
            return None;
        }
        let style = self.template.as_ref()?.tool_style()?;
        let names = request.tools.iter().map(|tool| tool.name.clone()).collect();
        Some(ToolParser::new(style, names, CallIds::new(random_seed())))
    }

    fn constraint(&self, request: &ChatRequest) -> Result<Option<Constraint>> {
        let style = self.template.as_ref().and_then(ChatTemplate::tool_style);
        let call = match (&request.tool_choice, style) {
            (ToolChoice::Auto | ToolChoice::None, _) => None,
            (choice, Some(style)) => style.form(&request.tools, choice)?,
            (_, None) => {
                let message = format!(
                    "`{}` was not made for tools: its chat template knows none",
                    self.model
                );
                return Err(Error::new(ErrorKind::Unsupported, message).with_param("tool_choice"));
            }
        };
        let form = call.or_else(|| match style {
            // A model that must answer in JSON may still call a tool instead.
            Some(style) if self.uses_tools(request) => style.form_or_call(&request.tools, &request.output),
            _ => Form::of(&request.output),
        });
        form.map(|form| self.grammars.constraint(&form)).transpose()
    }
}

/// A seed for an answer that has none: from the randomness that hash maps are keyed with.
fn random_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
