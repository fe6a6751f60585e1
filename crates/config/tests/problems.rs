//! Everything that is wrong is reported at once, each with its field, its source and its fix.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{fs, path::PathBuf};

use busbar_config::{Environment, Flag, Problems, Sources, load};
use tempfile::TempDir;

/// What is wrong with a file of this text, line by line.
fn problems(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("busbar.toml");
    fs::write(&path, text).unwrap();
    let shown = path.display().to_string();
    let found = refused(variables, Some(path), &[]);
    found
        .iter()
        .map(|problem| problem.to_string().replace(&shown, "FILE"))
        .collect()
}

fn refused(variables: &[(&str, &str)], file: Option<PathBuf>, flags: &[Flag]) -> Problems {
    let home = [("HOME", "/home/somebody")];
    let sources = Sources {
        environment: Environment::from_pairs(home.iter().chain(variables).copied()),
        file,
        flags: flags.to_vec(),
    };
    load(&sources).unwrap_err()
}

#[test]
fn all_problems_of_all_sources_come_at_once() {
    let file = r#"
        [server]
        listn = "127.0.0.1:80"
        body_limit = "much"
        [tls]
        key = "/no/such.key"
        [models]
        text = ["fine", { id = "mine", path = "/no/such.gguf", threads = "many" }]
        [colours]
        on = true
    "#;
    let found = problems(
        file,
        &[("BUSBAR_TEXT__QUEUE", "-3"), ("BUSBAR_LISTEN", "everywhere")],
    );
    let wanted = [
        "server.listn: there is no such setting; did you mean `listen`? (set by FILE)",
        "server.body_limit: `much` is no size; write 4096, \"512 KiB\" or \"32 MiB\" (set by FILE)",
        "tls.certificate: is missing, but `tls.key` is set; HTTPS needs both",
        "models.text[1].path: no such file: /no/such.gguf (set by FILE)",
        "models.text[1].threads: invalid value: string \"many\", expected a number or \"auto\" (set by FILE)",
        "colours: there is no such setting; there are: source, server, tls, cors, streams, websocket, fetch, models, text, images, jobs, later, lambda, log, metrics, vault, storage, distribution, hub, client, routing, providers, routes (set by FILE)",
        "text.queue: invalid value: integer `-3`, expected a whole number, 0 or more (set by $BUSBAR_TEXT__QUEUE)",
        "server.listen: `everywhere` is no address; write 127.0.0.1:8080, [::1]:8080, or 0.0.0.0:8080 for all interfaces (set by $BUSBAR_LISTEN)",
    ];
    for problem in wanted {
        assert!(
            found.iter().any(|found| found == problem),
            "missing: {problem}\nin: {found:#?}"
        );
    }
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
}

#[test]
fn a_file_that_is_no_toml_is_shown_with_its_line() {
    let found = problems("[server]\nlisten = \n", &[]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].starts_with("FILE: ") && found[0].contains("line 2"),
        "{found:#?}"
    );
}

#[test]
fn values_out_of_their_range_name_it() {
    let file = "[text]\nsequences = 0\ncontext = 3\n[websocket]\nheartbeat = \"0s\"\n[server]\nrequest_timeout = \"1ms\"\n";
    let found = problems(file, &[]);
    for wanted in [
        "text.sequences: must be 1 to 256, not 0 (set by FILE)",
        "text.context: must be 64 to 1048576, not 3 (set by FILE)",
        "websocket.heartbeat: must be 1s to 1h, not 0ms (set by FILE)",
        "server.request_timeout: must be at least 1s, not 1ms (set by FILE)",
    ] {
        assert!(
            found.iter().any(|found| found == wanted),
            "missing: {wanted}\nin: {found:#?}"
        );
    }
}

#[test]
fn what_all_models_share_is_reported_once() {
    let found = problems("[text]\nsequences = 0\n[models]\ntext = [\"a\", \"b\"]\n", &[]);
    assert_eq!(found, ["text.sequences: must be 1 to 256, not 0 (set by FILE)"]);
}

#[test]
fn models_must_have_different_names_and_the_default_must_be_one_of_them() {
    let found = problems("[models]\ntext = [\"a\", \"a\"]\ndefault = \"b\"\n", &[]);
    assert_eq!(
        found,
        [
            "models.text[1].id: `a` is there twice; give one of them another `id` (set by FILE)",
            "models.default: `b` is not among `models.text`: a, a (set by FILE)",
        ]
    );
}

#[test]
fn the_default_may_be_a_name_that_only_providers_and_routes_have() {
    let wrong = "[text]\nsequences = 0\n";
    let listed = "[models]\ntext = [\"a\"]\ndefault = \"b\"\n";
    let route = "[[routes]]\nname = \"b\"\n[[routes.tiers]]\ntargets = [\"a\"]\n";
    let found = problems(&format!("{wrong}{listed}{route}"), &[]);
    assert_eq!(found, ["text.sequences: must be 1 to 256, not 0 (set by FILE)"]);
    assert_eq!(problems(&format!("{wrong}{listed}"), &[]).len(), 2);
}

#[test]
fn no_connection_may_be_waited_for_longer_than_the_most() {
    let route = |time: &str| {
        format!(
            "[[routes]]\nname = \"r\"\n[[routes.tiers]]\ntargets = [{{ model = \"a\", connect_timeout = \"{time}\" }}]\n"
        )
    };
    let wrong = "[text]\nsequences = 0\n";
    assert_eq!(problems(&format!("{wrong}{}", route("10s")), &[]).len(), 1);
    let found = problems(&route("11s"), &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("routes[0].tiers[0].targets[0].connect_timeout: is longer than 10 s"),
        "{found:?}"
    );
}

#[test]
fn a_model_table_knows_its_fields() {
    let found = problems(
        "[models]\ntext = [{ id = \"a\", treads = 2 }, { path = \"x\" }]\n",
        &[],
    );
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(
        found[0],
        "models.text[0].treads: there is no such setting; did you mean `threads`? (set by FILE)"
    );
    assert!(
        found[1].starts_with("models.text[1]: missing field `id`"),
        "{found:#?}"
    );
}

#[test]
fn an_origin_is_what_a_browser_sends() {
    let text = "[cors]\norigins = [\"https://a.example\", \"https://b.example/\", \"*\", \"c.example\"]\n";
    let found = problems(text, &[]);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(
        found[0].starts_with("cors.origins[1]: `https://b.example/` is no origin"),
        "{found:#?}"
    );
    assert!(
        found[1].starts_with("cors.origins[2]: `*` allows every origin"),
        "{found:#?}"
    );
}

#[test]
fn a_log_level_that_does_not_exist_is_named() {
    for right in [
        "info",
        "WARN",
        "info,busbar_server=debug",
        "off",
        "busbar_server",
        "busbar_server[request]=trace",
    ] {
        let sources = Sources {
            environment: Environment::from_pairs([("HOME", "/h"), ("BUSBAR_LOG", right)]),
            ..Sources::default()
        };
        assert!(load(&sources).is_ok(), "{right}");
    }
    let found = refused(&[("RUST_LOG", "loud")], None, &[]).to_string();
    assert!(
        found.contains("log.filter: `loud` is no level") && found.contains("$RUST_LOG"),
        "{found}"
    );
}

#[test]
fn a_named_file_must_exist() {
    let found = refused(&[], Some("/no/such/busbar.toml".into()), &[]).to_string();
    assert!(
        found.contains("--config: no such file: /no/such/busbar.toml"),
        "{found}"
    );
    let found = refused(&[("BUSBAR_CONFIG", "/no/such.toml")], None, &[]).to_string();
    assert!(
        found.contains("$BUSBAR_CONFIG: no such file: /no/such.toml"),
        "{found}"
    );
}

#[test]
fn a_flag_that_sets_nothing_says_what_was_meant() {
    let flag = Flag {
        name: "--set".into(),
        path: "server.bodylimit".into(),
        value: "1 MiB".into(),
    };
    let found = refused(&[], None, &[flag]).to_string();
    assert!(
        found.contains(
            "server.bodylimit: there is no such setting; did you mean `server.body_limit`? (set by --set)"
        ),
        "{found}"
    );
}

#[test]
fn a_variable_that_was_perhaps_meant_is_told_with_the_problems() {
    let found = refused(
        &[("BUSBAR_LISTEN", "nowhere"), ("BUSBAR_SEVER__LISTEN", "x")],
        None,
        &[],
    )
    .to_string();
    assert!(found.contains("did you mean BUSBAR_SERVER__LISTEN?"), "{found}");
}

#[test]
fn a_distribution_needs_its_key_and_a_bucket() {
    let file = r#"
        [distribution]
        address = "https://d111111abcdef8.cloudfront.net"
        key_id = "K2JCJMDEHXQW5F"
    "#;
    assert_eq!(
        problems(file, &[]),
        [
            "distribution.private_key: is missing; signed addresses need all three: write a PEM file, or \
             secretsmanager:NAME",
            "distribution.address: hands out what lies in a bucket, and files lie in a folder here; set \
             `storage.files` (set by FILE)"
        ]
    );
}
