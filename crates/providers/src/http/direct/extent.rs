//! Where the body of an answer ends: after a length, with its last chunk, or with its connection. Knows
//! bytes only; whoever reads them is elsewhere.

/// What may stand beside the lengths of chunks, and after the last, all together. Nobody here wants it.
const MOST_BESIDE: usize = 16 << 10;

/// An answer that is not HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what came is no HTTP: {0}")]
pub(super) struct Malformed(pub(super) &'static str);

/// How much of a body is still to come.
#[derive(Debug)]
pub(super) enum Extent {
    /// So many bytes.
    Length(u64),
    /// Chunks, each with its length.
    Chunks(Chunks),
    /// Whatever comes until the connection ends.
    Connection,
}

/// Where in a chunk the next byte stands.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    place: Place,
    /// Bytes that are left of the chunk; while its length is read, the length so far.
    left: u64,
    /// Bytes that stood beside.
    beside: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Before the first digit of a length.
    #[default]
    Length,
    Digits,
    AfterDigits,
    Extension,
    LengthLf,
    Data,
    DataCr,
    DataLf,
    /// At the beginning of a line after the last chunk.
    Trailer,
    InTrailer,
    TrailerLf,
    LastLf,
    Over,
}

impl Extent {
    /// Nothing to come.
    pub(super) const NONE: Self = Self::Length(0);

    /// Takes what was read, and adds what belongs to the body to `body`. How many bytes it took: fewer
    /// than there are only where the body is over.
    pub(super) fn take(&mut self, read: &[u8], body: &mut Vec<u8>) -> Result<usize, Malformed> {
        match self {
            Self::Length(left) => {
                let data = up_to(read, *left);
                body.extend_from_slice(data);
                *left -= data.len() as u64;
                Ok(data.len())
            }
            Self::Chunks(chunks) => chunks.take(read, body),
            Self::Connection => {
                body.extend_from_slice(read);
                Ok(read.len())
            }
        }
    }

    /// Whether all of it was taken.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunks(chunks) => chunks.place == Place::Over,
            Self::Connection => false,
        }
    }
}

impl Chunks {
    fn take(&mut self, read: &[u8], body: &mut Vec<u8>) -> Result<usize, Malformed> {
        let mut at = 0;
        while let Some(&byte) = read.get(at).filter(|_| self.place != Place::Over) {
            if self.place == Place::Data {
                let data = up_to(&read[at..], self.left);
                body.extend_from_slice(data);
                self.left -= data.len() as u64;
                at += data.len();
                if self.left == 0 {
                    self.place = Place::DataCr;
                }
                continue;
            }
            self.place = self.after(byte)?;
            at += 1;
        }
        Ok(at)
    }

    /// The place after a byte that is none of the body.
    fn after(&mut self, byte: u8) -> Result<Place, Malformed> {
        Ok(match (self.place, byte) {
            (Place::Length | Place::Digits, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(byte)?,
            (Place::Digits | Place::AfterDigits, b' ' | b'\t') => self.beside(Place::AfterDigits)?,
            (Place::Digits | Place::AfterDigits, b';') => Place::Extension,
            (Place::Digits | Place::AfterDigits | Place::Extension, b'\r') => Place::LengthLf,
            (Place::Extension, byte) if byte != b'\n' => self.beside(Place::Extension)?,
            (Place::LengthLf, b'\n') if self.left == 0 => Place::Trailer,
            (Place::LengthLf, b'\n') => Place::Data,
            (Place::DataCr, b'\r') => Place::DataLf,
            (Place::DataLf, b'\n') => Place::Length,
            (Place::Trailer, b'\r') => Place::LastLf,
            (Place::InTrailer, b'\r') => Place::TrailerLf,
            (Place::Trailer | Place::InTrailer, byte) if byte != b'\n' => self.beside(Place::InTrailer)?,
            (Place::TrailerLf, b'\n') => Place::Trailer,
            (Place::LastLf, b'\n') => Place::Over,
            _ => return Err(Malformed("a chunk does not begin or end as it should")),
        })
    }

    fn digit(&mut self, byte: u8) -> Result<Place, Malformed> {
        let digit = char::from(byte).to_digit(16).unwrap_or_default();
        // Sixteen digits fit: what would be pushed out must be nothing.
        if self.left >> 60 != 0 {
            return Err(Malformed("a chunk is longer than can be"));
        }
        self.left = self.left << 4 | u64::from(digit);
        Ok(Place::Digits)
    }

    fn beside(&mut self, place: Place) -> Result<Place, Malformed> {
        self.beside += 1;
        match self.beside > MOST_BESIDE {
            true => Err(Malformed("too much stands beside its chunks")),
            false => Ok(place),
        }
    }
}

/// The beginning of these bytes, as long as that at most.
fn up_to(bytes: &[u8], most: u64) -> &[u8] {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    &bytes[..bytes.len().min(most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes these bytes in pieces of that size: the body, and how many bytes were not taken.
    fn taken(mut extent: Extent, bytes: &[u8], size: usize) -> Result<(Vec<u8>, usize, bool), Malformed> {
        let (mut body, mut left) = (Vec::new(), 0);
        for piece in bytes.chunks(size) {
            left += piece.len() - extent.take(piece, &mut body)?;
        }
        Ok((body, left, extent.is_over()))
    }

    fn chunks() -> Extent {
        Extent::Chunks(Chunks::default())
    }

    #[test]
    fn chunks_are_the_same_wherever_the_pieces_end() {
        let bytes = b"5\r\nhello\r\n1 ;a=\"b\"\r\n,\r\n00A\t\r\n 01234\r\n89\r\n0\r\nx: y\r\nz: \r\n\r\nmore";
        for size in 1..=bytes.len() {
            let whole = (b"hello, 01234\r\n89".to_vec(), 4, true);
            assert_eq!(taken(chunks(), bytes, size), Ok(whole), "in pieces of {size}");
        }
    }

    #[test]
    fn chunks_that_are_cut_off_anywhere_are_not_over() {
        let bytes = b"5\r\nhello\r\n0\r\nx: y\r\n\r\n";
        for end in 0..bytes.len() {
            let (_, _, over) = taken(chunks(), &bytes[..end], 7).unwrap();
            assert!(!over, "cut at {end}");
        }
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for bytes in [
            &b"\r\n"[..],
            b" 5\r\n",
            b"g\r\n",
            b"-1\r\n",
            b"+1\r\n",
            b"0x1\r\n",
            b"5\n",
            b"5\rx",
            b"5 6\r\n",
            b"5;a\nb\r\n",
            b"1\r\nab",
            b"1\r\na\nb",
            b"1\r\na\r\r",
            b"0\r\n\n",
            b"0\r\nx: y\n",
            b"0\r\nx: y\r\r",
            b"0\r\n\rx",
            b"10000000000000000\r\n",
        ] {
            for size in [1, bytes.len()] {
                assert!(taken(chunks(), bytes, size).is_err(), "{}", bytes.escape_ascii());
            }
        }
    }

    #[test]
    fn the_longest_length_is_read_and_not_exceeded() {
        let mut body = Vec::new();
        let mut extent = chunks();
        extent.take(b"ffffffffffffffff\r\nabc", &mut body).unwrap();
        assert_eq!((&body[..], extent.is_over()), (&b"abc"[..], false));
    }

    #[test]
    fn what_stands_beside_is_bounded() {
        for begin in ["1;", "0\r\n"] {
            let endless = [begin.as_bytes(), &[b'x'; MOST_BESIDE + 1]].concat();
            assert!(taken(chunks(), &endless, 1000).is_err(), "{begin}");
        }
        let lines = "1;x\r\na\r\n".repeat(MOST_BESIDE + 1);
        assert!(taken(chunks(), lines.as_bytes(), 1000).is_err());
    }

    #[test]
    fn a_length_takes_no_more_than_it_says() {
        for size in 1..8 {
            let whole = (b"hello".to_vec(), 2, true);
            assert_eq!(taken(Extent::Length(5), b"hello!!", size), Ok(whole), "{size}");
        }
        assert!(Extent::NONE.is_over());
    }
}
