//! A tree of plain values: what a manifest says before and after anybody gave it a type.
//!
//! Objects keep the parts that the engine does not read in this form, so nothing that the user pasted is lost.

use std::collections::BTreeMap;
use std::fmt;

/// The fields of an object, in byte order of their names, as `kubectl get -o yaml` prints them.
pub type Map = BTreeMap<String, Value>;

/// A JSON value. Numbers are integers where they can be.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    List(Vec<Value>),
    Map(Map),
}

impl Value {
    /// The value at a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// The value behind a chain of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The value at a key, made an empty map (and this value a map) where there is none yet.
    pub fn entry(&mut self, key: &str) -> &mut Value {
        self.make_map().entry(key.to_owned()).or_insert_with(|| Value::Map(Map::new()))
    }

    /// This value as a map; anything that is not one is replaced by an empty one.
    pub fn make_map(&mut self) -> &mut Map {
        match self {
            Value::Map(map) => map,
            other => {
                *other = Value::Map(Map::new());
                other.make_map()
            }
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The text at a key; empty where there is none.
    pub fn text(&self, key: &str) -> &str {
        self.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// The whole number at a key.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.get(key)?.as_int()
    }

    /// Whether there is a `true` at a key.
    pub fn flag(&self, key: &str) -> bool {
        self.get(key).and_then(Value::as_bool).unwrap_or_default()
    }

    /// The list at a key; empty where there is none.
    pub fn list(&self, key: &str) -> &[Value] {
        self.get(key).and_then(Value::as_list).unwrap_or_default()
    }

    /// The texts of the list at a key.
    pub fn texts(&self, key: &str) -> Option<Vec<String>> {
        let list = self.get(key)?.as_list()?;
        Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The texts of the map at a key, such as labels.
    pub fn labels(&self, key: &str) -> Option<super::meta::Labels> {
        let mut labels = super::meta::Labels::new();
        for (key, value) in self.get(key)?.as_map()? {
            if let Some(text) = value.as_str() {
                labels.insert(key.clone(), text.to_owned());
            }
        }
        Some(labels)
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// JSON as Go's `encoding/json` writes it: keys sorted, no white space, `<`, `>`, `&` and the line separators
    /// U+2028 and U+2029 escaped.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    /// Appends [`Value::to_json`].
    pub fn write_json(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Value::Int(number) => out.push_str(&number.to_string()),
            Value::Float(number) => out.push_str(&go_float(*number)),
            Value::Str(text) => write_json_string(text, out),
            Value::List(list) => {
                out.push('[');
                for (index, item) in list.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            Value::Map(map) => {
                out.push('{');
                for (index, (key, item)) in map.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_json_string(key, out);
                    out.push(':');
                    item.write_json(out);
                }
                out.push('}');
            }
        }
    }
}

/// A number as Go's `encoding/json` prints a float64: plain digits, an exponent only when very small or large.
fn go_float(number: f64) -> String {
    if !number.is_finite() {
        return "null".to_owned();
    }
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        return match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent:0>2}"),
            _ => text,
        };
    }
    format!("{number}")
}

/// Appends a text as [`Value::to_json`] writes it.
pub fn write_json_string(text: &str, out: &mut String) {
    out.push('"');
    let (bytes, mut begin, mut at) = (text.as_bytes(), 0, 0);
    // A plain loop over bytes: most need no escape, and the steps of iterators are calls in the page's program.
    while at < bytes.len() {
        if !may_be_escaped(bytes[at]) {
            at += 1;
            continue;
        }
        out.push_str(&text[begin..at]);
        let c = text[at..].chars().next().unwrap_or_default();
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            _ => out.push(c),
        }
        at += c.len_utf8();
        begin = at;
    }
    out.push_str(&text[begin..]);
    out.push('"');
}

/// Whether what Go's encoder writes as an escape, those of HTML included, begins with this byte.
#[inline(always)]
fn may_be_escaped(byte: u8) -> bool {
    // The line and paragraph separators begin with the last one.
    byte < b' ' || matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&' | 0xe2)
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Str(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Str(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Value::Map(map)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(list: Vec<T>) -> Self {
        Value::List(list.into_iter().map(Into::into).collect())
    }
}

impl<K: Into<String>, const N: usize> From<[(K, Value); N]> for Value {
    fn from(fields: [(K, Value); N]) -> Self {
        Value::Map(fields.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_escaped_as_go_does() {
        let value = Value::from("a<b>&\"\\\n\u{1}\u{2028}é");
        assert_eq!(value.to_json(), r#""a\u003cb\u003e\u0026\"\\\n\u0001\u2028é""#);
        assert_eq!(Value::Float(1e21).to_json(), "1e+21");
        assert_eq!(Value::Float(0.0000001).to_json(), "1e-7");
        assert_eq!(Value::Float(0.15).to_json(), "0.15");
    }
}
