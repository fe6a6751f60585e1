//! A recipe as EXIF, which PNG, JPEG and WebP files all have a place for. Pure.
//!
//! EXIF is a TIFF file without a picture: a header, one directory of tags, then what the tags say.

/// What the picture shows; here: how it was made, as JSON.
const IMAGE_DESCRIPTION: u16 = 0x010E;
/// What made it.
const SOFTWARE: u16 = 0x0131;
/// Text of 7 bits, ended by a zero.
const ASCII: u16 = 2;

/// EXIF that has this recipe as the picture's description.
pub(super) fn of(recipe: &str) -> Vec<u8> {
    const HEADER: usize = 8;
    const ENTRY: usize = 12;
    // In ascending order, as the format wants it.
    let tags = [(IMAGE_DESCRIPTION, ascii(recipe)), (SOFTWARE, ascii("Busbar"))];
    let mut place = HEADER + 2 + tags.len() * ENTRY + 4;
    let mut exif = b"II*\0".to_vec();
    exif.extend(long(HEADER));
    exif.extend([tags.len() as u8, 0]);
    for (tag, text) in &tags {
        exif.extend(tag.to_le_bytes());
        exif.extend(ASCII.to_le_bytes());
        exif.extend(long(text.len()));
        exif.extend(long(place));
        place += text.len();
    }
    // No directory follows.
    exif.extend(long(0));
    exif.extend(tags.into_iter().flat_map(|(_, text)| text));
    exif
}

/// JSON whose letters beyond ASCII are written as escapes, which every reader of it understands.
fn ascii(text: &str) -> Vec<u8> {
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
    }
    out.push('\0');
    out.into_bytes()
}

/// A recipe is far below 4 GiB.
fn long(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or_default().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_beyond_ascii_become_escapes_that_json_reads_back() {
        let recipe = serde_json::json!({"prompt": "ein Äpfelchen 🍎"});
        let text = ascii(&recipe.to_string());
        let (zero, text) = text.split_last().unwrap();
        assert!(*zero == 0 && text.is_ascii());
        assert_eq!(serde_json::from_slice::<serde_json::Value>(text).unwrap(), recipe);
    }

    #[test]
    fn the_tags_lead_to_what_they_say() {
        let exif = of("{}");
        let number = |at: usize| u32::from_le_bytes(exif[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(&exif[..4], b"II*\0");
        let first = number(4) + 2;
        let (count, place) = (number(first + 4), number(first + 8));
        assert_eq!(&exif[place..place + count], b"{}\0");
        let (count, place) = (number(first + 16), number(first + 20));
        assert_eq!(&exif[place..place + count], b"Busbar\0");
        assert_eq!(place + count, exif.len());
    }
}
