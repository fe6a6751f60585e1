//! A chat template, ready to use.

use std::{fmt, time::SystemTime};

use busbar_core::{Error, ErrorKind, Message, Result, Tool};
use minijinja::{Environment, Value, context, value::Serde};

use super::{
    Abilities, abilities,
    clock::strftime,
    conversation::{self, Shape},
    environment::{self, environment, refusal},
    fold,
    guard::Guard,
    rendered::{Bounded, Rendered, reason},
};
use crate::tools::ToolStyle;

/// What a model file says about its chat template.
#[derive(Clone, Debug)]
pub struct TemplateSource<'a> {
    /// The model, for messages.
    pub model: &'a str,
    /// The template.
    pub template: &'a str,
    /// The text of the token that begins a prompt; empty where there is none.
    pub bos: &'a str,
    /// The text of the token that ends one.
    pub eos: &'a str,
    /// Texts that text of clients must not turn into tokens:
    /// [`TokenTable::control_texts`](crate::vocab::TokenTable::control_texts).
    pub control: Vec<String>,
}

/// A conversation to be rendered.
#[derive(Clone, Copy, Debug)]
pub struct Conversation<'a> {
    /// What was said.
    pub messages: &'a [Message],
    /// What the model may call.
    pub tools: &'a [Tool],
    /// The date that templates tell the model.
    pub now: SystemTime,
}

/// A model's chat template.
pub struct ChatTemplate {
    model: String,
    environment: Environment<'static>,
    bos: String,
    eos: String,
    guard: Guard,
    abilities: Abilities,
    shape: Shape,
    style: &'static ToolStyle,
}

/// One try at rendering.
pub(super) struct Attempt<'a> {
    pub(super) messages: &'a [Message],
    pub(super) tools: &'a [Tool],
    pub(super) shape: Shape,
    pub(super) now: SystemTime,
}

impl ChatTemplate {
    /// Compiles a template and finds out what it can do.
    ///
    /// # Errors
    /// `Unsupported` where it is wrong, or cannot render what a user says.
    pub fn compile(source: TemplateSource<'_>) -> Result<Self> {
        let TemplateSource {
            model,
            template: text,
            bos,
            eos,
            control,
        } = source;
        let unusable = |error: &minijinja::Error| {
            let reason = reason(error);
            Error::new(
                ErrorKind::Unsupported,
                format!("the chat template of `{model}` cannot be used: {reason}"),
            )
            .with_param("model")
            .with_code("unusable_chat_template")
        };
        let mut template = Self {
            model: model.to_owned(),
            environment: environment(text).map_err(|error| unusable(&error))?,
            bos: bos.to_owned(),
            eos: eos.to_owned(),
            guard: Guard::new(control),
            abilities: Abilities {
                system: false,
                tools: false,
                calls: false,
                results: false,
            },
            shape: Shape::default(),
            style: ToolStyle::of_template(text),
        };
        let probed = abilities::probe(|attempt| template.attempt(attempt));
        (template.abilities, template.shape) = probed.map_err(|error| unusable(&error))?;
        Ok(template)
    }

    /// The error for a model whose file has no template.
    pub fn missing(model: &str) -> Error {
        Error::new(
            ErrorKind::Unsupported,
            format!("`{model}` has no chat template: it continues text and does not follow conversations"),
        )
        .with_param("model")
        .with_code("no_chat_template")
    }

    /// What it can do.
    pub fn abilities(&self) -> Abilities {
        self.abilities
    }

    /// How the model writes calls of tools; `None` where the template shows it none.
    pub fn tool_style(&self) -> Option<&'static ToolStyle> {
        self.abilities.tools.then_some(self.style)
    }

    /// Renders a conversation up to where the model's answer begins.
    ///
    /// # Errors
    /// `Invalid` where there is nothing to answer or the template refuses the conversation;
    /// `Unsupported` where there are tools and it knows none; `TooLarge` where it needs more than
    /// the bounds allow.
    pub fn render(&self, conversation: &Conversation<'_>) -> Result<Rendered> {
        if conversation.messages.is_empty() {
            return Err(Error::invalid(
                "messages",
                "`messages` must hold at least one message",
            ));
        }
        if !conversation.tools.is_empty() && !self.abilities.tools {
            return Err(self.no_tools());
        }
        let messages = self.fitted(conversation.messages);
        let attempt = |messages: &[Message]| {
            self.attempt(&Attempt {
                messages,
                tools: conversation.tools,
                shape: self.shape,
                now: conversation.now,
            })
        };
        let rendered = attempt(&messages).or_else(|error| {
            // Many templates want user and assistant in turn, and many clients do not know that.
            let simpler = fold::alternating(&messages);
            if refusal(&error).is_none() || simpler == messages {
                return Err(error);
            }
            attempt(&simpler).map_err(|_| error)
        });
        let rendered = rendered.map_err(|error| self.failure(&error))?;
        Ok(Rendered::new(&rendered))
    }

    /// The conversation in terms that the template knows.
    fn fitted(&self, messages: &[Message]) -> Vec<Message> {
        let mut messages = messages.to_vec();
        if !self.abilities.results {
            messages = fold::without_results(&messages);
        }
        if !self.abilities.calls {
            messages = fold::without_calls(&messages, self.style);
        }
        if !self.abilities.system {
            messages = fold::without_system(&messages);
        }
        messages
    }

    fn attempt(&self, attempt: &Attempt<'_>) -> Result<String, minijinja::Error> {
        let now = attempt.now;
        let context = context! {
            messages => Value::from(Serde(conversation::turns(attempt.messages, attempt.shape, &self.guard))),
            tools => Value::from(Serde(conversation::functions(attempt.tools, &self.guard))),
            documents => Value::from(()),
            add_generation_prompt => true,
            bos_token => self.bos.as_str(),
            eos_token => self.eos.as_str(),
            strftime_now => Value::from_function(move |format: String| strftime(now, &format)),
        };
        let mut out = Bounded::default();
        self.environment
            .get_template(environment::NAME)?
            .render_captured_to(context, &mut out)?;
        out.text()
    }

    fn no_tools(&self) -> Error {
        Error::new(
            ErrorKind::Unsupported,
            format!("`{}` cannot call tools: its chat template knows none", self.model),
        )
        .with_param("tools")
        .with_code("unsupported_tools")
    }

    fn failure(&self, error: &minijinja::Error) -> Error {
        let model = &self.model;
        if let Some(refusal) = refusal(error) {
            return Error::invalid(
                "messages",
                format!("the chat template of `{model}` refuses this conversation: {refusal}"),
            )
            .with_code("refused_by_chat_template");
        }
        match error.kind() {
            minijinja::ErrorKind::OutOfFuel | minijinja::ErrorKind::WriteFailure => Error::new(
                ErrorKind::TooLarge,
                format!(
                    "the conversation is longer than the chat template of `{model}` can render within bounds"
                ),
            )
            .with_param("messages"),
            _ => {
                let reason = reason(error);
                Error::invalid(
                    "messages",
                    format!("the chat template of `{model}` cannot render this conversation: {reason}"),
                )
                .with_code("refused_by_chat_template")
            }
        }
    }
}

impl fmt::Debug for ChatTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatTemplate")
            .field("model", &self.model)
            .field("abilities", &self.abilities)
            .field("style", &self.style.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn compile(template: &str) -> Result<ChatTemplate> {
        ChatTemplate::compile(TemplateSource {
            model: "m",
            template,
            bos: "<s>",
            eos: "</s>",
            control: Vec::new(),
        })
    }

    /// What a template makes of one turn of the user.
    fn check(template: &str, text: &str) -> Result<String> {
        let messages = [Message::user(text)];
        let conversation = Conversation {
            messages: &messages,
            tools: &[],
            now: UNIX_EPOCH,
        };
        Ok(compile(template)?.render(&conversation)?.text())
    }

    #[test]
    fn what_templates_use_is_there() {
        let template = "{% set ns = namespace(n=0) %}{% for m in messages %}{% if m.content == 'skip' %}{% continue %}{% endif %}\n\
            {%- set ns.n = ns.n + 1 %}{{ m['content'].strip().split(' ')[0] | upper }} {{ ns.n }}{% generation %}!{% endgeneration %}{% break %}{% endfor %}\n\
            {{- ' ' ~ strftime_now('%Y-%m-%d') ~ (tools is none) ~ messages[::-1] | length ~ {'a': none} }}";
        assert_eq!(
            check(&format!("{{{{ messages[0].content }}}}{template}"), " hi you").unwrap(),
            " hi youHI 1! 1970-01-01True1{'a': None}"
        );
    }

    #[test]
    fn a_template_that_wants_parts_gets_parts() {
        let template = "{% for m in messages %}{% for p in m.content %}{{ p.text }}{% endfor %}{% endfor %}";
        assert_eq!(check(template, "hi").unwrap(), "hi");
    }

    #[test]
    fn a_template_that_cannot_be_used_is_named() {
        for template in [
            "{% if %}",
            "{{ nothing.at.all }}",
            "always the same",
            "{{ raise_exception('no') }}",
        ] {
            let error = compile(template).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{template}");
            assert!(error.message().contains("`m`"), "{error}");
        }
        assert_eq!(ChatTemplate::missing("m").kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn a_refusal_is_told_in_the_templates_own_words() {
        let template = "{% if messages[0].content == 'bad' %}{{ raise_exception('Only good.') }}{% endif %}{{ messages[0].content }}";
        let error = check(template, "bad").unwrap_err();
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Invalid, Some("messages"))
        );
        assert!(error.message().ends_with("Only good."), "{error}");
    }

    #[test]
    fn a_template_that_goes_on_for_ever_is_stopped() {
        let endless = "{{ messages[0].content }}{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}";
        assert_eq!(compile(endless).unwrap_err().kind(), ErrorKind::Unsupported);
        let on_demand = format!(
            "{{{{ messages[0].content }}}}{{% if messages[0].content == 'go' %}}{endless}{{% endif %}}"
        );
        let error = check(&on_demand, "go").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        let deep = "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}";
        assert_eq!(compile(deep).unwrap_err().kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn there_must_be_something_to_answer() {
        let conversation = Conversation {
            messages: &[],
            tools: &[],
            now: UNIX_EPOCH,
        };
        let error = compile("{{ messages[0].content }}")
            .unwrap()
            .render(&conversation)
            .unwrap_err();
        assert_eq!(error.param(), Some("messages"));
    }
}
