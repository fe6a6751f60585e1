//! Conditions of routes: headers, keys, hours and dates.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use busbar_routing::{Hours, When};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::problem::Problems;

/// As written.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawWhen {
    /// Headers and what they must say; a star stands for anything.
    headers: BTreeMap<String, String>,
    /// Keys, a star for anything.
    keys: Vec<String>,
    /// Hours of the day, universal time: "22:00-06:00".
    hours: Option<String>,
    /// Not before this day, universal time: "2026-12-01".
    from: Option<String>,
    /// Not from this day on.
    until: Option<String>,
}

/// Headers by which clients say who they are: nothing may depend on what is in them, nor carry it about.
const SECRET: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "api-key",
];

impl RawWhen {
    pub(super) fn check(&self, at: &str, problems: &mut Problems) -> When {
        let headers = self.headers.iter().map(|(name, value)| {
            let name = header(&format!("{at}.headers.{name}"), name, problems);
            (name, value.clone())
        });
        let headers = headers.collect();
        let hours = self.hours.as_deref().and_then(|text| {
            let hours = hours(text);
            if hours.is_none() {
                let message = format!("`{text}` are no hours of the day; write \"22:00-06:00\"");
                problems.field(format!("{at}.hours"), message);
            }
            hours
        });
        let mut day = |name: &str, text: &Option<String>| {
            let text = text.as_deref()?;
            let day = day(text);
            if day.is_none() {
                problems.field(
                    format!("{at}.{name}"),
                    format!("`{text}` is no day; write \"2026-12-01\""),
                );
            }
            day
        };
        When {
            headers,
            keys: self.keys.clone(),
            hours,
            from: day("from", &self.from),
            until: day("until", &self.until),
        }
    }
}

/// A header's name, in lower case.
pub(super) fn header(field: &str, name: &str, problems: &mut Problems) -> String {
    let name = name.to_ascii_lowercase();
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        problems.field(
            field,
            format!("`{name}` is no name of a header; write \"x-user-id\""),
        );
    }
    if SECRET.contains(&&*name) {
        problems.field(field, format!("`{name}` carries a secret; name another header"));
    }
    name
}

fn hours(text: &str) -> Option<Hours> {
    let (from, to) = text.split_once('-')?;
    let minute = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        let is = hour < 24 && minute < 60 || hour == 24 && minute == 0;
        is.then_some(hour * 60 + minute)
    };
    Some(Hours {
        from: minute(from)?,
        to: minute(to)?,
    })
}

/// The beginning of a day, universal time (days from civil, Hinnant 2013).
fn day(text: &str) -> Option<SystemTime> {
    let mut numbers = text.split('-').map(|part| part.parse::<u64>().ok());
    let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let is = numbers.next().is_none() && (1970..10_000).contains(&year) && (1..=12).contains(&month);
    if !is || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin in March, so that the odd day comes last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    let since = days.checked_sub(719_468)?;
    Some(UNIX_EPOCH + Duration::from_secs(since * 86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_read() {
        let at = |text| day(text).map(|time| time.duration_since(UNIX_EPOCH).unwrap().as_secs());
        assert_eq!(at("1970-01-01"), Some(0));
        assert_eq!(at("2024-02-29"), Some(1_709_164_800));
        assert_eq!(at("2026-12-01"), Some(1_796_083_200));
        for wrong in ["2026-13-01", "2026-1", "soon", "2026-01-40", "1969-01-01"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
        assert_eq!(hours("22:00-06:30"), Some(Hours { from: 1320, to: 390 }));
        assert_eq!((hours("25:00-06:00"), hours("9-5")), (None, None));
    }
}
