//! Operators who see and change the configuration of a running server: over HTTP, and with the commands.

use serde_json::{Value, json};

use super::scene::{Scene, Serving};

impl Serving {
    fn told(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    fn asked(&self, path: &str, body: &str) -> (u16, Value) {
        let (status, answer) = self.post(path, body);
        (status, serde_json::from_str(&answer).unwrap())
    }
}

/// A server that has served `one` and serves `two`, both with a key.
fn second() -> (Scene, Serving) {
    let scene = Scene::new();
    let with_key = |name: &str, key: &str| {
        let text = scene.serving(name);
        text.replace("kind =", &format!("api_key = \"{key}\"\nkind ="))
    };
    scene.write(&with_key("one", "sk-secret-one"));
    let server = scene.start();
    server.until_metric("busbar_config_taken_total", 1.0);
    scene.write(&with_key("two", "sk-secret-two"));
    server.until_answered_by("two");
    server.until_metric("busbar_config_taken_total", 2.0);
    (scene, server)
}

#[test]
fn an_operator_sees_what_serves_compares_versions_and_goes_back() {
    let (_scene, server) = second();
    let status = server.told("/v1/config");
    assert_eq!(
        (&status["version"], &status["chosen"]),
        (&json!(2), &json!(false))
    );
    assert_eq!(status["source"], json!("busbar.toml"));

    let versions = server.told("/v1/config/versions");
    let serves: Vec<_> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["serves"])
        .collect();
    assert_eq!(serves, [&json!(false), &json!(true)]);

    let diff = server.told("/v1/config/diff?from=1&to=2");
    let upstream =
        json!({"path": "providers[far].models[m].upstream", "before": "\"one\"", "after": "\"two\""});
    assert_eq!(diff, json!({"from": 1, "to": 2, "changes": [upstream]}));

    let (code, status) = server.asked("/v1/config/rollback", "{}");
    assert_eq!(
        (code, &status["version"], &status["chosen"]),
        (200, &json!(1), &json!(true))
    );
    assert_eq!(server.ask(), (200, "one".to_owned()));
    // The key of that version came back with it, and it stays although the file is read again.
    assert_eq!(server.asked("/v1/config/reload", "").1["version"], json!(1));
    let (code, status) = server.asked("/v1/config/rollback", r#"{"version": 2}"#);
    assert_eq!((code, &status["version"]), (200, &json!(2)));
    assert_eq!(server.ask(), (200, "two".to_owned()));
}

#[test]
fn a_reload_takes_up_the_file_at_once_and_says_what_is_wrong_with_it() {
    let (scene, server) = second();
    // The answer comes when it is done: nothing has to be waited for.
    scene.write(&scene.serving("three"));
    let (code, status) = server.asked("/v1/config/reload", "");
    assert_eq!((code, &status["refused"]), (200, &Value::Null), "{status}");
    assert_eq!(server.ask(), (200, "three".to_owned()));

    scene.write(&format!(
        "{}[server]\nbody_limit = \"much\"\n",
        scene.serving("four")
    ));
    let (code, status) = server.asked("/v1/config/reload", "{}");
    let reason = status["refused"]["reasons"][0].as_str().unwrap();
    assert_eq!(code, 200);
    assert!(reason.contains("server.body_limit"), "{reason}");
    let refused = &status["refused"]["version"];
    assert_eq!(server.ask(), (200, "three".to_owned()));
    let (code, wrong) = server.asked("/v1/config/rollback", &json!({"version": refused}).to_string());
    assert_eq!(
        (code, &wrong["param"], &wrong["code"]),
        (400, &json!("version"), &json!("version_refused"))
    );

    // Mended, nothing is refused any more.
    scene.write(&scene.serving("five"));
    server.asked("/v1/config/reload", "");
    assert_eq!(server.told("/v1/config")["refused"], Value::Null);
}

#[test]
fn what_is_wrong_with_a_request_is_told_with_its_field() {
    let (_scene, server) = second();
    for (path, field) in [
        ("/v1/config/diff?to=1", "from"),
        ("/v1/config/diff?from=1", "to"),
        ("/v1/config/diff?from=1&to=x", "to"),
        ("/v1/config/versions/last", "number"),
    ] {
        let (status, body) = server.get(path);
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (status, &problem["param"]),
            (400, &json!(field)),
            "{path}: {body}"
        );
    }
    for path in ["/v1/config/versions/77", "/v1/config/diff?from=77&to=1"] {
        assert_eq!(server.get(path).0, 404, "{path}");
    }
    let (status, problem) = server.asked("/v1/config/rollback", r#"{"version": 77}"#);
    assert_eq!((status, &problem["code"]), (404, &json!("version_not_found")));
    let (status, problem) = server.asked("/v1/config/rollback", r#"{"verison": 1}"#);
    assert_eq!((status, &problem["param"]), (400, &json!("version")));
}

#[test]
fn nobody_else_sees_or_changes_anything() {
    let (_scene, server) = second();
    let proxied = ("x-forwarded-for", "10.0.0.7");
    let page = ("origin", "https://evil.example");
    for headers in [&[proxied][..], &[page], &[("host", "evil.example")]] {
        for (method, path) in [
            ("GET", "/v1/config"),
            ("GET", "/v1/config/versions"),
            ("GET", "/v1/config/versions/1"),
            ("GET", "/v1/config/diff?from=1&to=2"),
            ("POST", "/v1/config/reload"),
            ("POST", "/v1/config/rollback"),
        ] {
            let (status, body) = server.as_another(method, path, headers);
            assert_eq!(status, 403, "{method} {path} {headers:?}: {body}");
        }
    }
    assert_eq!(server.ask(), (200, "two".to_owned()));
}

#[test]
fn a_page_of_elsewhere_changes_nothing_even_where_pages_may_call_and_anyone_is_an_operator() {
    let scene = Scene::new();
    scene.write(&format!(
        "{}[server]\noperators = \"anyone\"\nany_host = true\n[cors]\norigins = [\"*\"]\n",
        scene.serving("one")
    ));
    let server = scene.start();
    assert_eq!(
        server
            .as_another("GET", "/v1/config", &[("x-forwarded-for", "10.0.0.7")])
            .0,
        200
    );
    let page = [("origin", "https://evil.example")];
    assert_eq!(server.as_another("POST", "/v1/config/reload", &page).0, 403);
    scene.write(&format!(
        "{}[server]\noperators = \"nobody\"\n",
        scene.serving("one")
    ));
    drop(server);
    let (status, body) = scene.start().get("/v1/config");
    assert_eq!(status, 403);
    assert!(
        body.contains("not_an_operator") && body.contains("server.operators"),
        "{body}"
    );
}

#[test]
fn no_secret_is_told() {
    let (_scene, server) = second();
    let paths = ["", "/versions", "/versions/1", "/versions/2", "/diff?from=1&to=2"];
    let all: String = paths
        .iter()
        .map(|path| server.get(&format!("/v1/config{path}")).1)
        .collect();
    assert!(all.contains("api_key") && !all.contains("sk-secret"), "{all}");
}

#[test]
fn the_commands_ask_and_change_a_running_server() {
    let (scene, server) = second();
    let url = server.url();
    let run = |arguments: &[&str]| {
        let all: Vec<&str> = arguments.iter().copied().chain(["--url", &url]).collect();
        scene.config(&all)
    };
    let said = run(&["status"]).out;
    assert!(said.starts_with("version 2 serves"), "{said}");
    assert!(run(&["versions"]).out.lines().count() == 3);
    let said = run(&["diff", "1"]).out;
    assert!(said.contains("- \"one\"\n  + \"two\""), "{said}");
    assert_eq!(run(&["diff"]).code, Some(2));
    let ran = run(&["rollback"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.starts_with("version 1 serves"), "{}", ran.out);
    assert_eq!(server.ask(), (200, "one".to_owned()));

    scene.write("[server]\nbody_limit = \"much\"\n");
    let ran = run(&["reload"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("server.body_limit"), "{}", ran.out);
    scene.write(&scene.serving("three"));
    let ran = run(&["reload", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let status: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(status["refused"], Value::Null);
    assert_eq!(server.ask(), (200, "three".to_owned()));
    assert_eq!(run(&["rollback", "77"]).code, Some(1));
}
