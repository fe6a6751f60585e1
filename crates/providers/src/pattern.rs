//! Names with a star for "anything": `gpt-4o-*`.

/// Whether a text is what the pattern says. There is no escape: names have no stars.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let Some((before, mut rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(before) else {
        return false;
    };
    // The first place where a part fits is as good as any later one.
    while let Some((part, after)) = rest.split_once('*') {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
        rest = after;
    }
    text.ends_with(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_anything() {
        for (pattern, text) in [
            ("a", "a"),
            ("a*", "a"),
            ("a*", "abc"),
            ("*c", "abc"),
            ("*", ""),
            ("a*b*c", "a-b-b-c"),
            ("*nova-micro*", "us.amazon.nova-micro-v1:0"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("a", "ab"),
            ("a*", "ba"),
            ("a*b", "a"),
            ("a*a", "a"),
            ("*b*b", "ab"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }
}
