//! The contract of [`Artifacts`]. Each check panics with a sentence when it is broken.
#![expect(clippy::panic, reason = "a suite of assertions: it runs inside tests only")]

use std::{ops::Range, sync::Arc};

use busbar_core::{Error, ErrorKind};
use busbar_jobs::{ArtifactName, Artifacts, Ids, JobId, MediaType};
use bytes::{Bytes, BytesMut};
use futures_util::{TryStreamExt as _, future::join_all};

use super::done;
use crate::TestClock;

/// Runs every check.
pub async fn all(artifacts: &Arc<dyn Artifacts>) {
    let bench = Bench::new(Arc::clone(artifacts));
    what_is_put_comes_back(&bench).await;
    what_is_not_there_is_not_found(&bench).await;
    a_range_gives_its_part(&bench).await;
    a_range_behind_the_end_is_refused(&bench).await;
    a_removed_file_is_gone(&bench).await;
    all_files_of_a_job_go_and_no_others(&bench).await;
    many_files_at_once_do_not_mix(&bench).await;
}

/// What the checks work with.
#[derive(Debug)]
pub struct Bench {
    artifacts: Arc<dyn Artifacts>,
    ids: Ids,
}

impl Bench {
    /// A bench for a store of files.
    pub fn new(artifacts: Arc<dyn Artifacts>) -> Self {
        let ids = Ids::new(Arc::new(TestClock::new()));
        Self { artifacts, ids }
    }

    fn name(&self, job: JobId) -> ArtifactName {
        self.ids.artifact(job, MediaType::Png)
    }

    async fn put(&self, job: JobId, content: &[u8]) -> ArtifactName {
        let name = self.name(job);
        let content = Bytes::copy_from_slice(content);
        done(self.artifacts.put(name, content).await, "put");
        name
    }

    async fn get(&self, name: ArtifactName, range: Option<Range<u64>>) -> Result<(Bytes, Range<u64>), Error> {
        let body = self.artifacts.get(name, range).await?;
        let mut content = BytesMut::new();
        let mut chunks = body.chunks;
        while let Some(chunk) = chunks.try_next().await? {
            content.extend_from_slice(&chunk);
        }
        Ok((content.freeze(), body.range))
    }

    async fn is_there(&self, name: ArtifactName) -> bool {
        match self.artifacts.head(name).await {
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => panic!("head failed: {error}"),
        }
    }
}

/// Byte for byte, and its size is known.
pub async fn what_is_put_comes_back(bench: &Bench) {
    let job = bench.ids.job();
    let large: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    for content in [&b""[..], b"\x89PNG\r\n\0", &large] {
        let name = bench.put(job, content).await;
        let (got, range) = done(bench.get(name, None).await, "get");
        assert!(
            got == content,
            "a file of {} bytes came back changed",
            content.len()
        );
        assert_eq!(range, 0..content.len() as u64, "the whole file is a range too");
        let stored = done(bench.artifacts.head(name).await, "head");
        assert_eq!(stored.bytes, content.len() as u64, "the size is wrong");
        assert!(!stored.etag.is_empty(), "there is no etag");
    }
}

/// Not an empty file and not another error.
pub async fn what_is_not_there_is_not_found(bench: &Bench) {
    let name = bench.name(bench.ids.job());
    let missing = bench.get(name, None).await.err().map(|error| error.kind());
    assert_eq!(
        missing,
        Some(ErrorKind::NotFound),
        "a file that is not there was read"
    );
    let missing = bench.get(name, Some(0..1)).await.err().map(|error| error.kind());
    assert_eq!(missing, Some(ErrorKind::NotFound), "a part of it was read");
    assert!(!bench.is_there(name).await, "a file that is not there is known");
}

/// What clients ask for in parts comes in parts.
pub async fn a_range_gives_its_part(bench: &Bench) {
    let name = bench.put(bench.ids.job(), b"0123456789").await;
    for (asked, part, given) in [
        (0..4, &b"0123"[..], 0..4),
        (4..5, b"4", 4..5),
        (7..10, b"789", 7..10),
        (8..500, b"89", 8..10),
    ] {
        let got = done(bench.get(name, Some(asked.clone())).await, "get");
        assert_eq!(
            got,
            (Bytes::copy_from_slice(part), given),
            "{asked:?} gave something else"
        );
    }
}

/// The client is told, rather than sent nothing.
pub async fn a_range_behind_the_end_is_refused(bench: &Bench) {
    let name = bench.put(bench.ids.job(), b"0123456789").await;
    for range in [10..11, 50..60, 4..4] {
        let refused = bench.get(name, Some(range.clone())).await.err();
        let field = refused.as_ref().and_then(Error::param);
        assert_eq!(field, Some("range"), "{range:?} was taken");
    }
}

/// And removing it again is no error.
pub async fn a_removed_file_is_gone(bench: &Bench) {
    let name = bench.put(bench.ids.job(), b"x").await;
    done(bench.artifacts.remove(name).await, "remove");
    done(bench.artifacts.remove(name).await, "remove");
    assert!(!bench.is_there(name).await, "a removed file is there");
}

/// A job's files, all of them, and nobody else's.
pub async fn all_files_of_a_job_go_and_no_others(bench: &Bench) {
    let (job, other) = (bench.ids.job(), bench.ids.job());
    let mut names = Vec::new();
    for _ in 0..250 {
        names.push(bench.put(job, b"x").await);
    }
    let stays = bench.put(other, b"x").await;
    let removed = done(bench.artifacts.remove_all(job).await, "remove_all");
    assert_eq!(removed, names.len(), "it did not remove each of them");
    assert!(!bench.is_there(names[0]).await, "a file of the job is left");
    assert!(bench.is_there(stays).await, "another job's file is gone");
    let again = done(bench.artifacts.remove_all(job).await, "remove_all");
    assert_eq!(again, 0, "there was something left");
}

/// Writers at once do not write into each other's files.
pub async fn many_files_at_once_do_not_mix(bench: &Bench) {
    let job = bench.ids.job();
    let puts = (0..16_u8).map(|number| async move { (number, bench.put(job, &[number; 5000]).await) });
    for (number, name) in join_all(puts).await {
        let (content, _) = done(bench.get(name, None).await, "get");
        assert!(
            content == vec![number; 5000],
            "file {number} holds something else"
        );
    }
}
