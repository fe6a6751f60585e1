//! Stop texts: an answer ends before the first of them, wherever the token borders lie.
//!
//! The first is the one that is complete first; of several complete at the same place, the longest.

use std::borrow::Cow;

/// Looks for stop texts in text that comes in pieces, and holds back what may be the beginning of
/// one.
#[derive(Debug)]
pub struct StopScanner {
    stops: Vec<String>,
    /// Text that is not released: it may be the beginning of a stop text.
    held: String,
    stopped: Option<usize>,
}

impl StopScanner {
    /// Looks for these; empty ones are ignored.
    pub fn new<S: Into<String>>(stops: impl IntoIterator<Item = S>) -> Self {
        Self {
            stops: stops
                .into_iter()
                .map(Into::into)
                .filter(|stop: &String| !stop.is_empty())
                .collect(),
            held: String::new(),
            stopped: None,
        }
    }

    /// Whether a stop text has come.
    pub fn stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// The stop text that has come.
    pub fn stop_text(&self) -> Option<&str> {
        self.stopped.map(|which| self.stops[which].as_str())
    }

    /// Adds text and answers with what is safe to show. Once stopped, nothing more is.
    pub fn push<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        if self.stopped.is_some() {
            return "".into();
        }
        if self.stops.is_empty() {
            return text.into();
        }
        self.held.push_str(text);
        if let Some((at, which)) = self.first_stop() {
            self.stopped = Some(which);
            let mut before = std::mem::take(&mut self.held);
            before.truncate(at);
            return before.into();
        }
        let rest = self.held.split_off(self.held.len() - self.open_suffix());
        std::mem::replace(&mut self.held, rest).into()
    }

    /// Says that no text follows: what was held back is no stop text.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Where the first complete stop text begins, and which it is.
    fn first_stop(&self) -> Option<(usize, usize)> {
        self.stops
            .iter()
            .enumerate()
            .filter_map(|(which, stop)| {
                let start = self.held.find(stop)?;
                Some((start + stop.len(), start, which))
            })
            .min()
            .map(|(_, start, which)| (start, which))
    }

    /// How many bytes at the end may be the beginning of a stop text.
    fn open_suffix(&self) -> usize {
        self.stops
            .iter()
            .map(|stop| open_suffix(&self.held, stop))
            .max()
            .unwrap_or(0)
    }
}

/// The length of the longest end of `text` that begins `wanted` without being all of it.
pub(crate) fn open_suffix(text: &str, wanted: &str) -> usize {
    let longest = text.len().min(wanted.len().saturating_sub(1));
    (1..=longest)
        .rev()
        .find(|&length| {
            wanted
                .get(..length)
                .is_some_and(|beginning| text.ends_with(beginning))
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is shown of text in pieces, and whether it stopped.
    fn check(stops: &[&str], pieces: &[&str]) -> (String, bool) {
        let mut scanner = StopScanner::new(stops.iter().copied());
        let mut shown = String::new();
        for piece in pieces {
            shown.push_str(&scanner.push(piece));
        }
        let stopped = scanner.stopped();
        shown.push_str(&scanner.finish());
        (shown, stopped)
    }

    #[test]
    fn a_stop_text_across_pieces_is_never_shown_in_part() {
        assert_eq!(check(&["END"], &["so E", "N", "D and on"]), ("so ".into(), true));
        let mut scanner = StopScanner::new(["END"]);
        assert_eq!(scanner.push("so E"), "so ");
        assert_eq!(scanner.push("N"), "");
        assert_eq!(scanner.push("E"), "EN");
    }

    #[test]
    fn the_earliest_of_several_counts() {
        assert_eq!(check(&["\n\n", "User:"], &["a User: b\n\n"]), ("a ".into(), true));
    }

    #[test]
    fn a_text_that_only_begins_like_a_stop_comes_out_at_the_end() {
        assert_eq!(check(&["###"], &["a#", "#"]), ("a##".into(), false));
    }

    #[test]
    fn without_stops_nothing_is_held() {
        assert_eq!(check(&["", ""], &["a", "b"]), ("ab".into(), false));
    }

    #[test]
    fn nothing_follows_a_stop() {
        assert_eq!(check(&["."], &["a.", "b", "c"]), ("a".into(), true));
    }

    /// The same by trying every end in turn.
    fn cut(whole: &str, stops: &[String]) -> Option<usize> {
        let ends = whole.char_indices().map(|(at, c)| at + c.len_utf8());
        ends.filter_map(|end| {
            let complete = stops
                .iter()
                .filter(|stop| !stop.is_empty() && whole[..end].ends_with(*stop));
            complete.map(|stop| end - stop.len()).min()
        })
        .next()
    }

    #[test]
    fn a_stop_that_is_complete_ends_the_answer_though_a_longer_one_is_begun() {
        assert_eq!(check(&["abc", "b"], &["abc"]), ("a".into(), true));
        assert_eq!(check(&["abc", "b"], &["a", "b", "c"]), ("a".into(), true));
    }

    proptest! {
        #[test]
        fn any_split_is_cut_where_the_whole_is(
            pieces in proptest::collection::vec("[abé]{0,4}", 0..12),
            stops in proptest::collection::vec("[abé]{0,4}", 0..4),
        ) {
            let whole = pieces.concat();
            let cut = cut(&whole, &stops);
            let mut scanner = StopScanner::new(stops.iter().cloned());
            let mut shown = String::new();
            for piece in &pieces {
                shown.push_str(&scanner.push(piece));
                // What is shown stays within the answer at every moment.
                prop_assert!(whole[..cut.unwrap_or(whole.len())].starts_with(&shown));
            }
            prop_assert_eq!(scanner.stopped(), cut.is_some());
            shown.push_str(&scanner.finish());
            prop_assert_eq!(&shown, &whole[..cut.unwrap_or(whole.len())]);
        }
    }
}
