//! The part of a file that a client asks for: one range of bytes, as RFC 9110 (14.2) has it. Pure.

use std::ops::Range;

/// What a `Range` header asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The whole file: nothing was asked, or what we need not understand (several ranges, other units).
    Whole,
    /// These bytes of it.
    Part(Range<u64>),
    /// Bytes that it has not.
    Beyond,
}

/// Reads the header's value for a file of that size.
pub(super) fn read(header: Option<&str>, size: u64) -> Asked {
    let spec = header.and_then(|text| text.trim().strip_prefix("bytes="));
    let Some((first, last)) = spec.and_then(|spec| spec.trim().split_once('-')) else {
        return Asked::Whole;
    };
    let part = match (number(first), number(last)) {
        // The last so many bytes.
        (Number::None, Number::Some(count)) if count > 0 => size.saturating_sub(count)..size,
        (Number::None, Number::Some(_)) => return Asked::Beyond,
        (Number::Some(first), Number::None) => first..size,
        (Number::Some(first), Number::Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        _ => return Asked::Whole,
    };
    match part.is_empty() {
        true => Asked::Beyond,
        false => Asked::Part(part),
    }
}

enum Number {
    None,
    Some(u64),
    Wrong,
}

fn number(text: &str) -> Number {
    let text = text.trim();
    if text.is_empty() {
        return Number::None;
    }
    // `parse` takes a plus sign, which is no digit.
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().map_or(Number::Wrong, Number::Some),
        false => Number::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, asked: &Asked) {
        assert_eq!(read(Some(header), 10), *asked, "{header}");
    }

    #[test]
    fn a_range_has_two_ends_or_one() {
        check("bytes=0-3", &Asked::Part(0..4));
        check("bytes=4-", &Asked::Part(4..10));
        check("bytes=4-99", &Asked::Part(4..10));
        check("bytes=-3", &Asked::Part(7..10));
        check("bytes=-99", &Asked::Part(0..10));
        assert_eq!(read(None, 10), Asked::Whole);
    }

    #[test]
    fn what_begins_behind_the_end_is_told_from_what_makes_no_sense() {
        check("bytes=10-", &Asked::Beyond);
        check("bytes=-0", &Asked::Beyond);
        for nonsense in [
            "bytes=5-4",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=-",
            "bytes=0-1,3-4",
            "lines=1-2",
        ] {
            check(nonsense, &Asked::Whole);
        }
        assert_eq!(read(Some("bytes=0-"), 0), Asked::Beyond);
    }
}
