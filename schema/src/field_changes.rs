//! What changed between two values that are kept as JSON, field by field: for whatever a reviewer or a school changes in
//! what somebody else has filled in (DOMAIN.md W6 and After completion). Whether he may, the rules of the workflow say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// 修改项 One field that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldChange {
    /// The field, in camelCase and with a dot between a block and its field: `employer.creditCode`.
    pub path: String,
    /// 修改前 what it was; `None` where it was empty. Codes and closed lists by their code or word.
    pub old: Option<String>,
    /// 修改后 what it is; `None` where it is empty.
    pub new: Option<String>,
}

/// The fields of `old` and `new` that differ, by path. A field that is missing and one that is null are the same: empty.
pub fn field_changes(old: &Value, new: &Value) -> Vec<FieldChange> {
    let (mut old, mut new) = (fields(old), fields(new));
    let mut paths: Vec<String> = old.keys().chain(new.keys()).cloned().collect();
    paths.sort_unstable();
    paths.dedup();
    paths
        .into_iter()
        .map(|path| FieldChange {
            old: old.remove(&path),
            new: new.remove(&path),
            path,
        })
        .filter(|change| change.old != change.new)
        .collect()
}

/// All fields that are not empty: the text of each by its path. A list is one field, its entries joined by `、`.
pub fn fields(value: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect(value, String::new(), &mut found);
    found
}

fn collect(value: &Value, path: String, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let key = camel_case(key);
                let path = if path.is_empty() {
                    key
                } else {
                    format!("{path}.{key}")
                };
                collect(value, path, found);
            }
        }
        value => {
            if let Some(text) = text(value) {
                found.insert(path, text);
            }
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(entries) if entries.is_empty() => None,
        Value::Array(entries) => Some(entries.iter().filter_map(text).collect::<Vec<_>>().join("、")),
        other => Some(other.to_string()),
    }
}

fn camel_case(snake_case: &str) -> String {
    let mut upper = false;
    let mut camel = String::with_capacity(snake_case.len());
    for c in snake_case.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                camel.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => camel.push(c),
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(path: &str, old: Option<&str>, new: Option<&str>) -> FieldChange {
        FieldChange {
            path: path.to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        }
    }

    #[test]
    fn each_changed_field_is_named_once_and_nothing_else() {
        let old = json!({
            "national_code": "11", "remark": null, "kept": 7, "help": ["A", "B"],
            "employer": { "credit_code": "1", "address": "旧址", "contact_phone": null },
            "archive": { "accepted": true, "new_address": "某地" },
        });
        let new = json!({
            "national_code": "12", "kept": 7, "help": ["B"],
            "employer": { "credit_code": "1", "address": "新址", "contact_phone": "010-00000" },
            "archive": null,
        });
        assert_eq!(
            field_changes(&old, &new),
            [
                change("archive.accepted", Some("true"), None),
                change("archive.newAddress", Some("某地"), None),
                change("employer.address", Some("旧址"), Some("新址")),
                change("employer.contactPhone", None, Some("010-00000")),
                change("help", Some("A、B"), Some("B")),
                change("nationalCode", Some("11"), Some("12")),
            ]
        );
        assert_eq!(field_changes(&old, &old), []);
        let back: Vec<_> = field_changes(&new, &old)
            .into_iter()
            .map(|c| (c.new, c.old))
            .collect();
        let forth: Vec<_> = field_changes(&old, &new)
            .into_iter()
            .map(|c| (c.old, c.new))
            .collect();
        assert_eq!(back, forth, "the other way round");
    }

    #[test]
    fn an_empty_list_and_an_empty_block_are_empty() {
        assert_eq!(field_changes(&json!({ "help": [], "block": {} }), &json!({})), []);
        assert_eq!(
            field_changes(&Value::Null, &json!({ "monthly_pay": 0 })),
            [change("monthlyPay", None, Some("0"))]
        );
    }
}
