//! Names that nobody can guess.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use busbar_core::{Error, Result, Trace};

/// The longest request id that is taken from a client.
const LONGEST: usize = 128;

/// A new id: the prefix and 128 random bits.
///
/// # Errors
/// `Internal` where the machine has no randomness to give. Whoever knows a stream's name can read
/// it, so a name that can be guessed is worse than none.
pub(crate) fn unguessable(prefix: &str) -> Result<String> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits)
        .map_err(|error| Error::internal(format!("the machine gives no random numbers: {error}")))?;
    Ok(format!("{prefix}{:032x}", u128::from_be_bytes(bits)))
}

/// A new request id. It is no secret, so it is made without asking the machine for randomness each time:
/// a number that counts, under keys that this process drew once.
pub(crate) fn request() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(Default::default);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let [high, low] = KEYS.each_ref().map(|key| key.hash_one(count));
    format!("req-{high:016x}{low:016x}")
}

/// A new request id within a trace: it begins with the trace's, so that whoever has one finds the other.
pub(crate) fn request_in(trace: &Trace) -> String {
    let mut bits = [0; 8];
    match getrandom::fill(&mut bits) {
        Ok(()) => format!("{trace}-{:016x}", u64::from_be_bytes(bits)),
        Err(_) => request(),
    }
}

/// Whether a client's request id can be echoed and logged as it is: visible ASCII, and not long.
pub(crate) fn is_presentable(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ids_differ_and_keep_their_prefix() {
        let (a, b) = (
            unguessable("chatcmpl-").unwrap(),
            unguessable("chatcmpl-").unwrap(),
        );
        assert_ne!(a, b);
        assert!(a.starts_with("chatcmpl-") && a.len() == "chatcmpl-".len() + 32);
    }

    #[test]
    fn only_short_visible_ascii_is_presentable() {
        assert!(is_presentable(b"abc-123") && is_presentable(&[b'x'; 128]));
        for bad in [&b""[..], b"a b", b"a\nb", "ä".as_bytes(), &[b'x'; 129]] {
            assert!(!is_presentable(bad), "{bad:?}");
        }
    }
}
