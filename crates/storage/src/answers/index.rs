//! Which answers are there, how large, and which was not wanted for longest.

use std::collections::{BTreeMap, HashMap};

use busbar_core::AnswerKey;

#[derive(Debug)]
pub(super) struct Index {
    most: u64,
    size: u64,
    known: HashMap<AnswerKey, Known>,
    /// By when they were last wanted.
    order: BTreeMap<u64, AnswerKey>,
    tick: u64,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    size: u64,
    tick: u64,
}

impl Index {
    pub(super) fn new(most: u64) -> Self {
        Self {
            most,
            size: 0,
            known: HashMap::new(),
            order: BTreeMap::new(),
            tick: 0,
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Whether so large a file has room at all.
    pub(super) fn has_room_for(&self, size: u64) -> bool {
        size <= self.most
    }

    /// Whether it is there; it was wanted now.
    pub(super) fn want(&mut self, key: &AnswerKey) -> bool {
        let Some(known) = self.known.get_mut(key) else {
            return false;
        };
        self.tick += 1;
        self.order.remove(&known.tick);
        self.order.insert(self.tick, *key);
        known.tick = self.tick;
        true
    }

    pub(super) fn knows(&self, key: &AnswerKey) -> bool {
        self.known.contains_key(key)
    }

    /// It is there now. Those that must go for it are given back.
    pub(super) fn add(&mut self, key: AnswerKey, size: u64) -> Vec<AnswerKey> {
        self.remove(&key);
        self.tick += 1;
        self.size += size;
        self.order.insert(self.tick, key);
        let tick = self.tick;
        self.known.insert(key, Known { size, tick });
        let mut gone = Vec::new();
        while self.size > self.most
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.remove(&oldest);
            gone.push(oldest);
        }
        gone
    }

    pub(super) fn remove(&mut self, key: &AnswerKey) {
        if let Some(known) = self.known.remove(key) {
            self.order.remove(&known.tick);
            self.size -= known.size;
        }
    }
}
