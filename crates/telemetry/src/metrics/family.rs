//! One metric with labels: a cell for each combination of label values seen.
//!
//! The number of combinations is bounded, so that no client can make the process grow.

use std::sync::{Arc, PoisonError, RwLock};

/// More combinations than this share one cell whose labels are all `other`.
const MOST_SERIES: usize = 512;

/// The cells of one metric, by the values of its `N` labels.
#[derive(Debug)]
pub(crate) struct Family<T, const N: usize> {
    make: fn() -> T,
    /// Scanned from the front: there are tens of them, and the first ones seen are the busiest.
    series: RwLock<Vec<Series<T, N>>>,
}

#[derive(Debug)]
struct Series<T, const N: usize> {
    labels: [Box<str>; N],
    cell: Arc<T>,
}

impl<T, const N: usize> Family<T, N> {
    pub(crate) fn new(make: fn() -> T) -> Self {
        Self {
            make,
            series: RwLock::new(Vec::new()),
        }
    }

    /// The cell of these label values, made if it is new.
    pub(crate) fn with(&self, labels: [&str; N]) -> Arc<T> {
        let found = find(
            &self.series.read().unwrap_or_else(PoisonError::into_inner),
            labels,
        );
        found.unwrap_or_else(|| self.insert(labels))
    }

    /// Every combination with its cell, in the order in which they were first seen.
    pub(crate) fn each(&self, mut visit: impl FnMut(&[Box<str>; N], &T)) {
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        for one in &*series {
            visit(&one.labels, &one.cell);
        }
    }

    fn insert(&self, labels: [&str; N]) -> Arc<T> {
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        let labels = if series.len() < MOST_SERIES {
            labels
        } else {
            ["other"; N]
        };
        // Another thread may have been here between the two locks.
        if let Some(cell) = find(&series, labels) {
            return cell;
        }
        let cell = Arc::new((self.make)());
        series.push(Series {
            labels: labels.map(Into::into),
            cell: Arc::clone(&cell),
        });
        cell
    }
}

fn find<T, const N: usize>(series: &[Series<T, N>], labels: [&str; N]) -> Option<Arc<T>> {
    series
        .iter()
        .find(|one| one.labels.iter().zip(labels).all(|(have, want)| **have == *want))
        .map(|one| Arc::clone(&one.cell))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::cells::Counter;

    #[test]
    fn the_same_labels_are_the_same_cell() {
        let family: Family<Counter, 1> = Family::new(Counter::default);
        family.with(["a"]).add(1);
        family.with(["b"]).add(5);
        family.with(["a"]).add(2);
        let mut seen = Vec::new();
        family.each(|[label], cell| seen.push((label.to_string(), cell.get())));
        assert_eq!(seen, [("a".to_owned(), 3), ("b".to_owned(), 5)]);
    }

    #[test]
    fn too_many_combinations_share_one_cell() {
        let family: Family<Counter, 1> = Family::new(Counter::default);
        for n in 0..MOST_SERIES + 40 {
            family.with([&n.to_string()]).add(1);
        }
        let mut series = 0;
        family.each(|_, _| series += 1);
        assert_eq!(series, MOST_SERIES + 1);
        assert_eq!(family.with(["other"]).get(), 40);
    }
}
