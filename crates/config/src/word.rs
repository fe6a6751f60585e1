//! What `--config` and `BUSBAR_CONFIG` name: a file, or in one word whoever keeps the configuration
//! elsewhere. Such a word is all there is: no file is read beside it.

use std::path::PathBuf;

use crate::{
    Sources,
    layers::{Layers, Origin},
    problem::Problem,
};

/// The variable that names it.
pub(crate) const VARIABLE: &str = "BUSBAR_CONFIG";

/// What is named, and by what.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) what: What,
    pub(crate) origin: Origin,
}

/// A file, or somebody.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    File(PathBuf),
    Word(Word),
}

/// Whoever keeps it elsewhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Settings of `[source]`, by their names.
    settings: Vec<(&'static str, String)>,
    /// The environment there. Whether tables of ours are chosen by it too is not said by it.
    pub(crate) kept_in: Option<String>,
}

/// What can be written before the colon.
#[derive(Clone, Copy)]
enum Form {
    /// `application/environment/profile`
    Three,
    /// A name.
    Name,
}

const FORMS: &[(&str, Form)] = &[
    ("appconfig", Form::Three),
    ("appconfig-extension", Form::Three),
    ("ssm", Form::Name),
];

/// What the flag or the variable names.
///
/// # Errors
/// It begins like a word, and is none.
pub(crate) fn named(sources: &Sources) -> Result<Option<Named>, Problem> {
    let flag = || Some((sources.file.clone()?, Origin::Flag("--config".into())));
    let variable = || {
        let path = sources.environment.get(VARIABLE)?;
        Some((path.into(), Origin::Environment(VARIABLE.into())))
    };
    let Some((path, origin)) = flag().or_else(variable) else {
        return Ok(None);
    };
    let read = path.to_str().map_or(Ok(None), word);
    match read {
        Ok(None) => Ok(What::File(path)),
        Ok(Some(word)) => Ok(What::Word(word)),
        Err(message) => Err((message, origin.clone())),
    }
    .map(|what| Some(Named { what, origin }))
    .map_err(|(message, origin)| Problem {
        field: String::new(),
        origin: Some(origin),
        message,
    })
}

/// Lays what the word says over the defaults. What is set by its own name wins.
pub(crate) fn lay(named: Option<&Named>, layers: &mut Layers) {
    let Some(Named {
        what: What::Word(word),
        origin,
    }) = named
    else {
        return;
    };
    for (name, value) in &word.settings {
        layers.text(&format!("source.{name}"), value, origin.clone());
    }
}

/// `None`: it is no such word, so it is a file.
fn word(text: &str) -> Result<Option<Word>, String> {
    let Some((kind, rest)) = text.split_once(':') else {
        return Ok(None);
    };
    let Some((_, form)) = FORMS.iter().find(|(known, _)| *known == kind) else {
        return Ok(None);
    };
    let parts: Vec<&str> = rest.split('/').collect();
    let kind_is = ("kind", kind.to_owned());
    match (form, &*parts) {
        (Form::Three, [application, environment, profile]) if parts.iter().all(|part| !part.is_empty()) => {
            Ok(Some(Word {
                settings: vec![
                    kind_is,
                    ("application", (*application).to_owned()),
                    ("profile", (*profile).to_owned()),
                ],
                kept_in: Some((*environment).to_owned()),
            }))
        }
        (Form::Name, _) if !rest.is_empty() => Ok(Some(Word {
            settings: vec![kind_is, ("parameters", rest.to_owned())],
            kept_in: None,
        })),
        (Form::Three, _) => Err(format!(
            "`{text}` names no configuration; write {kind}:APPLICATION/ENVIRONMENT/PROFILE, each a name or an id"
        )),
        (Form::Name, _) => Err(format!("`{text}` names no configuration; write {kind}:/NAME")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Environment, Problems, load, source::Source};

    fn source(pairs: &[(&str, &str)]) -> Result<Source, Problems> {
        let sources = Sources {
            environment: Environment::from_pairs(pairs.iter().copied()).or("HOME", "/home/a"),
            ..Sources::default()
        };
        load(&sources).map(|loaded| loaded.config.source)
    }

    #[test]
    fn a_word_names_who_keeps_it_and_where() {
        let kept = source(&[("BUSBAR_CONFIG", "appconfig:abc1/env2/prof3")]).unwrap();
        assert_eq!(kept.kind.as_deref(), Some("appconfig"));
        assert_eq!(
            (kept.application.as_deref(), kept.profile.as_deref()),
            (Some("abc1"), Some("prof3"))
        );
        assert_eq!(
            (kept.kept_in(), kept.environment.as_deref()),
            (Some("env2"), None)
        );
        let kept = source(&[("BUSBAR_CONFIG", "ssm:/busbar/prod:3")]).unwrap();
        assert_eq!(
            (kept.kind.as_deref(), kept.parameters.as_deref()),
            (Some("ssm"), Some("/busbar/prod:3"))
        );
    }

    #[test]
    fn the_environment_of_tables_and_the_one_there_may_differ() {
        let kept = source(&[
            ("BUSBAR_CONFIG", "appconfig:a/e1x2y3z/p"),
            ("BUSBAR_ENVIRONMENT", "prod"),
        ])
        .unwrap();
        assert_eq!(
            (kept.kept_in(), kept.environment.as_deref()),
            (Some("e1x2y3z"), Some("prod"))
        );
        let kept = source(&[
            ("BUSBAR_SOURCE__KIND", "appconfig"),
            ("BUSBAR_ENVIRONMENT", "prod"),
        ])
        .unwrap();
        assert_eq!(kept.kept_in(), Some("prod"));
    }

    #[test]
    fn what_is_set_by_its_own_name_wins() {
        let kept = source(&[("BUSBAR_CONFIG", "ssm:/a"), ("BUSBAR_SOURCE__PARAMETERS", "/b")]).unwrap();
        assert_eq!(kept.parameters.as_deref(), Some("/b"));
    }

    #[test]
    fn half_a_word_is_told_how_to_write_a_whole_one() {
        for half in [
            "appconfig:",
            "appconfig:a/b",
            "appconfig:a//c",
            "appconfig:a/b/c/d",
            "ssm:",
        ] {
            let wrong = source(&[("BUSBAR_CONFIG", half)]).unwrap_err().to_string();
            assert!(wrong.contains("names no configuration; write"), "{half}: {wrong}");
            assert!(wrong.contains("BUSBAR_CONFIG"), "{wrong}");
        }
    }

    #[test]
    fn everything_else_is_a_file() {
        for file in ["/nowhere/busbar.toml", "./ssm:/x", "s3:/x", "C:\\busbar.toml"] {
            let wrong = source(&[("BUSBAR_CONFIG", file)]).unwrap_err().to_string();
            assert!(wrong.contains("no such file"), "{wrong}");
        }
    }
}
