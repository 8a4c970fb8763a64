//! YAML events to values, with the position of every key and value.

use std::collections::BTreeMap;

use super::lenient::{self, Lenient};
use super::scalar;
use crate::api::value::{Map, Value};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Tag};

/// A stretch of the text. Lines and columns count from 1, columns in characters; the end is exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

/// Where a value and its key stand, and the same for all that is inside it.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    pub key: Option<Span>,
    pub value: Span,
    pub inside: Inside,
}

#[derive(Clone, Debug, Default)]
pub(super) enum Inside {
    #[default]
    Nothing,
    List(Vec<Marks>),
    /// In the order of the text; of keys given twice the last counts.
    Map(Vec<(String, Marks)>),
}

/// One document as parsed.
#[derive(Debug)]
pub(super) struct Tree {
    pub value: Value,
    pub marks: Marks,
    pub remarks: Vec<Remark>,
    /// The line of something after the document's end, which nobody reads.
    pub more: Option<usize>,
}

/// What is legal YAML and yet hardly meant.
#[derive(Debug)]
pub(super) enum Remark {
    DuplicateKey { path: String, key: String, span: Span, first: Span },
    KeyIsNotText { path: String, written: String, read: String, span: Span },
}

/// Why a text is no document.
#[derive(Debug)]
pub(super) enum Failure {
    Scan(ScanError),
    Depth(Span),
    Aliases(Span),
    /// An alias stands inside the very value it names.
    Itself(Span),
    /// A map or a list, or null, stands as the key of a map; with the first two as Go prints them.
    Key(Span, Option<String>),
    Merge(Span),
    /// .inf and .nan have no JSON form.
    NotJson(Span, f64),
}

/// Deeper nesting is refused; what follows the tree may use recursion.
const DEPTH: usize = 100;
/// Aliases may not repeat more values than this in one document.
const REPEATED: usize = 100_000;

/// More remarks than this help nobody.
const REMARKS: usize = 100;

/// A list or map that is not finished yet.
struct Frame {
    anchor: usize,
    span: Span,
    holds: Holds,
}

enum Holds {
    List(Vec<Value>, Vec<Marks>),
    Map { map: Map, marks: Vec<(String, Marks)>, key: Option<Key> },
}

struct Key {
    text: String,
    span: Span,
    merge: bool,
}

/// A finished value, and how many values it is made of.
#[derive(Clone)]
struct Done {
    value: Value,
    marks: Marks,
    size: usize,
}

/// Parses the first document of `text`; `above` lines stand before it.
pub(super) fn parse(text: &str, above: usize) -> Result<Option<Tree>, Failure> {
    match parse_text(text, above, None) {
        Err(Failure::Scan(error)) if lenient::helps(error.info()) => {
            let lenient = lenient::rewrite(text);
            parse_text(&lenient.text, above, Some(&lenient)).map_err(|later| match later {
                Failure::Scan(later) if lenient::helps(later.info()) => Failure::Scan(error),
                later => later,
            })
        }
        result => result,
    }
}

fn parse_text(text: &str, above: usize, lenient: Option<&Lenient>) -> Result<Option<Tree>, Failure> {
    let (stack, anchors, remarks) = (Vec::new(), BTreeMap::new(), Vec::new());
    let mut builder = Builder { above, lenient, stack, anchors, repeated: 0, done: None, remarks };
    let mut ended = false;
    let mut more = None;
    // What is only found when values are made of the text: the original reads all of the document before that.
    let mut later = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            // Like the original, this reads one document and never looks behind its end.
            Err(_) if ended => break,
            Err(error) if builder.done.is_some() && error.info().contains("<document start>") => {
                more = Some(error.marker().line() + above);
                break;
            }
            Err(error) => return Err(Failure::Scan(error)),
        };
        match event {
            Event::DocumentStart(_) if ended => {
                more = Some(span.start.line() + above);
                break;
            }
            Event::DocumentEnd => ended = true,
            _ if later.is_some() => {}
            event => match builder.event(event, span) {
                Err(failure @ (Failure::Key(..) | Failure::Merge(_) | Failure::NotJson(..))) => later = Some(failure),
                result => result?,
            },
        }
    }
    if let Some(failure) = later {
        return Err(failure);
    }
    let remarks = builder.remarks;
    Ok(builder.done.map(|done| Tree { value: done.value, marks: done.marks, remarks, more }))
}

struct Builder<'a> {
    above: usize,
    lenient: Option<&'a Lenient>,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, Done>,
    repeated: usize,
    done: Option<Done>,
    remarks: Vec<Remark>,
}

impl Builder<'_> {
    fn span(&self, span: saphyr_parser::Span) -> Span {
        let column = |marker: &saphyr_parser::Marker| match self.lenient {
            Some(lenient) if lenient.moved.get(marker.line().saturating_sub(1)) == Some(&true) => {
                marker.col().saturating_sub(lenient.pad) + 1
            }
            _ => marker.col() + 1,
        };
        Span {
            line: span.start.line() + self.above,
            column: column(&span.start),
            end_line: span.end.line() + self.above,
            end_column: column(&span.end),
        }
    }

    fn event(&mut self, event: Event<'_>, at: saphyr_parser::Span) -> Result<(), Failure> {
        let span = self.span(at);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref());
                if let Value::Float(number) = value
                    && !number.is_finite()
                {
                    return Err(Failure::NotJson(span, number));
                }
                if self.wants_key() {
                    return self.key(&text, style, value, span, anchor);
                }
                self.finish(Done { value, marks: Marks { value: span, ..Marks::default() }, size: 1 }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.open(Holds::List(Vec::new(), Vec::new()), anchor, span),
            Event::MappingStart(anchor, _) => {
                let holds = Holds::Map { map: Map::new(), marks: Vec::new(), key: None };
                self.open(holds, anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.stack.pop() else { return Ok(()) };
                let (value, inside) = match frame.holds {
                    Holds::List(values, marks) => (Value::List(values), Inside::List(marks)),
                    Holds::Map { map, marks, .. } => (Value::Map(map), Inside::Map(marks)),
                };
                let marks = Marks { key: None, value: frame.span, inside };
                // Only anchored values are ever repeated, so only their size matters.
                let size = if frame.anchor == 0 { 1 } else { size(&marks) };
                self.finish(Done { value, marks, size }, frame.anchor)
            }
            Event::Alias(anchor) => {
                let Some(mut done) = self.anchors.get(&anchor).cloned() else {
                    return Err(Failure::Itself(span));
                };
                self.repeated += done.size;
                if self.repeated > REPEATED {
                    return Err(Failure::Aliases(span));
                }
                if self.wants_key() {
                    let text =
                        scalar::key(done.value.clone()).ok_or_else(|| Failure::Key(span, go_syntax(&done.value)))?;
                    return self.key(&text, ScalarStyle::SingleQuoted, done.value, span, 0);
                }
                done.marks.value = span;
                self.finish(done, 0)
            }
            _ => Ok(()),
        }
    }

    fn wants_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { holds: Holds::Map { key: None, .. }, .. }))
    }

    fn open(&mut self, holds: Holds, anchor: usize, span: Span) -> Result<(), Failure> {
        if self.stack.len() >= DEPTH {
            return Err(Failure::Depth(span));
        }
        self.stack.push(Frame { anchor, span, holds });
        Ok(())
    }

    fn key(&mut self, text: &str, style: ScalarStyle, value: Value, span: Span, anchor: usize) -> Result<(), Failure> {
        if anchor != 0 {
            let marks = Marks { value: span, ..Marks::default() };
            self.anchors.insert(anchor, Done { value: value.clone(), marks, size: 1 });
        }
        let merge = style == ScalarStyle::Plain && text == "<<";
        let read = scalar::key(value).ok_or(Failure::Key(span, None))?;
        if read != text && style == ScalarStyle::Plain && self.remarks.len() < REMARKS {
            let path = join(&self.path(), &read);
            self.remarks.push(Remark::KeyIsNotText { path, written: text.to_owned(), read: read.clone(), span });
        }
        if let Some(Frame { holds: Holds::Map { key, .. }, .. }) = self.stack.last_mut() {
            *key = Some(Key { text: read, span, merge });
        }
        Ok(())
    }

    fn finish(&mut self, done: Done, anchor: usize) -> Result<(), Failure> {
        if anchor != 0 {
            // Anchors within anchored values: each keeps a copy of all inside it.
            self.repeated += if done.size > 1 { done.size } else { 0 };
            if self.repeated > REPEATED {
                return Err(Failure::Aliases(done.marks.value));
            }
            self.anchors.insert(anchor, done.clone());
        }
        let mut duplicate = None;
        match self.stack.last_mut().map(|frame| &mut frame.holds) {
            None => {
                self.done.get_or_insert(done);
            }
            Some(Holds::List(values, marks)) => {
                values.push(done.value);
                marks.push(done.marks);
            }
            Some(Holds::Map { map, marks, key }) => {
                let Some(Key { text, span, merge }) = key.take() else {
                    return Err(Failure::Key(done.marks.value, go_syntax(&done.value)));
                };
                if merge {
                    return merge_into(map, marks, done);
                }
                let mut here = done.marks;
                here.key = Some(span);
                if map.insert(text.clone(), done.value).is_some() && self.remarks.len() < REMARKS {
                    let before = marks.iter().rev().find(|(key, _)| *key == text).and_then(|(_, mark)| mark.key);
                    duplicate = before.map(|before| (text.clone(), span, before));
                }
                marks.push((text, here));
            }
        }
        if let Some((key, span, first)) = duplicate {
            let path = join(&self.path(), &key);
            self.remarks.push(Remark::DuplicateKey { path, key, span, first });
        }
        Ok(())
    }

    /// The path of the innermost open value.
    fn path(&self) -> String {
        let mut path = String::new();
        for (depth, frame) in self.stack.iter().enumerate() {
            match &frame.holds {
                Holds::List(values, _) if depth + 1 < self.stack.len() => path.push_str(&format!("[{}]", values.len())),
                Holds::Map { key: Some(key), .. } => path = join(&path, &key.text),
                _ => {}
            }
        }
        path
    }
}

/// A list or a map as Go's `%#v` prints what its YAML library makes of it.
fn go_syntax(value: &Value) -> Option<String> {
    fn inner(value: &Value) -> String {
        let (kind, items): (_, Vec<String>) = match value {
            Value::Null => return "interface {}(nil)".to_owned(),
            Value::List(list) => ("[]", list.iter().map(inner).collect()),
            Value::Map(map) => {
                let entries =
                    map.iter().map(|(key, value)| format!("{}:{}", Value::from(key.as_str()).to_json(), inner(value)));
                ("map[interface {}]", entries.collect())
            }
            scalar => return scalar.to_json(),
        };
        format!("{kind}interface {{}}{{{}}}", items.join(", "))
    }
    matches!(value, Value::List(_) | Value::Map(_)).then(|| inner(value))
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Counted in marks: what `<<` brings in twice has one value, but two marks.
fn size(marks: &Marks) -> usize {
    match &marks.inside {
        Inside::List(list) => 1 + list.iter().map(size).sum::<usize>(),
        Inside::Map(map) => 1 + map.iter().map(|(_, mark)| size(mark)).sum::<usize>(),
        Inside::Nothing => 1,
    }
}

/// `<<`: the keys of one map, or of several of which the first counts most, come in as if written here.
fn merge_into(map: &mut Map, marks: &mut Vec<(String, Marks)>, done: Done) -> Result<(), Failure> {
    let place = done.marks.value;
    let mut add = |value: Value, inside: Inside| match (value, inside) {
        (Value::Map(values), Inside::Map(places)) => {
            map.extend(values);
            // Without a key of its own, so that a key written out later is no duplicate.
            marks.extend(places.into_iter().map(|(name, mark)| (name, Marks { key: None, ..mark })));
            Ok(())
        }
        _ => Err(Failure::Merge(place)),
    };
    match (done.value, done.marks.inside) {
        (Value::List(values), Inside::List(places)) => {
            values.into_iter().zip(places).rev().try_for_each(|(value, mark)| add(value, mark.inside))
        }
        (value, inside) => add(value, inside),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let core = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str());
    match (core, tag) {
        (Some("str" | "binary"), _) => text.into(),
        (Some(_), _) => scalar::resolve(text),
        (None, Some(_)) => text.into(),
        (None, None) if style == ScalarStyle::Plain => scalar::resolve(text),
        _ => text.into(),
    }
}
