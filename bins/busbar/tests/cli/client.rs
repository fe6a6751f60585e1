//! Commands that talk to a server, against one that says what it was told to say.

use std::{io::Read as _, process::Stdio};

use crate::support::{
    Home, code_of,
    fake::{Fake, Says, answer_of, events, json, models},
    signal,
};

#[test]
fn a_prompt_from_a_pipe_is_answered_on_standard_output_alone() {
    let server = Fake::new(vec![models(), answer_of(&["Hel", "lo ", "you"])]);
    let ran = Home::new().pipe("Hi there", ["chat", "--url", &server.url, "--system", "Be kind."]);
    assert_eq!((ran.code, &*ran.out, &*ran.err), (Some(0), "Hello you\n", ""));
    let asked = &server.asked()[0];
    assert_eq!(asked["messages"][0]["content"], "Be kind.");
    assert_eq!(asked["messages"][1]["content"], "Hi there");
    assert_eq!(asked["model"], "m");
}

#[test]
fn parameters_reach_the_server() {
    let server = Fake::new(vec![models(), answer_of(&["x"])]);
    let flags = [
        "--temperature",
        "0.5",
        "--seed",
        "7",
        "-n",
        "9",
        "--stop",
        "END",
        "--json",
    ];
    let url = ["--url", &server.url];
    let ran = Home::new().run(["generate", "a", "b"].iter().chain(&url).chain(&flags));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let asked = &server.asked()[0];
    assert_eq!(asked["messages"][0]["content"], "a\n\nb");
    assert_eq!((&asked["temperature"], &asked["seed"]), (&0.5.into(), &7.into()));
    assert_eq!(
        (&asked["max_tokens"], &asked["stop"][0]),
        (&9.into(), &"END".into())
    );
    assert_eq!(asked["response_format"]["type"], "json_object");
}

#[test]
fn a_model_without_a_template_is_given_bare_text() {
    let says = events(
        "/v1/completions",
        &[
            ("message", r#"{"choices":[{"text":" a time"}]}"#),
            ("message", "[DONE]"),
        ],
    );
    let server = Fake::new(vec![models(), says]);
    let ran = Home::new().run(["generate", "Once upon", "-m", "base", "--url", &server.url]);
    assert_eq!((ran.code, &*ran.out), (Some(0), " a time\n"));
    assert_eq!(server.asked()[0]["prompt"], "Once upon");
}

#[test]
fn the_environment_may_name_the_server_and_the_key() {
    let server = Fake::new(vec![models(), answer_of(&["x"])]);
    let home = Home::new();
    let mut command = home.busbar(["generate", "a"]);
    let output = command
        .env("BUSBAR_URL", format!("{}/v1/", server.url))
        .env("BUSBAR_API_KEY", "k")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_summary_shows_its_progress_beside_the_result() {
    let says = events(
        "/v1/summaries",
        &[
            ("progress", r#"{"stage":"map","done":1,"total":2}"#),
            ("delta", r#"{"text":"In "}"#),
            ("delta", r#"{"text":"short."}"#),
            (
                "done",
                r#"{"parts":2,"rounds":1,"finish_reason":"stop","usage":{"prompt_tokens":9}}"#,
            ),
        ],
    );
    let server = Fake::new(vec![models(), says]);
    let ran = Home::new().pipe(
        "A long report",
        ["summarize", "--style", "bullets", "--url", &server.url],
    );
    assert_eq!((ran.code, &*ran.out), (Some(0), "In short.\n"));
    assert!(ran.err.contains("summarising parts: 1 of 2"), "{}", ran.err);
    let asked = &server.asked()[0];
    assert_eq!(
        (&asked["text"], &asked["style"]),
        (&"A long report".into(), &"bullets".into())
    );
}

#[test]
fn vectors_are_a_line_each() {
    let says = json(
        "/v1/embeddings",
        200,
        r#"{"data":[{"index":0,"embedding":[1.0,0.0]},{"index":1,"embedding":[0.6,0.8]}]}"#,
    );
    let server = Fake::new(vec![models(), says]);
    let home = Home::new();
    let ran = home.pipe("one\n\ntwo\n", ["embed", "--url", &server.url]);
    assert_eq!(
        (ran.code, &*ran.out),
        (Some(0), "[1.0,0.0]\n[0.6000000238418579,0.800000011920929]\n")
    );
    assert_eq!(server.asked()[0]["input"][1], "two");
    let ran = home.run(["embed", "--similarity", "one", "two", "--url", &server.url]);
    assert_eq!(ran.out, "+0.600  two\n");
}

#[test]
fn what_the_server_refuses_is_said_in_its_own_words() {
    let refusal = r#"{"error":{"message":"the queue is full","type":"overloaded_error"}}"#;
    let server = Fake::new(vec![models(), json("/v1/chat/completions", 503, refusal)]);
    let ran = Home::new().run(["generate", "x", "--url", &server.url]);
    assert_eq!((ran.code, &*ran.err), (Some(1), "busbar: the queue is full\n"));
}

#[test]
fn a_stream_that_breaks_off_is_a_failure() {
    let says = events(
        "/v1/chat/completions",
        &[("message", r#"{"choices":[{"delta":{"content":"Hal"}}]}"#)],
    );
    let server = Fake::new(vec![models(), says]);
    let ran = Home::new().run(["generate", "x", "--url", &server.url]);
    assert_eq!((ran.code, &*ran.out), (Some(1), "Hal"));
    assert!(ran.err.contains("broke off"), "{}", ran.err);
}

#[test]
fn without_a_server_the_message_says_how_to_start_one() {
    let ran = Home::new().run(["generate", "x", "--url", "http://127.0.0.1:1"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("busbar serve"), "{}", ran.err);
}

#[test]
fn an_interrupted_answer_ends_with_130() {
    let open = Says {
        open: true,
        ..events(
            "/v1/chat/completions",
            &[("message", r#"{"choices":[{"delta":{"content":"Wait"}}]}"#)],
        )
    };
    let server = Fake::new(vec![models(), open]);
    let home = Home::new();
    let mut command = home.busbar(["generate", "x", "--url", &server.url]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut piece = [0; 4];
    child.stdout.as_mut().unwrap().read_exact(&mut piece).unwrap();
    assert_eq!(&piece, b"Wait");
    signal(&child, "INT");
    assert_eq!(code_of(&mut child), Some(130));
}
