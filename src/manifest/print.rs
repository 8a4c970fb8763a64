//! Objects to text, as `kubectl get -o yaml` prints them.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::scalar;
use crate::api::value::Value;

/// Stand for the double quotes around a text while the YAML library writes it: characters for private use, which it
/// takes for letters.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// Writes a value as YAML: sorted keys, block style, lists not indented deeper than their key. Texts that YAML 1.1 would
/// read as something else ("1", "yes", "null", "0644") are in double quotes, as Go's library writes them; the one used
/// here would leave half of them bare.
pub fn print(value: &Value) -> String {
    let marks = !value.to_json().contains([OPEN, CLOSE]);
    let text = serde_yaml::to_string(&Marked { value, marks }).unwrap_or_default();
    if marks { text.replace([OPEN, CLOSE], "\"") } else { text }
}

/// A value, written with marks around the texts that need quotes.
#[derive(Clone, Copy)]
struct Marked<'a> {
    value: &'a Value,
    marks: bool,
}

impl Marked<'_> {
    fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.marks { mark(text) } else { text.into() }
    }
}

impl Serialize for Marked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let marked = |value| Marked { value, ..*self };
        match self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Str(text) => serializer.serialize_str(&self.text(text)),
            Value::List(list) => serializer.collect_seq(list.iter().map(marked)),
            Value::Map(map) => serializer.collect_map(map.iter().map(|(key, item)| (self.text(key), marked(item)))),
        }
    }
}

fn mark(text: &str) -> Cow<'_, str> {
    // Whatever reads as another type consists of such characters only, so nothing needs escaping.
    let simple = text.len() < 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-_.:~< ".contains(&b));
    let read = !matches!(scalar::resolve(text), Value::Str(_)) || text == "<<" || is_time(text) || is_base_60(text);
    if simple && read { format!("{OPEN}{text}{CLOSE}").into() } else { text.into() }
}

/// A date, or a date and a time of day: 2026-01-02, 2026-01-02T03:04:05Z.
fn is_time(text: &str) -> bool {
    let shape = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(b, s)| if s == b'0' { b.is_ascii_digit() } else { b == s })
    };
    match text.get(..10) {
        Some(date) if shape(date, "0000-00-00") => {
            let rest = &text[10..];
            rest.is_empty()
                || rest.get(..9).is_some_and(|time| shape(&time[1..], "00:00:00") && time.starts_with(['T', 't', ' ']))
        }
        _ => false,
    }
}

/// A number in base 60 to YAML 1.1, such as 12:30:45.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let first = parts.next().is_some_and(digits);
    let rest: Vec<&str> = parts.collect();
    first
        && !rest.is_empty()
        && rest.iter().all(|part| digits(part) && (part.len() == 1 || (part.len() == 2 && *part < "60")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_only_where_yaml_1_1_needs_it() {
        let quoted =
            ["1", "yes", "n", "null", "0644", "~", "", "1e3", "0x1F", "12:30:45", "2020-01-01", "1_000", ".5", "<<"];
        let quoted = quoted.into_iter().chain(["2026-01-02T03:04:05Z", "true", "08", "+1", "1.10"]);
        for text in quoted {
            assert_eq!(print(&text.into()), format!("\"{text}\"\n"));
        }
        for text in ["nginx:1.16", "10%", "a'b", "é✓", "1.16.2", "100m", "--x", "=", "a b", "yEs"] {
            assert_eq!(print(&text.into()), format!("{text}\n"));
        }
        for text in ["%x", "@x", "x: y", "- x", "{}", "# c", " lead", "a #b"] {
            assert_eq!(print(&text.into()), format!("'{text}'\n"));
        }
    }

    #[test]
    fn lists_stand_below_their_key() {
        let value: Value = [
            ("z", Value::Null),
            ("on", vec!["x", "1"].into()),
            ("a", Value::List(vec![[("k", "l\nm\n".into())].into()])),
        ]
        .into();
        assert_eq!(print(&value), "a:\n- k: |\n    l\n    m\n\"on\":\n- x\n- \"1\"\nz: null\n");
    }
}
