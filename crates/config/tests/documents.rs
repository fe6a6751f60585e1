//! Documents, environments, and what a running server takes up.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use busbar_config::{Document, Environment, Flag, Loaded, Origin, Sources, load_from, schema};

fn sources(variables: &[(&str, &str)]) -> Sources {
    let home = [("HOME", "/home/somebody")];
    Sources {
        environment: Environment::from_pairs(home.iter().chain(variables).copied()),
        ..Sources::default()
    }
}

fn document(text: &str, origin: &str) -> Document {
    Document::read(text, Origin::Source(origin.into())).unwrap()
}

fn loaded(sources: &Sources, texts: &[&str]) -> Loaded {
    let documents: Vec<_> = texts.iter().map(|text| document(text, "far")).collect();
    load_from(sources, &documents).unwrap_or_else(|problems| panic!("{problems}"))
}

fn wrong(sources: &Sources, text: &str) -> Vec<String> {
    let problems = load_from(sources, &[document(text, "far")]).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

const THREE: &str = "[server]\nbody_limit = '1 MiB'\n[environments.dev.server]\nbody_limit = '2 MiB'\n\
    [environments.prod.server]\nbody_limit = '3 MiB'\n[environments.prod.log]\nformat = 'json'\n";

#[test]
fn an_environment_is_chosen_by_flag_variable_or_document() {
    let limit = |sources: &Sources, text: &str| loaded(sources, &[text]).config.server.body_limit >> 20;
    assert_eq!(limit(&sources(&[]), THREE), 1);
    let variable = sources(&[("BUSBAR_ENVIRONMENT", "prod")]);
    assert_eq!(limit(&variable, THREE), 3);
    let flag = Flag {
        name: "--set".into(),
        path: "source.environment".into(),
        value: "dev".into(),
    };
    let both = Sources {
        flags: vec![flag],
        ..variable.clone()
    };
    assert_eq!(limit(&both, THREE), 2);
    let shown = loaded(&variable, &[THREE]).shown;
    let origin = |path: &str| {
        let found = shown.iter().find(|shown| shown.path == path);
        found.unwrap().origin.to_string()
    };
    assert_eq!(origin("server.body_limit"), "environments.prod");
    assert_eq!(origin("source.environment"), "$BUSBAR_ENVIRONMENT");
}

#[test]
fn variables_win_over_what_an_environment_says() {
    let both = sources(&[
        ("BUSBAR_ENVIRONMENT", "prod"),
        ("BUSBAR_SERVER__BODY_LIMIT", "5 MiB"),
    ]);
    assert_eq!(loaded(&both, &[THREE]).config.server.body_limit >> 20, 5);
}

#[test]
fn an_environment_that_is_not_there_is_told_with_those_that_are() {
    let said = wrong(&sources(&[("BUSBAR_ENVIRONMENT", "prd")]), THREE);
    assert_eq!(
        said,
        [
            "source.environment: there is no [environments.prd] in the configuration; there are: dev, prod \
          (set by $BUSBAR_ENVIRONMENT)"
        ]
    );
    // Where nobody keeps environments apart, the name is only where to look.
    loaded(&sources(&[("BUSBAR_ENVIRONMENT", "prd")]), &["[server]\n"]);
}

#[test]
fn what_is_wrong_in_an_environment_is_told_with_its_name() {
    let text = "[environments.prod.server]\nbody_limit = 'much'\n";
    let said = wrong(&sources(&[("BUSBAR_ENVIRONMENT", "prod")]), text);
    assert!(said[0].ends_with("(set by environments.prod)"), "{said:?}");
}

#[test]
fn nobody_elsewhere_says_where_the_configuration_is_or_where_files_live() {
    let text = "[source]\nkind = 'ssm'\n[storage]\nhome = '/x'\n[environments.prod.source]\nkeep = 3\n";
    let said = wrong(&sources(&[]), text);
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said.iter().all(|line| line.contains("(set by far)")), "{said:?}");
}

#[test]
fn the_table_is_what_documents_say_and_nobody_else() {
    let variable = sources(&[
        ("BUSBAR_ENVIRONMENT", "prod"),
        ("BUSBAR_SERVER__BODY_LIMIT", "5 MiB"),
    ]);
    let expected: toml::Table = "[server]\nbody_limit = '3 MiB'\n[log]\nformat = 'json'"
        .parse()
        .unwrap();
    assert_eq!(loaded(&variable, &[THREE]).table, expected);
}

#[test]
fn what_a_running_server_does_not_take_up_is_named() {
    let before = loaded(&sources(&[]), &[""]);
    let text = "[models]\naliases = ['a=b']\n[text]\nqueue = 3\n[server]\nlisten = '127.0.0.1:1'\n[log]\nformat = 'json'";
    let after = loaded(&sources(&[]), &[text]);
    assert_eq!(
        after.waiting_for_restart(&before),
        ["server.listen", "log.format"]
    );
    assert!(before.waiting_for_restart(&before).is_empty());
}

#[test]
fn the_schema_knows_environments() {
    assert_eq!(
        schema()["properties"]["environments"]["additionalProperties"]["$ref"],
        "#"
    );
}
