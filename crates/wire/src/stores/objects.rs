//! What a store of objects says of its objects: a list of names, as XML.
//!
//! Only the names are read, by their element alone: nothing else in the document has one that is called so.

use busbar_core::Result;

use super::nonsense;

const OPEN: &str = "<Key>";
const CLOSE: &str = "</Key>";
/// What stands for characters that XML has for itself.
const ENTITIES: &[(&str, char)] = &[
    ("&amp;", '&'),
    ("&lt;", '<'),
    ("&gt;", '>'),
    ("&quot;", '"'),
    ("&apos;", '\''),
];

/// The names in a list of objects, in its order.
///
/// # Errors
/// `BadUpstream` where it is no list.
pub fn names(list: &[u8]) -> Result<Vec<String>> {
    let mut rest = std::str::from_utf8(list).map_err(|_| nonsense("list of objects"))?;
    if !rest.contains("<ListBucketResult") {
        return Err(nonsense("list of objects"));
    }
    let mut names = Vec::new();
    while let Some((_, name)) = rest.split_once(OPEN) {
        let (name, after) = name
            .split_once(CLOSE)
            .ok_or_else(|| nonsense("list of objects"))?;
        names.push(plain(name));
        rest = after;
    }
    Ok(names)
}

fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let entity = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity));
        let (c, length) = entity.map_or((c, c.len_utf8()), |(entity, c)| (*c, entity.len()));
        out.push(c);
        rest = &rest[length..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_their_order_and_as_they_are_meant() {
        let list = "<?xml version='1.0'?><ListBucketResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>\
            <Name>b</Name><Prefix>files/</Prefix><Contents><Key>files/a.png</Key><Size>1</Size></Contents>\
            <Contents><Key>files/&lt;x&gt;&amp;amp;é</Key></Contents></ListBucketResult>";
        assert_eq!(
            names(list.as_bytes()).unwrap(),
            ["files/a.png", "files/<x>&amp;é"]
        );
        assert!(names(b"<ListBucketResult/>").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for wrong in [&b""[..], b"<html>", b"\xff", b"<ListBucketResult><Key>a"] {
            assert!(names(wrong).is_err());
        }
    }
}
