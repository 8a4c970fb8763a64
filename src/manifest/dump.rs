//! What machines write: `kubectl get -o yaml` and `-o json` of whole clusters, which may be a hundred megabytes long.
//!
//! The reader of manifests looks for every mistake a person can make and remembers where each word stood. Here nobody
//! made one, and only a part is wanted: so this reads block YAML and JSON in one pass, object by object, and leaves out
//! what the caller has no use for without looking into it. What it doesn't understand it says so about, and the
//! careful reader can be asked.

use crate::api::value::{Map, Value};

use super::scalar;

/// Why a dump could not be read, and in which line (counted from 1).
#[derive(Clone, Debug, PartialEq)]
pub struct Unreadable {
    pub line: usize,
    pub what: &'static str,
}

/// Objects nested deeper than this are nobody's cluster.
const DEPTH_MAX: usize = 64;

/// Reads every object of a dump: members of lists and whole documents alike. `skip` is asked with the kind of the object
/// (empty as long as that is not known: fields come in the order of their names) and the name of a field.
///
/// # Errors
/// The text is neither JSON nor YAML as kubectl prints it.
pub fn read_dump(
    text: &str,
    skip: fn(kind: &str, field: &str) -> bool,
    each: &mut dyn FnMut(Value),
) -> Result<(), Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { text, at: 0, virtual_indent: None, depth: 0, kind: String::new(), skip, each };
    let begins = text.trim_start().as_bytes().first();
    let done = if matches!(begins, Some(b'{' | b'[')) { reader.json_documents() } else { reader.yaml_documents() };
    done.map_err(|what| Unreadable { line: 1 + text[..reader.at.min(text.len())].matches('\n').count(), what })
}

type Done<T> = Result<T, &'static str>;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The indent of what stands at `at` in the middle of a line, behind a `- `.
    virtual_indent: Option<usize>,
    depth: usize,
    /// The kind of the object that is being read.
    kind: String,
    skip: fn(&str, &str) -> bool,
    each: &'a mut dyn FnMut(Value),
}

/// Whether a key of the outermost map holds the members of a list.
fn is_items(depth: usize, key: &str) -> bool {
    depth == 1 && key == "items"
}

impl<'a> Reader<'a> {
    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    /// The rest of the line, and the reader behind it.
    fn take_line(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find('\n').unwrap_or(rest.len());
        self.at += (end + 1).min(rest.len());
        rest[..end].strip_suffix('\r').unwrap_or(&rest[..end])
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Done<T>) -> Done<T> {
        if self.depth >= DEPTH_MAX {
            return Err("it is nested too deeply");
        }
        self.depth += 1;
        let done = read(self);
        self.depth -= 1;
        done
    }

    /// A map is complete: an object, unless it was the list around them.
    fn finish(&mut self, map: Map) {
        self.kind.clear();
        if map.get("kind").and_then(Value::as_str).is_some_and(|kind| !kind.ends_with("List")) {
            (self.each)(Value::Map(map));
        }
    }

    // ------------------------------------------------------------ YAML

    fn yaml_documents(&mut self) -> Done<()> {
        loop {
            while self.text[self.at..].starts_with("---") {
                self.take_line();
            }
            match self.next_content() {
                None if self.at >= self.text.len() => return Ok(()),
                None => {}
                Some(indent) => match self.deeper(|reader| reader.block(indent))? {
                    Value::Map(map) => self.finish(map),
                    Value::Null => {}
                    _ => return Err("this is no object"),
                },
            }
        }
    }

    /// Goes to the next line that says something, and tells its indent; none at the end of a document.
    fn next_content(&mut self) -> Option<usize> {
        if let Some(indent) = self.virtual_indent {
            return Some(indent);
        }
        loop {
            let line = &self.bytes()[self.at..];
            let indent = line.iter().position(|byte| *byte != b' ').unwrap_or(line.len());
            match line.get(indent) {
                None => {
                    self.at = self.text.len();
                    return None;
                }
                Some(b'\n' | b'\r' | b'#') => {
                    self.take_line();
                }
                Some(b'-') if indent == 0 && line.starts_with(b"---") => return None,
                Some(_) => return Some(indent),
            }
        }
    }

    /// Steps over the indent of a line, or takes note that a `- ` stood there.
    fn enter(&mut self, indent: usize) {
        if self.virtual_indent.take().is_none() {
            self.at += indent;
        }
    }

    fn is_item(&self) -> bool {
        let rest = &self.bytes()[self.at..];
        rest.first() == Some(&b'-') && matches!(rest.get(1), None | Some(b' ' | b'\n' | b'\r'))
    }

    /// A map, a list or a single value that begins at this indent.
    fn block(&mut self, indent: usize) -> Done<Value> {
        self.enter(indent);
        if self.is_item() {
            return self.deeper(|reader| reader.list(indent));
        }
        if matches!(self.peek(), Some(b'{' | b'[')) {
            return self.flow();
        }
        let Some(key) = self.key()? else { return self.scalar(indent.saturating_sub(1)) };
        self.map(indent, key)
    }

    /// The key that begins here, if the line is an entry of a map; the reader stands behind its colon then.
    fn key(&mut self) -> Done<Option<String>> {
        let begin = self.at;
        if matches!(self.peek(), Some(b'"' | b'\'')) {
            let key = self.quoted()?;
            if self.peek() == Some(b':') {
                self.at += 1;
                return Ok(Some(key));
            }
            self.at = begin;
            return Ok(None);
        }
        let line = self.text[self.at..].split('\n').next().unwrap_or_default().trim_end();
        let colon = match line.find(": ") {
            Some(colon) => colon,
            None if line.ends_with(':') => line.len() - 1,
            None => return Ok(None),
        };
        if line.starts_with(['?', '&', '*', '!', '%', '@', '`']) {
            return Err("this form of YAML is not one that kubectl prints");
        }
        self.at += colon + 1;
        scalar::key(scalar::resolve(line[..colon].trim_end())).map(Some).ok_or("this key is no text")
    }

    fn map(&mut self, indent: usize, first: String) -> Done<Value> {
        let mut map = Map::new();
        let mut key = first;
        loop {
            if (self.skip)(&self.kind, &key) {
                self.skip_value(indent);
            } else {
                let value = self.value_of(indent, &key)?;
                if key == "kind"
                    && let Some(kind) = value.as_str()
                    && self.kind.is_empty()
                {
                    kind.clone_into(&mut self.kind);
                }
                map.insert(key, value);
            }
            match self.next_content() {
                Some(next) if next == indent => {
                    self.enter(indent);
                    if self.is_item() {
                        return Err("an item of a list stands where a field should");
                    }
                    key = self.key()?.ok_or("a field has no colon")?;
                }
                Some(next) if next > indent => return Err("the indent does not fit"),
                _ => return Ok(Value::Map(map)),
            }
        }
    }

    /// What stands behind a key, in its line or below it.
    fn value_of(&mut self, indent: usize, key: &str) -> Done<Value> {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
        match self.peek() {
            None => Ok(Value::Null),
            Some(b'\n' | b'\r' | b'#') => {
                self.take_line();
                match self.next_content() {
                    Some(below) if below > indent => self.block_or_items(below, key),
                    Some(below) if below == indent && self.bytes()[self.at + below..].starts_with(b"-") => {
                        self.block_or_items(below, key)
                    }
                    _ => Ok(Value::Null),
                }
            }
            Some(b'|' | b'>') => self.literal(indent),
            Some(b'{' | b'[') => self.flow(),
            Some(b'&' | b'*' | b'!') => Err("this form of YAML is not one that kubectl prints"),
            Some(_) => self.scalar(indent),
        }
    }

    fn block_or_items(&mut self, indent: usize, key: &str) -> Done<Value> {
        if !is_items(self.depth, key) || self.bytes().get(self.at + indent) != Some(&b'-') {
            return self.deeper(|reader| reader.block(indent));
        }
        while self.next_content() == Some(indent) && self.bytes()[self.at + indent..].starts_with(b"-") {
            self.kind.clear();
            self.enter(indent);
            match self.item(indent)? {
                Value::Map(map) => self.finish(map),
                _ => return Err("an item of the list is no object"),
            }
        }
        Ok(Value::Null)
    }

    fn list(&mut self, indent: usize) -> Done<Value> {
        let mut list = Vec::new();
        loop {
            list.push(self.item(indent)?);
            match self.next_content() {
                Some(next) if next == indent => {
                    let begin = (self.at, self.virtual_indent);
                    self.enter(indent);
                    if !self.is_item() {
                        // The next field of the map around, where items are not indented.
                        (self.at, self.virtual_indent) = begin;
                        return Ok(Value::List(list));
                    }
                }
                Some(next) if next > indent => return Err("the indent does not fit"),
                _ => return Ok(Value::List(list)),
            }
        }
    }

    /// What stands behind the `-` of an item; the reader stands at it.
    fn item(&mut self, indent: usize) -> Done<Value> {
        let begin = self.at;
        self.at += 1;
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
        match self.peek() {
            None => Ok(Value::Null),
            Some(b'\n' | b'\r' | b'#') => {
                self.take_line();
                match self.next_content() {
                    Some(below) if below > indent => self.deeper(|reader| reader.block(below)),
                    _ => Ok(Value::Null),
                }
            }
            Some(b'|' | b'>') => self.literal(indent),
            Some(_) => {
                let inner = indent + (self.at - begin);
                self.virtual_indent = Some(inner);
                self.deeper(|reader| reader.block(inner))
            }
        }
    }

    /// Steps over the value of a field without a look into it.
    fn skip_value(&mut self, indent: usize) {
        self.take_line();
        loop {
            let line = &self.bytes()[self.at..];
            let blank = line.iter().position(|byte| *byte != b' ').unwrap_or(line.len());
            let inside = match line.get(blank) {
                None => false,
                Some(b'\n' | b'\r') => true,
                Some(b'-') => blank >= indent && !(blank == 0 && line.starts_with(b"---")),
                Some(_) => blank > indent,
            };
            if !inside {
                return;
            }
            self.take_line();
        }
    }

    /// A text behind `|` or `>`.
    fn literal(&mut self, indent: usize) -> Done<Value> {
        let head = self.take_line().trim_end();
        let folded = head.starts_with('>');
        let keep = match head[1..].trim() {
            "" => None,
            "-" => Some(false),
            "+" => Some(true),
            _ => return Err("this form of YAML is not one that kubectl prints"),
        };
        let mut text = String::new();
        let mut inner = None;
        while self.at < self.text.len() {
            let line = &self.bytes()[self.at..];
            let blank = line.iter().position(|byte| *byte != b' ').unwrap_or(line.len());
            let empty = matches!(line.get(blank), None | Some(b'\n' | b'\r'));
            if !empty {
                if blank <= indent || inner.is_some_and(|inner| blank < inner) {
                    break;
                }
                inner.get_or_insert(blank);
            }
            let cut = inner.unwrap_or(blank).min(blank);
            let line = self.take_line();
            text.push_str(line.get(cut..).unwrap_or_default());
            text.push('\n');
        }
        let body = text.trim_end_matches('\n').len();
        let mut text = if folded { fold(&text[..body]) + &text[body..] } else { text };
        let body = text.trim_end_matches('\n').len();
        match keep {
            None => text.truncate((body + 1).min(text.len())),
            Some(false) => text.truncate(body),
            Some(true) => {}
        }
        Ok(text.into())
    }

    /// A single value, quoted or plain, that may go on in deeper lines.
    fn scalar(&mut self, indent: usize) -> Done<Value> {
        if matches!(self.peek(), Some(b'"' | b'\'')) {
            let text = self.quoted()?;
            let rest = self.take_line().trim();
            return if rest.is_empty() || rest.starts_with('#') { Ok(text.into()) } else { Err("text after a value") };
        }
        let first = self.take_line();
        let first = first.split(" #").next().unwrap_or(first).trim();
        let mut more = String::new();
        while let Some(next) = self.next_content_of_scalar(indent) {
            let line = self.take_line()[next..].trim_end();
            if line.contains(": ") || line.ends_with(':') {
                return Err("the indent does not fit");
            }
            more.push(' ');
            more.push_str(line);
        }
        if more.is_empty() { Ok(scalar::resolve(first)) } else { Ok((first.to_owned() + &more).into()) }
    }

    fn next_content_of_scalar(&self, indent: usize) -> Option<usize> {
        let line = &self.bytes()[self.at..];
        let blank = line.iter().position(|byte| *byte != b' ')?;
        (blank > indent && !matches!(line[blank], b'\n' | b'\r' | b'#')).then_some(blank)
    }

    /// A text in quotes; line breaks inside are folded.
    fn quoted(&mut self) -> Done<String> {
        let quote = self.peek().unwrap_or(b'"');
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let end = rest
                .find(|c| c == char::from(quote) || c == '\n' || (c == '\\' && quote == b'"'))
                .ok_or("a quote is not closed")?;
            text.push_str(&rest[..end]);
            self.at += end + 1;
            match rest.as_bytes()[end] {
                b'\n' => {
                    // Folded: the break is a space, an empty line a break.
                    text.truncate(text.trim_end_matches([' ', '\r', '\t']).len());
                    let rest = &self.text[self.at..];
                    let blank = rest.len() - rest.trim_start().len();
                    let breaks = rest[..blank].matches('\n').count();
                    text.push_str(&if breaks == 0 { " ".to_owned() } else { "\n".repeat(breaks) });
                    self.at += blank;
                }
                b'\\' => self.escape(&mut text)?,
                _ if quote == b'\'' && self.peek() == Some(b'\'') => {
                    text.push('\'');
                    self.at += 1;
                }
                _ => return Ok(text),
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Done<()> {
        let letter = self.peek().ok_or("a quote is not closed")?;
        self.at += 1;
        let digits = match letter {
            b'n' => return push(text, '\n'),
            b't' => return push(text, '\t'),
            b'r' => return push(text, '\r'),
            b'b' => return push(text, '\u{8}'),
            b'f' => return push(text, '\u{c}'),
            b'0' => return push(text, '\0'),
            b'a' => return push(text, '\u{7}'),
            b'v' => return push(text, '\u{b}'),
            b'e' => return push(text, '\u{1b}'),
            b'"' | b'\\' | b'/' | b' ' => return push(text, char::from(letter)),
            b'\n' => {
                let rest = &self.text[self.at..];
                self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
                return Ok(());
            }
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => return Err("an unknown escape"),
        };
        let mut code = self.hex(digits)?;
        if (0xd800..0xdc00).contains(&code) && self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            let low = self.hex(4)?;
            code = 0x1_0000 + ((code - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff);
        }
        push(text, char::from_u32(code).unwrap_or('\u{fffd}'))
    }

    fn hex(&mut self, digits: usize) -> Done<u32> {
        let text = self.text.get(self.at..self.at + digits).ok_or("an unknown escape")?;
        self.at += digits;
        u32::from_str_radix(text, 16).map_err(|_| "an unknown escape")
    }

    // ------------------------------------------------------------ JSON, and what YAML borrows of it

    fn json_documents(&mut self) -> Done<()> {
        loop {
            self.space();
            if self.at >= self.text.len() {
                return Ok(());
            }
            match self.flow()? {
                Value::Map(map) => self.finish(map),
                Value::List(list) => {
                    for item in list {
                        if let Value::Map(map) = item {
                            self.finish(map);
                        }
                    }
                }
                _ => return Err("this is no object"),
            }
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn flow(&mut self) -> Done<Value> {
        match self.peek() {
            Some(b'{') => self.deeper(Self::flow_map),
            Some(b'[') => self.deeper(Self::flow_list),
            Some(b'"') => Ok(self.quoted()?.into()),
            Some(_) => {
                let rest = &self.text[self.at..];
                let end = rest.find([',', ']', '}', '\n', ' ', '\r', '\t', ':']).unwrap_or(rest.len());
                self.at += end;
                match scalar::resolve(&rest[..end]) {
                    Value::Str(_) => Err("a text without quotes"),
                    value => Ok(value),
                }
            }
            None => Err("the text ends in the middle"),
        }
    }

    fn flow_map(&mut self) -> Done<Value> {
        let mut map = Map::new();
        self.at += 1;
        loop {
            self.space();
            match self.peek() {
                Some(b'}') => break,
                Some(b',') if !map.is_empty() => self.at += 1,
                Some(b'"') => {
                    let key = self.quoted()?;
                    self.space();
                    if self.peek() != Some(b':') {
                        return Err("a field has no colon");
                    }
                    self.at += 1;
                    self.space();
                    if is_items(self.depth, &key) && self.peek() == Some(b'[') {
                        self.json_items()?;
                    } else if (self.skip)(&self.kind, &key) {
                        self.skip_flow()?;
                    } else {
                        let value = self.flow()?;
                        if key == "kind"
                            && self.kind.is_empty()
                            && let Some(kind) = value.as_str()
                        {
                            kind.clone_into(&mut self.kind);
                        }
                        map.insert(key, value);
                        continue;
                    }
                    // So that a comma may follow what was left out.
                    self.space();
                    if self.peek() == Some(b',') {
                        self.at += 1;
                    }
                }
                _ => return Err("a map goes wrong here"),
            }
        }
        self.at += 1;
        Ok(Value::Map(map))
    }

    fn flow_list(&mut self) -> Done<Value> {
        let mut list = Vec::new();
        self.at += 1;
        loop {
            self.space();
            match self.peek() {
                Some(b']') => break,
                Some(b',') if !list.is_empty() => self.at += 1,
                _ => list.push(self.flow()?),
            }
        }
        self.at += 1;
        Ok(Value::List(list))
    }

    /// The members of a list, each handed over as soon as it is read.
    fn json_items(&mut self) -> Done<()> {
        self.at += 1;
        loop {
            self.space();
            match self.peek() {
                Some(b']') => break,
                Some(b',') => self.at += 1,
                _ => {
                    self.kind.clear();
                    match self.deeper(Self::flow)? {
                        Value::Map(map) => self.finish(map),
                        _ => return Err("an item of the list is no object"),
                    }
                }
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Steps over a value without making anything of it.
    fn skip_flow(&mut self) -> Done<()> {
        let mut open = 0usize;
        loop {
            match self.peek() {
                None => return Err("the text ends in the middle"),
                Some(b'"') => {
                    self.at += 1;
                    loop {
                        let rest = &self.text[self.at..];
                        let end = rest.find(['"', '\\']).ok_or("a quote is not closed")?;
                        self.at += end + 1;
                        if rest.as_bytes()[end] == b'"' {
                            break;
                        }
                        self.at += self.text[self.at..].chars().next().map_or(0, char::len_utf8);
                    }
                }
                Some(b'{' | b'[') => {
                    open += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') if open > 0 => {
                    open -= 1;
                    self.at += 1;
                }
                Some(b',' | b'}' | b']') if open == 0 => return Ok(()),
                Some(_) => self.at += self.text[self.at..].chars().next().map_or(1, char::len_utf8),
            }
        }
    }
}

fn push(text: &mut String, c: char) -> Done<()> {
    text.push(c);
    Ok(())
}

/// Lines of a folded text: single breaks are spaces.
fn fold(text: &str) -> String {
    let mut out = String::new();
    let mut blank = 0;
    for (index, line) in text.split('\n').enumerate() {
        if line.is_empty() {
            blank += 1;
            continue;
        }
        if index > 0 {
            out.push_str(&if blank == 0 { " ".to_owned() } else { "\n".repeat(blank) });
        }
        out.push_str(line);
        blank = 0;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Value>, Unreadable> {
        let mut found = Vec::new();
        read_dump(text, |_, field| field == "managedFields", &mut |value| found.push(value))?;
        Ok(found)
    }

    /// What the careful reader makes of the same text.
    fn carefully(text: &str) -> Vec<Value> {
        let mut values: Vec<Value> = super::super::read(text).documents.into_iter().map(|it| it.value).collect();
        for value in &mut values {
            if let Some(meta) = value.make_map().get_mut("metadata") {
                meta.make_map().remove("managedFields");
            }
        }
        values
    }

    const LIST: &str = r#"apiVersion: v1
items:
- apiVersion: v1
  kind: Node
  metadata:
    annotations:
      a: |
        {"x":1}
      b: 'it''s # no comment'
      c: "tab\tand \u00e9"
    labels:
      "yes": "true"
      kubernetes.io/hostname: worker-1
    managedFields:
    - apiVersion: v1
      fieldsV1:
        f:metadata:
          .: {}
      manager: kubelet
    name: worker-1
  spec:
    taints:
    - effect: NoSchedule
      key: k
      value: "1"
    unschedulable: true
  status:
    conditions: []
    images: {}
    text: a long message that goes
      on in the next line
    quoted: 'one
      two'
    folded: >-
      one
      two
    number: 12
- apiVersion: v1
  kind: Pod
  metadata:
    name: p
    generation: 1
  spec:
    containers:
    - args:
      - --a
      - "--b"
      image: nginx:1.16
    -
      image: x
    - one
      text
    empty:
kind: List
metadata:
  resourceVersion: ""
"#;

    #[test]
    fn both_readers_agree() {
        let quickly = read(LIST).expect("readable");
        assert_eq!(quickly, carefully(LIST));
        assert_eq!(quickly.len(), 2);
        assert_eq!(quickly[0].at(&["metadata", "managedFields"]), None);
    }

    #[test]
    fn json_is_read_the_same() {
        let quickly = read(LIST).expect("readable");
        let list = [("apiVersion", "v1".into()), ("items", Value::List(quickly.clone())), ("kind", "List".into())];
        let json = Value::from(list).to_json();
        assert_eq!(read(&json).expect("readable"), quickly);
        let with_managed = json.replacen("\"name\"", "\"managedFields\":[{\"a\":\"]\\\"}\",\"b\":{}}],\"name\"", 1);
        assert_eq!(read(&with_managed).expect("readable"), quickly);
    }

    #[test]
    fn documents_may_follow_each_other() {
        let text = "apiVersion: v1\nkind: Node\nmetadata:\n  name: a\n---\n# note\napiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Pod\n---\n";
        let kinds: Vec<Value> = read(text).expect("readable").iter().filter_map(|it| it.get("kind").cloned()).collect();
        assert_eq!(kinds, ["Node".into(), "Pod".into()]);
    }

    #[test]
    fn what_is_no_dump_is_refused_with_its_line() {
        for (text, line) in [
            ("kind: A\nx: &a 1\n", 2),
            ("kind: A\n   x: 1\n  y\n", 2),
            ("{\"kind\": \"A\", ", 1),
            ("{\"items\": [1]}", 1),
            ("just words", 2),
            ("kind: A\nx: \"open\n", 2),
            (&"[".repeat(1000), 1),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.line.abs_diff(line) <= 2, "{text}: {error:?}");
        }
    }
}
