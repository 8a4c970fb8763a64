//! The fields of a data file: what each holds, and what is said of one that holds something else.

use crate::api::schema;
use crate::api::value::{Map, Value};
use crate::manifest::{self, Document, Finding, Severity, Stage, spacing};

/// What a field may hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Holds {
    Text,
    /// A whole number that is not negative.
    Number,
    /// A number, or `at least` or `at most` one.
    Count,
    Flag,
    /// A text, or a list of texts.
    Texts,
    /// Texts by name.
    Labels,
    List,
    Map,
    OneOf(&'static [&'static str]),
}

impl Holds {
    fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Holds::Text | Holds::Texts, Value::Str(_)) | (Holds::Flag, Value::Bool(_)) => true,
            (Holds::Number, Value::Int(number)) => *number >= 0,
            (Holds::Count, _) => bound(value).is_some(),
            (Holds::Texts, Value::List(list)) => list.iter().all(|item| item.as_str().is_some()),
            (Holds::Labels, Value::Map(map)) => map.values().all(|value| value.as_str().is_some()),
            (Holds::List, Value::List(_)) | (Holds::Map, Value::Map(_)) => true,
            (Holds::OneOf(words), Value::Str(word)) => words.contains(&word.as_str()),
            _ => false,
        }
    }

    /// What it must be, in words.
    fn wanted(self) -> String {
        let plain = match self {
            Holds::Text => "a text",
            Holds::Number => "a whole number",
            Holds::Count => "a number, or a text such as `at least 2` or `at most 2`",
            Holds::Flag => "true or false",
            Holds::Texts => "a text or a list of texts",
            Holds::Labels => "a map of texts: put numbers, true and false in quotes",
            Holds::List => "a list",
            Holds::Map => "a map",
            Holds::OneOf(words) => return ["one of ", &words.join(", ")].concat(),
        };
        plain.to_owned()
    }
}

/// The least and the most that a count allows.
pub fn bound(value: &Value) -> Option<(i64, i64)> {
    match value {
        Value::Int(number) => (*number >= 0).then_some((*number, *number)),
        Value::Str(text) => {
            let (words, number) = text.rsplit_once(' ')?;
            let number = number.parse::<i64>().ok().filter(|number| *number >= 0)?;
            match words {
                "at least" => Some((number, i64::MAX)),
                "at most" => Some((0, number)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A data file that is being read, and what is wrong with it so far.
pub(super) struct Source {
    document: Option<Document>,
    pub findings: Vec<Finding>,
}

impl Source {
    /// Reads a text; null if there is nothing to read.
    pub fn read(text: &str) -> (Source, Value) {
        let (mut document, mut findings) = manifest::read_data(text);
        let plain = spacing::plain(text);
        let odd = text.lines().zip(plain.lines()).position(|(line, plain)| line != plain);
        if let (Some(first), Some(odd)) = (findings.first_mut(), odd) {
            let line = odd + 1;
            first.span = manifest::Span { line, column: 1, end_line: line, end_column: 2 };
            first.mend = Some(spacing::ODD.to_owned());
        }
        let value = document.as_mut().map_or(Value::Null, |document| std::mem::take(&mut document.value));
        (Source { document, findings }, value)
    }

    /// Whether the file has a field.
    pub fn has(&self, path: &str) -> bool {
        let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
        let place = |path| self.document.as_ref().and_then(|document| document.key_position(path));
        place(path) != place(parent)
    }

    pub fn wrong(&mut self, path: &str, message: String, mend: &str) {
        let span = self.document.as_ref().and_then(|document| document.position(path)).unwrap_or_default();
        let (severity, stage, fix) = (Severity::Error, Stage::Validation, None);
        let mend = (!mend.is_empty()).then(|| mend.to_owned());
        self.findings.push(Finding { severity, stage, span, path: path.to_owned(), message, mend, fix });
    }

    /// A map with these fields, of which the first `required` must be there; nothing if it is no map at all.
    pub fn map<'a>(
        &mut self,
        value: &'a Value,
        path: &str,
        fields: &[(&'static str, Holds)],
        required: usize,
    ) -> Option<&'a Map> {
        let Some(map) = value.as_map() else {
            let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            let what = if path.is_empty() { "the file" } else { path };
            self.wrong(path, [what, " must be a map with fields such as ", &names.join(", ")].concat(), "");
            return None;
        };
        for (key, value) in map {
            let inner = join(path, key);
            match fields.iter().find(|(name, _)| *name == key.as_str()) {
                None => {
                    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
                    let mend = match schema::closest(key, &names) {
                        _ if spacing::plain(key) != *key => spacing::ODD.to_owned(),
                        Some(right) => ["Did you mean `", right, "`?"].concat(),
                        None => ["The fields here are ", &names.join(", "), "."].concat(),
                    };
                    self.wrong(&inner, ["unknown field ", key].concat(), &mend);
                }
                Some((_, holds)) if !holds.fits(value) => {
                    self.wrong(&inner, [key, " must be ", &holds.wanted()].concat(), "");
                }
                // What is shown is there to be read.
                Some((_, Holds::Text)) if SHOWN.contains(&key.as_str()) && value.as_str().is_some_and(is_blank) => {
                    self.wrong(&inner, [key, " is empty"].concat(), "");
                }
                Some(_) => {}
            }
        }
        for (name, _) in fields.iter().take(required).filter(|(name, _)| !map.contains_key(*name)) {
            self.wrong(path, [*name, " is missing"].concat(), "");
        }
        Some(map)
    }
}

/// Texts that the reader sees.
const SHOWN: [&str; 3] = ["title", "text", "about"];

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

pub(super) fn join(path: &str, key: &str) -> String {
    match path.is_empty() {
        true => key.to_owned(),
        false => [path, ".", key].concat(),
    }
}

pub(super) fn item(path: &str, index: usize) -> String {
    [path, "[", &index.to_string(), "]"].concat()
}

/// The text of a field; empty where there is none.
pub(super) fn text(map: &Map, name: &str) -> String {
    map.get(name).and_then(Value::as_str).unwrap_or_default().trim_end().to_owned()
}

/// The items of a field that is a list; none where there is none.
pub(super) fn list<'a>(map: &'a Map, name: &str) -> &'a [Value] {
    map.get(name).and_then(Value::as_list).unwrap_or_default()
}

/// The texts of a field that is one text or several.
pub fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Str(text)) => vec![text],
        Some(Value::List(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
