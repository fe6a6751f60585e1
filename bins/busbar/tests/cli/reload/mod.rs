//! A server whose configuration changes while it runs.

mod kept;
mod scene;
mod steered;
mod upstream;

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use scene::{Scene, ask};

#[test]
fn twenty_changes_under_load_fail_no_request_and_bad_ones_change_nothing() {
    let scene = Scene::new();
    scene.write(&scene.serving("v0"));
    let server = scene.start();
    let (address, over) = (server.address.clone(), AtomicBool::new(false));
    let load = |_| {
        let mut answers = Vec::new();
        while !over.load(Ordering::Relaxed) {
            answers.push(ask(&address));
        }
        answers
    };
    let bad = [
        "[[providers]\nname = ",
        "[server]\nbody_limit = \"much\"\n",
        "[[providers]]\nkind = \"no-such-vendor\"\n",
        "[models]\ntext = [\"no-such-model\"]\n",
        "",
    ];
    let answers: Vec<Vec<(u16, String)>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|n| scope.spawn(move || load(n))).collect();
        let mut refused = 0.0;
        for change in 1..=20 {
            let write = |text: &str| match change % 2 {
                0 => scene.write(text),
                _ => scene.replace(text),
            };
            if change % 3 == 0 {
                write(bad[change / 3 % bad.len()]);
                refused += 1.0;
                server.until_refused(refused);
            } else {
                let name = format!("v{change}");
                write(&scene.serving(&name));
                server.until_answered_by(&name);
            }
        }
        over.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let number = |name: &str| name.strip_prefix('v').unwrap().parse::<u32>().unwrap();
    for answers in answers {
        assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
        let numbers: Vec<u32> = answers.iter().map(|(_, name)| number(name)).collect();
        assert!(
            numbers.is_sorted(),
            "an old model answered after a new one: {numbers:?}"
        );
        assert!(
            numbers.iter().all(|number| *number == 0 || number % 3 != 0),
            "{numbers:?}"
        );
    }
    server.until_metric("busbar_config_taken_total", 15.0);
    assert_eq!(server.metric("busbar_config_refused_total"), 6.0);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_request_under_way_keeps_the_model_that_it_began_with() {
    let scene = Scene::new();
    scene.write(&scene.serving("slow-old"));
    let server = scene.start();
    let address = server.address.clone();
    let asked = thread::spawn(move || ask(&address));
    scene.upstream.until_asked();
    scene.write(&scene.serving("new"));
    server.until_answered_by("new");
    scene.upstream.go_on();
    assert_eq!(asked.join().unwrap(), (200, "slow-old".to_owned()));
}

#[test]
fn the_last_good_version_serves_across_a_restart_and_history_says_why() {
    let scene = Scene::new();
    scene.write(&scene.serving("good"));
    let server = scene.start();
    scene.write(&format!(
        "{}[server]\nbody_limit = \"much\"\n",
        scene.serving("bad")
    ));
    server.until_refused(1.0);
    assert_eq!(server.metric("busbar_config_current"), 0.0);
    server.kill();
    let server = scene.start();
    assert_eq!(server.ask(), (200, "good".to_owned()));
    assert!(
        server
            .logged("a configuration was refused")
            .contains("server.body_limit")
    );
    let told = scene.config(&["history"]).out;
    assert!(
        told.contains("serves") && told.contains("refused") && told.contains("server.body_limit"),
        "{told}"
    );
    scene.write(&scene.serving("mended"));
    server.until_answered_by("mended");
    server.until_metric("busbar_config_current", 1.0);
}

#[test]
fn one_goes_back_while_the_server_runs_and_stays_until_the_file_says_something_new() {
    let scene = Scene::new();
    for name in ["one", "two"] {
        scene.write(&scene.serving(name));
        let server = scene.start();
        server.until_answered_by(name);
        assert_eq!(server.stop(), Some(0));
    }
    let server = scene.start();
    assert_eq!(scene.config(&["rollback", "7"]).code, Some(1));
    let ran = scene.config(&["rollback"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("version 1 serves"), "{}", ran.out);
    assert_eq!(server.ask(), (200, "one".to_owned()));
    // Neither reading it again nor a restart undoes it: the file says nothing new.
    server.signal("HUP");
    server.logged("the source says what was gone back from");
    assert_eq!(server.ask(), (200, "one".to_owned()));
    server.kill();
    let server = scene.start();
    assert_eq!(server.ask(), (200, "one".to_owned()));
    let differs = scene.config(&["diff"]).out;
    assert!(
        differs.contains("providers[far].models[m].upstream\n  - \"one\"\n  + \"two\""),
        "{differs}"
    );
    scene.write(&scene.serving("three"));
    server.until_answered_by("three");
}

#[test]
fn a_rollback_without_a_server_is_there_for_the_next_one() {
    let scene = Scene::new();
    scene.write(&scene.serving("one"));
    drop(scene.start());
    scene.write(&scene.serving("two"));
    drop(scene.start());
    let ran = scene.config(&["rollback", "1"]);
    assert!(ran.out.contains("the next server"), "{} {}", ran.out, ran.err);
    assert_eq!(scene.start().ask(), (200, "one".to_owned()));
    // What nobody can read is no reason to forget it, nor to stop.
    scene.write("[[");
    assert_eq!(scene.start().ask().0, 200);
}

#[test]
fn what_holds_only_after_a_restart_is_named() {
    let scene = Scene::new();
    scene.write(&scene.serving("one"));
    let server = scene.start();
    scene.write(&format!(
        "{}[server]\nrequest_timeout = \"9s\"\n",
        scene.serving("two")
    ));
    server.until_answered_by("two");
    let line = server.logged("these hold only after a restart");
    assert!(line.contains("server.request_timeout"), "{line}");
}

#[test]
fn no_key_is_written_anywhere_and_one_comes_back_with_its_version() {
    let scene = Scene::new();
    let with_key = |name: &str| {
        let text = scene.serving(name);
        text.replace("kind =", "api_key = \"sk-very-secret\"\nkind =")
    };
    scene.write(&with_key("one"));
    let server = scene.start();
    scene.write(&with_key("two"));
    server.until_answered_by("two");
    scene.write(&format!("{}nonsense = 1\n", with_key("three")));
    server.until_refused(1.0);
    assert_eq!(scene.config(&["rollback", "1"]).code, Some(0));
    assert_eq!(server.ask(), (200, "one".to_owned()));
    fn all(folder: std::path::PathBuf, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => all(path, text),
                path => *text += &String::from_utf8_lossy(&fs::read(path).unwrap()),
            }
        }
    }
    let mut kept = server.log();
    all(scene.home.path().join(".local"), &mut kept);
    assert!(
        kept.contains("upstream") && !kept.contains("very-secret"),
        "{kept}"
    );
}

#[test]
fn whoever_is_killed_at_any_moment_finds_versions_that_are_whole() {
    let scene = Scene::new();
    scene.write(&scene.serving("v0"));
    drop(scene.start());
    for n in 1..=6 {
        let server = scene.start();
        // Killed at once, or while the new one is being kept, or after that.
        scene.replace(&scene.serving(&format!("v{n}")));
        for _ in 0..n * 30 {
            assert_eq!(server.ask().0, 200);
        }
        server.kill();
        let listed = scene.config(&["history", "--json"]);
        assert_eq!(listed.code, Some(0), "{}", listed.err);
        assert!(listed.out.lines().count() >= 1);
        assert!(
            listed.out.lines().any(|line| line.contains(r#""serves":true"#)),
            "{}",
            listed.out
        );
    }
    // Whatever the file says, there is a version to serve.
    scene.write("broken");
    assert_eq!(scene.start().ask().0, 200);
}
