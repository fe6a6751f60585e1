//! Dates for templates: `strftime` in UTC, without a time zone database.

use std::{
    fmt::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// A moment in UTC, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment {
    year: i64,
    /// 1 to 12.
    month: u32,
    /// 1 to 31.
    day: u32,
    /// 0 is Sunday.
    weekday: usize,
    /// 1 to 366.
    day_of_year: u32,
    hour: u32,
    minute: u32,
    second: u32,
}

/// Writes a moment as Python's `strftime` does in the C locale. Unknown directives stay as they are.
pub(super) fn strftime(moment: SystemTime, format: &str) -> String {
    let moment = Moment::of(moment);
    let mut out = String::new();
    let mut rest = format.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match rest.next() {
            // Without padding, as the GNU library has it.
            Some('-') => match rest.next() {
                Some(directive) => out.push_str(moment.directive(directive).trim_start_matches('0')),
                None => out.push_str("%-"),
            },
            Some(directive) => out.push_str(&moment.directive(directive)),
            None => out.push('%'),
        }
    }
    out
}

impl Moment {
    fn of(moment: SystemTime) -> Self {
        let seconds = match moment.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
        };
        let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let january_first = days_before(year, 1, 1);
        let small = |n: i64| u32::try_from(n).unwrap_or_default();
        Self {
            year,
            month,
            day,
            weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or_default(),
            day_of_year: small(days - january_first + 1),
            hour: small(second_of_day / 3600),
            minute: small(second_of_day / 60 % 60),
            second: small(second_of_day % 60),
        }
    }

    fn directive(&self, directive: char) -> String {
        let name = |names: &[&'static str], index: usize| names.get(index).copied().unwrap_or_default();
        let month = name(&MONTHS, self.month.saturating_sub(1) as usize);
        let weekday = name(&DAYS, self.weekday);
        let short = |name: &str| name.chars().take(3).collect::<String>();
        let twelve = (self.hour + 11) % 12 + 1;
        match directive {
            'Y' => self.year.to_string(),
            'y' => format!("{:02}", self.year.rem_euclid(100)),
            'm' => format!("{:02}", self.month),
            'd' => format!("{:02}", self.day),
            'e' => format!("{:2}", self.day),
            'B' => month.to_owned(),
            'b' | 'h' => short(month),
            'A' => weekday.to_owned(),
            'a' => short(weekday),
            'w' => self.weekday.to_string(),
            'j' => format!("{:03}", self.day_of_year),
            'H' => format!("{:02}", self.hour),
            'I' => format!("{twelve:02}"),
            'M' => format!("{:02}", self.minute),
            'S' => format!("{:02}", self.second),
            'p' => if self.hour < 12 { "AM" } else { "PM" }.to_owned(),
            'F' => format!("{}-{:02}-{:02}", self.year, self.month, self.day),
            'T' => format!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second),
            'Z' => "UTC".to_owned(),
            'z' => "+0000".to_owned(),
            '%' => "%".to_owned(),
            unknown => {
                let mut text = String::from("%");
                // Writing to a string cannot fail.
                let _ = text.write_char(unknown);
                text
            }
        }
    }
}

/// Days since 1970 to year, month and day (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let small = |n: i64| u32::try_from(n).unwrap_or_default();
    (year, small(month), small(day))
}

/// Year, month and day to days since 1970; the way back of [`civil`].
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn check(seconds: u64, format: &str) -> String {
        strftime(UNIX_EPOCH + Duration::from_secs(seconds), format)
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(check(0, "%a %d %b %Y %H:%M:%S"), "Thu 01 Jan 1970 00:00:00");
        // 29 February of a leap year.
        assert_eq!(
            check(1_709_210_096, "%A, %-d %B %y, day %j"),
            "Thursday, 29 February 24, day 060"
        );
        assert_eq!(
            check(1_795_251_907, "%F %T %I %p %Z %%"),
            "2026-11-21 09:05:07 09 AM UTC %"
        );
    }

    #[test]
    fn what_is_no_directive_stays() {
        assert_eq!(check(0, "100%"), "100%");
        assert_eq!(check(0, "%Q"), "%Q");
    }

    proptest! {
        #[test]
        fn every_day_is_its_own_date(days in -1_000_000_i64..1_000_000) {
            let (year, month, day) = civil(days);
            prop_assert_eq!(days_before(year, i64::from(month), i64::from(day)), days);
            prop_assert!((1..=12).contains(&month) && (1..=31).contains(&day));
        }

        #[test]
        fn no_format_panics(format in any::<String>(), seconds in any::<u32>()) {
            check(u64::from(seconds), &format);
        }
    }
}
