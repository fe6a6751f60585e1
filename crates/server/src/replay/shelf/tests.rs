//! The shelf, at times that tests choose.

use super::*;
use crate::Part;
use crate::dialects;

const WINDOW: Duration = Duration::from_secs(30);

/// A shelf, the time, and whose streams they are.
struct Scene {
    shelf: Shelf,
    start: Instant,
    tenant: Tenant,
}

impl Scene {
    fn new() -> Self {
        let limits = ReplayLimits {
            stream: 1000,
            total: 2000,
            streams: 2,
        };
        Self {
            shelf: Shelf::new(limits),
            start: Instant::now(),
            tenant: Tenant::default(),
        }
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    fn open(&mut self, id: &str) -> Result<()> {
        let opening = Opening {
            id: id.into(),
            model: "m".into(),
            dialect: &dialects::CHAT,
            tenant: self.tenant.clone(),
            window: WINDOW,
        };
        self.shelf.open(self.start, opening).map(drop)
    }

    fn push(&mut self, id: &str, seqs: std::ops::RangeInclusive<u64>) {
        for seq in seqs {
            let part = Part::Chunk(busbar_wire::Chunk::plain(vec![b'x'; 36].into()));
            self.shelf.push(id, Item { seq, part });
        }
    }

    fn attach(&mut self, seconds: u64, id: &str, after: u64) -> Result<u64> {
        let now = self.at(seconds);
        let attached = self.shelf.attach(now, &self.tenant, id, after)?;
        Ok(attached.after)
    }

    #[track_caller]
    fn refused(&mut self, seconds: u64, id: &str, after: u64, code: &str) {
        let error = self.attach(seconds, id, after).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some(code)));
    }
}

#[test]
fn a_stream_is_kept_for_its_window_after_the_last_reader_left() {
    let mut scene = Scene::new();
    scene.open("a").unwrap();
    scene.attach(0, "a", 0).unwrap();
    scene.attach(5, "a", 0).unwrap();
    scene.shelf.detach(scene.at(10), "a");
    assert_eq!(scene.shelf.standing(scene.at(1000), "a"), Standing::Read);
    scene.shelf.detach(scene.at(1000), "a");
    let until = Standing::Until(scene.at(1030));
    assert_eq!(scene.shelf.standing(scene.at(1029), "a"), until);
    assert_eq!(scene.shelf.standing(scene.at(1030), "a"), Standing::Over);
}

#[test]
fn coming_back_in_time_starts_the_window_anew() {
    let mut scene = Scene::new();
    scene.open("a").unwrap();
    scene.attach(29, "a", 0).unwrap();
    scene.shelf.detach(scene.at(40), "a");
    scene.attach(69, "a", 0).unwrap();
    scene.shelf.detach(scene.at(70), "a");
    scene.refused(100, "a", 0, "stream_not_found");
}

#[test]
fn another_tenants_stream_does_not_exist() {
    let mut scene = Scene::new();
    scene.open("a").unwrap();
    scene.tenant = Tenant::new("somebody else");
    scene.refused(0, "a", 0, "stream_not_found");
    let now = scene.at(0);
    assert!(scene.shelf.cancel(now, &scene.tenant, "a").is_err());
    scene.refused(0, "b", 0, "stream_not_found");
}

#[test]
fn what_went_beyond_the_streams_limit_is_truncated() {
    let mut scene = Scene::new();
    scene.open("a").unwrap();
    scene.push("a", 1..=15);
    scene.refused(0, "a", 4, "stream_truncated");
    assert_eq!(scene.attach(0, "a", 5).unwrap(), 5);
    assert!(matches!(
        scene.shelf.next("a", 5),
        Next::Item(Item { seq: 6, .. })
    ));
}

#[test]
fn a_reader_that_falls_behind_is_told() {
    let mut scene = Scene::new();
    scene.open("a").unwrap();
    scene.attach(0, "a", 0).unwrap();
    scene.push("a", 1..=1);
    assert!(matches!(
        scene.shelf.next("a", 0),
        Next::Item(Item { seq: 1, .. })
    ));
    scene.push("a", 2..=20);
    assert!(matches!(scene.shelf.next("a", 1), Next::Truncated));
}

#[test]
fn what_was_never_sent_cannot_be_gone_on_from() {
    let mut scene = Scene::new();
    scene.open("a").unwrap();
    scene.push("a", 1..=3);
    let error = scene.attach(0, "a", 4).unwrap_err();
    assert_eq!((error.kind(), error.param()), (ErrorKind::Invalid, Some("after")));
}

#[test]
fn whoever_has_the_end_is_told_the_end_again() {
    let mut scene = Scene::new();
    scene.open("a").unwrap();
    scene.push("a", 1..=3);
    let error = Error::internal("broken");
    let chunk = (dialects::CHAT.fail)(&error);
    let part = Part::Failed { error, chunk };
    scene.shelf.push("a", Item { seq: 4, part });
    scene.shelf.end("a");
    assert_eq!(scene.attach(0, "a", 4).unwrap(), 3);
    assert_eq!(scene.attach(0, "a", 2).unwrap(), 2);
    assert!(matches!(scene.shelf.next("a", 4), Next::End));
}

#[test]
fn a_cancelled_stream_goes_with_its_last_reader() {
    let mut scene = Scene::new();
    scene.open("a").unwrap();
    scene.attach(0, "a", 0).unwrap();
    let (now, later) = (scene.at(1), scene.at(2));
    scene.shelf.cancel(now, &scene.tenant, "a").unwrap();
    assert!(scene.shelf.is_cancelled("a"));
    assert_eq!(scene.shelf.standing(later, "a"), Standing::Read);
    scene.shelf.detach(later, "a");
    assert_eq!(scene.shelf.standing(later, "a"), Standing::Over);
}

#[test]
fn an_ended_stream_that_nobody_reads_makes_room_for_a_new_one() {
    let mut scene = Scene::new();
    scene.open("a").unwrap();
    scene.open("b").unwrap();
    assert!(matches!(
        scene.open("c").unwrap_err().kind(),
        ErrorKind::Overloaded { .. }
    ));
    scene.shelf.end("a");
    scene.attach(0, "a", 0).unwrap();
    assert!(scene.open("c").is_err(), "somebody reads it");
    scene.shelf.detach(scene.at(1), "a");
    scene.open("c").unwrap();
    assert_eq!(scene.shelf.standing(scene.at(1), "a"), Standing::Over);
}

#[test]
fn all_together_stay_within_the_total() {
    let mut scene = Scene::new();
    scene.shelf.limits.total = 1500;
    scene.open("a").unwrap();
    scene.open("b").unwrap();
    scene.push("a", 1..=10);
    scene.push("b", 1..=10);
    assert!(scene.shelf.bytes <= 1500, "{} bytes", scene.shelf.bytes);
    // The one that came first keeps its own.
    assert!(matches!(
        scene.shelf.next("a", 0),
        Next::Item(Item { seq: 1, .. })
    ));
    assert!(matches!(scene.shelf.next("b", 0), Next::Truncated));
    scene.shelf.remove("a");
    scene.shelf.remove("b");
    assert_eq!(scene.shelf.bytes, 0);
}
