//! A number of bytes, written the way people read it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number of bytes; shown in decimal units, as disks and hubs count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ByteCount(pub u64);

impl ByteCount {
    /// The bare number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [
            (1_000_000_000_000, "TB"),
            (1_000_000_000, "GB"),
            (1_000_000, "MB"),
            (1_000, "kB"),
        ];
        let Some((unit, name)) = UNITS.into_iter().find(|(unit, _)| self.0 >= *unit) else {
            return write!(f, "{} B", self.0);
        };
        // Tenths by integers: a float would lose the last digits of large counts.
        let tenths = u128::from(self.0) * 10 / u128::from(unit);
        write!(f, "{}.{} {name}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::ByteCount;

    #[test]
    fn bytes_are_shown_in_the_unit_that_people_read() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (98_362_432, "98.3 MB"),
            (4_372_811_936, "4.3 GB"),
            (u64::MAX, "18446744.0 TB"),
        ] {
            assert_eq!(ByteCount(bytes).to_string(), shown);
        }
    }
}
