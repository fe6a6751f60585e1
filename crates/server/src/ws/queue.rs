//! The frames that wait to be sent. Pure: times are passed in.
//!
//! A burst may fill it, and whoever sends waits then; a reader for whom it stays full is too slow.

use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;

use super::WsLimits;

/// The frames that wait to be sent.
#[derive(Debug)]
pub(super) struct Queue {
    limits: WsLimits,
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Since when it has been full, and not been half empty since.
    full_since: Option<Instant>,
}

/// Whether a frame may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// At once.
    Now,
    /// When half of those that wait are sent, if that is before then.
    By(Instant),
    /// Never: the reader is too slow.
    Never,
}

impl Queue {
    pub(super) fn new(limits: WsLimits) -> Self {
        Self {
            limits,
            frames: VecDeque::new(),
            bytes: 0,
            full_since: None,
        }
    }

    /// Whether a frame may be added.
    pub(super) fn room(&mut self, now: Instant) -> Room {
        let full = self.frames.len() >= self.limits.queue_frames || self.bytes >= self.limits.queue_bytes;
        if full {
            self.full_since.get_or_insert(now);
        }
        let Some(since) = self.full_since else {
            return Room::Now;
        };
        let until = since + self.limits.patience;
        if until <= now {
            Room::Never
        } else {
            Room::By(until)
        }
    }

    /// Adds a frame, whether there is room or not.
    pub(super) fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Takes the next frame to send. Also tells whether those who wait for room may go on.
    pub(super) fn pop(&mut self) -> Option<(Bytes, bool)> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        let half_empty =
            self.frames.len() <= self.limits.queue_frames / 2 && self.bytes <= self.limits.queue_bytes / 2;
        let relieved = half_empty && self.full_since.take().is_some();
        Some((frame, relieved))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn queue(frames: usize, bytes: usize) -> Queue {
        Queue::new(WsLimits {
            queue_frames: frames,
            queue_bytes: bytes,
            patience: Duration::from_secs(5),
            ..WsLimits::default()
        })
    }

    fn frame() -> Bytes {
        Bytes::from_static(b"0123456789")
    }

    #[test]
    fn a_full_queue_has_room_again_when_it_is_half_empty() {
        let now = Instant::now();
        let mut queue = queue(4, 1000);
        for _ in 0..4 {
            assert_eq!(queue.room(now), Room::Now);
            queue.push(frame());
        }
        let by = Room::By(now + Duration::from_secs(5));
        assert_eq!(queue.room(now), by);
        assert_eq!(queue.pop(), Some((frame(), false)));
        assert_eq!(queue.room(now), by);
        assert_eq!(queue.pop(), Some((frame(), true)));
        assert_eq!(queue.room(now), Room::Now);
    }

    #[test]
    fn bytes_fill_it_as_frames_do() {
        let now = Instant::now();
        let mut queue = queue(1000, 20);
        queue.push(frame());
        assert_eq!(queue.room(now), Room::Now);
        queue.push(frame());
        assert!(matches!(queue.room(now), Room::By(_)));
    }

    #[test]
    fn a_reader_that_takes_one_frame_now_and_then_is_too_slow() {
        let start = Instant::now();
        let mut queue = queue(100, 100_000);
        for _ in 0..100 {
            queue.push(frame());
        }
        for second in 0..5 {
            let now = start + Duration::from_secs(second);
            assert!(matches!(queue.room(now), Room::By(_)), "second {second}");
            queue.pop();
        }
        assert_eq!(queue.room(start + Duration::from_secs(5)), Room::Never);
    }

    #[test]
    fn patience_starts_anew_with_the_next_burst() {
        let start = Instant::now();
        let mut queue = queue(2, 1000);
        queue.push(frame());
        queue.push(frame());
        assert!(matches!(queue.room(start), Room::By(_)));
        queue.pop();
        queue.push(frame());
        let later = start + Duration::from_secs(60);
        assert_eq!(queue.room(later), Room::By(later + Duration::from_secs(5)));
    }
}
