//! A hub as its public interface shows it: what it lists, where it redirects, whom it lets in.

use std::{fs, sync::Arc};

use busbar_catalog::{ByteCount, Cancel, Entry, Error, Hub, HubToken, Phase, Settings};

use crate::support::{
    Home, Seen, content, entry_with, settings, sha256,
    site::{Answer, Asked, Site},
    size_and_hash,
};

const LISTING: &str = "/api/models/owner/repo/revision/main?blobs=true";
const FILE: &str = "/owner/repo/resolve/main/dir/m.gguf";
const TAG: &str = "\"v1\"";

fn home_of(site: &Site, token: Option<&str>) -> Home {
    let hub = Hub::new(&site.address, token.and_then(HubToken::new)).unwrap();
    Home::new(Settings { hub, ..settings() })
}

fn hub_entry(lines: &str) -> Entry {
    entry_with("\"hf:owner/repo/dir/m.gguf\"", lines)
}

/// The hub's list of a repository with one large file and one small one.
fn listing(bytes: &[u8]) -> Answer {
    let body = format!(
        r#"{{"id":"owner/repo","sha":"0123","siblings":[
            {{"rfilename":"README.md","size":12,"blobId":"ab"}},
            {{"rfilename":"dir/m.gguf","size":{size},"blobId":"cd",
              "lfs":{{"sha256":"{sha256}","size":{size},"pointerSize":135}}}}]}}"#,
        size = bytes.len(),
        sha256 = sha256(bytes),
    );
    Answer {
        body: body.into_bytes(),
        ..Answer::status(200)
    }
    .with("content-type", "application/json")
}

/// A hub whose list is right, and which serves `bytes` itself.
fn hub(promised: &[u8], bytes: Vec<u8>) -> Site {
    let listed = listing(promised);
    Site::start(move |asked, _| match asked.path.as_str() {
        LISTING => listed.clone(),
        FILE => Answer::file(asked, &bytes, TAG),
        _ => Answer::status(404),
    })
}

#[test]
fn length_and_hash_come_from_the_hub_when_the_catalog_has_none() {
    let bytes = content(300_000);
    let site = hub(&bytes, bytes.clone());
    let home = home_of(&site, None);
    let seen = Seen::default();
    let path = home.store.pull(&hub_entry(""), &seen, &Cancel::new()).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(seen.phases(), [Phase::Asking, Phase::Fetching]);
    assert_eq!(seen.all().last().unwrap().total, Some(ByteCount(300_000)));
    assert!(
        site.asked()
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
}

#[test]
fn a_hub_that_serves_something_else_than_it_lists_is_found_out() {
    let site = hub(&content(300_000), vec![1; 300_000]);
    let home = home_of(&site, None);
    let error = home.pull(&hub_entry("")).unwrap_err();
    assert!(matches!(error, Error::Mismatch { .. }), "{error}");
    assert_eq!(home.files(), [""; 0]);
}

#[test]
fn a_hub_that_has_another_file_than_the_catalog_says_is_not_fetched_from() {
    let site = hub(&content(300_000), content(300_000));
    let home = home_of(&site, None);
    let error = home.pull(&hub_entry("size = 5")).unwrap_err();
    assert!(
        error.to_string().contains("300000 bytes, expected 5 bytes"),
        "{error}"
    );
    assert_eq!(site.asked().len(), 1);
}

#[test]
fn a_catalog_that_knows_everything_does_not_ask() {
    let bytes = content(300_000);
    let site = hub(&bytes, bytes.clone());
    home_of(&site, None)
        .pull(&hub_entry(&size_and_hash(&bytes)))
        .unwrap();
    let asked: Vec<String> = site.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(asked, [FILE]);
}

#[test]
fn the_token_goes_to_the_hub_and_not_to_where_it_redirects() {
    let bytes = Arc::new(content(300_000));
    let served = Arc::clone(&bytes);
    let warehouse = Site::start(move |asked, _| Answer::file(asked, &served, TAG));
    let target = format!("{}/blob?signature=x", warehouse.address);
    let listed = listing(&bytes);
    let site = Site::start(move |asked, _| match asked.path.as_str() {
        LISTING => listed.clone(),
        _ => Answer::redirect(&target),
    });
    let home = home_of(&site, Some("hf_secret"));
    let path = home.pull(&hub_entry("")).unwrap();
    assert_eq!(fs::read(path).unwrap(), *bytes);

    let carried = |asked: &[Asked]| asked.iter().all(|asked| asked.header("authorization").is_some());
    assert!(carried(&site.asked()));
    assert_eq!(site.asked()[1].header("authorization"), Some("Bearer hf_secret"));
    assert_eq!(warehouse.asked().len(), 1);
    assert_eq!(warehouse.asked()[0].header("authorization"), None);
}

#[test]
fn a_transfer_from_the_warehouse_goes_on_where_it_was_cut() {
    let bytes = content(300_000);
    let (listed, served) = (listing(&bytes), bytes.clone());
    let warehouse = Site::start(move |asked, nth| {
        let answer = Answer::file(asked, &served, TAG);
        if nth == 0 {
            answer.cut_after(100_000)
        } else {
            answer
        }
    });
    let target = warehouse.address.clone();
    let site = Site::start(move |asked, _| match asked.path.as_str() {
        LISTING => listed.clone(),
        _ => Answer::redirect(&format!("{target}/blob")),
    });
    let home = home_of(&site, None);
    let path = home.pull(&hub_entry("")).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(warehouse.ranges(), [None, Some("bytes=100000-".into())]);
}

#[test]
fn a_gated_model_says_what_to_do() {
    for (status, gated) in [(401, LISTING), (403, LISTING), (401, FILE), (403, FILE)] {
        let listed = listing(&content(10));
        let site = Site::start(move |asked, _| {
            if asked.path == gated {
                Answer::status(status)
            } else {
                listed.clone()
            }
        });
        let error = home_of(&site, None).pull(&hub_entry("")).unwrap_err();
        assert!(matches!(error, Error::Gated { .. }), "{error}");
        let says = error.to_string();
        for word in [
            "hf:owner/repo/dir/m.gguf",
            "accept the licence",
            "HF_TOKEN",
            &status.to_string(),
        ] {
            assert!(says.contains(word), "{says} does not say {word}");
        }
    }
}

#[test]
fn a_missing_repository_or_file_is_named() {
    let nothing = Site::start(|_, _| Answer::status(404));
    let no_file = Site::start(|_, _| Answer {
        body: br#"{"siblings":[{"rfilename":"other"}]}"#.to_vec(),
        ..Answer::status(200)
    });
    for site in [nothing, no_file] {
        let error = home_of(&site, None).pull(&hub_entry("")).unwrap_err();
        assert!(matches!(error, Error::Gone { .. }), "{error}");
        assert!(error.to_string().contains("hf:owner/repo/dir/m.gguf"), "{error}");
    }
}

#[test]
fn a_hub_that_is_overworked_is_asked_again() {
    let bytes = content(1000);
    let (listed, served) = (listing(&bytes), bytes.clone());
    let site = Site::start(move |asked, nth| match nth {
        0 | 2 => Answer::status(503),
        1 => listed.clone(),
        _ => Answer::file(asked, &served, TAG),
    });
    assert!(home_of(&site, None).pull(&hub_entry("")).is_ok());
}

#[test]
fn what_is_no_hub_is_called_that() {
    let site = Site::start(|_, _| Answer::whole(b"<html>hello</html>"));
    let error = home_of(&site, None).pull(&hub_entry("")).unwrap_err();
    assert!(error.to_string().contains("is it a hub?"), "{error}");
}

#[test]
fn a_revision_is_asked_for_by_its_name() {
    let bytes = content(1000);
    let (listed, served) = (listing(&bytes), bytes.clone());
    let site = Site::start(move |asked, _| match asked.path.as_str() {
        "/api/models/owner/repo/revision/refs%2Fpr%2F1?blobs=true" => listed.clone(),
        "/owner/repo/resolve/refs%2Fpr%2F1/dir/m.gguf" => Answer::file(asked, &served, TAG),
        _ => Answer::status(404),
    });
    let entry = entry_with("\"hf:owner/repo/dir/m.gguf@refs/pr/1\"", "");
    assert!(
        home_of(&site, None).pull(&entry).is_ok(),
        "asked for {:?}",
        site.asked()
    );
}

#[test]
fn a_small_file_that_has_no_hash_is_checked_by_its_length() {
    let bytes = content(12);
    let site = Site::start(move |asked, _| match asked.path.as_str() {
        LISTING => Answer {
            body: br#"{"siblings":[{"rfilename":"dir/m.gguf","size":13}]}"#.to_vec(),
            ..Answer::status(200)
        },
        _ => Answer::file(asked, &bytes, TAG),
    });
    let error = home_of(&site, None).pull(&hub_entry("")).unwrap_err();
    assert!(
        error.to_string().contains("12 bytes, expected 13 bytes"),
        "{error}"
    );
}
