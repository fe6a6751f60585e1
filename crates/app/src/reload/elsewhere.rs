//! Whoever keeps the configuration beside the file: asked again and again, and what they say made into
//! documents.

use std::{sync::Arc, time::Duration};

use busbar_config::{Document, Origin, Problem, Problems, Source};
use busbar_providers::{
    documents::{self, Documents, Found, Piece},
    http::Client,
};
use tokio::sync::mpsc;

use super::{
    due::Due,
    offer::Place,
    reloader::{Asked, News},
};
use crate::{Error, Result};

/// Whoever keeps the configuration, and how often they are asked where they do not say.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    documents: Box<dyn Documents>,
    interval: Duration,
}

/// What they say, and what they call it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    pub(super) place: Place,
    pub(super) label: Option<String>,
}

impl Elsewhere {
    /// Whoever `[source]` names; `None`: nobody.
    ///
    /// # Errors
    /// Everything that is wrong with the section.
    pub(super) fn of(source: &Source) -> Result<Option<Self>> {
        let Some(kind) = &source.kind else {
            return Ok(None);
        };
        let place = documents::Place {
            kind: kind.clone(),
            environment: source.kept_in().map(str::to_owned),
            application: source.application.clone(),
            profile: source.profile.clone(),
            parameters: source.parameters.clone(),
            region: source.region.clone(),
            endpoint: source.endpoint.clone(),
            interval: source.interval,
        };
        let client = Client::new().map_err(|error| Error::Providers(vec![error.to_string()]))?;
        let documents = documents::documents(&place, client).map_err(|wrong| {
            let problem = |problem: busbar_providers::settings::Problem| Problem {
                field: format!("source.{}", problem.field),
                origin: None,
                message: problem.message,
            };
            Error::Config(wrong.into_iter().map(problem).collect())
        })?;
        Ok(Some(Self {
            documents,
            interval: source.interval,
        }))
    }

    /// Where it is kept, for people.
    pub(super) fn place(&self) -> &str {
        self.documents.place()
    }

    /// Asks once. What cannot be had is as wrong as what cannot be read.
    pub(super) async fn ask(&mut self) -> Said {
        let origin = Origin::Source(self.documents.place().to_owned());
        match self.documents.look(true).await {
            Ok(look) => look.found.map_or_else(
                || Said {
                    place: unreadable(origin, "it is empty".to_owned()),
                    label: None,
                },
                said,
            ),
            Err(error) => Said {
                place: unreadable(origin, format!("it cannot be had: {error}")),
                label: None,
            },
        }
    }

    /// How often they are asked, where they do not say.
    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// Asks until nobody wants to hear of it any more: when it is time, and when somebody wants to know at
    /// once, who comes through `asked`. With `due` nobody waits for the time: whoever is called says when it
    /// has come. Those who cannot be reached have said nothing new.
    pub(super) async fn attend(
        mut self,
        mut asked: mpsc::Receiver<Asked>,
        due: Option<Arc<Due>>,
        news: mpsc::Sender<News>,
    ) {
        let mut wait = self.interval;
        let mut reached = true;
        loop {
            let asker = tokio::select! {
                () = time(due.as_deref(), wait) => None,
                asker = asked.recv() => match asker {
                    Some(asker) => Some(asker),
                    None => return,
                },
            };
            let anew = asker.is_some();
            wait = self.interval;
            let look = self.documents.look(anew).await;
            if let (Some(due), Ok(look)) = (&due, &look) {
                due.after(look.again.unwrap_or(wait));
            }
            let found = match look {
                Ok(look) => {
                    if !std::mem::replace(&mut reached, true) {
                        tracing::info!(
                            source = self.documents.place(),
                            "the configuration can be had again"
                        );
                    }
                    wait = look.again.unwrap_or(wait).max(Duration::from_secs(1));
                    look.found
                }
                Err(error) => {
                    // Said once, not every time.
                    if std::mem::replace(&mut reached, false) {
                        let source = self.documents.place();
                        tracing::warn!(source, %error, "the configuration cannot be had; the last one serves on");
                    }
                    None
                }
            };
            if found.is_none() && !anew {
                continue;
            }
            let told = News::Elsewhere(found.map(said), asker.flatten());
            if news.send(told).await.is_err() {
                return;
            }
        }
    }
}

/// Waits until it is time to ask.
async fn time(due: Option<&Due>, wait: Duration) {
    match due {
        Some(due) => due.time().await,
        None => tokio::time::sleep(wait).await,
    }
}

fn said(found: Found) -> Said {
    let document = |piece| match piece {
        Piece::Document { name, text } => Document::read(text.expose(), Origin::Source(name)),
        Piece::Setting { name, path, text } => {
            Ok(Document::setting(&path, text.expose(), Origin::Source(name)))
        }
    };
    let (mut documents, mut problems) = (Vec::new(), Vec::new());
    for piece in found.pieces {
        match document(piece) {
            Ok(document) => documents.push(document),
            Err(problem) => problems.push(problem),
        }
    }
    Said {
        place: match problems.is_empty() {
            true => Place::Says(documents),
            false => Place::Unreadable(problems.into_iter().collect()),
        },
        label: found.label,
    }
}

fn unreadable(origin: Origin, message: String) -> Place {
    let problem = Problem {
        field: String::new(),
        origin: Some(origin),
        message,
    };
    Place::Unreadable(Problems::from(problem))
}
