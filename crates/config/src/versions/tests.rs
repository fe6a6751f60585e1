//! What is kept, what is forgotten, and what a crash leaves.

use std::{fs, path::PathBuf};

use busbar_testkit::conformance::shelf;
use tempfile::TempDir;

use super::*;

fn table(text: &str) -> Table {
    text.parse().unwrap()
}

struct Scene {
    home: TempDir,
    versions: Versions,
}

impl Scene {
    fn new(keep: usize) -> Self {
        let home = TempDir::new().unwrap();
        let versions = Versions::of(home.path(), "test", keep);
        Self { home, versions }
    }

    fn offer(&self, text: &str, fate: Fate) -> Version {
        let table = table(text);
        let offered = Offered {
            table: Some(&table),
            origin: "test".into(),
            label: None,
            fate,
            at: 7,
        };
        let version = self.versions.record(&offered).unwrap();
        if version.is_good() {
            self.note(version.number, None);
        }
        version
    }

    fn note(&self, serving: u64, chosen: Option<Chosen>) {
        let serving = Some(serving);
        self.versions.note(&State { serving, chosen }).unwrap();
    }

    fn serve(&self, n: u32) -> Version {
        self.offer(&format!("[a]\nx = {n}"), Fate::Served)
    }

    /// Another process, after this one.
    fn again(&self) -> Versions {
        Versions::of(self.home.path(), "test", self.versions.keep)
    }

    fn numbers(&self) -> Vec<u64> {
        self.again().all().iter().map(|version| version.number).collect()
    }

    fn place(&self) -> PathBuf {
        self.versions.place().into()
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.place()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

#[test]
fn versions_are_there_for_the_next_process_with_what_became_of_them() {
    let scene = Scene::new(10);
    scene.serve(1);
    scene.offer("[a]\nx = 'wrong'", Fate::Refused(vec!["a.x: wrong".into()]));
    let kept = scene.again();
    let all = kept.all();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].table, Some(table("[a]\nx = 1")));
    assert_eq!(all[1].fate, Fate::Refused(vec!["a.x: wrong".into()]));
    assert_eq!(kept.last_good().unwrap().number, 1);
    assert_eq!(kept.state().serving, Some(1));
    assert!(Versions::of(scene.home.path(), "another", 10).all().is_empty());
}

#[test]
fn what_serves_already_is_no_new_version() {
    let scene = Scene::new(10);
    assert_eq!(scene.serve(1).number, 1);
    assert_eq!(scene.serve(1).number, 1);
    let refused = || scene.offer("[b]", Fate::Refused(vec!["no".into()])).number;
    assert_eq!((refused(), refused()), (2, 2));
    assert_eq!(scene.serve(1).number, 1, "it has served all the while");
    assert_eq!(scene.serve(2).number, 3);
    assert_eq!(scene.serve(1).number, 4, "gone back to, which is news");
}

#[test]
fn no_secret_is_in_any_file() {
    let scene = Scene::new(10);
    scene.offer(
        "[hub]\ntoken = 'hf_very_secret'\n[[providers]]\napi_key = 'sk-very-secret'",
        Fate::Served,
    );
    for name in scene.files() {
        let text = fs::read_to_string(scene.place().join(name)).unwrap();
        assert!(!text.contains("very"), "{text}");
    }
    assert!(scene.again().last_good().is_some());
}

#[test]
fn the_oldest_go_but_not_those_that_are_needed() {
    let scene = Scene::new(3);
    for n in 1..=5 {
        scene.serve(n);
    }
    assert_eq!(scene.numbers(), [3, 4, 5]);
    let chosen = Chosen {
        number: 3,
        instead_of: None,
    };
    scene.note(3, Some(chosen));
    for n in 6..=8 {
        scene.offer(&format!("[a]\nx = {n}"), Fate::Refused(vec!["no".into()]));
    }
    assert_eq!(scene.numbers(), [3, 7, 8]);
}

#[test]
fn one_before_the_one_that_serves_is_the_last_good_one_that_says_something_else() {
    let scene = Scene::new(10);
    scene.serve(1);
    scene.serve(2);
    scene.offer("[c]", Fate::Refused(vec!["no".into()]));
    assert_eq!(scene.versions.before().unwrap().number, 1);
    assert_eq!(Scene::new(3).versions.before(), None);
}

#[test]
fn whoever_is_killed_while_writing_leaves_what_was_there() {
    let scene = Scene::new(10);
    scene.serve(1);
    scene.serve(2);
    let place = scene.place();
    // Killed before the rename: of a version, and of the state.
    fs::write(place.join(".unfinished-a"), "at = 1\norig").unwrap();
    fs::write(place.join(".unfinished-b"), "serving = 9").unwrap();
    assert_eq!(scene.numbers(), [1, 2]);
    assert_eq!(scene.again().last_good().unwrap().number, 2);
    // Killed between the version and the state that names it.
    let third = fs::read_to_string(place.join("000002.toml")).unwrap();
    fs::write(place.join("000003.toml"), third).unwrap();
    assert_eq!(scene.again().last_good().unwrap().number, 2);
    assert_eq!(scene.serve(9).number, 4);
    assert!(
        scene.files().iter().all(|name| !name.starts_with(".unfinished")),
        "the next one to write clears up"
    );
}

#[test]
fn what_a_disk_has_damaged_is_passed_over() {
    let scene = Scene::new(10);
    for n in 1..=3 {
        scene.serve(n);
    }
    let place = scene.place();
    let third = fs::read_to_string(place.join("000003.toml")).unwrap();
    fs::write(place.join("000003.toml"), third.replace("x = 3", "x = 4")).unwrap();
    assert_eq!(scene.numbers(), [1, 2], "it does not say what it said");
    assert_eq!(scene.again().last_good().unwrap().number, 2);
    fs::write(place.join("000002.toml"), &third[..third.len() / 2]).unwrap();
    fs::write(place.join("state.toml"), "serving = ").unwrap();
    assert_eq!(scene.again().last_good().unwrap().number, 1);
    assert_eq!(scene.serve(5).number, 4, "no number is given twice");
}

#[test]
fn several_at_once_lose_nothing() {
    let scene = Scene::new(100);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let scene = &scene;
            scope.spawn(move || {
                for n in 0..5 {
                    scene.serve(thread * 10 + n);
                }
            });
        }
    });
    assert_eq!(scene.numbers(), (1..=20).collect::<Vec<_>>());
}

#[test]
fn whether_a_server_is_at_work_is_known_until_it_ends() {
    let scene = Scene::new(3);
    assert_eq!(scene.versions.are_attended(), Some(false));
    let one = scene.versions.attend().unwrap();
    let other = scene.again().attend().unwrap();
    drop(one);
    assert_eq!(scene.versions.are_attended(), Some(true), "the other one is");
    drop(other);
    assert_eq!(scene.versions.are_attended(), Some(false));
}

#[test]
fn a_folder_keeps_the_contract_of_shelves() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("versions");
    shelf::all(|| Arc::new(Folder::new(path.clone(), "test")));
}
