//! The Go types behind the manifests, as one table: `schema.txt`, of which each line is parsed when first needed, and
//! `schema-rest.txt`, the same for types that the walk-through has nothing of: a page fetches them after its first paint.
//!
//! The table drives strict decoding (unknown fields, wrong types) and the pod template hash, which prints every field
//! of every type in the order of declaration. One line is one struct: its name, then `GoName:type` for each field.
//! `GoName=json:type` where the JSON name is not the Go name with its first letter in lower case; `&Type` is an
//! embedded struct whose fields are inlined in JSON; `A = B` gives A the fields of B. Types are a letter each (see
//! [`Type`]), `'Name` for a named string type, `*` for a pointer, `+` for a list, and a name for a struct.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::quantity::Quantity;
use super::value::{Map, Value};

/// The type of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// `s`
    Str,
    /// `b`
    Bool,
    /// `i`
    Int32,
    /// `l`
    Int64,
    /// `'Protocol`: a string type with a name of its own
    Named(&'static str),
    /// `u`: `types.UID`
    Uid,
    /// `m`: `map[string]string`
    StringMap,
    /// `r`: `v1.ResourceList`
    ResourceList,
    /// `q`: `resource.Quantity`
    Quantity,
    /// `x`: `intstr.IntOrString`
    IntOrString,
    /// `t`: `v1.Time`
    Time,
    /// `a`: anything
    Any,
    Pointer(Box<Type>),
    List(Box<Type>),
    /// Anything else: the name of a struct
    Struct(&'static Line),
}

/// A field of a struct.
#[derive(Debug)]
pub struct Field {
    pub go: &'static str,
    /// Empty for an embedded struct.
    pub json: Cow<'static, str>,
    pub ty: Type,
}

impl Field {
    /// An anonymous struct field: its own fields stand among those of the struct around it in JSON.
    pub fn embedded(&self) -> bool {
        self.json.is_empty()
    }
}

/// A struct by its name, with its line of the table as soon as somebody asks for it.
pub struct Line {
    name: &'static str,
    parsed: OnceLock<Struct>,
}

impl Line {
    /// The struct.
    pub fn get(&'static self) -> &'static Struct {
        self.parsed.get_or_init(|| Struct::parse(self.name))
    }
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A Go struct.
#[derive(Debug)]
pub struct Struct {
    pub name: &'static str,
    pub fields: Vec<Field>,
}

impl Struct {
    fn parse(name: &'static str) -> Self {
        let fields = words(name).map_or("", |(_, words)| words).split(' ').filter_map(field).collect();
        Struct { name, fields }
    }

    /// The field with a JSON name, those of embedded structs included.
    pub fn field(&'static self, json: &str) -> Option<&'static Field> {
        self.fields.iter().find_map(|field| match (&field.ty, field.embedded()) {
            (Type::Struct(line), true) => line.get().field(json),
            _ => (field.json == json).then_some(field),
        })
    }

    /// The JSON names of all fields.
    pub fn names(&'static self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for field in &self.fields {
            match (&field.ty, field.embedded()) {
                (Type::Struct(line), true) => names.extend(line.get().names()),
                _ => names.push(field.json.as_ref()),
            }
        }
        names
    }
}

/// What a line says of a struct: the words behind its name, or those of the struct that it has its fields of.
fn words(name: &str) -> Option<(&'static str, &'static str)> {
    let of =
        |table: &'static str| table.lines().find_map(|line| line.split_once(' ').filter(|(known, _)| *known == name));
    let (name, words) = of(include_str!("schema.txt")).or_else(|| of(include_str!("schema-rest.txt")))?;
    match words.strip_prefix("= ") {
        Some(twin) => Some((name, self::words(twin)?.1)),
        None => Some((name, words)),
    }
}

/// The structs that were asked for or are the type of a field of one: there is one [`Line`] of each, for good.
static LINES: Mutex<BTreeMap<&'static str, &'static Line>> = Mutex::new(BTreeMap::new());

fn line(name: &'static str) -> &'static Line {
    let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    lines.entry(name).or_insert_with(|| Box::leak(Box::new(Line { name, parsed: OnceLock::new() })))
}

fn field(word: &'static str) -> Option<Field> {
    if let Some(name) = word.strip_prefix('&') {
        return Some(Field { go: name, json: "".into(), ty: parse_type(name)? });
    }
    let (names, ty) = word.split_once(':')?;
    let (go, json) = match names.split_once('=') {
        Some((go, json)) => (go, json.into()),
        None => (names, (names[..1].to_ascii_lowercase() + &names[1..]).into()),
    };
    Some(Field { go, json, ty: parse_type(ty)? })
}

fn parse_type(text: &'static str) -> Option<Type> {
    Some(match text {
        "s" => Type::Str,
        "b" => Type::Bool,
        "i" => Type::Int32,
        "l" => Type::Int64,
        "u" => Type::Uid,
        "m" => Type::StringMap,
        "r" => Type::ResourceList,
        "q" => Type::Quantity,
        "x" => Type::IntOrString,
        "t" => Type::Time,
        "a" => Type::Any,
        _ => match text.as_bytes().first()? {
            b'\'' => Type::Named(&text[1..]),
            b'*' => Type::Pointer(Box::new(parse_type(&text[1..])?)),
            b'+' => Type::List(Box::new(parse_type(&text[1..])?)),
            _ => Type::Struct(line(text)),
        },
    })
}

/// The struct with a Go name.
pub fn by_name(name: &str) -> Option<&'static Struct> {
    let known = LINES.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied();
    let line = match known {
        Some(known) => known,
        None => line(words(name)?.0),
    };
    Some(line.get())
}

/// The kinds this program knows, with the version and the plural name the server knows them by.
const KINDS: [(&str, &str, &str); 9] = [
    ("DaemonSet", "apps/v1", "daemonsets.apps"),
    ("ControllerRevision", "apps/v1", "controllerrevisions.apps"),
    ("Pod", "v1", "pods"),
    ("Node", "v1", "nodes"),
    ("Namespace", "v1", "namespaces"),
    ("ResourceQuota", "v1", "resourcequotas"),
    ("LimitRange", "v1", "limitranges"),
    ("List", "v1", "lists"),
    ("PriorityClass", "scheduling.k8s.io/v1", "priorityclasses.scheduling.k8s.io"),
];

/// The struct of a kind, if this program knows that kind in that version.
pub fn kind(api_version: &str, kind: &str) -> Option<&'static Struct> {
    let known = KINDS.iter().any(|(name, version, _)| *name == kind && *version == api_version);
    known.then(|| by_name(kind)).flatten()
}

impl Type {
    /// The type as Go's reflection prints it.
    pub fn go(&self) -> Cow<'static, str> {
        match self {
            Type::Str => "string".into(),
            Type::Bool => "bool".into(),
            Type::Int32 => "int32".into(),
            Type::Int64 => "int64".into(),
            Type::Named(name) => format!("v1.{name}").into(),
            Type::Uid => "types.UID".into(),
            Type::StringMap => "map[string]string".into(),
            Type::ResourceList => "v1.ResourceList".into(),
            Type::Quantity => "resource.Quantity".into(),
            Type::IntOrString => "intstr.IntOrString".into(),
            Type::Time => "v1.Time".into(),
            Type::Any => "interface {}".into(),
            Type::Pointer(inner) => format!("*{}", inner.go()).into(),
            Type::List(inner) => format!("[]{}", inner.go()).into(),
            Type::Struct(line) => format!("v1.{}", line.name).into(),
        }
    }
}

/// What strict decoding found wrong at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub path: String,
    pub what: Wrong,
}

/// How a value does not fit its type.
#[derive(Clone, Debug, PartialEq)]
pub enum Wrong {
    /// The struct has no such field; the name of a field it may have been meant for, and whether the value does not fit
    /// that one.
    UnknownField { meant: Option<&'static str>, misfit: bool },
    /// Go's `UnmarshalTypeError`, or the error of a type that decodes itself, which ends the decoding at once.
    Type { message: String, ends: bool, expected: Type },
}

/// Checks a value against a struct as `sigs.k8s.io/json` decodes it in strict mode: fields in the order of their names,
/// exact in case, every problem with its path.
pub fn decode(value: &Value, root: &'static Struct) -> Vec<Problem> {
    let mut decoder = Decoder { problems: Vec::new(), go_path: Vec::new() };
    match value {
        Value::Map(map) => decoder.fields(map, root, ""),
        Value::Null => {}
        other => decoder.mismatch("", other, root.name, &Type::Any),
    }
    decoder.problems
}

/// What the server answers to the problems: the error that ends decoding, else the first wrong type, else all unknown
/// fields in one line.
pub fn decoding_error(problems: &[Problem]) -> Option<String> {
    let message = |last: bool| {
        problems.iter().find_map(|problem| match &problem.what {
            Wrong::Type { message, ends, .. } if *ends || !last => Some(message.clone()),
            _ => None,
        })
    };
    if let Some(message) = message(true).or_else(|| message(false)) {
        return Some(message);
    }
    let unknown: Vec<String> = problems.iter().map(|p| format!("unknown field \"{}\"", p.path)).collect();
    (!unknown.is_empty()).then(|| format!("strict decoding error: {}", unknown.join(", ")))
}

struct Decoder {
    problems: Vec<Problem>,
    /// The JSON names on the way down, without list positions and map keys: so Go's messages name a field.
    go_path: Vec<&'static str>,
}

/// Whether a value could stand in a field of a type.
fn fits(value: &Value, ty: &Type, of: &'static Struct) -> bool {
    let mut decoder = Decoder { problems: Vec::new(), go_path: Vec::new() };
    decoder.value(value, ty, of, "");
    decoder.problems.is_empty()
}

/// More problems than this are of no use to anybody.
const PROBLEMS: usize = 100;

impl Decoder {
    fn fields(&mut self, map: &Map, of: &'static Struct, path: &str) {
        for (key, value) in map {
            if self.problems.len() >= PROBLEMS {
                return;
            }
            let here = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            match of.field(key) {
                Some(field) => {
                    self.go_path.push(&field.json);
                    self.value(value, &field.ty, of, &here);
                    self.go_path.pop();
                }
                None => {
                    let meant = closest(key, &of.names());
                    let misfit = meant.and_then(|name| of.field(name)).is_some_and(|field| !fits(value, &field.ty, of));
                    let what = Wrong::UnknownField { meant, misfit };
                    self.problems.push(Problem { path: here, what });
                }
            }
        }
    }

    fn value(&mut self, value: &Value, ty: &Type, of: &'static Struct, path: &str) {
        match (ty, value) {
            (Type::Any, _) | (_, Value::Null) => {}
            (Type::Pointer(inner), _) => self.value(value, inner, of, path),
            (Type::Str | Type::Named(_) | Type::Uid, Value::Str(_)) | (Type::Bool, Value::Bool(_)) => {}
            (Type::Int64, Value::Int(_)) | (Type::IntOrString, Value::Str(_)) => {}
            (Type::Int32 | Type::IntOrString, Value::Int(number)) if i32::try_from(*number).is_ok() => {}
            (Type::Int32 | Type::Int64 | Type::IntOrString, Value::Int(_) | Value::Float(_)) => {
                let expected = if *ty == Type::Int64 { Type::Int64 } else { Type::Int32 };
                self.wrong(path, &format!("number {}", value.to_json()), &expected.go(), of.name, ty);
            }
            (Type::IntOrString, _) => self.wrong(path, word(value), "int32", of.name, ty),
            (Type::Time, Value::Str(text)) => {
                if let Some(message) = time_error(text) {
                    self.ends(path, message, ty);
                }
            }
            (Type::Time, _) => self.wrong(path, word(value), "string", of.name, ty),
            (Type::Quantity, _) => self.quantity(value, path),
            (Type::StringMap, Value::Map(map)) => {
                for (key, item) in map {
                    self.value(item, &Type::Str, of, &key_path(path, key));
                }
            }
            (Type::ResourceList, Value::Map(map)) => {
                for (key, item) in map {
                    self.value(item, &Type::Quantity, of, &format!("{path}[{key}]"));
                }
            }
            (Type::List(inner), Value::List(list)) => {
                for (index, item) in list.iter().enumerate() {
                    if self.problems.len() >= PROBLEMS {
                        return;
                    }
                    self.value(item, inner, of, &format!("{path}[{index}]"));
                }
            }
            (Type::Struct(line), Value::Map(map)) => self.fields(map, line.get(), path),
            _ => self.mismatch(path, value, of.name, ty),
        }
    }

    fn quantity(&mut self, value: &Value, path: &str) {
        let text = match value {
            Value::Str(text) => text.clone(),
            other => other.to_json(),
        };
        if let Err(error) = Quantity::parse(text.trim()) {
            self.ends(path, error.to_string(), &Type::Quantity);
        }
    }

    fn mismatch(&mut self, path: &str, value: &Value, of: &str, ty: &Type) {
        self.wrong(path, word(value), &ty.go(), of, ty);
    }

    fn wrong(&mut self, path: &str, got: &str, go: &str, of: &str, ty: &Type) {
        let field = self.go_path.join(".");
        let message = format!("json: cannot unmarshal {got} into Go struct field {of}.{field} of type {go}");
        let what = Wrong::Type { message, ends: false, expected: ty.clone() };
        self.problems.push(Problem { path: path.to_owned(), what });
    }

    fn ends(&mut self, path: &str, message: String, ty: &Type) {
        let what = Wrong::Type { message, ends: true, expected: ty.clone() };
        self.problems.push(Problem { path: path.to_owned(), what });
    }
}

/// The path of a map's entry. A key that would read as several steps is put into brackets.
fn key_path(path: &str, key: &str) -> String {
    if key.contains(['.', '[', '/']) { format!("{path}[{key}]") } else { format!("{path}.{key}") }
}

/// Go's word for the kind of a JSON value.
fn word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

/// Go's error for a text that is no RFC 3339 time, as far as the shape tells.
fn time_error(text: &str) -> Option<String> {
    let shape = b"0000-00-00T00:00:00";
    let bytes = text.as_bytes();
    let good = bytes.len() > shape.len()
        && shape.iter().zip(bytes).all(|(s, b)| if *s == b'0' { b.is_ascii_digit() } else { s == b });
    (!good).then(|| {
        format!("parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\"")
    })
}

/// The name that a misspelt one was most likely meant for: the same letters in another case, or few edits away.
pub fn closest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let lower = name.to_ascii_lowercase();
    if let Some(same) = names.iter().find(|known| known.to_ascii_lowercase() == lower) {
        return Some(same);
    }
    let allowed = match name.len() {
        0..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    let mut best = names.iter().map(|known| (edits(&lower, &known.to_ascii_lowercase()), *known)).collect::<Vec<_>>();
    best.sort_by_key(|(distance, _)| *distance);
    match best.as_slice() {
        [(distance, _), (next, _), ..] if distance == next => None,
        [(distance, known), ..] if *distance <= allowed => Some(known),
        _ => None,
    }
}

/// How many letters must be added, taken away, changed or swapped with their neighbour.
pub fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 3 || a.len() > 64 {
        return usize::MAX;
    }
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                let swapped = if swap { rows[i - 2][j - 2] + 1 } else { usize::MAX };
                change.min(swapped).min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1)
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let known = |ty: &Type| {
            let mut ty = ty;
            while let Type::Pointer(inner) | Type::List(inner) = ty {
                ty = inner;
            }
            if let Type::Struct(line) = ty { words(line.name).is_some() } else { true }
        };
        for line in [include_str!("schema.txt"), include_str!("schema-rest.txt")].concat().lines() {
            let parsed = by_name(line.split(' ').next().unwrap()).unwrap();
            let words = line.split(' ').count() - 1;
            assert!(parsed.fields.len() == words || line.contains(" = "), "{line}");
            assert!(!parsed.fields.is_empty() && parsed.fields.iter().all(|field| known(&field.ty)), "{line}");
        }
        let container = by_name("EphemeralContainer").unwrap();
        assert_eq!(container.field("tty").unwrap().go, "TTY");
        assert!(by_name("Volume").unwrap().field("hostPath").is_some());
    }

    #[test]
    fn problems_are_told_in_gos_words() {
        let root = by_name("DaemonSet").unwrap();
        let container: Value = [("Image", "a".into()), ("args", vec![1i64].into()), ("tty", "x".into())].into();
        let spec: Value = [("template", [("spec", [("containers", vec![container].into())].into())].into())].into();
        let problems = decode(&[("spec", spec)].into(), root);
        assert_eq!(problems[0].path, "spec.template.spec.containers[0].Image");
        assert_eq!(problems[0].what, Wrong::UnknownField { meant: Some("image"), misfit: false });
        assert_eq!(
            decoding_error(&problems).unwrap(),
            "json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.args of type string"
        );
        assert_eq!(problems[1].path, "spec.template.spec.containers[0].args[0]");
    }

    #[test]
    fn a_misspelt_name_finds_its_field() {
        let names = ["maxUnavailable", "maxSurge"];
        assert_eq!(closest("maxUnavailble", &names), Some("maxUnavailable"));
        assert_eq!(closest("maxsurge", &names), Some("maxSurge"));
        assert_eq!(closest("replicas", &names), None);
        assert_eq!(edits("hsotPath", "hostPath"), 1);
    }
}
