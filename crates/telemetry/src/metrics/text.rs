//! Writes metrics in Prometheus' text format, version 0.0.4.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::Write as _;

use super::{
    cells::Histogram,
    names::{Kind, Row},
};

/// The media type of what [`Text`] writes.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A text under construction.
#[derive(Debug, Default)]
pub(crate) struct Text(String);

/// Label names with their values.
pub(crate) type Labels<'a> = &'a [(&'a str, &'a str)];

impl Text {
    /// The lines that stand above a metric's samples.
    pub(crate) fn head(&mut self, row: &Row) {
        let kind = match row.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.line(format_args!("# HELP {} {}", row.name, row.help));
        self.line(format_args!("# TYPE {} {kind}", row.name));
    }

    /// One number.
    pub(crate) fn sample(&mut self, row: &Row, labels: Labels<'_>, value: f64) {
        self.named(row.name, "", labels, value);
    }

    /// All lines of one histogram.
    pub(crate) fn histogram(&mut self, row: &Row, labels: Labels<'_>, histogram: &Histogram) {
        let (buckets, count, sum) = histogram.read();
        for (bound, below) in buckets {
            self.bucket(row, labels, &bound.to_string(), below);
        }
        self.bucket(row, labels, "+Inf", count);
        self.named(row.name, "_sum", labels, sum);
        self.named(row.name, "_count", labels, count as f64);
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }

    fn bucket(&mut self, row: &Row, labels: Labels<'_>, bound: &str, below: u64) {
        let labels: Vec<_> = labels.iter().copied().chain([("le", bound)]).collect();
        self.named(row.name, "_bucket", &labels, below as f64);
    }

    fn named(&mut self, name: &str, suffix: &str, labels: Labels<'_>, value: f64) {
        self.0.push_str(name);
        self.0.push_str(suffix);
        for (place, (label, value)) in labels.iter().enumerate() {
            self.0.push(if place == 0 { '{' } else { ',' });
            self.0.push_str(label);
            self.0.push_str("=\"");
            escape(value, &mut self.0);
            self.0.push('"');
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        self.line(format_args!(" {value}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a `String` cannot fail.
        let _written = writeln!(self.0, "{line}");
    }
}

fn escape(value: &str, into: &mut String) {
    for c in value.chars() {
        match c {
            '\\' => into.push_str("\\\\"),
            '"' => into.push_str("\\\""),
            '\n' => into.push_str("\\n"),
            c => into.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Row = Row {
        name: "x",
        kind: Kind::Histogram,
        help: "An x",
    };

    #[test]
    fn label_values_are_escaped() {
        let mut text = Text::default();
        text.sample(&ROW, &[("a", "q\"b\\n\n"), ("b", "é")], 1.5);
        assert_eq!(text.finish(), "x{a=\"q\\\"b\\\\n\\n\",b=\"é\"} 1.5\n");
    }

    #[test]
    fn a_histogram_has_cumulative_buckets_a_sum_and_a_count() {
        let histogram = Histogram::new(&[0.5, 1.0]);
        histogram.observe(0.25);
        histogram.observe(4.0);
        let mut text = Text::default();
        text.head(&ROW);
        text.histogram(&ROW, &[("m", "a")], &histogram);
        let want = "# HELP x An x\n# TYPE x histogram\n\
            x_bucket{m=\"a\",le=\"0.5\"} 1\nx_bucket{m=\"a\",le=\"1\"} 1\nx_bucket{m=\"a\",le=\"+Inf\"} 2\n\
            x_sum{m=\"a\"} 4.25\nx_count{m=\"a\"} 2\n";
        assert_eq!(text.finish(), want);
    }
}
