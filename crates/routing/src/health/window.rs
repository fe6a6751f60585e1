//! What happened of late: calls, failures and slow ones within a sliding window, counted by atomics.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

const BUCKETS: u64 = 10;

/// Counts over the last while, in ten buckets of a tenth each. A bucket is one number, so that no count
/// is ever seen beside one of another time.
#[derive(Debug)]
pub(crate) struct Window {
    /// Milliseconds of a bucket.
    width: u64,
    buckets: [AtomicU64; BUCKETS as usize],
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// All calls.
    pub(crate) calls: u32,
    /// Those that failed.
    pub(crate) failed: u32,
    /// Those that were slow.
    pub(crate) slow: u32,
}

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) failed: bool,
    pub(crate) slow: bool,
}

impl Window {
    pub(crate) fn new(length: Duration) -> Self {
        Self {
            width: (length.as_millis() as u64 / BUCKETS).max(1),
            buckets: Default::default(),
        }
    }

    /// Counts a call at a time in milliseconds.
    pub(crate) fn count(&self, now_ms: u64, call: Call) {
        let (age, bucket) = self.at(now_ms);
        let add = |bits: u64| {
            let mut bucket = Bucket::of(bits);
            if bucket.age != age {
                bucket = Bucket {
                    age,
                    ..Bucket::default()
                };
            }
            // Full: what there is counts half from now on, and the ratios stay.
            if bucket.calls == u16::MAX {
                bucket.calls /= 2;
                bucket.failed /= 2;
                bucket.slow /= 2;
            }
            bucket.calls += 1;
            bucket.failed += u16::from(call.failed);
            bucket.slow += u16::from(call.slow);
            Some(bucket.bits())
        };
        // The closure always gives a value, so this cannot fail.
        let _before = bucket.fetch_update(Relaxed, Relaxed, add);
    }

    /// What was counted within the window that ends now.
    pub(crate) fn read(&self, now_ms: u64) -> Counts {
        let mut counts = Counts::default();
        for back in 0..BUCKETS {
            let Some(then) = now_ms.checked_sub(back * self.width) else {
                break;
            };
            let (age, bucket) = self.at(then);
            let bucket = Bucket::of(bucket.load(Relaxed));
            if bucket.age == age {
                counts.calls += u32::from(bucket.calls);
                counts.failed += u32::from(bucket.failed);
                counts.slow += u32::from(bucket.slow);
            }
        }
        counts
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        for bucket in &self.buckets {
            bucket.store(0, Relaxed);
        }
    }

    fn at(&self, now_ms: u64) -> (u16, &AtomicU64) {
        let number = now_ms / self.width;
        // The age tells this round of the buckets from earlier ones; 0 is a bucket that was never used.
        let age = (number % u64::from(u16::MAX)) as u16 + 1;
        (age, &self.buckets[(number % BUCKETS) as usize])
    }
}

impl Counts {
    /// The part of the calls that failed.
    pub(crate) fn failed_part(self) -> f32 {
        part(self.failed, self.calls)
    }

    /// The part of the calls that were slow.
    pub(crate) fn slow_part(self) -> f32 {
        part(self.slow, self.calls)
    }
}

fn part(some: u32, all: u32) -> f32 {
    if all == 0 { 0.0 } else { some as f32 / all as f32 }
}

#[derive(Clone, Copy, Default)]
struct Bucket {
    age: u16,
    calls: u16,
    failed: u16,
    slow: u16,
}

impl Bucket {
    fn of(bits: u64) -> Self {
        Self {
            age: (bits >> 48) as u16,
            calls: (bits >> 32) as u16,
            failed: (bits >> 16) as u16,
            slow: bits as u16,
        }
    }

    fn bits(self) -> u64 {
        u64::from(self.age) << 48
            | u64::from(self.calls) << 32
            | u64::from(self.failed) << 16
            | u64::from(self.slow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: Call = Call {
        failed: true,
        slow: false,
    };

    #[test]
    fn what_is_older_than_the_window_is_forgotten_bit_by_bit() {
        let window = Window::new(Duration::from_secs(10));
        window.count(0, FAILED);
        window.count(
            5_000,
            Call {
                failed: false,
                slow: true,
            },
        );
        let counts = window.read(9_999);
        assert_eq!(
            counts,
            Counts {
                calls: 2,
                failed: 1,
                slow: 1
            }
        );
        assert_eq!((counts.failed_part(), counts.slow_part()), (0.5, 0.5));
        assert_eq!(window.read(10_000).calls, 1);
        assert_eq!(window.read(15_000).calls, 0);
        window.count(20_000, FAILED);
        assert_eq!(window.read(20_000).calls, 1);
        window.clear();
        assert_eq!(window.read(20_000), Counts::default());
    }

    #[test]
    fn a_bucket_that_is_full_keeps_its_ratio() {
        let window = Window::new(Duration::from_secs(10));
        for n in 0..200_000 {
            window.count(
                0,
                Call {
                    failed: n % 4 == 0,
                    slow: false,
                },
            );
        }
        let part = window.read(0).failed_part();
        assert!((0.24..0.26).contains(&part), "{part}");
    }
}
