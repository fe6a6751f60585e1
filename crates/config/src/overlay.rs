//! Documents laid over one another, and the environments within them (`[environments.prod.server]`).
//!
//! Settings win one by one; of tables in lists, such as providers, those with the same name are one.

use toml::{Table, Value};

use crate::Document;

/// Where a document keeps what only some environments want.
pub(crate) const ENVIRONMENTS: &str = "environments";
/// What a table in a list is known by: the first of these that it has.
const NAMES: &[&str] = &["name", "id", "kind"];

/// Lays a table over another. `note` hears of each section and each setting that was set.
pub(crate) fn lay_over(base: &mut Table, top: Table, note: &mut dyn FnMut(&str)) {
    for (section, content) in top {
        if section == ENVIRONMENTS {
            lay_environments(base, content);
            continue;
        }
        note(&section);
        match (base.get_mut(&section), content) {
            (Some(Value::Table(below)), Value::Table(content)) => {
                for (name, value) in content {
                    note(&format!("{section}.{name}"));
                    below.insert(name, value);
                }
            }
            (None, Value::Table(content)) => {
                content.keys().for_each(|name| note(&format!("{section}.{name}")));
                base.insert(section, Value::Table(content));
            }
            (Some(Value::Array(below)), Value::Array(content)) if all_named(below) && all_named(&content) => {
                join(below, content);
            }
            (_, content) => {
                base.insert(section, content);
            }
        }
    }
}

/// Takes the environments out of a table: their names, and what the chosen one says.
pub(crate) fn take_environment(table: &mut Table, chosen: &str) -> (Vec<String>, Option<Table>) {
    let Some(Value::Table(mut all)) = table.remove(ENVIRONMENTS) else {
        return (Vec::new(), None);
    };
    let names = all.keys().cloned().collect();
    match all.remove(chosen) {
        Some(Value::Table(own)) => (names, Some(own)),
        _ => (names, None),
    }
}

/// What documents say together in an environment, without defaults, variables and flags.
pub fn flattened(documents: &[Document], environment: &str) -> Table {
    let mut table = Table::new();
    for document in documents {
        lay_over(&mut table, document.table.clone(), &mut |_| ());
    }
    if let (_, Some(own)) = take_environment(&mut table, environment) {
        lay_over(&mut table, own, &mut |_| ());
    }
    table
}

fn lay_environments(base: &mut Table, content: Value) {
    let Value::Table(content) = content else {
        // No table of environments: reported as the unknown setting that it is.
        base.insert(ENVIRONMENTS.to_owned(), content);
        return;
    };
    let all = base
        .entry(ENVIRONMENTS)
        .or_insert_with(|| Value::Table(Table::new()));
    let Value::Table(all) = all else { return };
    for (name, own) in content {
        match (all.get_mut(&name), own) {
            (Some(Value::Table(below)), Value::Table(own)) => lay_over(below, own, &mut |_| ()),
            (_, own) => {
                all.insert(name, own);
            }
        }
    }
}

/// What a table in a list is known by.
pub(crate) fn name_of(item: &Value) -> Option<&str> {
    let table = item.as_table()?;
    NAMES.iter().find_map(|name| table.get(*name)?.as_str())
}

fn all_named(list: &[Value]) -> bool {
    list.iter().all(|item| name_of(item).is_some())
}

fn join(below: &mut Vec<Value>, above: Vec<Value>) {
    for item in above {
        let same = below.iter_mut().find(|other| name_of(other) == name_of(&item));
        match (same, item) {
            (Some(Value::Table(same)), Value::Table(item)) => same.extend(item),
            (_, item) => below.push(item),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Origin;

    fn documents(texts: &[&str]) -> Vec<Document> {
        let read = |text: &&str| Document::read(text, Origin::Default).unwrap();
        texts.iter().map(read).collect()
    }

    #[track_caller]
    fn check(texts: &[&str], environment: &str, expected: &str) {
        let expected: Table = expected.parse().unwrap();
        assert_eq!(flattened(&documents(texts), environment), expected);
    }

    #[test]
    fn later_documents_win_setting_by_setting() {
        check(
            &["[a]\nx = 1\ny = 1", "[a]\ny = 2\nz = 2\n[b]\nw = 2"],
            "",
            "[a]\nx = 1\ny = 2\nz = 2\n[b]\nw = 2",
        );
    }

    #[test]
    fn an_environment_comes_over_all_documents_and_others_leave_nothing() {
        let base = "[a]\nx = 1\n[environments.prod.a]\nx = 9\n[environments.dev.a]\nx = 3";
        let more = "[a]\nx = 2\n[environments.prod.a]\ny = 9";
        check(&[base, more], "prod", "[a]\nx = 9\ny = 9");
        check(&[base, more], "dev", "[a]\nx = 3");
        check(&[base, more], "", "[a]\nx = 2");
    }

    #[test]
    fn tables_in_lists_are_one_where_they_have_one_name() {
        check(
            &[
                "[[p]]\nname = 'a'\nregion = 'x'\nmodels = ['m']\n[[p]]\nkind = 'b'\n\
                 [[environments.prod.p]]\nname = 'a'\nregion = 'y'\n[[environments.prod.p]]\nname = 'c'",
            ],
            "prod",
            "[[p]]\nname = 'a'\nregion = 'y'\nmodels = ['m']\n[[p]]\nkind = 'b'\n[[p]]\nname = 'c'",
        );
    }

    #[test]
    fn a_list_without_names_is_replaced() {
        check(&["[a]\nl = ['x']", "[a]\nl = ['y']"], "", "[a]\nl = ['y']");
        check(&["l = [1]", "l = [2]"], "", "l = [2]");
    }
}
