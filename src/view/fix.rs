//! Mending a manifest's text.

use crate::api::{ObjectKey, Taint, Value};
use crate::manifest::{self, Document, Fix};

/// The text with a stretch replaced. Lines and columns count from 1, columns in characters, the end is exclusive.
pub fn fixed(text: &str, fix: &Fix) -> Option<String> {
    let from = offset(text, fix.span.line, fix.span.column)?;
    let to = offset(text, fix.span.end_line, fix.span.end_column)?;
    let (before, after) = (text.get(..from)?, text.get(to..)?);
    (from <= to).then(|| [before, &fix.replacement, after].concat())
}

fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(breaks) => text.match_indices('\n').nth(breaks)?.0 + 1,
    };
    let rest = text.get(start..)?;
    let within = rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(column.checked_sub(1)?)?;
    Some(start + within)
}

const TOLERATIONS: &str = "spec.template.spec.tolerations";

/// The manifest with a toleration for a taint in a DaemonSet's template, where that is certain: reading the new text gives
/// the same objects, but for that toleration.
pub fn tolerated(text: &str, daemonset: &ObjectKey, taint: &Taint) -> Option<String> {
    let before = manifest::read(text).documents;
    let of_set = |document: &&Document| {
        let namespace = if document.namespace.is_empty() { "default" } else { &document.namespace };
        document.kind == "DaemonSet" && *document.name == *daemonset.name && *namespace == *daemonset.namespace
    };
    let document = before.iter().find(of_set)?;
    let there = document.value.at(&["spec", "template", "spec", "tolerations"]).and_then(Value::as_list);
    let first = there.is_some_and(|list| !list.is_empty());
    // Before the first toleration, or before the containers, which are always there.
    let place = if first { [TOLERATIONS, "[0]"].concat() } else { "spec.template.spec.containers".to_owned() };
    let span = if first { document.position(&place) } else { document.key_position(&place) }?;
    let start = offset(text, span.line, 1)?;
    let indent: String = text.get(start..)?.chars().take_while(|it| *it == ' ').collect();
    let head = if first { String::new() } else { [&indent, "tolerations:\n"].concat() };
    let fields = [
        ("- key: ", quoted(&taint.key)),
        ("  operator: ", if taint.value.is_empty() { "Exists".to_owned() } else { "Equal".to_owned() }),
        ("  value: ", quoted(&taint.value)),
        ("  effect: ", quoted(&taint.effect)),
    ];
    let lines = fields.iter().filter(|(name, _)| *name != "  value: " || !taint.value.is_empty());
    let lines: String = lines.map(|(name, value)| [&indent, *name, value, "\n"].concat()).collect();
    let (above, below) = (text.get(..start)?, text.get(start..)?);
    let new = [above, &head, &lines, below].concat();

    let after = manifest::read(&new).documents;
    let only_that = before.len() == after.len()
        && before.iter().zip(&after).all(|(old, new)| match std::ptr::eq(old, document) {
            false => old.value == new.value,
            true => without_first_toleration(&new.value, taint, first).is_some_and(|value| value == old.value),
        });
    only_that.then_some(new)
}

/// The manifest's object before a toleration was put first, or made the only one; `None` if it was not.
fn without_first_toleration(value: &Value, taint: &Taint, others: bool) -> Option<Value> {
    let mut value = value.clone();
    let spec = value.entry("spec").entry("template").entry("spec").make_map();
    let mut list = spec.get("tolerations")?.as_list()?.to_vec();
    let text = |field| list.first().and_then(|it: &Value| it.get(field)).and_then(Value::as_str);
    let is_it = text("key") == Some(&taint.key) && text("effect") == Some(&taint.effect);
    if !is_it {
        return None;
    }
    list.remove(0);
    if others {
        spec.insert("tolerations".to_owned(), Value::List(list));
    } else if list.is_empty() {
        spec.remove("tolerations");
    }
    Some(value)
}

/// A text as YAML, in quotes unless it is certain to be read as a text without.
fn quoted(text: &str) -> String {
    let plain = text.starts_with(|it: char| it.is_ascii_alphabetic())
        && text.chars().all(|it| it.is_ascii_alphanumeric() || "-_./".contains(it))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&&*text.to_ascii_lowercase());
    if plain { text.to_owned() } else { Value::from(text).to_json() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Span;

    #[test]
    fn a_fix_replaces_its_stretch() {
        let span = Span { line: 2, column: 3, end_line: 2, end_column: 6 };
        let fix = Fix { span, replacement: "spec".to_owned() };
        assert_eq!(fixed("é: 1\nä spc: 2\n", &fix).as_deref(), Some("é: 1\nä spec: 2\n"));
        let outside = Fix { span: Span { line: 9, ..span }, replacement: String::new() };
        assert_eq!(fixed("a: 1\n", &outside), None);
    }

    fn manifest(spec: &str) -> String {
        let head = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent\nspec:\n  template:\n    spec:\n";
        [head, spec].concat()
    }

    fn tolerate(text: &str, taint: &str) -> Option<String> {
        tolerated(text, &ObjectKey::new("default", "agent"), &Taint::parse(taint)?)
    }

    #[test]
    fn a_toleration_is_written_where_it_belongs() {
        let containers = "      containers:\n      - image: a # here\n";
        let new = "      tolerations:\n      - key: dedicated\n        operator: Equal\n        value: gpu\n        effect: NoSchedule\n";
        let expected = manifest(&[new, containers].concat());
        assert_eq!(tolerate(&manifest(containers), "dedicated=gpu:NoSchedule"), Some(expected));

        let list = "      tolerations:\n        - operator: Exists\n          key: a\n";
        let expected = [
            "      tolerations:\n        - key: \"1\"\n          operator: Exists\n          effect: NoExecute\n",
            "        - operator: Exists\n          key: a\n",
            containers,
        ];
        assert_eq!(
            tolerate(&manifest(&[list, containers].concat()), "1:NoExecute"),
            Some(manifest(&expected.concat()))
        );
    }

    #[test]
    fn where_it_is_not_certain_nothing_is_written() {
        for text in [
            manifest("      {containers: [{image: a}]}\n"),
            manifest("      tolerations: [{key: a}]\n      containers: []\n"),
            manifest("").replace("agent", "other"),
            "{\"kind\": \"DaemonSet\", \"metadata\": {\"name\": \"agent\"}}".to_owned(),
            "a: [".to_owned(),
            String::new(),
        ] {
            assert_eq!(tolerate(&text, "dedicated:NoSchedule"), None, "{text}");
        }
    }
}
