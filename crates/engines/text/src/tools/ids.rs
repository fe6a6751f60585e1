//! Names for tool calls.

use busbar_core::ToolCallId;

/// Characters of an id's random part.
const LENGTH: usize = 24;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Makes the ids of one answer's calls from a seed: `call_` and 24 letters or digits.
#[derive(Clone, Debug)]
pub struct CallIds {
    state: u64,
}

impl CallIds {
    /// Ids that differ from those of any other seed, in all likelihood.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next id.
    pub fn next_id(&mut self) -> ToolCallId {
        let mut id = String::from("call_");
        for _ in 0..LENGTH {
            let index = usize::try_from(self.draw() % 62).unwrap_or_default();
            id.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'0')));
        }
        ToolCallId::new(id)
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_within_an_answer_and_repeat_with_the_seed() {
        let mut ids = CallIds::new(7);
        let (first, second) = (ids.next_id(), ids.next_id());
        assert_ne!(first, second);
        assert_eq!(CallIds::new(7).next_id(), first);
        assert_ne!(CallIds::new(8).next_id(), first);
        assert_eq!(first.as_str().len(), 29);
        assert!(first.as_str().starts_with("call_"));
    }
}
