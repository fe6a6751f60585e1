//! What the folder of answers promises: after a restart, a crash, a change by somebody else, a disk that fails.

use std::time::Duration;

use busbar_testkit::TestClock;
use tempfile::TempDir;

use super::*;

const MOST: u64 = 10_000;

struct Scene {
    folder: TempDir,
    clock: Arc<TestClock>,
}

impl Scene {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            clock: Arc::new(TestClock::new()),
        }
    }

    fn open(&self) -> AnswerFiles {
        let files = AnswerFiles::open(self.folder.path(), MOST, self.clock.clone()).unwrap();
        files.settle();
        files
    }

    /// The files of answers; their folders are not counted.
    fn paths(&self) -> Vec<PathBuf> {
        let folders = fs::read_dir(self.folder.path()).unwrap().flatten();
        let folders = folders.filter(|entry| entry.path().is_dir());
        let mut paths: Vec<_> = folders
            .flat_map(|folder| fs::read_dir(folder.path()).unwrap().flatten())
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        paths
    }
}

fn key(name: u8) -> AnswerKey {
    [name; 32]
}

fn put(files: &AnswerFiles, name: u8, content: &[u8]) {
    let content = content.to_vec();
    files.put(key(name), Box::new(move || content));
    files.settle();
}

async fn get(files: &AnswerFiles, name: u8) -> Option<Vec<u8>> {
    files.get(&key(name))?.await
}

#[tokio::test]
async fn an_answer_is_there_after_a_restart() {
    let scene = Scene::new();
    let files = scene.open();
    put(&files, 1, b"one");
    assert_eq!(get(&files, 1).await.unwrap(), b"one");
    assert!(get(&files, 2).await.is_none());
    let size = files.size();
    drop(files);
    let files = scene.open();
    assert_eq!(
        (get(&files, 1).await.unwrap(), files.size()),
        (b"one".to_vec(), size)
    );
    put(&files, 1, b"another");
    assert_eq!(get(&files, 1).await.unwrap(), b"another");
}

#[tokio::test]
async fn the_folder_stays_within_its_bound_and_what_was_not_wanted_for_longest_goes_first() {
    let scene = Scene::new();
    let files = scene.open();
    for name in 0..4 {
        put(&files, name, &[name; 2_000]);
    }
    assert!(get(&files, 0).await.is_some());
    for name in 10..12 {
        put(&files, name, &[name; 2_000]);
    }
    assert!(get(&files, 0).await.is_some() && get(&files, 1).await.is_none());
    put(&files, 20, &[0; 20_000]);
    assert!(get(&files, 20).await.is_none() && get(&files, 0).await.is_some());
    let on_disk: u64 = scene
        .paths()
        .iter()
        .map(|path| path.metadata().unwrap().len())
        .sum();
    assert_eq!(on_disk, files.size());
    assert!(on_disk <= MOST, "{on_disk}");
}

#[tokio::test]
async fn a_folder_that_is_larger_than_it_may_be_now_is_made_smaller() {
    let scene = Scene::new();
    let files = scene.open();
    (0..4).for_each(|name| put(&files, name, &[name; 2_000]));
    drop(files);
    let less = AnswerFiles::open(scene.folder.path(), 5_000, scene.clock.clone()).unwrap();
    less.settle();
    assert!(less.size() <= 5_000);
    assert_eq!(scene.paths().len(), 2);
}

#[tokio::test]
async fn whoever_is_killed_while_writing_leaves_nothing_that_is_read() {
    let scene = Scene::new();
    let files = scene.open();
    put(&files, 1, b"an answer that is whole");
    drop(files);
    let path = scene.paths().pop().unwrap();
    let whole = fs::read(&path).unwrap();
    // The file system may have renamed a file before its content was there.
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let files = scene.open();
        assert!(get(&files, 1).await.is_none(), "{length} bytes");
        assert!(!path.exists(), "{length} bytes stay");
        assert_eq!(files.size(), 0);
    }
    // Or the process died before it renamed one.
    let unfinished = scene.folder.path().join("unfinished").join("01".repeat(32));
    fs::write(&unfinished, &whole[..9]).unwrap();
    let files = scene.open();
    assert!(get(&files, 1).await.is_none() && !unfinished.exists());
}

#[tokio::test]
async fn what_was_changed_or_lies_under_anothers_name_is_not_read_and_removed() {
    let scene = Scene::new();
    let files = scene.open();
    put(&files, 1, b"mine");
    put(&files, 2, b"yours");
    let [mine, yours] = <[PathBuf; 2]>::try_from(scene.paths()).unwrap();
    // One tenant's answer under another's key.
    fs::copy(&yours, &mine).unwrap();
    assert!(get(&files, 1).await.is_none() && !mine.exists());
    let mut bytes = fs::read(&yours).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&yours, bytes).unwrap();
    assert!(get(&files, 2).await.is_none() && !yours.exists());
    assert_eq!(files.size(), 0);
}

#[tokio::test]
async fn a_file_of_garbage_is_removed_and_a_strangers_folder_is_left_alone() {
    let scene = Scene::new();
    let files = scene.open();
    put(&files, 1, b"one");
    drop(files);
    let beside = scene.paths().pop().unwrap().with_file_name("garbage");
    fs::write(&beside, b"what is this?").unwrap();
    let strange = scene.folder.path().join("photos");
    fs::create_dir(&strange).unwrap();
    fs::write(strange.join("cat.jpg"), b"a cat").unwrap();
    let files = scene.open();
    assert!(!beside.exists() && strange.join("cat.jpg").exists());
    assert_eq!(get(&files, 1).await.unwrap(), b"one");
}

#[tokio::test]
async fn a_disk_that_fails_stops_the_caching_for_a_while_and_nothing_else() {
    let scene = Scene::new();
    let files = scene.open();
    put(&files, 1, b"one");
    // Nothing can be written where a file stands in the way of the folder.
    let unfinished = scene.folder.path().join("unfinished");
    fs::remove_dir(&unfinished).unwrap();
    fs::write(&unfinished, b"").unwrap();
    put(&files, 2, b"two");
    assert!(get(&files, 2).await.is_none());
    assert_eq!(get(&files, 1).await.unwrap(), b"one");
    fs::remove_file(&unfinished).unwrap();
    fs::create_dir(&unfinished).unwrap();
    put(&files, 3, b"three");
    assert!(
        get(&files, 3).await.is_none(),
        "it was to be left alone for a while"
    );
    scene.clock.advance(Duration::from_secs(11));
    put(&files, 3, b"three");
    assert_eq!(get(&files, 3).await.unwrap(), b"three");
}

#[test]
fn two_processes_do_not_share_a_folder() {
    let scene = Scene::new();
    let files = scene.open();
    let second = AnswerFiles::open(scene.folder.path(), MOST, scene.clock.clone());
    assert!(second.unwrap_err().to_string().contains("another process"));
    drop(files);
    scene.open();
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new();
    let home = scene.folder.path().join("answers");
    let files = AnswerFiles::open(&home, MOST, scene.clock).unwrap();
    put(&files, 1, b"one");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home), 0o700);
    assert_eq!(mode(&file::place(&home, &key(1))), 0o600);
}

#[test]
fn a_disk_that_does_not_keep_up_keeps_nobody_waiting() {
    let scene = Scene::new();
    let files = scene.open();
    let (go, gate) = mpsc::channel::<()>();
    let held = move || {
        gate.recv().unwrap();
        Vec::new()
    };
    files.put(key(0), Box::new(held));
    // Far more than may wait; each returns at once, since nothing else could.
    for name in 0..2 * MOST_WAITING {
        files.put([(name % 200) as u8; 32], Box::new(|| vec![1; 10]));
    }
    go.send(()).unwrap();
    files.settle();
    assert!(files.size() > 0);
}
