//! Files from a web server: whole, cut, changed, moved, missing, and too large.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::support::{
    Home, Hook, Seen, content, entry_with, eventually, quick, settings, sha256,
    site::{Answer, Site},
    size_and_hash,
};
use busbar_catalog::{ByteCount, Cancel, Error, Patience, Phase, Settings, Status};

const TAG: &str = "\"v1\"";

#[test]
fn a_file_arrives_whole_and_is_recorded() {
    let bytes = content(700_000);
    let served = bytes.clone();
    let site = Site::start(move |asked, _| Answer::file(asked, &served, TAG));
    let home = Home::new(settings());
    let entry = entry_with(&site.source(), &size_and_hash(&bytes));
    assert_eq!(home.store.status(&entry), Status::Absent);
    assert!(matches!(home.store.path(&entry), Err(Error::NotPulled(_))));

    let seen = Seen::default();
    let path = home.store.pull(&entry, &seen, &Cancel::new()).unwrap();

    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(home.files(), ["models/m/busbar.toml", "models/m/m.gguf"]);
    assert_eq!(home.store.path(&entry).unwrap(), path);
    let last = *seen.all().last().unwrap();
    assert_eq!(
        (last.phase, last.done, last.total),
        (Phase::Fetching, ByteCount(700_000), entry.size)
    );
    assert!(seen.all().is_sorted_by_key(|progress| progress.done));
}

#[test]
fn what_is_here_is_not_fetched_again() {
    let bytes = content(1000);
    let served = bytes.clone();
    let site = Site::start(move |asked, _| Answer::file(asked, &served, TAG));
    let home = Home::new(settings());
    let entry = entry_with(&site.source(), &size_and_hash(&bytes));
    home.pull(&entry).unwrap();
    home.pull(&entry).unwrap();
    assert_eq!(site.asked().len(), 1);
}

#[test]
fn a_transfer_cut_in_the_middle_goes_on_where_it_stopped() {
    let bytes = content(500_000);
    let served = bytes.clone();
    let site = Site::start(move |asked, nth| {
        let answer = Answer::file(asked, &served, TAG);
        if nth < 2 {
            answer.cut_after(150_000)
        } else {
            answer
        }
    });
    let home = Home::new(settings());
    let path = home
        .pull(&entry_with(&site.source(), &size_and_hash(&bytes)))
        .unwrap();

    assert_eq!(fs::read(path).unwrap(), bytes);
    let ranges = site.ranges();
    assert_eq!(
        ranges,
        [None, Some("bytes=150000-".into()), Some("bytes=300000-".into())]
    );
    assert_eq!(site.asked()[1].header("if-range"), Some(TAG));
}

#[test]
fn a_network_that_stays_broken_ends_the_pull_and_the_next_one_goes_on() {
    let bytes = content(300_000);
    let served = bytes.clone();
    let site = Site::start(move |asked, nth| match nth {
        0 => Answer::file(asked, &served, TAG).cut_after(100_000),
        1..4 => Answer::status(503),
        _ => Answer::file(asked, &served, TAG),
    });
    let home = Home::new(settings());
    let entry = entry_with(&site.source(), &size_and_hash(&bytes));

    let error = home.pull(&entry).unwrap_err();
    assert!(matches!(error, Error::Network { .. }), "{error}");
    assert!(error.to_string().contains("answered 503"), "{error}");
    assert_eq!(
        home.store.status(&entry),
        Status::Partial {
            have: ByteCount(100_000)
        }
    );

    let seen = Seen::default();
    let path = home.store.pull(&entry, &seen, &Cancel::new()).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(site.ranges().last().unwrap().as_deref(), Some("bytes=100000-"));
    assert_eq!(seen.phases(), [Phase::Resuming, Phase::Fetching]);
}

#[test]
fn a_server_without_ranges_is_read_from_the_beginning() {
    let bytes = content(200_000);
    let served = bytes.clone();
    let site = Site::start(move |_, nth| {
        let answer = Answer::whole(&served);
        if nth == 0 {
            answer.cut_after(90_000)
        } else {
            answer
        }
    });
    let home = Home::new(settings());
    let path = home
        .pull(&entry_with(&site.source(), &size_and_hash(&bytes)))
        .unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(site.asked().len(), 2);
}

#[test]
fn two_versions_of_a_file_are_never_mixed() {
    let (old, new) = (content(200_000), vec![7; 200_000]);
    let served = new.clone();
    let site = Site::start(move |asked, nth| match nth {
        0 => Answer::file(asked, &old, TAG).cut_after(90_000),
        _ => Answer::file(asked, &served, "\"v2\""),
    });
    let home = Home::new(settings());
    // The catalog knows no hash, so only the server's entity tag can tell.
    let path = home.pull(&entry_with(&site.source(), "")).unwrap();
    assert_eq!(fs::read(path).unwrap(), new);
}

#[test]
fn without_a_hash_or_a_version_an_unfinished_file_is_thrown_away() {
    let bytes = content(200_000);
    let served = bytes.clone();
    let site = Site::start(move |_, nth| {
        let answer = Answer::whole(&served);
        if nth == 0 {
            answer.cut_after(90_000)
        } else {
            answer
        }
    });
    let home = Home::new(settings());
    let path = home.pull(&entry_with(&site.source(), "")).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(site.ranges(), [None, None]);
}

#[test]
fn a_server_that_sends_another_range_is_not_believed() {
    let bytes = content(200_000);
    let served = bytes.clone();
    let site = Site::start(move |asked, nth| match nth {
        0 => Answer::file(asked, &served, TAG).cut_after(90_000),
        1 => Answer {
            body: served[50_000..].to_vec(),
            ..Answer::status(206)
        }
        .with("content-range", "bytes 50000-199999/200000"),
        _ => Answer::file(asked, &served, TAG),
    });
    let home = Home::new(settings());
    let path = home
        .pull(&entry_with(&site.source(), &size_and_hash(&bytes)))
        .unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
}

#[test]
fn a_file_of_another_length_is_refused_before_it_is_read() {
    let site = Site::start(|asked, _| Answer::file(asked, &content(5_000), TAG));
    let home = Home::new(settings());
    let entry = entry_with(&site.source(), &size_and_hash(&content(4_000)));
    let error = home.pull(&entry).unwrap_err();
    assert!(
        error.to_string().contains("5000 bytes, expected 4000 bytes"),
        "{error}"
    );
    assert_eq!(home.store.status(&entry), Status::Absent);
    assert_eq!(home.files(), [""; 0]);
}

#[test]
fn a_file_that_ends_early_without_saying_so_is_refused() {
    // Both say that they are whole: only the catalog knows better.
    let site = Site::start(|asked, _| Answer::file(asked, &content(3_000), TAG));
    let home = Home::new(settings());
    let entry = entry_with(&site.source(), &size_and_hash(&content(4_000)));
    let error = home.pull(&entry).unwrap_err();
    assert!(
        error.to_string().contains("3000 bytes, expected 4000 bytes"),
        "{error}"
    );
    assert_eq!(home.files(), [""; 0]);
}

#[test]
fn wrong_content_is_thrown_away_and_both_hashes_are_named() {
    let (right, wrong) = (content(50_000), vec![1; 50_000]);
    let (first, then) = (wrong.clone(), right.clone());
    let site = Site::start(move |asked, nth| Answer::file(asked, if nth == 0 { &first } else { &then }, TAG));
    let home = Home::new(settings());
    let entry = entry_with(&site.source(), &size_and_hash(&right));

    let error = home.pull(&entry).unwrap_err();
    let says = error.to_string();
    assert!(
        says.contains(&sha256(&wrong)) && says.contains(&sha256(&right)),
        "{says}"
    );
    assert_eq!(home.files(), [""; 0]);

    assert_eq!(fs::read(home.pull(&entry).unwrap()).unwrap(), right);
}

#[test]
fn a_redirect_is_followed() {
    let bytes = content(50_000);
    let served = bytes.clone();
    let site = Site::start(move |asked, _| match asked.path.as_str() {
        "/m.gguf" => Answer::redirect("/elsewhere/m.gguf"),
        _ => Answer::file(asked, &served, TAG),
    });
    let home = Home::new(settings());
    let path = home
        .pull(&entry_with(&site.source(), &size_and_hash(&bytes)))
        .unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(site.asked()[1].path, "/elsewhere/m.gguf");
}

#[test]
fn a_redirect_to_plain_http_elsewhere_is_refused_before_anyone_is_asked() {
    let site = Site::start(|_, _| Answer::redirect("http://models.example.com/m.gguf"));
    let home = Home::new(settings());
    let error = home.pull(&entry_with(&site.source(), "")).unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert!(error.to_string().contains("must be https"), "{error}");
}

#[test]
fn a_redirect_in_circles_ends() {
    let site = Site::start(|_, _| Answer::redirect("/m.gguf"));
    let home = Home::new(settings());
    let error = home.pull(&entry_with(&site.source(), "")).unwrap_err();
    assert!(error.to_string().contains("redirects more than"), "{error}");
}

#[test]
fn a_missing_file_and_a_closed_door_are_told_apart() {
    for (status, says) in [
        (404, "does not exist"),
        (410, "does not exist"),
        (401, "wants credentials"),
        (403, "wants credentials"),
        (418, "answered 418"),
    ] {
        let site = Site::start(move |_, _| Answer::status(status));
        let home = Home::new(settings());
        let error = home.pull(&entry_with(&site.source(), "")).unwrap_err();
        assert!(error.to_string().contains(says), "{status}: {error}");
        assert_eq!(site.asked().len(), 1, "{status} was asked for again");
    }
}

#[test]
fn stopping_keeps_what_has_arrived() {
    let bytes = content(2_000_000);
    let served = bytes.clone();
    let site = Site::start(move |asked, _| Answer::file(asked, &served, TAG));
    let home = Home::new(settings());
    let entry = entry_with(&site.source(), &size_and_hash(&bytes));
    let cancel = Cancel::new();
    let stop = Hook(|progress: busbar_catalog::Progress| {
        if progress.done > ByteCount(500_000) {
            cancel.cancel();
        }
    });

    assert!(matches!(
        home.store.pull(&entry, &stop, &cancel),
        Err(Error::Cancelled)
    ));
    let Status::Partial { have } = home.store.status(&entry) else {
        unreachable!("the status is {:?}", home.store.status(&entry));
    };
    assert!(have > ByteCount(500_000) && have < ByteCount(2_000_000));

    assert_eq!(fs::read(home.pull(&entry).unwrap()).unwrap(), bytes);
    assert_eq!(site.ranges(), [None, Some(format!("bytes={}-", have.get()))]);
}

#[test]
fn stopping_does_not_wait_for_a_silent_server() {
    let bytes = content(10_000);
    let served = bytes.clone();
    let site = Site::start(move |asked, _| Answer::file(asked, &served, TAG).cut_after(100).hanging());
    let home = Home::new(settings());
    let entry = entry_with(&site.source(), &size_and_hash(&bytes));
    let cancel = Cancel::new();
    let result = std::thread::scope(|scope| {
        let pulling = scope.spawn(|| home.store.pull(&entry, &Seen::default(), &cancel));
        eventually("the first bytes", || {
            home.store.status(&entry) == Status::Partial { have: ByteCount(100) }
        });
        cancel.cancel();
        pulling.join().unwrap()
    });
    assert!(matches!(result, Err(Error::Cancelled)));
}

#[test]
fn a_silent_server_is_given_up() {
    let site = Site::start(|asked, _| Answer::file(asked, &content(10_000), TAG).cut_after(0).hanging());
    let patience = Patience {
        tries: 1,
        silence: Duration::from_millis(300),
        ..quick()
    };
    let home = Home::new(Settings {
        patience,
        ..settings()
    });
    let error = home.pull(&entry_with(&site.source(), "")).unwrap_err();
    assert!(matches!(error, Error::Network { .. }), "{error}");
}

#[test]
fn a_model_that_does_not_fit_is_not_begun() {
    let site = Site::start(|asked, _| Answer::file(asked, &content(10), TAG));
    let home = Home::new(settings());
    let entry = entry_with(&site.source(), "size = 1_152_921_504_606_846_976");
    let error = home.pull(&entry).unwrap_err();
    let Error::NoSpace { needed, free, .. } = error else {
        unreachable!("the error is {error}");
    };
    assert!(needed > ByteCount(1 << 60) && free < needed);
    assert!(error.to_string().contains("1152921.5 TB needed"), "{error}");
    assert_eq!(site.asked().len(), 0);
}

#[test]
fn a_server_that_announces_more_than_fits_is_not_read() {
    let site = Site::start(|_, _| {
        Answer::whole(b"x")
            .with("content-length", "1152921504606846976")
            .hanging()
    });
    let home = Home::new(settings());
    let error = home.pull(&entry_with(&site.source(), "")).unwrap_err();
    assert!(matches!(error, Error::NoSpace { .. }), "{error}");
}

#[test]
fn parts_from_several_places_are_joined_in_order() {
    let bytes = content(300_000);
    let served = bytes.clone();
    let cuts = Arc::new(AtomicUsize::new(0));
    let site = Site::start(move |asked, _| match asked.path.as_str() {
        "/a" => Answer::file(asked, &served[..100_000], TAG),
        // The second part is cut once: the first must not be fetched again for it.
        _ if cuts.fetch_add(1, Ordering::SeqCst) == 0 => {
            Answer::file(asked, &served[100_000..], TAG).cut_after(50_000)
        }
        _ => Answer::file(asked, &served[100_000..], TAG),
    });
    let home = Home::new(settings());
    let source = format!("[\"{0}/a\", \"{0}/b\"]", site.address);
    let path = home.pull(&entry_with(&source, &size_and_hash(&bytes))).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    let asked: Vec<String> = site.asked().iter().map(|asked| asked.path.clone()).collect();
    assert_eq!(asked, ["/a", "/b", "/b"]);
    assert_eq!(site.ranges()[2].as_deref(), Some("bytes=50000-"));
}
