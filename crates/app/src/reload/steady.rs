//! A value that is believed once it was seen twice: who looks at a file while it is being written sees a
//! part of it, and a part of a configuration may well be a right one.

/// The last value that was believed, and the one that may come next.
#[derive(Debug)]
pub(super) struct Steady<T> {
    believed: Option<T>,
    seen: Option<T>,
}

impl<T: PartialEq + Clone> Steady<T> {
    pub(super) fn new() -> Self {
        Self {
            believed: None,
            seen: None,
        }
    }

    /// A look; gives the value where it is new and was there at the look before.
    pub(super) fn look(&mut self, now: T) -> Option<T> {
        let twice = self.seen.as_ref() == Some(&now);
        if !twice {
            self.seen = Some(now);
            return None;
        }
        if self.believed.as_ref() == Some(&now) {
            return None;
        }
        self.believed = Some(now.clone());
        Some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(looks: &[&str]) -> Vec<String> {
        let mut steady = Steady::new();
        let believed = looks.iter().filter_map(|now| steady.look((*now).to_owned()));
        believed.collect()
    }

    #[test]
    fn what_was_seen_twice_is_told_once() {
        assert_eq!(check(&["a", "a", "a", "b", "b", "b", "a", "a"]), ["a", "b", "a"]);
    }

    #[test]
    fn what_is_seen_in_passing_is_not_told() {
        assert_eq!(check(&["a", "a", "", "a", "part", "parts", "b", "b"]), ["a", "b"]);
    }
}
