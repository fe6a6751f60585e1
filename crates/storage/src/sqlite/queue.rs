//! Queues in SQLite. A receipt is a message's number and how often it was handed out, so that it
//! stands for one delivery and for no later one.

use std::time::Duration;

use busbar_core::{BoxFuture, Result};
use busbar_jobs::{Delivery, Depth, Queue, QueueName, Receipt, Receive, Timestamp};
use rusqlite::{Transaction, params};

use super::{
    Sqlite,
    jobs::{count, moment, number},
};
use crate::AT_ONCE;

impl Sqlite {
    fn now(&self) -> Timestamp {
        Timestamp::from(self.clock.wall())
    }

    async fn take(&self, queue: &QueueName, ask: Receive) -> Result<Vec<Delivery>> {
        let (name, now, receives) = (queue.clone(), self.now(), self.options.receives);
        // Most looks find nothing: those do not disturb a writer.
        let queue = name.clone();
        let some = self
            .thread
            .read(move |db| {
                db.prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM messages WHERE queue = ?1 AND visible <= ?2)",
                )?
                .query_row(params![queue.as_str(), number(now)], |row| row.get::<_, bool>(0))
            })
            .await?;
        if !some {
            return Ok(Vec::new());
        }
        self.thread
            .write(move |db| {
                retire(db, &name, now, receives)?;
                hand_out(db, &name, now, ask)
            })
            .await
    }

    async fn wait_for(&self, queue: &QueueName, ask: Receive) -> Result<Vec<Delivery>> {
        let until = tokio::time::Instant::now() + ask.wait;
        loop {
            let sent = self.sent.notified();
            let taken = self.take(queue, ask).await?;
            let now = tokio::time::Instant::now();
            if !taken.is_empty() || now >= until {
                return Ok(taken);
            }
            let pause = self.options.look_every.min(until - now);
            let _woken = tokio::time::timeout(pause, sent).await;
        }
    }
}

/// Moves what was handed out too often to the dead letters.
fn retire(db: &Transaction<'_>, queue: &QueueName, now: Timestamp, receives: u32) -> rusqlite::Result<()> {
    if queue.is_dead() {
        return Ok(());
    }
    db.prepare_cached(
        "UPDATE messages SET queue = ?1, receives = 0
         WHERE queue = ?2 AND visible <= ?3 AND receives >= ?4",
    )?
    .execute(params![
        queue.dead().as_str(),
        queue.as_str(),
        number(now),
        receives
    ])
    .map(drop)
}

fn hand_out(
    db: &Transaction<'_>,
    queue: &QueueName,
    now: Timestamp,
    ask: Receive,
) -> rusqlite::Result<Vec<Delivery>> {
    let mut handed = db
        .prepare_cached(
            "UPDATE messages SET visible = ?1, receives = receives + 1
             WHERE id IN (SELECT id FROM messages WHERE queue = ?2 AND visible <= ?3
                          ORDER BY visible, id LIMIT ?4)
             RETURNING id, receives, body, sent",
        )?
        .query_map(
            params![
                number(now + ask.lease),
                queue.as_str(),
                number(now),
                count(ask.most.min(AT_ONCE))
            ],
            |row| {
                let (id, receives): (i64, u32) = (row.get(0)?, row.get(1)?);
                let delivery = Delivery {
                    body: row.get(2)?,
                    receipt: Receipt::new(format!("{id}-{receives}")),
                    receives,
                    sent: moment(row.get(3)?),
                };
                Ok((id, delivery))
            },
        )?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    // RETURNING gives rows in no promised order.
    handed.sort_by_key(|(id, _)| *id);
    Ok(handed.into_iter().map(|(_, delivery)| delivery).collect())
}

fn send(
    db: &Transaction<'_>,
    queue: &QueueName,
    body: &str,
    at: (Timestamp, Timestamp),
) -> rusqlite::Result<()> {
    let (sent, visible) = at;
    db.prepare_cached("INSERT INTO messages (queue, body, visible, sent) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![queue.as_str(), body, number(visible), number(sent)])
        .map(drop)
}

fn delete(db: &Transaction<'_>, queue: &QueueName, receipt: &Receipt) -> rusqlite::Result<()> {
    let Some((id, receives)) = delivery(receipt) else {
        return Ok(());
    };
    db.prepare_cached("DELETE FROM messages WHERE id = ?1 AND queue = ?2 AND receives = ?3")?
        .execute(params![id, queue.as_str(), receives])
        .map(drop)
}

/// The message and the delivery that a receipt stands for; `None`: for none of ours.
fn delivery(receipt: &Receipt) -> Option<(i64, u32)> {
    let (id, receives) = receipt.as_str().split_once('-')?;
    Some((id.parse().ok()?, receives.parse().ok()?))
}

impl Queue for Sqlite {
    fn send<'a>(&'a self, queue: &'a QueueName, body: String, delay: Duration) -> BoxFuture<'a, Result<()>> {
        let (queue, now) = (queue.clone(), self.now());
        Box::pin(async move {
            self.thread
                .write(move |db| send(db, &queue, &body, (now, now + delay)))
                .await?;
            self.sent.notify_waiters();
            Ok(())
        })
    }

    fn receive<'a>(&'a self, queue: &'a QueueName, ask: Receive) -> BoxFuture<'a, Result<Vec<Delivery>>> {
        Box::pin(self.wait_for(queue, ask))
    }

    fn extend<'a>(
        &'a self,
        queue: &'a QueueName,
        receipt: &'a Receipt,
        lease: Duration,
    ) -> BoxFuture<'a, Result<bool>> {
        let (queue, now, delivery) = (queue.clone(), self.now(), delivery(receipt));
        Box::pin(async move {
            let Some((id, receives)) = delivery else {
                return Ok(false);
            };
            let held = self
                .thread
                .write(move |db| {
                    db.prepare_cached(
                        "UPDATE messages SET visible = ?1
                         WHERE id = ?2 AND queue = ?3 AND receives = ?4 AND visible > ?5",
                    )?
                    .execute(params![
                        number(now + lease),
                        id,
                        queue.as_str(),
                        receives,
                        number(now)
                    ])
                    .map(|written| written == 1)
                })
                .await?;
            self.sent.notify_waiters();
            Ok(held)
        })
    }

    fn delete<'a>(&'a self, queue: &'a QueueName, receipt: &'a Receipt) -> BoxFuture<'a, Result<()>> {
        let (queue, receipt) = (queue.clone(), receipt.clone());
        Box::pin(self.thread.write(move |db| delete(db, &queue, &receipt)))
    }

    fn bury<'a>(&'a self, queue: &'a QueueName, delivery: &'a Delivery) -> BoxFuture<'a, Result<()>> {
        let (queue, now) = (queue.clone(), self.now());
        let (body, receipt) = (delivery.body.clone(), delivery.receipt.clone());
        Box::pin(self.thread.write(move |db| {
            send(db, &queue.dead(), &body, (now, now))?;
            delete(db, &queue, &receipt)
        }))
    }

    fn depth<'a>(&'a self, queue: &'a QueueName) -> BoxFuture<'a, Result<Depth>> {
        let (queue, now) = (queue.clone(), self.now());
        Box::pin(self.thread.read(move |db| {
            db.prepare_cached(
                "SELECT count(*) FILTER (WHERE visible <= ?2), count(*) FILTER (WHERE visible > ?2)
                 FROM messages WHERE queue = ?1",
            )?
            .query_row(params![queue.as_str(), number(now)], |row| {
                let (ready, hidden): (i64, i64) = (row.get(0)?, row.get(1)?);
                Ok(Depth {
                    ready: u64::try_from(ready).unwrap_or_default(),
                    hidden: u64::try_from(hidden).unwrap_or_default(),
                })
            })
        }))
    }
}
