//! SHA-256: the value, and hashing while bytes pass.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use sha2::Digest as _;

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// That of a whole file. Blocks as long as the disk needs.
    ///
    /// # Errors
    /// The disk's.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let (mut file, mut hasher) = (File::open(path)?, Hasher::default());
        let mut buffer = vec![0; 1 << 18];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hasher.finish()),
                read => hasher.update(&buffer[..read]),
            }
        }
    }

    /// From 64 hexadecimal digits, of either case.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "must be 64 hexadecimal digits";
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(WRONG);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| WRONG)?;
            // from_str_radix would take a sign.
            if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(WRONG);
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| WRONG)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

/// A hash under way. Clones go on independently, which is what lets a part be started over.
#[derive(Clone, Default)]
pub(crate) struct Hasher(sha2::Sha256);

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(&self) -> Sha256 {
        Sha256(self.0.clone().finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::{Hasher, Sha256};

    #[test]
    fn the_hash_of_a_known_text_is_the_published_one() {
        let mut hasher = Hasher::default();
        hasher.update(b"a");
        hasher.update(b"bc");
        assert_eq!(
            hasher.finish().to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for bad in ["", "abc", &"g".repeat(64), &"+1".repeat(32), &"é".repeat(32)] {
            assert!(Sha256::parse(bad).is_err(), "{bad:?} was taken for a hash");
        }
    }

    #[test]
    fn a_hash_reads_back_as_it_was_written() {
        let text = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
        assert_eq!(Sha256::parse(&text.to_uppercase()).unwrap().to_string(), text);
    }
}
