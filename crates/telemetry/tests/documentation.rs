//! docs/metrics.md says what there is: every metric and what it means.

use busbar_telemetry::names;

#[test]
fn every_metric_has_its_row() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let document = std::fs::read_to_string(path).unwrap();
    for metric in names::ALL {
        let kind = format!("{:?}", metric.kind).to_lowercase();
        let begin = format!("| `{}` | {kind} |", metric.name);
        let row = document.lines().find(|line| line.starts_with(&begin));
        assert!(
            row.is_some_and(|row| row.contains(metric.help)),
            "{begin} … {} is not in docs/metrics.md",
            metric.help
        );
    }
    let rows = document.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, names::ALL.len(), "a row too many");
}
