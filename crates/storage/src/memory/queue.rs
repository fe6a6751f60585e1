//! Queues in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use busbar_core::{BoxFuture, Clock, Result};
use busbar_jobs::{Delivery, Depth, Queue, QueueName, Receipt, Receive, Timestamp};
use tokio::sync::Notify;

use crate::AT_ONCE;

/// Queues in memory.
#[derive(Debug)]
pub struct MemoryQueue {
    clock: Arc<dyn Clock>,
    receives: u32,
    queues: Mutex<Queues>,
    sent: Notify,
}

#[derive(Debug, Default)]
struct Queues {
    /// Counts messages and deliveries: no two have one number.
    numbers: u64,
    messages: HashMap<QueueName, Vec<Message>>,
}

#[derive(Debug)]
struct Message {
    body: String,
    visible: Timestamp,
    /// The number of its latest delivery; 0 before the first.
    delivery: u64,
    receives: u32,
    sent: Timestamp,
}

impl MemoryQueue {
    /// Queues without messages, each handed out at most `receives` times.
    pub fn new(clock: Arc<dyn Clock>, receives: u32) -> Self {
        Self {
            clock,
            receives,
            queues: Mutex::default(),
            sent: Notify::new(),
        }
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        Timestamp::from(self.clock.wall())
    }

    fn take(&self, queue: &QueueName, ask: Receive) -> Vec<Delivery> {
        let now = self.now();
        let mut queues = self.queues();
        queues.retire(queue, now, self.receives);
        let Queues { numbers, messages } = &mut *queues;
        let waiting = messages.get_mut(queue).into_iter().flatten();
        waiting
            .filter(|message| message.visible <= now)
            .take(ask.most.min(AT_ONCE))
            .map(|message| {
                *numbers += 1;
                message.delivery = *numbers;
                message.receives += 1;
                message.visible = now + ask.lease;
                Delivery {
                    body: message.body.clone(),
                    receipt: Receipt::new(numbers.to_string()),
                    receives: message.receives,
                    sent: message.sent,
                }
            })
            .collect()
    }

    /// Waits for a message, looking again when one is sent and, for delays that end, in between.
    async fn wait_for(&self, queue: &QueueName, ask: Receive) -> Vec<Delivery> {
        const LOOK: Duration = Duration::from_millis(50);
        let until = tokio::time::Instant::now() + ask.wait;
        loop {
            let sent = self.sent.notified();
            let taken = self.take(queue, ask);
            let now = tokio::time::Instant::now();
            if !taken.is_empty() || now >= until {
                return taken;
            }
            let _woken = tokio::time::timeout(LOOK.min(until - now), sent).await;
        }
    }
}

impl Queues {
    /// Moves what was handed out too often to the dead letters.
    fn retire(&mut self, queue: &QueueName, now: Timestamp, receives: u32) {
        if queue.is_dead() {
            return;
        }
        let Some(waiting) = self.messages.get_mut(queue) else {
            return;
        };
        let over = |message: &mut Message| message.visible <= now && message.receives >= receives;
        let dead: Vec<Message> = waiting.extract_if(.., over).collect();
        let letters = self.messages.entry(queue.dead()).or_default();
        letters.extend(dead.into_iter().map(|message| Message {
            receives: 0,
            delivery: 0,
            ..message
        }));
    }

    fn find(&mut self, queue: &QueueName, receipt: &Receipt) -> Option<(&mut Vec<Message>, usize)> {
        let delivery: u64 = receipt.as_str().parse().ok()?;
        let waiting = self.messages.get_mut(queue)?;
        let at = waiting.iter().position(|message| message.delivery == delivery)?;
        Some((waiting, at))
    }
}

impl Queue for MemoryQueue {
    fn send<'a>(&'a self, queue: &'a QueueName, body: String, delay: Duration) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let now = self.now();
            self.queues()
                .messages
                .entry(queue.clone())
                .or_default()
                .push(Message {
                    body,
                    visible: now + delay,
                    delivery: 0,
                    receives: 0,
                    sent: now,
                });
            self.sent.notify_waiters();
            Ok(())
        })
    }

    fn receive<'a>(&'a self, queue: &'a QueueName, ask: Receive) -> BoxFuture<'a, Result<Vec<Delivery>>> {
        Box::pin(async move { Ok(self.wait_for(queue, ask).await) })
    }

    fn extend<'a>(
        &'a self,
        queue: &'a QueueName,
        receipt: &'a Receipt,
        lease: Duration,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let now = self.now();
            let mut queues = self.queues();
            let Some((waiting, at)) = queues.find(queue, receipt) else {
                return Ok(false);
            };
            let held = waiting[at].visible > now;
            if held {
                waiting[at].visible = now + lease;
            }
            drop(queues);
            self.sent.notify_waiters();
            Ok(held)
        })
    }

    fn delete<'a>(&'a self, queue: &'a QueueName, receipt: &'a Receipt) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if let Some((waiting, at)) = self.queues().find(queue, receipt) {
                waiting.remove(at);
            }
            Ok(())
        })
    }

    fn bury<'a>(&'a self, queue: &'a QueueName, delivery: &'a Delivery) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.send(&queue.dead(), delivery.body.clone(), Duration::ZERO)
                .await?;
            self.delete(queue, &delivery.receipt).await
        })
    }

    fn depth<'a>(&'a self, queue: &'a QueueName) -> BoxFuture<'a, Result<Depth>> {
        Box::pin(async move {
            let now = self.now();
            let queues = self.queues();
            let waiting = queues.messages.get(queue).map_or(&[][..], Vec::as_slice);
            let ready = waiting.iter().filter(|message| message.visible <= now).count() as u64;
            Ok(Depth {
                ready,
                hidden: waiting.len() as u64 - ready,
            })
        })
    }
}
