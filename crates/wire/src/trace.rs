//! Trace context in the two forms that callers send: `traceparent` of the W3C's "Trace Context", and the
//! header of AWS X-Ray. What is not exactly of its form is no trace.

use std::num::{NonZeroU64, NonZeroU128};

use busbar_core::Trace;

/// The W3C's header.
pub const PARENT: &str = "traceparent";
/// The W3C's header beside it.
pub const STATE: &str = "tracestate";
/// X-Ray's header.
pub const XRAY: &str = "x-amzn-trace-id";

/// Later versions of the W3C's may be longer; nothing is read of this size.
const LONGEST: usize = 256;
/// `00-<32>-<16>-<2>`
const PARENT_LENGTH: usize = 55;
const SAMPLED: u8 = 1;
/// A `tracestate` has so many members at most, by its specification, and with us so many bytes.
const MEMBERS: usize = 32;
const LONGEST_STATE: usize = 2048;
/// The longest key of a member, and the longest value.
const LONGEST_MEMBER: usize = 256;

/// What a `traceparent` says.
pub fn parent(value: &[u8]) -> Option<Trace> {
    let (known, more) = value.split_at_checked(PARENT_LENGTH)?;
    let [version, id, parent, flags] = fields(known)?;
    let version = u8::try_from(hex(version, 2)?).ok()?;
    let fits = match version {
        0 => more.is_empty(),
        // Said never to be used.
        0xff => false,
        // What later versions add stands behind another dash.
        _ => value.len() <= LONGEST && more.first().is_none_or(|first| *first == b'-'),
    };
    let flags = u8::try_from(hex(flags, 2)?).ok()?;
    fits.then_some(Trace {
        id: NonZeroU128::new(hex(id, 32)?)?,
        parent: Some(span(parent)?),
        sampled: Some(flags & SAMPLED != 0),
        state: None,
    })
}

/// What X-Ray's header says.
pub fn xray(value: &[u8]) -> Option<Trace> {
    if value.len() > LONGEST {
        return None;
    }
    let (mut id, mut parent, mut sampled) = (None, None, None);
    for field in value.split(|byte| *byte == b';') {
        let field = field.trim_ascii();
        let (name, value) = field.split_at(field.iter().position(|byte| *byte == b'=')?);
        let value = value.get(1..)?;
        // What stands there twice may have been put there by two; neither is believed.
        match name {
            b"Root" if id.is_none() => id = Some(root(value)?),
            b"Parent" if parent.is_none() => parent = Some(span(value)?),
            b"Sampled" if sampled.is_none() => {
                sampled = Some(match value {
                    b"1" => Some(true),
                    b"0" => Some(false),
                    b"?" => None,
                    _ => return None,
                });
            }
            b"Root" | b"Parent" | b"Sampled" => return None,
            _ => {}
        }
    }
    Some(Trace {
        id: id?,
        parent,
        sampled: sampled.flatten(),
        state: None,
    })
}

/// What all `tracestate` headers of a request say together, to go on with its `traceparent`; `None` where they say
/// nothing, or anything that is not of their form.
pub fn state<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Option<Box<str>> {
    let mut members: Vec<(&str, &str)> = Vec::new();
    for member in values
        .into_iter()
        .flat_map(|value| value.split(|byte| *byte == b','))
    {
        let member = std::str::from_utf8(member).ok()?.trim_matches([' ', '\t']);
        if member.is_empty() {
            continue;
        }
        let (key, value) = member.split_once('=')?;
        let fits = is_key(key) && is_value(value) && members.len() < MEMBERS;
        if !fits || members.iter().any(|(known, _)| *known == key) {
            return None;
        }
        members.push((key, value));
    }
    let state: Vec<String> = members
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let state = state.join(",");
    (!state.is_empty() && state.len() <= LONGEST_STATE).then(|| state.into())
}

fn is_key(key: &str) -> bool {
    let first = key.bytes().next();
    first.is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit())
        && key.len() <= LONGEST_MEMBER
        && key
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte))
}

fn is_value(value: &str) -> bool {
    (1..=LONGEST_MEMBER).contains(&value.len())
        && value
            .bytes()
            .all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'=')
}

/// The trace as a `traceparent`, for the next one. Whoever has no call to name cannot write one.
pub fn write_parent(trace: &Trace) -> Option<String> {
    let flags = u8::from(trace.sampled == Some(true));
    Some(format!("00-{trace}-{:016x}-{flags:02x}", trace.parent?))
}

/// The trace as X-Ray has it, for the next one.
pub fn write_xray(trace: &Trace) -> String {
    let id = trace.to_string();
    let (time, rest) = id.split_at(8);
    let parent = trace.parent.map(|parent| format!(";Parent={parent:016x}"));
    let sampled = match trace.sampled {
        Some(true) => ";Sampled=1",
        Some(false) => ";Sampled=0",
        None => "",
    };
    format!("Root=1-{time}-{rest}{}{sampled}", parent.unwrap_or_default())
}

/// `1-<8>-<24>`
fn root(value: &[u8]) -> Option<NonZeroU128> {
    let mut fields = value.split(|byte| *byte == b'-');
    let (version, time, rest) = (fields.next()?, fields.next()?, fields.next()?);
    if version != b"1" || fields.next().is_some() {
        return None;
    }
    NonZeroU128::new(hex(time, 8)? << 96 | hex(rest, 24)?)
}

fn span(value: &[u8]) -> Option<NonZeroU64> {
    NonZeroU64::new(u64::try_from(hex(value, 16)?).ok()?)
}

fn fields(value: &[u8]) -> Option<[&[u8]; 4]> {
    let mut fields = value.split(|byte| *byte == b'-');
    let four = [fields.next()?, fields.next()?, fields.next()?, fields.next()?];
    fields.next().is_none().then_some(four)
}

/// Just so many digits, in lower case as both forms want them.
fn hex(digits: &[u8], count: usize) -> Option<u128> {
    if digits.len() != count {
        return None;
    }
    digits.iter().try_fold(0, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u128::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const W3C: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const AMZN: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    #[test]
    fn both_forms_are_read_and_written() {
        let trace = parent(W3C.as_bytes()).unwrap();
        assert_eq!(trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(trace.sampled, Some(true));
        assert_eq!(write_parent(&trace).unwrap(), W3C);
        let trace = xray(AMZN.as_bytes()).unwrap();
        assert_eq!(trace.to_string(), "5759e988bd862e3fe1be46a994272793");
        assert_eq!(write_xray(&trace), AMZN);
    }

    #[track_caller]
    fn check_state(values: &[&str], expected: Option<&str>) {
        let values = values.iter().map(|value| value.as_bytes());
        assert_eq!(state(values).as_deref(), expected);
    }

    #[test]
    fn what_systems_noted_goes_on_as_it_came_and_nothing_else() {
        check_state(
            &["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"],
            Some("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        );
        check_state(&["a=1 , ,\tt@b=2", "c/d*=!~ x"], Some("a=1,t@b=2,c/d*=!~ x"));
        let long = format!("a={}", "x".repeat(257));
        let many: Vec<String> = (0..33).map(|n| format!("k{n}=v")).collect();
        let large: Vec<String> = (0..12).map(|n| format!("k{n}={}", "v".repeat(250))).collect();
        for wrong in [
            "",
            " ,",
            "a",
            "A=1",
            "a=",
            "=1",
            "a=1=2",
            "a=1,a=2",
            "a=\u{e4}",
            &long,
            &many.join(","),
            &large.join(","),
        ] {
            check_state(&[wrong], None);
        }
        check_state(&["a=1", "a=2"], None);
    }

    #[test]
    fn what_gateways_add_is_read_and_what_they_leave_out_is_missing() {
        let header = b"Self=1-67891234-12456789abcdef012345678;Root=1-67891233-abcdef012345678912345678";
        let trace = xray(header).unwrap();
        assert_eq!((trace.parent, trace.sampled), (None, None));
        assert_eq!(write_parent(&trace), None);
        assert_eq!(write_xray(&trace), "Root=1-67891233-abcdef012345678912345678");
        let lineage = format!("{AMZN};Lineage=a87bd80c:1|68fd508a:5|c512fbe3:2");
        assert_eq!(xray(lineage.as_bytes()), xray(AMZN.as_bytes()));
        assert_eq!(
            xray(b"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=?")
                .unwrap()
                .sampled,
            None
        );
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = W3C.replacen("00", "01", 1);
        assert!(parent(later.as_bytes()).is_some());
        assert!(parent(format!("{later}-what-comes").as_bytes()).is_some());
        assert!(parent(format!("{later}.what-comes").as_bytes()).is_none());
        assert!(parent(format!("{later}-{}", "x".repeat(300)).as_bytes()).is_none());
    }

    #[test]
    fn what_is_nearly_a_trace_is_none() {
        for wrong in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(parent(wrong.as_bytes()), None, "{wrong}");
        }
        for wrong in [
            "",
            "Root",
            "Parent=53995c3f42cd8ad8",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e988-bd862e3fe1be46a994272793-1",
            "Root=1-5759e988-bd862e3fe1be46a99427279",
            "Root=1-00000000-000000000000000000000000",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=1",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=2",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Root=1-5759e988-bd862e3fe1be46a994272794",
        ] {
            assert_eq!(xray(wrong.as_bytes()), None, "{wrong}");
        }
    }

    fn traces() -> impl Strategy<Value = Trace> {
        let span = proptest::option::of((1..u64::MAX).prop_map(|span| NonZeroU64::new(span).unwrap()));
        (1..u128::MAX, span, proptest::option::of(any::<bool>())).prop_map(|(id, parent, sampled)| Trace {
            id: NonZeroU128::new(id).unwrap(),
            parent,
            sampled,
            state: None,
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_is_read(trace in traces()) {
            prop_assert_eq!(xray(write_xray(&trace).as_bytes()), Some(trace.clone()));
            let told = write_parent(&trace).map(|text| parent(text.as_bytes()).unwrap());
            prop_assert_eq!(told.map(|told| (told.id, told.parent)), trace.parent.map(|span| (trace.id, Some(span))));
        }

        #[test]
        fn no_bytes_break_it_and_what_is_taken_is_written_alike(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _nothing = (parent(&bytes), xray(&bytes), state([&*bytes]));
        }

        #[test]
        fn one_wrong_byte_makes_another_trace_or_none(at in 0usize..55, byte: u8) {
            let mut bytes = W3C.as_bytes().to_vec();
            bytes[at] = byte;
            if let Some(trace) = parent(&bytes) {
                let again = write_parent(&trace).unwrap();
                // Other versions and flags that mean nothing here are not written again.
                prop_assert_eq!(&again.as_bytes()[2..53], &bytes[2..53]);
            }
        }
    }
}
