//! Which of several models of a task is in production, which may be next, and which was before.
//!
//! ```text
//! candidate ──promote──► production ──► previous ──► the one before it …
//!     ▲                      │   ▲          │
//!     └──────rollback────────┘   └─rollback─┘
//! ```

use std::fmt::Debug;

use crate::{BoxFuture, Error, ModelId, Result};

/// So many that were in production are remembered.
const MEMORY: usize = 16;

/// A model at a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Its name.
    pub model: ModelId,
    /// Which version of it was meant, where versions are kept.
    pub version: Option<String>,
}

/// A stage; its name is another name of the model that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// To be tried before it is promoted.
    Candidate,
    /// Answers those who name no model.
    Production,
    /// Was in production before.
    Previous,
}

/// The stages of a task's models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// To be tried.
    pub candidate: Option<Staged>,
    /// In production.
    pub production: Option<Staged>,
    /// Those before it, the latest first.
    pub before: Vec<Staged>,
}

/// What may happen to stages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageChange {
    /// This one may be next.
    Nominate(Staged),
    /// The candidate goes into production, or this one.
    Promote(Option<Staged>),
    /// The previous one goes back into production; only if this one is there now, where one is named:
    /// asked twice, it then happens once.
    Rollback(Option<ModelId>),
}

/// Something that keeps stages.
pub trait StageKeeper: Debug + Send + Sync + 'static {
    /// The stages at this moment.
    fn stages(&self) -> Stages;

    /// Changes them: what it resolves with is in force and kept, as a whole or not at all. Requests
    /// under way keep the model that they have.
    ///
    /// # Errors
    /// `NotFound` for a model that is not here; `Invalid` where there is nothing to promote or to go
    /// back to; `Unavailable` while models are being loaded.
    fn change(&self, change: StageChange) -> BoxFuture<'_, Result<Stages>>;
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Candidate, Self::Production, Self::Previous];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Production => "production",
            Self::Previous => "previous",
        }
    }

    /// The stage of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }
}

impl Stages {
    /// What is at a stage.
    pub fn at(&self, stage: Stage) -> Option<&Staged> {
        match stage {
            Stage::Candidate => self.candidate.as_ref(),
            Stage::Production => self.production.as_ref(),
            Stage::Previous => self.before.first(),
        }
    }

    /// The models at any of the three stages.
    pub fn models(&self) -> impl Iterator<Item = &ModelId> {
        Stage::ALL
            .into_iter()
            .filter_map(|stage| Some(&self.at(stage)?.model))
    }

    /// The stages after a change.
    ///
    /// # Errors
    /// `Invalid` where it makes no sense.
    pub fn after(&self, change: StageChange) -> Result<Self> {
        match change {
            StageChange::Nominate(staged) => self.nominate(staged),
            StageChange::Promote(staged) => self.promote(staged),
            StageChange::Rollback(from) => self.roll_back(from.as_ref()),
        }
    }

    fn nominate(&self, staged: Staged) -> Result<Self> {
        if self.production.as_ref() == Some(&staged) {
            let message = format!("`{}` is in production already", staged.model);
            return Err(wrong("model", message, "already_in_production"));
        }
        Ok(Self {
            candidate: Some(staged),
            ..self.clone()
        })
    }

    fn promote(&self, staged: Option<Staged>) -> Result<Self> {
        let Some(staged) = staged.or_else(|| self.candidate.clone()) else {
            let message = "there is no candidate to promote: name a model, or make one the candidate first";
            return Err(wrong("model", message, "no_candidate"));
        };
        let mut after = self.clone();
        after.candidate.take_if(|candidate| *candidate == staged);
        // Asked once more, it has happened already.
        if after.production.as_ref() == Some(&staged) {
            return Ok(after);
        }
        if let Some(withdrawn) = after.production.replace(staged) {
            after.before.insert(0, withdrawn);
            after.before.truncate(MEMORY);
        }
        Ok(after)
    }

    fn roll_back(&self, from: Option<&ModelId>) -> Result<Self> {
        let now = self.production.as_ref().map(|staged| &staged.model);
        if let Some(from) = from
            && now != Some(from)
        {
            let there = now.map_or_else(|| "none is".to_owned(), |now| format!("`{now}` is"));
            let message = format!("`{from}` is not in production: {there}");
            return Err(wrong("model", message, "not_in_production"));
        }
        let mut after = self.clone();
        if after.before.is_empty() {
            let message = "there is no previous model to go back to";
            return Err(wrong("model", message, "no_previous"));
        }
        let withdrawn = after.production.replace(after.before.remove(0));
        // Once it is mended it may be next again, unless another one may.
        after.candidate = after.candidate.or(withdrawn);
        Ok(after)
    }
}

fn wrong(param: &str, message: impl Into<String>, code: &'static str) -> Error {
    Error::invalid(param, message).with_code(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(model: &str) -> Staged {
        Staged {
            model: model.into(),
            version: Some("1".into()),
        }
    }

    fn nominate(model: &str) -> StageChange {
        StageChange::Nominate(staged(model))
    }

    const PROMOTE: StageChange = StageChange::Promote(None);
    const ROLL_BACK: StageChange = StageChange::Rollback(None);

    /// Candidate, production and previous after some changes, `-` where there is none.
    #[track_caller]
    fn check(changes: &[StageChange], expected: &str) -> Stages {
        let mut stages = Stages::default();
        for change in changes {
            stages = stages.after(change.clone()).unwrap();
        }
        let name = |stage| stages.at(stage).map_or("-", |staged| staged.model.as_str());
        assert_eq!(Stage::ALL.map(name).join(" "), expected);
        stages
    }

    #[test]
    fn a_candidate_becomes_production_and_then_previous() {
        check(&[nominate("a")], "a - -");
        check(&[nominate("a"), PROMOTE], "- a -");
        check(&[nominate("a"), PROMOTE, nominate("b"), PROMOTE], "- b a");
        let direct = StageChange::Promote(Some(staged("c")));
        check(&[nominate("a"), PROMOTE, nominate("b"), direct], "b c a");
    }

    #[test]
    fn going_back_undoes_promotions_one_after_the_other() {
        let three = [
            nominate("a"),
            PROMOTE,
            nominate("b"),
            PROMOTE,
            nominate("c"),
            PROMOTE,
        ];
        let with = |more: &[StageChange]| [&three[..], more].concat();
        check(&with(&[ROLL_BACK]), "c b a");
        let first = check(&with(&[ROLL_BACK, ROLL_BACK]), "c a -");
        assert_eq!(first.after(ROLL_BACK).unwrap_err().code(), Some("no_previous"));
        check(&with(&[nominate("d"), ROLL_BACK]), "d b a");
        check(&with(&[ROLL_BACK, PROMOTE]), "- c b");
    }

    #[test]
    fn what_is_asked_twice_happens_once() {
        let b = || StageChange::Promote(Some(staged("b")));
        let stages = check(&[nominate("a"), PROMOTE, b(), b()], "- b a");
        let back = || StageChange::Rollback(Some("b".into()));
        let again = stages.after(back()).unwrap().after(back()).unwrap_err();
        assert_eq!(again.code(), Some("not_in_production"));
        let code = |change| stages.after(change).unwrap_err().code();
        assert_eq!(code(PROMOTE), Some("no_candidate"));
        assert_eq!(code(nominate("b")), Some("already_in_production"));
    }

    #[test]
    fn no_more_are_remembered_than_anyone_needs() {
        let changes: Vec<_> = (0..40)
            .map(|n| StageChange::Promote(Some(staged(&n.to_string()))))
            .collect();
        assert_eq!(check(&changes, "- 39 38").before.len(), MEMORY);
    }
}
