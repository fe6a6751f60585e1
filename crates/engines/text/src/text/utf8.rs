//! Bytes in, whole characters out.

/// Joins bytes that come in pieces into whole characters. Bytes that no character has become
/// U+FFFD, one for each maximal broken sequence, as `String::from_utf8_lossy` does it.
#[derive(Debug, Default)]
pub struct Utf8Joiner {
    /// The beginning of a character whose rest has not come yet; at most 3 bytes.
    pending: Vec<u8>,
}

impl Utf8Joiner {
    /// Adds bytes and appends what is whole to `text`.
    pub fn push(&mut self, bytes: &[u8], text: &mut String) {
        if self.pending.is_empty() {
            let whole = append_whole(bytes, text);
            self.pending
                .extend_from_slice(bytes.get(whole..).unwrap_or_default());
            return;
        }
        self.pending.extend_from_slice(bytes);
        let whole = append_whole(&self.pending, text);
        self.pending.drain(..whole);
    }

    /// Says that no bytes follow: a character that is only begun is replaced.
    pub fn finish(&mut self, text: &mut String) {
        if !self.pending.is_empty() {
            self.pending.clear();
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// Appends the characters at the front of `bytes` and tells how many bytes they were.
fn append_whole(bytes: &[u8], text: &mut String) -> usize {
    let mut done = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        done += chunk.valid().len();
        let invalid = chunk.invalid();
        let at_end = done + invalid.len() == bytes.len();
        if at_end && may_be_completed(invalid) {
            return done;
        }
        if !invalid.is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
            done += invalid.len();
        }
    }
    done
}

/// Whether bytes are the beginning of a character.
fn may_be_completed(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(pieces: &[&[u8]]) -> String {
        let mut joiner = Utf8Joiner::default();
        let mut text = String::new();
        for piece in pieces {
            joiner.push(piece, &mut text);
        }
        joiner.finish(&mut text);
        text
    }

    #[test]
    fn a_character_waits_for_its_last_byte() {
        let mut joiner = Utf8Joiner::default();
        let mut text = String::new();
        let bytes = "🦀".as_bytes();
        joiner.push(&bytes[..3], &mut text);
        assert_eq!(text, "");
        joiner.push(&bytes[3..], &mut text);
        assert_eq!(text, "🦀");
    }

    #[test]
    fn broken_bytes_are_replaced_at_once_and_half_a_character_at_the_end() {
        assert_eq!(joined(&[b"a\xffb"]), "a\u{fffd}b");
        assert_eq!(joined(&[b"\xe2\x82", b"x"]), "\u{fffd}x");
        assert_eq!(joined(&[b"\xe2\x82"]), "\u{fffd}");
    }

    proptest! {
        #[test]
        fn any_split_gives_what_the_whole_gives(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..64),
                any::<String>().prop_map(String::into_bytes),
            ],
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
        ) {
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            let mut joiner = Utf8Joiner::default();
            let mut text = String::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([bytes.len()]) {
                joiner.push(&bytes[from..cut], &mut text);
                from = cut;
            }
            joiner.finish(&mut text);
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}
