//! The contract of [`Queue`]. Each check panics with a sentence when it is broken.
#![expect(clippy::panic, reason = "a suite of assertions: it runs inside tests only")]

use std::{sync::Arc, time::Duration};

use busbar_jobs::{Delivery, Depth, Queue, QueueName, Receive};
use futures_util::future::join_all;

use super::done;

/// An implementation under test.
#[derive(Debug)]
pub struct Subject {
    /// The queues; every check uses one of its own.
    pub queue: Arc<dyn Queue>,
    /// How often they hand a message out before it moves to the dead letters.
    pub receives: u32,
    /// Lets time pass for the queues: moves their clock, or sleeps.
    pub pass: fn(&Subject, Duration),
    /// The clock that `pass` moves, where there is one.
    pub clock: Option<Arc<crate::TestClock>>,
}

const LEASE: Duration = Duration::from_secs(30);
const A_LITTLE: Duration = Duration::from_millis(100);

/// Runs every check.
pub async fn all(subject: &Subject) {
    what_is_sent_is_handed_out(subject).await;
    an_empty_queue_hands_out_nothing(subject).await;
    queues_do_not_mix(subject).await;
    a_leased_message_is_hidden_until_its_lease_runs_out(subject).await;
    an_extended_lease_lasts_longer(subject).await;
    a_message_given_back_is_handed_out_at_once(subject).await;
    a_lost_lease_cannot_be_extended(subject).await;
    a_deleted_message_is_never_handed_out_again(subject).await;
    deleting_twice_is_no_error(subject).await;
    a_delayed_message_waits(subject).await;
    a_message_handed_out_too_often_moves_to_the_dead_letters(subject).await;
    a_buried_message_is_among_the_dead_letters_and_nowhere_else(subject).await;
    dead_letters_stay(subject).await;
    many_readers_get_every_message_once(subject).await;
    a_reader_that_waits_gets_what_is_sent(subject).await;
    at_most_ten_are_handed_out_at_once(subject).await;
}

impl Subject {
    fn name(&self, check: &str) -> QueueName {
        QueueName::new(format!("conformance-{check}"))
    }

    async fn send(&self, queue: &QueueName, body: &str) {
        self.send_later(queue, body, Duration::ZERO).await;
    }

    async fn send_later(&self, queue: &QueueName, body: &str, delay: Duration) {
        done(self.queue.send(queue, body.into(), delay).await, "send");
    }

    async fn take(&self, queue: &QueueName, most: usize) -> Vec<Delivery> {
        let ask = Receive {
            most,
            lease: LEASE,
            wait: Duration::ZERO,
        };
        done(self.queue.receive(queue, ask).await, "receive")
    }

    async fn one(&self, queue: &QueueName) -> Delivery {
        let mut taken = self.take(queue, 1).await;
        let Some(delivery) = taken.pop() else {
            panic!("no message was handed out of {queue}");
        };
        delivery
    }

    async fn extend(&self, queue: &QueueName, delivery: &Delivery, lease: Duration) -> bool {
        done(self.queue.extend(queue, &delivery.receipt, lease).await, "extend")
    }

    async fn delete(&self, queue: &QueueName, delivery: &Delivery) {
        done(self.queue.delete(queue, &delivery.receipt).await, "delete");
    }

    async fn nothing(&self, queue: &QueueName, why: &str) {
        let taken = self.take(queue, 10).await;
        assert!(
            taken.is_empty(),
            "{} messages were handed out: {why}",
            taken.len()
        );
    }

    fn pass(&self, time: Duration) {
        (self.pass)(self, time);
    }
}

/// What is sent comes with its text, its first time counted.
pub async fn what_is_sent_is_handed_out(subject: &Subject) {
    let queue = subject.name("sent");
    subject.send(&queue, "héllo \"1\"\n").await;
    let depth = done(subject.queue.depth(&queue).await, "depth");
    assert_eq!(depth, Depth { ready: 1, hidden: 0 }, "a sent message is ready");
    let delivery = subject.one(&queue).await;
    assert_eq!(delivery.body, "héllo \"1\"\n", "the text comes as it was sent");
    assert_eq!(delivery.receives, 1, "the first time is counted");
    let depth = done(subject.queue.depth(&queue).await, "depth");
    assert_eq!(depth, Depth { ready: 0, hidden: 1 }, "a leased message is hidden");
}

/// Nothing comes of nothing, and at once.
pub async fn an_empty_queue_hands_out_nothing(subject: &Subject) {
    subject
        .nothing(&subject.name("empty"), "the queue is empty")
        .await;
}

/// A message is handed out of the queue that it was sent to.
pub async fn queues_do_not_mix(subject: &Subject) {
    let (one, other) = (subject.name("one"), subject.name("other"));
    subject.send(&one, "m").await;
    subject.nothing(&other, "it was sent to another queue").await;
    subject.one(&one).await;
}

/// While one has it, nobody else does; afterwards somebody does.
pub async fn a_leased_message_is_hidden_until_its_lease_runs_out(subject: &Subject) {
    let queue = subject.name("lease");
    subject.send(&queue, "m").await;
    subject.one(&queue).await;
    subject.pass(LEASE - A_LITTLE * 20);
    subject.nothing(&queue, "its lease lasts").await;
    subject.pass(A_LITTLE * 21);
    assert_eq!(
        subject.one(&queue).await.receives,
        2,
        "the second time is counted"
    );
}

/// A lease that is extended counts from then on.
pub async fn an_extended_lease_lasts_longer(subject: &Subject) {
    let queue = subject.name("extend");
    subject.send(&queue, "m").await;
    let delivery = subject.one(&queue).await;
    subject.pass(LEASE / 2);
    assert!(
        subject.extend(&queue, &delivery, LEASE).await,
        "the lease was ours"
    );
    subject.pass(LEASE - A_LITTLE * 20);
    subject.nothing(&queue, "its lease was extended").await;
    subject.pass(A_LITTLE * 21);
    subject.one(&queue).await;
}

/// A lease of zero gives a message back.
pub async fn a_message_given_back_is_handed_out_at_once(subject: &Subject) {
    let queue = subject.name("back");
    subject.send(&queue, "m").await;
    let delivery = subject.one(&queue).await;
    assert!(
        subject.extend(&queue, &delivery, Duration::ZERO).await,
        "the lease was ours"
    );
    assert_eq!(
        subject.one(&queue).await.receives,
        2,
        "the second time is counted"
    );
}

/// Who is too late learns it, and does the new holder no harm.
pub async fn a_lost_lease_cannot_be_extended(subject: &Subject) {
    let queue = subject.name("lost");
    subject.send(&queue, "m").await;
    let late = subject.one(&queue).await;
    subject.pass(LEASE + A_LITTLE);
    assert!(
        !subject.extend(&queue, &late, LEASE).await,
        "a lease that ran out was extended"
    );
    let holder = subject.one(&queue).await;
    assert!(
        !subject.extend(&queue, &late, Duration::ZERO).await,
        "another's lease was ended"
    );
    subject.nothing(&queue, "the new holder's lease lasts").await;
    assert!(
        subject.extend(&queue, &holder, LEASE).await,
        "the new holder lost its lease"
    );
}

/// Deleted is deleted.
pub async fn a_deleted_message_is_never_handed_out_again(subject: &Subject) {
    let queue = subject.name("delete");
    subject.send(&queue, "m").await;
    let delivery = subject.one(&queue).await;
    subject.delete(&queue, &delivery).await;
    subject.pass(LEASE * 2);
    subject.nothing(&queue, "it was deleted").await;
    let depth = done(subject.queue.depth(&queue).await, "depth");
    assert_eq!(depth, Depth::default(), "nothing is left of a deleted message");
}

/// A repeated request is no error.
pub async fn deleting_twice_is_no_error(subject: &Subject) {
    let queue = subject.name("twice");
    subject.send(&queue, "m").await;
    let delivery = subject.one(&queue).await;
    subject.delete(&queue, &delivery).await;
    subject.delete(&queue, &delivery).await;
    assert!(
        !subject.extend(&queue, &delivery, LEASE).await,
        "a deleted message is nobody's"
    );
}

/// A delay is kept.
pub async fn a_delayed_message_waits(subject: &Subject) {
    let queue = subject.name("delay");
    subject.send_later(&queue, "m", LEASE).await;
    subject.nothing(&queue, "it is delayed").await;
    subject.pass(LEASE + A_LITTLE);
    assert_eq!(subject.one(&queue).await.receives, 1, "waiting is not counted");
}

/// No message is handed out forever.
pub async fn a_message_handed_out_too_often_moves_to_the_dead_letters(subject: &Subject) {
    let queue = subject.name("often");
    subject.send(&queue, "m").await;
    for time in 1..=subject.receives {
        let delivery = subject.one(&queue).await;
        assert_eq!(delivery.receives, time, "every time is counted");
        assert!(
            subject.extend(&queue, &delivery, Duration::ZERO).await,
            "the lease was ours"
        );
    }
    subject.nothing(&queue, "it was handed out often enough").await;
    assert_eq!(
        subject.one(&queue.dead()).await.body,
        "m",
        "a dead letter keeps its text"
    );
}

/// Burying moves.
pub async fn a_buried_message_is_among_the_dead_letters_and_nowhere_else(subject: &Subject) {
    let queue = subject.name("bury");
    subject.send(&queue, "m").await;
    let delivery = subject.one(&queue).await;
    done(subject.queue.bury(&queue, &delivery).await, "bury");
    subject.pass(LEASE * 2);
    subject.nothing(&queue, "it was buried").await;
    let letter = subject.one(&queue.dead()).await;
    assert_eq!(
        (letter.body.as_str(), letter.receives),
        ("m", 1),
        "a dead letter begins anew"
    );
}

/// Looking at a dead letter, however often, does not lose it.
pub async fn dead_letters_stay(subject: &Subject) {
    let queue = subject.name("stay");
    subject.send(&queue, "m").await;
    let delivery = subject.one(&queue).await;
    done(subject.queue.bury(&queue, &delivery).await, "bury");
    for _ in 0..subject.receives + 2 {
        let letter = subject.one(&queue.dead()).await;
        assert!(
            subject.extend(&queue.dead(), &letter, Duration::ZERO).await,
            "it was ours"
        );
    }
    subject.one(&queue.dead()).await;
}

/// Readers at once share the messages; none gets another's, and none is left over.
pub async fn many_readers_get_every_message_once(subject: &Subject) {
    let queue = subject.name("many");
    for number in 0..40 {
        subject.send(&queue, &number.to_string()).await;
    }
    let readers = (0..10).map(|_| async {
        let mut taken = Vec::new();
        for _ in 0..4 {
            taken.extend(subject.take(&queue, 2).await);
        }
        taken
    });
    let mut taken: Vec<u32> = join_all(readers)
        .await
        .into_iter()
        .flatten()
        .filter_map(|delivery| delivery.body.parse().ok())
        .collect();
    taken.extend(
        subject
            .take(&queue, 10)
            .await
            .iter()
            .filter_map(|delivery| delivery.body.parse::<u32>().ok()),
    );
    taken.sort_unstable();
    assert_eq!(
        taken,
        (0..40).collect::<Vec<_>>(),
        "every message was handed out once"
    );
}

/// Waiting ends with the first message.
pub async fn a_reader_that_waits_gets_what_is_sent(subject: &Subject) {
    const PATIENCE: Duration = Duration::from_secs(20);
    let queue = subject.name("wait");
    let ask = Receive {
        most: 1,
        lease: LEASE,
        wait: PATIENCE,
    };
    let (taken, ()) = tokio::join!(subject.queue.receive(&queue, ask), async {
        tokio::time::sleep(A_LITTLE).await;
        subject.send(&queue, "m").await;
    });
    assert_eq!(done(taken, "receive").len(), 1, "the reader waited for nothing");
}

/// A batch is bounded whatever is asked.
pub async fn at_most_ten_are_handed_out_at_once(subject: &Subject) {
    let queue = subject.name("batch");
    for number in 0..12 {
        subject.send(&queue, &number.to_string()).await;
    }
    assert!(
        subject.take(&queue, 100).await.len() <= 10,
        "more than ten came at once"
    );
}
