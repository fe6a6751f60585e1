//! docs/configuration.md says what there is: every setting, its default, its names, its meaning.

use busbar_config::settings;

#[test]
fn every_setting_has_its_row() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let document = std::fs::read_to_string(path).unwrap();
    let rows = document
        .lines()
        .filter(|line| line.starts_with("| `") && line.contains("`BUSBAR_") && line.contains("__"));
    assert_eq!(rows.count(), settings().len(), "a row too many or too few");
    for setting in settings() {
        let (_, name) = setting.path.split_once('.').unwrap();
        let names: Vec<String> = setting
            .environment
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let row = format!(
            "| `{name}` | `{}` | {} | {} |",
            setting.default,
            names.join(", "),
            setting.help
        );
        assert!(
            document.contains(&row),
            "this row is not in docs/configuration.md:\n{row}"
        );
    }
}
