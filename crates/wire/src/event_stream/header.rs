//! A message's headers: texts are kept, values of other types are measured and passed over.

use super::Malformed;

/// The types of header values, by the number that stands before them.
mod kind {
    pub(super) const TRUE: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const BYTE: u8 = 2;
    pub(super) const SHORT: u8 = 3;
    pub(super) const INTEGER: u8 = 4;
    pub(super) const LONG: u8 = 5;
    pub(super) const BYTES: u8 = 6;
    pub(super) const STRING: u8 = 7;
    pub(super) const TIMESTAMP: u8 = 8;
    pub(super) const UUID: u8 = 9;
}

/// The headers that are texts, in order.
pub(super) fn read(mut bytes: &[u8]) -> Result<Vec<(String, String)>, Malformed> {
    let mut headers = Vec::new();
    while !bytes.is_empty() {
        let name_length = usize::from(take(&mut bytes, 1)?[0]);
        let name = take(&mut bytes, name_length)?;
        let kind = take(&mut bytes, 1)?[0];
        let length = match kind {
            kind::TRUE | kind::FALSE => 0,
            kind::BYTE => 1,
            kind::SHORT => 2,
            kind::INTEGER => 4,
            kind::LONG | kind::TIMESTAMP => 8,
            kind::UUID => 16,
            kind::BYTES | kind::STRING => {
                let length = take(&mut bytes, 2)?;
                usize::from(u16::from_be_bytes([length[0], length[1]]))
            }
            _ => return Err(Malformed::Header),
        };
        let value = take(&mut bytes, length)?;
        if kind == kind::STRING {
            headers.push((text(name)?, text(value)?));
        }
    }
    Ok(headers)
}

/// The next bytes; always as many as were asked for.
fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (taken, rest) = bytes.split_at_checked(length).ok_or(Malformed::Header)?;
    *bytes = rest;
    Ok(taken)
}

fn text(bytes: &[u8]) -> Result<String, Malformed> {
    std::str::from_utf8(bytes)
        .map(str::to_owned)
        .map_err(|_| Malformed::Header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_type_are_passed_over_and_texts_are_kept() {
        let mut bytes = Vec::new();
        let values: [(u8, &[u8]); 9] = [
            (kind::TRUE, &[]),
            (kind::FALSE, &[]),
            (kind::BYTE, &[1]),
            (kind::SHORT, &[1; 2]),
            (kind::INTEGER, &[1; 4]),
            (kind::LONG, &[1; 8]),
            (kind::TIMESTAMP, &[1; 8]),
            (kind::UUID, &[1; 16]),
            (kind::BYTES, &[0, 3, 7, 7, 7]),
        ];
        for (kind, value) in values {
            bytes.extend([1, b'n', kind]);
            bytes.extend(value);
        }
        bytes.extend([2, b'i', b'd', kind::STRING, 0, 1, b'x']);
        assert_eq!(read(&bytes), Ok(vec![("id".to_owned(), "x".to_owned())]));
    }

    #[test]
    fn what_is_cut_off_or_of_no_known_type_is_malformed() {
        for wrong in [
            &[3, b'a'][..],
            &[1, b'a'],
            &[1, b'a', 10],
            &[1, b'a', kind::STRING, 0],
            &[1, b'a', kind::STRING, 0, 2, b'x'],
            &[1, b'a', kind::STRING, 0, 1, 0xff],
        ] {
            assert_eq!(read(wrong), Err(Malformed::Header), "{wrong:?}");
        }
    }
}
