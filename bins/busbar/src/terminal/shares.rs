//! Shares of one as bars.

use terminal_size::{Width, terminal_size};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::cyan;

/// The longest bar, and the longest name beside it, in columns.
const LONGEST_BAR: usize = 40;
const LONGEST_NAME: usize = 32;
/// Indentation, the spaces between, and `100.0 %`.
const OTHERS: usize = 13;
/// An eighth of a column and more.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A line for each: its name, a bar as long as its share, and the share in hundredths.
pub(crate) fn shares(rows: &[(&str, f32)], colour: bool) -> Vec<String> {
    let columns = terminal_size().map_or(80, |(Width(columns), _)| columns.into());
    drawn(rows, columns, colour)
}

fn drawn(rows: &[(&str, f32)], columns: usize, colour: bool) -> Vec<String> {
    let names = rows.iter().map(|(name, _)| name.width());
    let name = names.max().unwrap_or(0).min(LONGEST_NAME).min(columns / 3);
    let bar = columns.saturating_sub(name + OTHERS).clamp(4, LONGEST_BAR);
    let line = |(label, share): &(&str, f32)| {
        let label = fitted(label, name);
        format!(
            "  {label}  {}  {:>5.1} %",
            cyan(filled(*share, bar), colour),
            share * 100.0
        )
    };
    rows.iter().map(line).collect()
}

/// A name in so many columns exactly.
fn fitted(name: &str, columns: usize) -> String {
    let mut fitted = String::new();
    let mut used = 0;
    let cut = name.width() > columns;
    let room = columns.saturating_sub(cut.into());
    for letter in name.chars() {
        let width = letter.width().unwrap_or(0);
        if used + width > room {
            break;
        }
        used += width;
        fitted.push(letter);
    }
    if cut {
        fitted.push('…');
        used += 1;
    }
    fitted.extend(std::iter::repeat_n(' ', columns.saturating_sub(used)));
    fitted
}

/// A bar in so many columns.
fn filled(share: f32, columns: usize) -> String {
    // At least a trace of what is there at all.
    let least = usize::from(share > 0.0);
    let eighths = ((share.clamp(0.0, 1.0) * (columns * 8) as f32).round() as usize).max(least);
    let (whole, rest) = (eighths / 8, eighths % 8);
    let empty = columns - whole - usize::from(rest > 0);
    format!("{}{}{}", "█".repeat(whole), EIGHTHS[rest], " ".repeat(empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_shares_and_line_up() {
        let lines = drawn(&[("cat", 1.0), ("Hündchen", 0.5), ("x", 0.0001)], 31, false);
        assert_eq!(
            lines,
            [
                "  cat       ██████████  100.0 %",
                "  Hündchen  █████        50.0 %",
                "  x         ▏             0.0 %",
            ]
        );
    }

    #[test]
    fn long_and_wide_names_and_narrow_terminals_keep_their_columns() {
        for columns in [10, 31, 80, 500] {
            let lines = drawn(&[("a", 0.3), ("非常に長い名前の動物です", 0.7)], columns, false);
            assert_eq!(lines[0].width(), lines[1].width(), "{lines:#?}");
            if columns >= 31 {
                assert!(lines[0].width() <= columns, "{columns}: {lines:#?}");
            }
        }
    }
}
