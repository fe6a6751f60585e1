//! A pull that is killed in the middle, without a chance to tidy up.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command},
};

use busbar_catalog::{ByteCount, Cancel, Error, Status};

use crate::support::{
    Home, Seen, content, entry_with, eventually, settings,
    site::{Answer, Site},
    size_and_hash,
};

/// The crate's example, which Cargo builds beside the tests.
fn puller() -> PathBuf {
    let tests = env::current_exe().unwrap();
    let example = tests.parent().unwrap().parent().unwrap().join("examples/pull");
    assert!(
        example.exists(),
        "build it first: cargo build -p busbar-catalog --examples"
    );
    example
}

fn start(home: &Home, site: &Site, lines: &str) -> Child {
    let catalog = home.directory.path().join("catalog.toml");
    let text = format!(
        "[[model]]\nname = \"m\"\ntitle = \"M\"\nkind = \"text\"\nformat = \"gguf\"\nfile = \"m.gguf\"\n\
         source = {}\n{lines}\nlicence = {{ name = \"MIT\", url = \"https://example.com/mit\" }}\n",
        site.source()
    );
    fs::write(&catalog, text).unwrap();
    let words: [&Path; 3] = [home.directory.path(), &catalog, Path::new("m")];
    Command::new(puller()).args(words).spawn().unwrap()
}

#[test]
fn nothing_of_it_is_taken_for_whole_and_the_next_one_goes_on() {
    let bytes = content(1_000_000);
    let lines = size_and_hash(&bytes);
    let served = bytes.clone();
    // Each of the first answers stops later than the one before, and is never ended.
    let site = Site::start(move |asked, nth| {
        let answer = Answer::file(asked, &served, "\"v1\"");
        if nth < 3 {
            answer.cut_after(200_000).hanging()
        } else {
            answer
        }
    });
    let home = Home::new(settings());
    let entry = entry_with(&site.source(), &lines);
    for round in 1..=3 {
        let mut child = start(&home, &site, &lines);
        let have = ByteCount(200_000 * round);
        eventually("bytes to arrive", || {
            home.store.status(&entry) == Status::Partial { have }
        });
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(matches!(home.store.path(&entry), Err(Error::NotPulled(_))));
    }

    let path = home.store.pull(&entry, &Seen::default(), &Cancel::new()).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    let ranges: Vec<String> = site.ranges().into_iter().flatten().collect();
    assert_eq!(ranges, ["bytes=200000-", "bytes=400000-", "bytes=600000-"]);
}

#[test]
fn a_dead_process_holds_no_lock() {
    let bytes = content(10_000);
    let served = bytes.clone();
    let site = Site::start(move |asked, nth| {
        let answer = Answer::file(asked, &served, "\"v1\"");
        if nth == 0 {
            answer.cut_after(100).hanging()
        } else {
            answer
        }
    });
    let home = Home::new(settings());
    let lines = size_and_hash(&bytes);
    let entry = entry_with(&site.source(), &lines);
    let mut child = start(&home, &site, &lines);
    eventually("bytes to arrive", || {
        home.partial().metadata().is_ok_and(|found| found.len() == 100)
    });
    assert!(matches!(home.store.remove(&entry), Err(Error::Busy(_))));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(home.store.remove(&entry).is_ok());
}
