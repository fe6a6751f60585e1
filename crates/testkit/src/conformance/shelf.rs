//! The contract of [`Shelf`]. Each check panics with a sentence when it is broken.

use std::sync::Arc;

use busbar_core::Shelf;

use super::done;

/// Runs every check; `open` opens the same shelf again, as another process does. It has to be empty.
pub fn all(open: impl Fn() -> Arc<dyn Shelf>) {
    let (one, other) = (open(), open());
    an_empty_shelf_has_nothing(&*one);
    what_is_added_is_there_for_others_too(&*one, &*other);
    a_number_is_given_once_and_never_before_another(&*one, &*other);
    what_is_removed_is_gone_and_its_number_with_it(&*one, &*other);
    the_state_is_what_was_written_last(&*one, &*other);
    of_many_at_once_one_gets_each_number(&open);
}

fn text(shelf: &dyn Shelf, number: u64) -> Option<String> {
    done(shelf.text(number), "reading a version")
}

fn numbers(shelf: &dyn Shelf) -> Vec<u64> {
    done(shelf.numbers(), "reading numbers")
}

fn add(shelf: &dyn Shelf, number: u64, text: &str) -> bool {
    done(shelf.add(number, text), "adding a version")
}

fn an_empty_shelf_has_nothing(shelf: &dyn Shelf) {
    assert!(numbers(shelf).is_empty(), "a version from nowhere");
    assert_eq!(text(shelf, 1), None, "a text from nowhere");
    assert_eq!(
        done(shelf.state(), "reading the state"),
        None,
        "a state from nowhere"
    );
    done(shelf.remove(1), "removing nothing");
}

fn what_is_added_is_there_for_others_too(one: &dyn Shelf, other: &dyn Shelf) {
    let long = "a = \"ä\u{1F600}\\n\"\n".repeat(3000);
    assert!(
        add(one, 1, "a = 1") && add(other, 2, &long),
        "nobody else was there"
    );
    for shelf in [one, other] {
        assert_eq!(numbers(shelf), [1, 2], "other numbers");
        assert_eq!(
            (text(shelf, 1).as_deref(), text(shelf, 2)),
            (Some("a = 1"), Some(long.clone()))
        );
        let all = done(shelf.texts(), "reading all");
        assert_eq!(all, [(1, "a = 1".to_owned()), (2, long.clone())], "other texts");
    }
}

fn a_number_is_given_once_and_never_before_another(one: &dyn Shelf, other: &dyn Shelf) {
    assert!(!add(other, 2, "b = 1") && !add(one, 1, "b = 1"), "it was taken");
    assert!(add(one, 5, "a = 5"), "numbers may be left out");
    assert!(!add(other, 4, "b = 1"), "there was a later one");
    assert_eq!((numbers(other), text(other, 4)), (vec![1, 2, 5], None));
    assert_eq!(text(one, 1).as_deref(), Some("a = 1"), "it was written over");
}

fn what_is_removed_is_gone_and_its_number_with_it(one: &dyn Shelf, other: &dyn Shelf) {
    done(one.remove(2), "removing a version");
    assert_eq!(
        (numbers(other), text(other, 2)),
        (vec![1, 5], None),
        "it is still there"
    );
    assert!(!add(other, 2, "b = 1"), "its number is over");
}

fn the_state_is_what_was_written_last(one: &dyn Shelf, other: &dyn Shelf) {
    for (writer, reader, said) in [(one, other, "serving = 1"), (other, one, "serving = 5")] {
        done(writer.set_state(said), "writing the state");
        assert_eq!(
            done(reader.state(), "reading the state").as_deref(),
            Some(said),
            "another state"
        );
    }
    assert_eq!(numbers(one), [1, 5], "versions went with it");
}

fn of_many_at_once_one_gets_each_number(open: &impl Fn() -> Arc<dyn Shelf>) {
    let shelves: Vec<Arc<dyn Shelf>> = (0..4).map(|_| open()).collect();
    let won: usize = std::thread::scope(|scope| {
        let begun: Vec<_> = shelves
            .iter()
            .enumerate()
            .map(|(at, shelf)| {
                let add_all = move || {
                    (10..13)
                        .filter(|n| add(&**shelf, *n, &format!("by = {at}")))
                        .count()
                };
                scope.spawn(add_all)
            })
            .collect();
        begun.into_iter().filter_map(|thread| thread.join().ok()).sum()
    });
    let last = numbers(&*shelves[0]);
    let there = last.iter().filter(|number| **number >= 10).count();
    assert_eq!(
        won, there,
        "as many were told that they were first as there are versions"
    );
    assert_eq!(last.last(), Some(&12), "the last one is there");
}
