//! The events of one stream, as many of the latest as its limit allows.

use std::collections::VecDeque;

use crate::{Item, Part};

/// What an item costs beside its text.
const OVERHEAD: usize = 64;

/// The latest events of one stream, numbered without gaps.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    items: VecDeque<Item>,
    bytes: usize,
    /// The number of the last item ever pushed.
    last: u64,
}

/// What there is after a number.
#[derive(Debug)]
pub(super) enum After {
    /// The next item.
    Item(Item),
    /// Nothing yet.
    Nothing,
    /// There was one, but it had to go.
    Gone,
}

impl Buffer {
    /// Adds an item, and lets the oldest go until it fits the limit. Answers with how the bytes held
    /// changed. The newest is always kept.
    pub(super) fn push(&mut self, item: Item, limit: usize) -> Change {
        let before = self.bytes;
        self.last = item.last();
        self.bytes += cost(&item);
        self.items.push_back(item);
        while self.bytes > limit && self.items.len() > 1 {
            self.drop_oldest();
        }
        Change {
            before,
            after: self.bytes,
        }
    }

    /// What comes after a number.
    pub(super) fn after(&self, seq: u64) -> After {
        let Some(first) = self.items.front() else {
            return After::Nothing;
        };
        let Some(ahead) = (seq + 1).checked_sub(first.seq) else {
            return After::Gone;
        };
        match usize::try_from(ahead)
            .ok()
            .and_then(|place| self.items.get(place))
        {
            Some(item) => After::Item(item.clone()),
            None => After::Nothing,
        }
    }

    /// The number of the last event; 0 before the first.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// The last item, where there is one.
    pub(super) fn newest(&self) -> Option<&Item> {
        self.items.back()
    }

    /// What it costs.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn drop_oldest(&mut self) {
        if let Some(item) = self.items.pop_front() {
            self.bytes -= cost(&item);
        }
    }
}

/// How many bytes were and are held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) before: usize,
    pub(super) after: usize,
}

fn cost(item: &Item) -> usize {
    let text = match &item.part {
        Part::Chunk(chunk) => chunk.data.len(),
        Part::Done(ended) => ended.chunks.iter().map(|chunk| chunk.data.len()).sum(),
        Part::Cancelled { chunk, .. } | Part::Failed { chunk, .. } => chunk.data.len(),
    };
    text + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(seq: u64) -> Item {
        Item {
            seq,
            part: Part::Chunk(busbar_wire::Chunk::plain(vec![b'x'; 36].into())),
        }
    }

    fn filled(count: u64, limit: usize) -> Buffer {
        let mut buffer = Buffer::default();
        for seq in 1..=count {
            buffer.push(chunk(seq), limit);
        }
        buffer
    }

    #[test]
    fn what_comes_after_a_number_is_the_next_number() {
        let buffer = filled(3, 1000);
        assert!(matches!(buffer.after(0), After::Item(Item { seq: 1, .. })));
        assert!(matches!(buffer.after(2), After::Item(Item { seq: 3, .. })));
        assert!(matches!(buffer.after(3), After::Nothing));
        assert!(matches!(Buffer::default().after(0), After::Nothing));
    }

    #[test]
    fn the_oldest_go_when_the_limit_is_reached() {
        let buffer = filled(10, 300);
        assert_eq!(buffer.bytes(), 300);
        assert!(matches!(buffer.after(6), After::Gone));
        assert!(matches!(buffer.after(7), After::Item(Item { seq: 8, .. })));
        assert_eq!(buffer.last(), 10);
    }

    #[test]
    fn the_newest_stays_even_where_it_is_larger_than_the_limit() {
        let buffer = filled(2, 10);
        assert!(matches!(buffer.after(1), After::Item(Item { seq: 2, .. })));
        assert!(matches!(buffer.after(0), After::Gone));
    }
}
