//! The conversation in a terminal.

mod command;
mod conversation;
mod editor;
mod save;

use std::time::Instant;

use busbar_app::Talk;

use crate::{
    exit::{Failure, Result},
    pull,
    runtime::unless_interrupted,
    setup::Setup,
    terminal::{Terminal, show},
};

use command::{Command, HELP};
pub(crate) use conversation::Conversation;
use editor::{Editor, Typed};

/// One question from a pipe, one answer.
pub(crate) async fn once(talk: &Talk, mut conversation: Conversation, text: &str, setup: &Setup) -> Result {
    conversation.ask(text);
    let started = Instant::now();
    let answer = unless_interrupted(conversation.start(talk)).await?.0;
    let shown = show(answer, started, setup.terminal).await?;
    if shown.stopped {
        return Err(Failure::Interrupted);
    }
    if setup.quiet {
        Ok(())
    } else {
        shown.say_figures(setup.terminal)
    }
}

/// Questions and answers until Ctrl-D.
pub(crate) async fn run(talk: Talk, conversation: Conversation, setup: &Setup) -> Result {
    let mut session = Session {
        talk,
        conversation,
        setup,
    };
    let mut editor = Editor::new(&setup.config().storage.home, setup.terminal.out_colour())?;
    session.greet()?;
    loop {
        // Reading blocks, and nothing else is to be done meanwhile.
        match tokio::task::block_in_place(|| editor.read())? {
            Typed::End => return Ok(()),
            Typed::Nothing => {}
            Typed::Interrupt => session.note("Ctrl-D ends the chat.")?,
            Typed::Text(text) => session.question(&text).await?,
            Typed::Command(command) => {
                if !session.obey(command).await? {
                    return Ok(());
                }
            }
            Typed::Unknown(said) => session.note(&said)?,
        }
    }
}

struct Session<'a> {
    talk: Talk,
    conversation: Conversation,
    setup: &'a Setup,
}

impl Session<'_> {
    fn greet(&self) -> Result {
        if self.setup.quiet {
            return Ok(());
        }
        let window = self
            .talk
            .context_window
            .map_or_else(String::new, |tokens| format!(" · {tokens} tokens"));
        let (name, place) = (&self.talk.name, &self.talk.place);
        self.note(&format!(
            "{name} · {place}{window} · /help lists commands, Ctrl-D ends"
        ))?;
        if !self.talk.follows_chat {
            self.note("This model was not made for conversations: it only continues text.")?;
        }
        Ok(())
    }

    /// Answers, and remembers both. What goes wrong is said, and the chat goes on.
    async fn question(&mut self, text: &str) -> Result {
        self.conversation.ask(text);
        self.answer().await
    }

    async fn answer(&mut self) -> Result {
        let started = Instant::now();
        let begun = match unless_interrupted(self.conversation.start(&self.talk)).await {
            Err(Failure::Interrupted) => return self.unanswered("stopped"),
            Err(Failure::App(error)) => return self.unanswered(&error.to_string()),
            other => other?,
        };
        let (answer, forgotten) = begun;
        if forgotten > 0 {
            self.note(&format!(
                "(the oldest {forgotten} turns no longer fit and were forgotten)"
            ))?;
        }
        let shown = match show(answer, started, self.terminal()).await {
            Err(Failure::App(error)) => return self.unanswered(&error.to_string()),
            other => other?,
        };
        if shown.stopped {
            self.note("stopped")?;
        } else if !self.setup.quiet {
            shown.say_figures(self.terminal())?;
        }
        self.conversation.answered(shown.transcript.text);
        // Air between an answer and the next question.
        self.note("")
    }

    fn unanswered(&mut self, why: &str) -> Result {
        self.conversation.take_back();
        self.note(why)
    }

    /// False where the chat is to end.
    async fn obey(&mut self, command: Command) -> Result<bool> {
        match command {
            Command::Help => self.note(HELP)?,
            Command::Quit => return Ok(false),
            Command::Clear => {
                self.conversation.clear();
                self.note("The conversation is forgotten; what stands above it stays.")?;
            }
            Command::System(None) => {
                let said = self.conversation.system().map(str::to_owned);
                self.note(
                    &said.unwrap_or_else(|| "There are no instructions. /system TEXT sets some.".to_owned()),
                )?;
            }
            Command::System(Some(text)) => {
                self.conversation.set_system(text);
                self.note("The instructions are set; /clear begins anew under them.")?;
            }
            Command::Save(path) => {
                let said = save::save(&self.conversation, &self.talk.name, path.as_deref());
                self.note(&said.unwrap_or_else(|why| why))?;
            }
            Command::Retry => match self.conversation.retry() {
                true => self.answer().await?,
                false => self.note("There is nothing to answer again.")?,
            },
            Command::Model(None) => self.greet()?,
            Command::Model(Some(name)) => self.change_model(&name).await?,
        }
        Ok(true)
    }

    async fn change_model(&mut self, name: &str) -> Result {
        match pull::open(self.setup, Some(name)).await {
            Ok(talk) => {
                self.talk = talk;
                self.greet()
            }
            Err(Failure::App(error)) => self.note(&error.to_string()),
            Err(other) => Err(other),
        }
    }

    fn terminal(&self) -> Terminal {
        self.setup.terminal
    }

    fn note(&self, text: &str) -> Result {
        self.terminal().note(text)
    }
}
