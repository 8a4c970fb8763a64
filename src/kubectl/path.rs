//! JSONPath templates as kubectl has them (client-go `util/jsonpath`): `{.items[*].metadata.name}`, `{range ...}{end}`,
//! filters, unions, recursive descent.

use std::cmp::Ordering;

use crate::api::Value;

/// One step from a value to others.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Field(String),
    /// `*`, `[*]`
    Wildcard,
    /// `..`
    Recursive,
    /// `[from:to:step]`
    Slice(Option<i64>, Option<i64>, i64),
    /// `[?(@.a=="b")]`
    Filter(Operand, Option<(String, Operand)>),
    Union(Vec<Vec<Node>>),
}

/// A side of a filter's comparison.
#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Path(Vec<Node>),
    Literal(Value),
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Path(Vec<Node>),
    Range(Vec<Node>, Vec<Part>),
}

/// A template, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
    /// What each part comes to is printed as a JSON list (`jsonpath-as-json`).
    as_json: bool,
    /// As it was typed.
    text: String,
}

/// What the values of one part of a template print.
#[derive(Clone, Debug, Default)]
struct Output {
    text: String,
    count: usize,
}

impl Output {
    /// Models `PrintResults`: values with a blank between, or the elements of a list.
    fn add(&mut self, value: &Value, as_json: bool) {
        self.count += 1;
        let first = self.count == 1;
        if as_json {
            self.text.push_str(if first { "[\n    " } else { ",\n    " });
            super::print::json(value, 1, &mut self.text);
            return;
        }
        if !first {
            self.text.push(' ');
        }
        self.text.push_str(&plain(value));
    }

    fn end(&self, as_json: bool, out: &mut String) {
        out.push_str(&self.text);
        if as_json {
            out.push_str(if self.count == 0 { "[]\n" } else { "\n]\n" });
        }
    }
}

/// A template that is being filled for a `List`, object by object.
pub struct Filling {
    template: Template,
    outputs: Vec<Output>,
}

impl Filling {
    /// Nothing if a part of the template needs all objects at once: an index, for instance.
    pub fn of(template: &Template) -> Option<Filling> {
        let one_by_one = |part: &Part| match part {
            Part::Text(_) => true,
            Part::Path(path) | Part::Range(path, _) => match path.as_slice() {
                [Node::Field(name), Node::Wildcard | Node::Filter(..), ..] if name == "items" => true,
                [Node::Field(name), ..] => name != "items",
                _ => false,
            },
        };
        let outputs = vec![Output::default(); template.parts.len()];
        template.parts.iter().all(one_by_one).then(|| Filling { template: template.clone(), outputs })
    }

    /// The next object of the list.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub fn add(&mut self, item: &Value) -> Result<(), String> {
        let as_json = self.template.as_json;
        for (part, output) in self.template.parts.iter().zip(&mut self.outputs) {
            let (Part::Path(path) | Part::Range(path, _)) = part else { continue };
            let rest = match path.as_slice() {
                [Node::Field(_), Node::Wildcard, rest @ ..] => rest,
                [Node::Field(_), Node::Filter(left, right), rest @ ..] if admits(left, right.as_ref(), item, item) => {
                    rest
                }
                _ => continue,
            };
            for value in walk(rest, item, item)? {
                match part {
                    Part::Range(_, inner) => fill(inner, as_json, value, value, &mut output.text)?,
                    _ => output.add(value, as_json),
                }
            }
        }
        Ok(())
    }

    /// The text, when all objects have been added; `list` is the list without them.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub fn end(&self, list: &Value) -> Result<String, String> {
        let mut out = String::new();
        for (part, output) in self.template.parts.iter().zip(&self.outputs) {
            match part {
                Part::Path(path) if path.first() == Some(&Node::Field("items".to_owned())) => {
                    output.end(self.template.as_json, &mut out);
                }
                Part::Range(path, _) if path.first() == Some(&Node::Field("items".to_owned())) => {
                    out.push_str(&output.text);
                }
                part => fill(std::slice::from_ref(part), self.template.as_json, list, list, &mut out)?,
            }
        }
        Ok(out)
    }
}

impl Template {
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Template, String> {
        let mut rest = text;
        let parts = parts(&mut rest, false)?;
        Ok(Template { parts, as_json: false, text: text.to_owned() })
    }

    /// The same, printed as JSON lists.
    pub fn in_json(self) -> Template {
        Template { as_json: true, ..self }
    }

    /// The text for an object: values side by side, several of one path with a blank between.
    ///
    /// # Errors
    /// An index that a list has not, or one into something else than a list; fields that are missing are empty
    /// (`--allow-missing-template-keys`).
    pub fn fill(&self, value: &Value) -> Result<String, String> {
        let mut out = String::new();
        fill(&self.parts, self.as_json, value, value, &mut out)?;
        Ok(out)
    }

    /// kubectl's words about a template that cannot be filled, up to the object.
    pub fn failure(&self, error: &str) -> String {
        format!(
            "error: error executing jsonpath {}: Error executing template: {error}. Printing more information for debugging \
             the template:\n\ttemplate was:\n\t\t{}\n\tobject given to jsonpath engine was:\n\t\t",
            crate::store::validation::quote(&self.text),
            self.text
        )
    }

    /// The values of a template that is one path, as custom columns ask for them. What is not there is left out.
    pub fn values(&self, value: &Value) -> Vec<Value> {
        let path = self.parts.iter().find_map(|part| match part {
            Part::Path(path) => Some(path),
            _ => None,
        });
        path.map_or_else(Vec::new, |path| walk(path, value, value).unwrap_or_default().into_iter().cloned().collect())
    }
}

/// A path as custom columns, `--sort-by` and `wait --for` write it: braces and the first dot may be left out
/// (`RelaxedJSONPathExpression`).
///
/// # Errors
/// What is wrong with the text.
pub fn relaxed(text: &str) -> Result<Template, String> {
    let bare = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    if bare.contains(['{', '}']) || bare.is_empty() {
        return Err(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
                .to_owned(),
        );
    }
    Template::parse(&format!("{{.{}}}", bare.strip_prefix('.').unwrap_or(bare)))
}

fn parts(rest: &mut &str, in_range: bool) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let Some(open) = rest.find('{') else {
            parts.push(Part::Text((*rest).to_owned()));
            *rest = "";
            break;
        };
        if open > 0 {
            parts.push(Part::Text(rest[..open].to_owned()));
        }
        let inside = &rest[open + 1..];
        let Some(close) = closing(inside) else { return Err("unclosed action".to_owned()) };
        let action = inside[..close].trim();
        *rest = &inside[close + 1..];
        match action {
            "end" if in_range => return Ok(parts),
            "end" => return Err("not in range, nothing to end".to_owned()),
            _ => {}
        }
        if let Some(path) = action.strip_prefix("range").filter(|path| path.starts_with(char::is_whitespace)) {
            let path = nodes(path.trim())?;
            let inner = self::parts(rest, true)?;
            parts.push(Part::Range(path, inner));
            continue;
        }
        // An action may hold several: `{.a}{"\n"}` is also written `{.a "\n"}`.
        for piece in pieces(action) {
            match literal(piece) {
                Some(Value::Str(text)) if piece.starts_with(['"', '\'']) => parts.push(Part::Text(text)),
                _ => parts.push(Part::Path(nodes(piece)?)),
            }
        }
    }
    match in_range {
        true => Err("unexpected end of range: missing {end}".to_owned()),
        false => Ok(parts),
    }
}

/// Where the brace of an action closes: quotes may hold braces.
fn closing(text: &str) -> Option<usize> {
    scan(text, |c, depth| c == '}' && depth == 0)
}

/// The first place outside quotes where `found` says so; it is told the character and how many brackets are open.
fn scan(text: &str, mut found: impl FnMut(char, usize) -> bool) -> Option<usize> {
    let (mut quote, mut escaped, mut depth) = (None, false, 0usize);
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match (c, quote) {
            ('\\', _) => escaped = true,
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            (c, None) => {
                if found(c, depth) {
                    return Some(at);
                }
                match c {
                    '[' | '(' => depth += 1,
                    ']' | ')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
    }
    None
}

/// Parts an action at its blanks.
fn pieces(action: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = action;
    while let Some(at) = scan(rest, |c, depth| c.is_whitespace() && depth == 0) {
        pieces.push(&rest[..at]);
        rest = rest[at..].trim_start();
    }
    pieces.push(rest);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn literal(text: &str) -> Option<Value> {
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    if let Some(inner) = quoted('"').or_else(|| quoted('\'')) {
        let mut out = String::new();
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            match (c, c == '\\') {
                (_, true) => match chars.next() {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some('r') => out.push('\r'),
                    Some(other) => out.push(other),
                    None => {}
                },
                (c, false) => out.push(c),
            }
        }
        return Some(out.into());
    }
    match text {
        "true" => Some(true.into()),
        "false" => Some(false.into()),
        _ => {
            text.parse::<i64>().map(Value::Int).ok().or_else(|| crate::api::float::parse_float(text).map(Value::Float))
        }
    }
}

/// Reads `.a.b[0]['c']..d`; `$` and `@` stand for the value itself.
fn nodes(text: &str) -> Result<Vec<Node>, String> {
    let mut rest = text.strip_prefix(['$', '@']).unwrap_or(text);
    let mut nodes = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("..") {
            nodes.push(Node::Recursive);
            rest = after;
            if let Some((name, after)) = field(rest) {
                nodes.push(name);
                rest = after;
            }
        } else if let Some(after) = rest.strip_prefix('.') {
            match field(after) {
                Some((name, after)) => {
                    nodes.push(name);
                    rest = after;
                }
                None => rest = after,
            }
        } else if let Some(after) = rest.strip_prefix('[') {
            let Some(end) = scan(after, |c, depth| c == ']' && depth == 0) else {
                return Err("unterminated array".to_owned());
            };
            nodes.push(bracket(after[..end].trim())?);
            rest = &after[end + 1..];
        } else {
            match (nodes.is_empty(), field(rest)) {
                (true, Some((name, after))) => {
                    nodes.push(name);
                    rest = after;
                }
                _ => return Err(format!("unrecognized character in action: {:?}", rest.chars().next().unwrap_or(' '))),
            }
        }
    }
    Ok(nodes)
}

/// A field's name and what comes after it; a backslash protects a dot.
fn field(text: &str) -> Option<(Node, &str)> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    let mut end = text.len();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => name.extend(chars.next().map(|(_, c)| c)),
            '.' | '[' | ']' | '(' | ')' | ' ' | '=' | '<' | '>' | '!' => {
                end = at;
                break;
            }
            c => name.push(c),
        }
    }
    match (name.as_str(), &text[end..]) {
        ("", _) => None,
        ("*", rest) => Some((Node::Wildcard, rest)),
        (_, rest) => Some((Node::Field(name), rest)),
    }
}

fn bracket(text: &str) -> Result<Node, String> {
    if text == "*" {
        return Ok(Node::Wildcard);
    }
    if let Some(filter) = text.strip_prefix("?(").and_then(|text| text.strip_suffix(')')) {
        let operand = |text: &str| match literal(text.trim()) {
            Some(value) => Ok(Operand::Literal(value)),
            None => nodes(text.trim()).map(Operand::Path),
        };
        for operator in ["==", "!=", "<=", ">=", "<", ">"] {
            let first = operator.chars().next();
            if let Some(at) = scan(filter, |c, depth| Some(c) == first && depth == 0)
                && let Some(right) = filter[at..].strip_prefix(operator)
            {
                return Ok(Node::Filter(operand(&filter[..at])?, Some((operator.to_owned(), operand(right)?))));
            }
        }
        return Ok(Node::Filter(operand(filter)?, None));
    }
    let mut items = Vec::new();
    let mut rest = text;
    while let Some(at) = scan(rest, |c, depth| c == ',' && depth == 0) {
        items.push(rest[..at].trim());
        rest = &rest[at + 1..];
    }
    items.push(rest.trim());
    let one = |item: &str| -> Result<Node, String> {
        if let Some(Value::Str(name)) = literal(item) {
            return Ok(Node::Field(name));
        }
        let numbers: Vec<&str> = item.split(':').map(str::trim).collect();
        let number = |index: usize| match numbers.get(index) {
            None | Some(&"") => Ok(None),
            Some(text) => text.parse::<i64>().map(Some).map_err(|_| format!("invalid array index {text}")),
        };
        match numbers.len() {
            // One element; -1 counts from the end.
            1 => match number(0)? {
                Some(at) => Ok(Node::Slice(Some(at), (at != -1).then_some(at + 1), 1)),
                None => Err("invalid array index ".to_owned()),
            },
            2 | 3 => Ok(Node::Slice(number(0)?, number(1)?, number(2)?.unwrap_or(1))),
            _ => Err(format!("invalid array index {item}")),
        }
    };
    match items.as_slice() {
        [item] => one(item),
        _ => items
            .iter()
            .map(|item| if item.starts_with(['.', '@']) { nodes(item) } else { one(item).map(|node| vec![node]) })
            .collect::<Result<_, _>>()
            .map(Node::Union),
    }
}

fn walk<'a>(nodes: &[Node], value: &'a Value, root: &'a Value) -> Result<Vec<&'a Value>, String> {
    let mut values = vec![value];
    for node in nodes {
        let mut next = Vec::new();
        for value in values {
            match node {
                Node::Field(name) => next.extend(value.get(name)),
                Node::Wildcard => next.extend(children(value)),
                Node::Recursive => descend(value, &mut next),
                Node::Slice(from, to, step) => {
                    let Some(list) = value.as_list() else {
                        return Err(format!("{} is not array or slice", value.to_json()));
                    };
                    let length = list.len() as i64;
                    let place = |at: i64| if at < 0 { at + length } else { at };
                    let (from, to) = (place(from.unwrap_or(0)), place(to.unwrap_or(length)));
                    if *step == 1 && to == from + 1 && !(0..length).contains(&from) {
                        return Err(format!("array index out of bounds: index {from}, length {length}"));
                    }
                    let step = usize::try_from(*step).ok().filter(|step| *step > 0).unwrap_or(1);
                    let range = from.clamp(0, length) as usize..to.clamp(0, length) as usize;
                    next.extend(list.get(range).unwrap_or_default().iter().step_by(step));
                }
                Node::Filter(left, right) => {
                    let admits = |item: &&Value| admits(left, right.as_ref(), item, root);
                    next.extend(value.as_list().unwrap_or_default().iter().filter(admits));
                }
                Node::Union(paths) => {
                    for path in paths {
                        next.extend(walk(path, value, root)?);
                    }
                }
            }
        }
        values = next;
    }
    Ok(values)
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::List(list) => list.iter().collect(),
        Value::Map(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

fn descend<'a>(value: &'a Value, out: &mut Vec<&'a Value>) {
    if matches!(value, Value::Map(_) | Value::List(_)) {
        out.push(value);
    }
    for child in children(value) {
        descend(child, out);
    }
}

fn admits(left: &Operand, right: Option<&(String, Operand)>, item: &Value, root: &Value) -> bool {
    let read = |operand: &Operand| match operand {
        Operand::Literal(value) => Some(value.clone()),
        Operand::Path(path) => walk(path, item, root).ok()?.first().map(|value| (*value).clone()),
    };
    let Some((operator, right)) = right else { return read(left).is_some() };
    let (Some(left), Some(right)) = (read(left), read(right)) else { return false };
    let order = match (&left, &right) {
        (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (a, b) => number(a).zip(number(b)).and_then(|(a, b)| a.partial_cmp(&b)),
    };
    match operator.as_str() {
        "==" => order == Some(Ordering::Equal),
        "!=" => order.is_some_and(|order| order != Ordering::Equal),
        "<" => order == Some(Ordering::Less),
        ">" => order == Some(Ordering::Greater),
        "<=" => order.is_some_and(Ordering::is_le),
        _ => order.is_some_and(Ordering::is_ge),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

fn fill(parts: &[Part], as_json: bool, value: &Value, root: &Value, out: &mut String) -> Result<(), String> {
    for part in parts {
        match part {
            Part::Text(text) if as_json => {
                let mut output = Output::default();
                output.add(&text.as_str().into(), true);
                output.end(true, out);
            }
            Part::Text(text) => out.push_str(text),
            Part::Path(path) => {
                let mut output = Output::default();
                walk(path, value, root)?.into_iter().for_each(|value| output.add(value, as_json));
                output.end(as_json, out);
            }
            Part::Range(path, inner) => {
                for value in walk(path, value, root)? {
                    // A list that is named as a whole is gone through.
                    fill(inner, as_json, value, root, out)?;
                }
            }
        }
    }
    Ok(())
}

/// A value as JSONPath prints it: texts bare, the rest as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::Str(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_json(),
    }
}

/// A value as Go's `%#v` prints it.
pub fn go_syntax(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("interface {}(nil)"),
        Value::Str(text) => out.push_str(&crate::store::validation::quote(text)),
        Value::List(list) => {
            out.push_str("[]interface {}{");
            for (index, item) in list.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                go_syntax(item, out);
            }
            out.push('}');
        }
        Value::Map(map) => {
            out.push_str("map[string]interface {}{");
            for (index, (key, item)) in map.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                out.push_str(&crate::store::validation::quote(key));
                out.push(':');
                go_syntax(item, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_json()),
    }
}

/// A value as Go's `%v` prints it.
pub fn go(value: &Value) -> String {
    match value {
        Value::Str(text) => text.clone(),
        Value::Null => "<nil>".to_owned(),
        Value::List(list) => format!("[{}]", list.iter().map(go).collect::<Vec<_>>().join(" ")),
        Value::Map(map) => {
            let fields: Vec<String> = map.iter().map(|(key, value)| format!("{key}:{}", go(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
        other => other.to_json(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        let pod = |name: &str, ready: bool| {
            let condition = |kind: &str, on: bool| {
                Value::from([("type", Value::from(kind)), ("status", if on { "True" } else { "False" }.into())])
            };
            Value::from([
                ("metadata", [("name", Value::from(name)), ("labels", [("a.b/c", Value::from("x"))].into())].into()),
                ("n", Value::Int(if ready { 1 } else { 2 })),
                ("conditions", Value::List(vec![condition("Ready", ready), condition("Other", true)])),
            ])
        };
        [("kind", Value::from("List")), ("items", Value::List(vec![pod("p", true), pod("q", false)]))].into()
    }

    #[test]
    fn templates_are_filled_as_kubectl_does() {
        for (template, text) in [
            ("{.kind}", "List"),
            ("{$.kind}/{.items[0].n}", "List/1"),
            ("{.items[*].metadata.name}", "p q"),
            ("{.items[-1].metadata.name}", "q"),
            ("{.items[0:2].n}", "1 2"),
            (r"{.items[0].metadata.labels.a\.b/c}", "x"),
            ("{.items[0].metadata.labels['a.b/c']}", "x"),
            (r#"{range .items[*]}{.metadata.name}{"\t"}{.n}{"\n"}{end}"#, "p\t1\nq\t2\n"),
            (r#"{.items[?(@.n>1)].metadata.name}"#, "q"),
            (r#"{.items[*].conditions[?(@.type=="Ready")].status}"#, "True False"),
            ("{..name}", "p q"),
            ("{.items[0].metadata.labels}", r#"{"a.b/c":"x"}"#),
            ("{.items[0]['n','kind']}", "1"),
            ("plain {.kind} text", "plain List text"),
        ] {
            assert_eq!(Template::parse(template).and_then(|it| it.fill(&sample())).as_deref(), Ok(text), "{template}");
        }
        assert_eq!(Template::parse("{.nope.x}").and_then(|it| it.fill(&sample())).as_deref(), Ok(""));
        assert!(Template::parse("{.items[7]}").and_then(|it| it.fill(&sample())).is_err());
        for bad in ["{.a", "{range .a}", "{end}", "{.a[}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn relaxed_paths_need_no_braces() {
        for text in [".items[0].n", "items[0].n", "{.items[0].n}", "{items[0].n}"] {
            assert_eq!(relaxed(text).unwrap().values(&sample()), [Value::Int(1)], "{text}");
        }
        assert!(relaxed("").is_err());
    }
}
