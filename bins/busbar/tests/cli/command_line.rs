//! The command line by itself: help, exit codes, configuration, completions. Needs no model.

use std::{fs, io::Read as _, process::Stdio};

use crate::support::{Home, code_of};

#[test]
fn help_teaches_by_examples_and_goes_to_standard_output() {
    let ran = Home::new().run(["summarize", "--help"]);
    assert_eq!((ran.code, &*ran.err), (Some(0), ""));
    assert!(
        ran.out.contains("cat report.txt | busbar summarize"),
        "{}",
        ran.out
    );
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let home = Home::new();
    for wrong in [
        &["frobnicate"][..],
        &["serve", "--prot", "1"],
        &["generate", "x", "--temperature", "9"],
    ] {
        let ran = home.run(wrong);
        assert_eq!((ran.code, &*ran.out), (Some(2), ""), "{wrong:?}: {}", ran.err);
        assert!(!ran.err.is_empty());
    }
}

#[test]
fn a_wrong_configuration_ends_with_2_and_names_everything_at_once() {
    let home = Home::new();
    fs::write(
        home.path().join("busbar.toml"),
        "[server]\nlisten = 7\nbody_limit = \"much\"\n",
    )
    .unwrap();
    let ran = home.run(["config", "check"]);
    assert_eq!(ran.code, Some(2));
    for named in ["server.listen", "server.body_limit", "busbar.toml"] {
        assert!(ran.err.contains(named), "{named} is not in: {}", ran.err);
    }
    // The same mistakes stop every other command before it begins.
    assert_eq!(home.run(["serve"]).code, Some(2));
}

#[test]
fn the_file_that_init_writes_is_right_and_is_never_written_over() {
    let home = Home::new();
    assert_eq!(home.run(["config", "init"]).code, Some(0));
    let ran = home.run(["config", "check"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("busbar.toml"), "{}", ran.out);
    assert_eq!(home.run(["config", "init"]).code, Some(1));
}

#[test]
fn show_says_who_set_what() {
    let home = Home::new();
    let mut command = home.busbar(["--set", "text.threads=3", "config", "show", "--changed"]);
    let output = command
        .env("BUSBAR_LISTEN", ":9000")
        .env("HF_TOKEN", "hf_abc")
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let shown = |name: &str| {
        out.lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_default()
            .to_owned()
    };
    assert!(shown("listen").ends_with("# $BUSBAR_LISTEN"), "{out}");
    assert!(shown("threads").ends_with("# --set"), "{out}");
    assert!(
        shown("token = …").ends_with("# $HF_TOKEN") && !out.contains("hf_abc"),
        "{out}"
    );
    assert_eq!(shown("body_limit"), "");
}

#[test]
fn the_schema_is_json() {
    let ran = Home::new().run(["config", "schema"]);
    let schema: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(schema["title"], "busbar.toml");
}

#[test]
fn completions_and_manual_pages_are_made() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = home.run(["completions", shell]);
        assert_eq!(ran.code, Some(0));
        assert!(ran.out.contains("summarize"), "{shell}");
    }
    let page = home.run(["man"]).out;
    assert!(
        page.contains(".TH") && page.contains("EXAMPLES") || page.contains("First steps"),
        "{page}"
    );
    assert_eq!(home.run(["man", "--out", "pages"]).code, Some(0));
    let pages = fs::read_dir(home.path().join("pages")).unwrap().count();
    assert!(pages > 15, "{pages} pages");
}

#[cfg(feature = "text")]
#[test]
fn a_missing_model_is_answered_with_the_command_that_fetches_it() {
    let home = Home::new();
    for command in [
        &["generate", "x"][..],
        &["serve", "--listen", "0"],
        &["models", "path"],
        &["embed", "x"],
    ] {
        let ran = home.run(command);
        assert_eq!(ran.code, Some(1), "{command:?}");
        assert!(
            ran.err.contains("busbar models pull smollm2-135m-instruct"),
            "{command:?}: {}",
            ran.err
        );
    }
}

#[test]
fn models_that_can_be_had_are_listed_with_their_licence() {
    let home = Home::new();
    let ran = home.run(["models", "list"]);
    let line = ran
        .out
        .lines()
        .find(|line| line.starts_with("smollm2-135m-instruct *"))
        .unwrap();
    assert!(line.contains("98.3 MB") && line.contains("Apache-2.0"), "{line}");
    let lines = home.run(["models", "list", "--json"]).out;
    for line in lines.lines() {
        let model: serde_json::Value = serde_json::from_str(line).unwrap();
        // What is a part of the program is always here.
        assert_eq!(model["installed"], model["built_in"] == true, "{line}");
    }
    let installed = home.run(["models", "list", "--installed"]).out;
    let pulled = installed.lines().filter(|line| !line.contains("built in"));
    assert_eq!(pulled.count(), 1, "{installed}");
}

#[test]
fn an_unknown_model_is_answered_with_the_known_ones() {
    let ran = Home::new().run(["models", "pull", "smollm"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("smollm2-135m-instruct"), "{}", ran.err);
}

#[cfg(feature = "text")]
#[test]
fn the_doctor_says_what_is_wrong_and_how_to_mend_it() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("server.listen={}", taken.local_addr().unwrap());
    let ran = home.run(["doctor", "--set", &listen]);
    assert_eq!(ran.code, Some(1));
    let marked = |mark: &str, what: &str| {
        ran.out
            .lines()
            .any(|line| line.starts_with(mark) && line.contains(what))
    };
    assert!(
        marked("✗", "model") && ran.out.contains("busbar models pull"),
        "{}",
        ran.out
    );
    assert!(
        marked("✗", "address") && ran.out.contains("--listen"),
        "{}",
        ran.out
    );
    assert!(marked("✓", "processor"), "{}", ran.out);
}

#[test]
fn nothing_is_coloured_where_nobody_looks() {
    let home = Home::new();
    for command in [
        &["doctor"][..],
        &["config", "show"],
        &["models", "list"],
        &["--help"],
    ] {
        let ran = home.run(command);
        assert!(
            !ran.out.contains('\x1b') && !ran.err.contains('\x1b'),
            "{command:?}"
        );
    }
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let home = Home::new();
    let mut child = home
        .busbar(["config", "schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((code_of(&mut child), &*err), (Some(0), ""));
}

#[test]
fn without_anything_to_read_the_command_says_how_to_give_it() {
    let home = Home::new();
    let ran = home.run(["summarize"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("standard input is empty"), "{}", ran.err);
}
