//! Measures text in tokens and cuts it where it hurts least: between paragraphs, else sentences,
//! else words, else characters.

use std::{ops::Range, sync::Arc, task::Poll};

use busbar_core::{Result, TokenCounter, Tokens};

use super::border::Border;

/// No more bytes are counted in one go, so that a counter never holds the thread for long.
const COUNTED_AT_ONCE: usize = 32 * 1024;

/// So many bytes are counted before other work gets its turn.
const COUNTED_BETWEEN_BREATHS: usize = 64 * 1024;

/// Measures text in a model's tokens.
#[derive(Clone, Debug)]
pub(super) struct Ruler(Arc<dyn TokenCounter>);

/// A stretch of a text that is not to be cut further.
#[derive(Clone, Debug)]
struct Piece {
    range: Range<usize>,
    tokens: u32,
}

impl Ruler {
    pub(super) fn new(tokens: Arc<dyn TokenCounter>) -> Self {
        Self(tokens)
    }

    /// The tokens of a text that is short.
    pub(super) fn count(&self, text: &str) -> Result<Tokens> {
        self.0.count(text)
    }

    /// Whether a text is at most so long; reads no more of it than it must.
    pub(super) async fn fits(&self, text: &str, limit: Tokens) -> Result<bool> {
        let mut cutter = Cutter::new(&self.0, text, limit);
        let mut sum = Tokens::ZERO;
        while let Some(piece) = cutter.next().await? {
            sum += Tokens(piece.tokens);
            if sum > limit {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Cuts a text into chunks of at most `limit` tokens and of about the same size. Joined in
    /// order they are the text. Only a single character may be longer than the limit.
    pub(super) async fn chunks(&self, text: &str, limit: Tokens) -> Result<Vec<Range<usize>>> {
        let mut cutter = Cutter::new(&self.0, text, limit);
        let mut pieces = Vec::new();
        while let Some(piece) = cutter.next().await? {
            pieces.push(piece);
        }
        let mut chunks = Vec::new();
        for group in packed(&pieces, limit) {
            self.settle(text, group, limit, &mut chunks)?;
        }
        Ok(chunks)
    }

    /// The beginning of a text, at most so long.
    pub(super) async fn clip<'a>(&self, text: &'a str, limit: Tokens) -> Result<&'a str> {
        if self.fits(text, limit).await? {
            return Ok(text);
        }
        // Pieces of a quarter of the limit, so that little is lost at the end.
        let mut cutter = Cutter::new(&self.0, text, Tokens((limit.0 / 4).max(1)));
        let (mut sum, mut end) = (0_u32, 0);
        while let Some(piece) = cutter.next().await? {
            sum = sum.saturating_add(piece.tokens);
            if sum > limit.0 {
                break;
            }
            end = piece.range.end;
        }
        Ok(text[..end].trim_end())
    }

    /// Tokens of pieces do not quite add up to those of their sum, so each group is counted whole,
    /// and halved where that is too long.
    fn settle(
        &self,
        text: &str,
        group: &[Piece],
        limit: Tokens,
        chunks: &mut Vec<Range<usize>>,
    ) -> Result<()> {
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            return Ok(());
        };
        let range = first.range.start..last.range.end;
        let long = range.len() > COUNTED_AT_ONCE;
        if group.len() == 1 || long || self.0.count(&text[range.clone()])? <= limit {
            chunks.push(range);
            return Ok(());
        }
        let (front, back) = group.split_at(group.len() / 2);
        self.settle(text, front, limit, chunks)?;
        self.settle(text, back, limit, chunks)
    }
}

/// Groups of neighbours that together stay within the limit, as even as the borders allow: a last
/// chunk of a few words would be summarised into more words than it has.
fn packed(pieces: &[Piece], limit: Tokens) -> Vec<&[Piece]> {
    let limit = u64::from(limit.0.max(1));
    let mut left: u64 = pieces.iter().map(|piece| u64::from(piece.tokens)).sum();
    let mut groups = Vec::new();
    let (mut start, mut sum, mut even) = (0, 0_u64, share(left, limit));
    for (place, piece) in pieces.iter().enumerate() {
        let tokens = u64::from(piece.tokens);
        let full = sum + tokens > limit || sum + tokens / 2 >= even;
        if sum > 0 && full {
            groups.push(&pieces[start..place]);
            left -= sum;
            (start, sum, even) = (place, 0, share(left, limit));
        }
        sum += tokens;
    }
    groups.push(&pieces[start..]);
    groups
}

/// What each of as few chunks as possible gets.
fn share(left: u64, limit: u64) -> u64 {
    left.div_ceil(left.div_ceil(limit).max(1))
}

/// Walks over a text piece by piece, cutting as finely as the limit demands and no finer.
struct Cutter<'a> {
    tokens: &'a Arc<dyn TokenCounter>,
    text: &'a str,
    limit: Tokens,
    /// What is still to be looked at, the next one last.
    work: Vec<(Range<usize>, Border)>,
    counted: usize,
}

impl<'a> Cutter<'a> {
    fn new(tokens: &'a Arc<dyn TokenCounter>, text: &'a str, limit: Tokens) -> Self {
        Self {
            tokens,
            text,
            limit,
            work: vec![(0..text.len(), Border::Text)],
            counted: 0,
        }
    }

    async fn next(&mut self) -> Result<Option<Piece>> {
        while let Some((range, border)) = self.work.pop() {
            if let Some(tokens) = self.measure(range.clone()).await? {
                return Ok(Some(Piece { range, tokens }));
            }
            let parts = border.parts(self.text, range);
            self.work.extend(parts.into_iter().rev());
        }
        Ok(None)
    }

    /// The tokens of a stretch that needs no more cutting.
    async fn measure(&mut self, range: Range<usize>) -> Result<Option<u32>> {
        let part = &self.text[range];
        if part.len() > COUNTED_AT_ONCE {
            return Ok(None);
        }
        self.counted += part.len();
        if self.counted > COUNTED_BETWEEN_BREATHS {
            self.counted = 0;
            breathe().await;
        }
        let tokens = self.tokens.count(part)?;
        let indivisible = part.chars().nth(1).is_none();
        Ok((tokens <= self.limit || indivisible).then_some(tokens.0))
    }
}

/// Lets other tasks of the thread have a turn.
async fn breathe() {
    let mut taken = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut taken, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A token is three characters, or what is left of a word.
    #[derive(Debug)]
    struct Threes;

    impl TokenCounter for Threes {
        fn count(&self, text: &str) -> Result<Tokens> {
            let words = text
                .split_whitespace()
                .map(|word| word.chars().count().div_ceil(3));
            Ok(Tokens::from_len(words.sum()))
        }
    }

    fn ruler() -> Ruler {
        Ruler::new(Arc::new(Threes))
    }

    fn now<T>(future: impl Future<Output = T>) -> T {
        // Nothing here waits for anything but its own turn.
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(future)
    }

    fn chunks(text: &str, limit: u32) -> Vec<&str> {
        let ranges = now(ruler().chunks(text, Tokens(limit))).unwrap();
        ranges.into_iter().map(|range| &text[range]).collect()
    }

    fn tokens(text: &str) -> u32 {
        Threes.count(text).unwrap().0
    }

    /// Text with every kind of border in it.
    fn text() -> impl Strategy<Value = String> {
        let bit = prop_oneof![
            8 => "[a-zäß]{1,9} ",
            2 => "[a-z]{1,6}[.!?] ",
            1 => Just("\n\n".to_owned()),
            1 => Just("\n".to_owned()),
            1 => "[\u{4e00}-\u{4fff}]{1,30}。",
            1 => "[a-z]{30,120}",
            1 => Just("🦀".to_owned()),
        ];
        prop::collection::vec(bit, 0..300).prop_map(|bits| bits.concat())
    }

    proptest! {
        #[test]
        fn chunks_joined_are_the_text_and_each_fits(text in text(), limit in 1_u32..200) {
            let chunks = chunks(&text, limit);
            prop_assert_eq!(chunks.concat(), text.clone());
            for chunk in chunks {
                prop_assert!(tokens(chunk) <= limit, "{} > {limit}", tokens(chunk));
            }
        }

        #[test]
        fn what_is_clipped_is_the_beginning_and_fits(text in text(), limit in 1_u32..200) {
            let clipped = now(ruler().clip(&text, Tokens(limit))).unwrap();
            prop_assert!(text.starts_with(clipped));
            prop_assert!(tokens(clipped) <= limit);
        }

        #[test]
        fn what_fits_is_one_chunk(text in text(), limit in 1_u32..2000) {
            if now(ruler().fits(&text, Tokens(limit))).unwrap() {
                prop_assert!(chunks(&text, limit).len() <= 1);
                prop_assert_eq!(now(ruler().clip(&text, Tokens(limit))).unwrap(), &text);
            }
        }

        #[test]
        fn even_words_make_even_chunks(words in 20_usize..400) {
            let sizes: Vec<_> = chunks(&"abc ".repeat(words), 20).iter().map(|chunk| tokens(chunk)).collect();
            let (least, most) = (sizes.iter().min(), sizes.iter().max());
            prop_assert!(most.unwrap() - least.unwrap() <= 2, "{sizes:?}");
            prop_assert_eq!(sizes.len(), words.div_ceil(20));
        }
    }

    #[test]
    fn paragraphs_stay_whole_where_they_fit() {
        let text = "one two three.\n\nfour five six.\n\nseven eight nine.";
        assert_eq!(
            chunks(text, 8),
            ["one two three.\n\n", "four five six.\n\n", "seven eight nine."]
        );
    }

    #[test]
    fn sentences_stay_whole_where_they_fit() {
        assert_eq!(
            chunks("Aaa bbb. Ccc ddd. Eee.", 4),
            ["Aaa bbb. ", "Ccc ddd. ", "Eee."]
        );
    }

    #[test]
    fn no_count_is_of_more_than_is_counted_at_once() {
        #[derive(Debug)]
        struct Short;
        impl TokenCounter for Short {
            fn count(&self, text: &str) -> Result<Tokens> {
                assert!(text.len() <= COUNTED_AT_ONCE);
                Threes.count(text)
            }
        }
        let text = "abc".repeat(100_000);
        let ruler = Ruler::new(Arc::new(Short));
        let chunks = now(ruler.chunks(&text, Tokens(50_000))).unwrap();
        assert!(chunks.len() >= 2);
        assert_eq!(chunks.iter().map(Range::len).sum::<usize>(), text.len());
    }
}
