//! Thousands of requests over targets that fail at random, in a world of one thread whose clock jumps from
//! one thing that happens to the next. The same seed is the same world, so what fails here can be looked at.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: what fails here fails the test"
)]

mod targets;
mod world;

use std::sync::atomic::Ordering::SeqCst;

use busbar_core::{Course, ErrorKind};

use targets::ANSWER;
use world::{MOST_AT_ONCE, NAMES, PERCENT, RESERVE, World};

/// Tries of one request at targets that it had tried before: those that the budget pays for.
fn again(course: &Course) -> u64 {
    let hedges = course
        .attempts
        .iter()
        .filter(|attempt| attempt.outcome == "hedged")
        .count();
    let mut seen = Vec::new();
    let mut again = 0;
    for attempt in &course.attempts {
        again += u64::from(seen.contains(&&attempt.target));
        seen.push(&attempt.target);
    }
    again + hedges as u64
}

#[test]
fn nothing_is_lost_no_limit_is_passed_and_no_storm_breaks_out() {
    const REQUESTS: usize = 2_500;
    const WORLDS: u64 = 100;
    let (mut steps, mut opened, mut closed, mut resumed, mut failed, mut shed) = (0, 0, 0, 0, 0, 0);
    for seed in 0..WORLDS {
        let mut world = World::new(seed);
        world.run(REQUESTS);
        assert!(
            world.tasks.is_empty(),
            "seed {seed}: {} requests are lost",
            world.tasks.len()
        );
        assert_eq!(world.ended.len(), REQUESTS);
        let mut tried_again = 0;
        for ended in &world.ended {
            let whole = ended.end.is_none() && !ended.left;
            assert!(!whole || ended.text == ANSWER, "seed {seed}: {ended:?}");
            assert!(
                ANSWER.starts_with(&ended.text),
                "seed {seed}: two answers are mixed: {ended:?}"
            );
            tried_again += again(&ended.course);
            resumed += u64::from(ended.course.resumed);
            failed += u64::from(ended.end.is_some());
            shed += u64::from(matches!(ended.end, Some(ErrorKind::Overloaded { .. })));
        }
        let may = RESERVE + REQUESTS as u64 * PERCENT / 100;
        assert!(
            tried_again <= may,
            "seed {seed}: {tried_again} tries again, {may} may be"
        );
        for (target, name) in world.targets.iter().zip(NAMES) {
            let most = target.most_live.load(SeqCst);
            assert!(
                most <= u64::from(MOST_AT_ONCE),
                "seed {seed}: {name:?} had {most} at once"
            );
            assert_eq!(
                target.live.load(SeqCst),
                0,
                "seed {seed}: {name:?} still holds something"
            );
        }
        let status = world.route.route.as_ref().unwrap().status();
        let held: u32 = status
            .tiers
            .iter()
            .flat_map(|tier| &tier.targets)
            .map(|target| target.in_flight)
            .sum();
        assert_eq!(held, 0, "seed {seed}: places are lost");
        steps += world.steps.load(SeqCst);
        opened += world.opened;
        closed += world.closed;
    }
    assert!(
        opened > 100 && closed > 100,
        "breakers opened {opened} times and closed {closed} times"
    );
    assert!(resumed > 1_000, "{resumed} streams were gone on with");
    assert!(steps > 2_000_000, "{steps} steps");
    assert!(
        failed < WORLDS * REQUESTS as u64 / 4,
        "{failed} failed, {shed} of them shed"
    );
}

#[test]
fn the_same_seed_is_the_same_world() {
    let run = || {
        let mut world = World::new(5);
        world.run(300);
        world
            .ended
            .iter()
            .map(|ended| (ended.text.clone(), ended.end, ended.course.attempts.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}
