//! Reads little-endian numbers and texts, never beyond the end of the file.

use std::io::{BufReader, Read, Seek, SeekFrom};

use super::GgufError;

/// A file with its length and the place that is read next.
pub(super) struct Source<R> {
    reader: BufReader<R>,
    position: u64,
    length: u64,
}

impl<R: Read + Seek> Source<R> {
    pub(super) fn new(mut file: R) -> Result<Self, GgufError> {
        let length = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        Ok(Self {
            reader: BufReader::with_capacity(64 << 10, file),
            position: 0,
            length,
        })
    }

    /// The place that is read next.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The file's length.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Refuses a count of things that the rest of the file has no room for.
    pub(super) fn fits(&self, what: &str, count: u64, smallest: u64) -> Result<(), GgufError> {
        let room = (self.length - self.position) / smallest;
        if count <= room {
            return Ok(());
        }
        Err(GgufError::corrupt(format!(
            "it claims {count} {what}, more than a file of {} bytes can hold",
            self.length
        )))
    }

    pub(super) fn array<const N: usize>(&mut self, within: &str) -> Result<[u8; N], GgufError> {
        let mut bytes = [0; N];
        self.take(N as u64, within)?;
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn u32(&mut self, within: &str) -> Result<u32, GgufError> {
        Ok(u32::from_le_bytes(self.array(within)?))
    }

    pub(super) fn u64(&mut self, within: &str) -> Result<u64, GgufError> {
        Ok(u64::from_le_bytes(self.array(within)?))
    }

    /// A text of at most `longest` bytes.
    pub(super) fn text(&mut self, within: &str, longest: u64) -> Result<String, GgufError> {
        let length = self.u64(within)?;
        if length > longest {
            return Err(GgufError::corrupt(format!(
                "{within} holds a text of {length} bytes; {longest} are allowed"
            )));
        }
        self.take(length, within)?;
        // `take` has checked that the file holds as much.
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        self.reader.read_exact(&mut bytes)?;
        String::from_utf8(bytes)
            .map_err(|_| GgufError::corrupt(format!("{within} holds a text that is no UTF-8")))
    }

    /// Goes past a text.
    pub(super) fn skip_text(&mut self, within: &str) -> Result<(), GgufError> {
        let length = self.u64(within)?;
        self.skip(length, within)
    }

    /// Goes past bytes.
    pub(super) fn skip(&mut self, length: u64, within: &str) -> Result<(), GgufError> {
        self.take(length, within)?;
        // `take` has checked that this stays within the file, whose length fits an `i64`.
        self.reader
            .seek_relative(i64::try_from(length).unwrap_or_default())?;
        Ok(())
    }

    /// Accounts for bytes that are read next.
    fn take(&mut self, length: u64, within: &str) -> Result<(), GgufError> {
        match self.position.checked_add(length) {
            Some(end) if end <= self.length => {
                self.position = end;
                Ok(())
            }
            _ => Err(GgufError::Truncated(within.to_owned())),
        }
    }
}
