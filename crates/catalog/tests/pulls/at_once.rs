//! Two that want the same model at the same time.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use busbar_catalog::{Cancel, Error, Phase, Progress};

use crate::support::{
    Home, Hook, Seen, content, entry_with, eventually, settings,
    site::{Answer, Site},
    size_and_hash,
};

#[test]
fn of_two_pulls_one_fetches_and_the_other_waits() {
    let bytes = content(300_000);
    let served = bytes.clone();
    let site = Site::start(move |asked, _| Answer::file(asked, &served, "\"v1\""));
    let home = Home::new(settings());
    let entry = entry_with(&site.source(), &size_and_hash(&bytes));
    let waiting = AtomicBool::new(false);
    let first = Hook(|_: Progress| eventually("the other pull", || waiting.load(Ordering::SeqCst)));
    let second = Hook(|progress: Progress| {
        waiting.fetch_or(progress.phase == Phase::Waiting, Ordering::SeqCst);
    });
    let begun = || home.partial().exists();
    let (one, other) = thread::scope(|scope| {
        let one = scope.spawn(|| home.store.pull(&entry, &first, &Cancel::new()));
        eventually("the first pull", begun);
        let other = scope.spawn(|| home.store.pull(&entry, &second, &Cancel::new()));
        (one.join().unwrap(), other.join().unwrap())
    });
    assert_eq!(one.unwrap(), other.unwrap());
    assert_eq!(fs::read(home.store.path(&entry).unwrap()).unwrap(), bytes);
    assert_eq!(site.asked().len(), 1);
}

#[test]
fn one_that_waits_can_be_stopped_and_nothing_is_removed_under_a_pull() {
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
    let entry = entry_with(&site.source(), &size_and_hash(&bytes));
    let (first, second) = (Cancel::new(), Cancel::new());
    thread::scope(|scope| {
        let one = scope.spawn(|| home.store.pull(&entry, &Seen::default(), &first));
        eventually("the first pull", || {
            home.partial().metadata().is_ok_and(|found| found.len() == 100)
        });
        assert!(matches!(home.store.remove(&entry), Err(Error::Busy(_))));
        assert!(home.partial().exists());

        let stop = Hook(|progress: Progress| {
            if progress.phase == Phase::Waiting {
                second.cancel();
            }
        });
        let other = home.store.pull(&entry, &stop, &second);
        assert!(matches!(other, Err(Error::Cancelled)));
        first.cancel();
        assert!(matches!(one.join().unwrap(), Err(Error::Cancelled)));
    });
}
