//! The contract of [`Notes`]. Each check panics with a sentence when it is broken.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use busbar_core::{Notes, Writing};
use futures_util::future::join_all;

use super::done;

/// Runs every check. Each has names of its own.
pub async fn all(notes: &Arc<dyn Notes>) {
    what_was_never_written_is_none(notes).await;
    what_is_written_is_read_as_it_was(notes).await;
    a_note_is_written_only_over_the_one_that_was_read(notes).await;
    of_many_writers_at_once_one_wins(notes).await;
    a_removed_note_is_gone_and_nobody_writes_over_it(notes).await;
    names_are_apart(notes).await;
}

async fn write(notes: &Arc<dyn Notes>, name: &str, text: &str, over: Option<&str>) -> Option<String> {
    let writing = Writing {
        name,
        text,
        over,
        until: Some(SystemTime::now() + Duration::from_secs(3600)),
    };
    done(notes.write(writing).await, "writing a note")
}

async fn text(notes: &Arc<dyn Notes>, name: &str) -> Option<String> {
    done(notes.read(name).await, "reading a note").map(|note| note.text)
}

async fn what_was_never_written_is_none(notes: &Arc<dyn Notes>) {
    assert_eq!(text(notes, "check#never").await, None, "a note from nowhere");
    // Nor is it an error to remove it.
    done(notes.remove("check#never").await, "removing nothing");
}

async fn what_is_written_is_read_as_it_was(notes: &Arc<dyn Notes>) {
    let long = "ä\"\n\u{1F600}\\".repeat(5000);
    for (number, said) in ["", "a", &long].into_iter().enumerate() {
        let name = format!("check#as-it-was-{number}");
        let mark = write(notes, &name, said, None).await;
        let note = done(notes.read(&name).await, "reading a note");
        assert_eq!(
            note.as_ref().map(|note| note.text.as_str()),
            Some(said),
            "another text"
        );
        assert_eq!(
            note.map(|note| note.mark),
            mark,
            "another mark than its writer was told"
        );
    }
}

async fn a_note_is_written_only_over_the_one_that_was_read(notes: &Arc<dyn Notes>) {
    let name = "check#over";
    let first = write(notes, name, "first", None).await;
    assert!(write(notes, name, "again", None).await.is_none(), "there was one");
    let second = write(notes, name, "second", first.as_deref()).await;
    assert!(second.is_some(), "nobody else had written");
    assert!(
        write(notes, name, "third", first.as_deref()).await.is_none(),
        "it was read too early"
    );
    assert_eq!(text(notes, name).await.as_deref(), Some("second"), "another text");
    // The same text is another writing nevertheless.
    let third = write(notes, name, "second", second.as_deref()).await;
    assert!(third.is_some() && third != second, "two writings with one mark");
}

async fn of_many_writers_at_once_one_wins(notes: &Arc<dyn Notes>) {
    let name = "check#race";
    for round in 0..3 {
        let read = done(notes.read(name).await, "reading a note").map(|note| note.mark);
        let texts: Vec<String> = (0..8).map(|writer| format!("{round} {writer}")).collect();
        let writing = texts.iter().map(|text| write(notes, name, text, read.as_deref()));
        let written = join_all(writing).await;
        let winners: Vec<usize> = (0..8).filter(|writer| written[*writer].is_some()).collect();
        assert_eq!(winners.len(), 1, "{} of 8 writers won", winners.len());
        assert_eq!(
            text(notes, name).await.as_ref(),
            Some(&texts[winners[0]]),
            "a loser's text"
        );
    }
}

async fn a_removed_note_is_gone_and_nobody_writes_over_it(notes: &Arc<dyn Notes>) {
    let name = "check#removed";
    let mark = write(notes, name, "there", None).await;
    done(notes.remove(name).await, "removing a note");
    assert_eq!(text(notes, name).await, None, "it is still there");
    assert!(
        write(notes, name, "late", mark.as_deref()).await.is_none(),
        "it was gone"
    );
    assert_eq!(text(notes, name).await, None, "it came back");
    assert!(
        write(notes, name, "anew", None).await.is_some(),
        "its name is free"
    );
}

async fn names_are_apart(notes: &Arc<dyn Notes>) {
    write(notes, "check#one", "1", None).await;
    write(notes, "other#one", "2", None).await;
    done(notes.remove("check#one").await, "removing a note");
    assert_eq!(
        text(notes, "other#one").await.as_deref(),
        Some("2"),
        "another note went with it"
    );
}
