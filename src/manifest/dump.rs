//! What machines write: `kubectl get -o yaml` and `-o json` of whole clusters, which may be a hundred megabytes long.
//!
//! The reader of manifests looks for every mistake a person can make and remembers where each word stood. Here nobody
//! made one, and only a part is wanted: so this reads block YAML and JSON in one pass, object by object, and leaves out
//! what the caller has no use for without looking into it. What it doesn't understand it says so about, and the
//! careful reader can be asked.

use std::borrow::Cow;

use crate::api::value::{Map, Value};

use super::scalar;

/// Why a dump could not be read, and in which line (counted from 1).
#[derive(Clone, Debug, PartialEq)]
pub struct Unreadable {
    pub line: usize,
    pub what: &'static str,
}

/// What the caller has use for.
pub trait Sieve {
    /// Whether the value of a field can be left out without a look into it. `kind` is that of the object, empty as long as
    /// it is not known (fields come in the order of their names); `parent` is the field that the map around belongs to,
    /// empty in the object itself.
    fn leaves_out(&self, kind: &str, parent: &str, field: &str) -> bool;

    /// A field of the object itself has been read.
    fn has_read(&mut self, _kind: &str, _field: &str, _value: &Value) {}
}

/// Everything is wanted.
pub struct Whole;

impl Sieve for Whole {
    fn leaves_out(&self, _kind: &str, _parent: &str, _field: &str) -> bool {
        false
    }
}

/// Objects nested deeper than this are nobody's cluster.
const DEPTH_MAX: usize = 64;

/// Where the reading of a dump stands: between two of its objects. The text is given anew each time, so that whoever reads
/// may rest in between.
#[derive(Default)]
pub struct DumpCursor {
    at: usize,
    /// The list whose members are being read.
    list: Option<List>,
}

/// What is around the members of a list.
struct List {
    /// The fields so far of the object that holds it; none around a bare list.
    around: Option<Map>,
    /// The indent of those fields, and of the members, where they are YAML.
    indent: usize,
    items: usize,
}

impl DumpCursor {
    /// The next object of a dump: members of lists and whole documents alike; none at the end.
    ///
    /// # Errors
    /// The text is neither JSON nor YAML as kubectl prints it.
    pub fn next(&mut self, text: &str, sieve: &mut dyn Sieve) -> Result<Option<Value>, Unreadable> {
        if self.at == 0 && text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        let begins = text.trim_start_matches('\u{feff}').trim_start().as_bytes().first();
        let mut reader = Reader { at: self.at, depth: 1, ..Reader::new(text, sieve) };
        let next = match begins {
            Some(b'{' | b'[') => reader.next_json(&mut self.list),
            _ => reader.next_yaml(&mut self.list),
        };
        self.at = reader.at;
        next.map_err(|what| Unreadable {
            line: 1 + text.as_bytes()[..self.at.min(text.len())].iter().filter(|byte| **byte == b'\n').count(),
            what,
        })
    }

    /// How many bytes of the text have been read.
    pub fn at(&self) -> usize {
        self.at
    }
}

/// The value of a JSON text as programs write it; none if it is anything else.
pub(super) fn read_json(text: &str) -> Option<Value> {
    let mut whole = Whole;
    let mut reader = Reader::new(text, &mut whole);
    reader.space();
    let value = matches!(reader.peek(), Some(b'{' | b'[')).then(|| reader.flow().ok())??;
    reader.space();
    (reader.at == text.len()).then_some(value)
}

type Done<T> = Result<T, &'static str>;

struct Reader<'a, 's> {
    text: &'a str,
    at: usize,
    /// The indent of what stands at `at` in the middle of a line, behind a `- `.
    virtual_indent: Option<usize>,
    depth: usize,
    /// The kind of the object that is being read.
    kind: String,
    /// The field that the map belongs to whose fields are read; empty in the object itself.
    parent: Cow<'a, str>,
    sieve: &'s mut dyn Sieve,
}

impl List {
    /// What the members are of a list that says so itself, as a `NodeList` does: they need not say it again.
    fn kind(&self) -> &str {
        let kind = self.around.as_ref().and_then(|around| around.get("kind")).and_then(Value::as_str);
        kind.and_then(|kind| kind.strip_suffix("List")).unwrap_or_default()
    }

    /// A member, which has its kind from the list if it has none of its own.
    fn member(&self, mut map: Map) -> Map {
        let kind = self.kind();
        if !kind.is_empty() && !map.contains_key("kind") {
            map.insert("kind".to_owned(), kind.into());
            let version = self.around.as_ref().and_then(|around| around.get("apiVersion")).cloned();
            map.extend(version.map(|version| ("apiVersion".to_owned(), version)));
        }
        map
    }
}

/// A map that is no list around others.
fn is_object(map: &Map) -> bool {
    map.get("kind").and_then(Value::as_str).is_some_and(|kind| !kind.ends_with("List"))
}

impl<'a, 's> Reader<'a, 's> {
    fn new(text: &'a str, sieve: &'s mut dyn Sieve) -> Self {
        Reader { text, at: 0, virtual_indent: None, depth: 0, kind: String::new(), parent: Cow::default(), sieve }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn peek(&self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        if self.at < bytes.len() { Some(bytes[self.at]) } else { None }
    }

    /// Where the line ends. Like all that comes by each byte of a hundred megabytes it is a plain loop: the page's program
    /// is made small, and the steps of iterators are calls there.
    fn line_end(&self) -> usize {
        let bytes = self.text.as_bytes();
        let mut end = self.at;
        while end < bytes.len() && bytes[end] != b'\n' {
            end += 1;
        }
        end
    }

    fn skip_line(&mut self) {
        self.at = (self.line_end() + 1).min(self.text.len());
    }

    /// How many blanks stand at the place, and the byte behind them; none at the end of the text.
    fn blanks(&self) -> (usize, Option<u8>) {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        while at < bytes.len() && bytes[at] == b' ' {
            at += 1;
        }
        (at - self.at, if at < bytes.len() { Some(bytes[at]) } else { None })
    }

    /// The rest of the line, and the reader behind it.
    fn take_line(&mut self) -> &'a str {
        let begin = self.at;
        let end = self.line_end();
        self.at = (end + 1).min(self.text.len());
        let line = &self.text[begin..end];
        line.strip_suffix('\r').unwrap_or(line)
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

    /// The next object begins.
    fn begin(&mut self) {
        self.kind.clear();
        self.parent = Cow::default();
    }

    fn leaves_out(&self, key: &str) -> bool {
        self.sieve.leaves_out(&self.kind, &self.parent, key)
    }

    /// The value of a field, read by a function, goes into its map.
    fn put(&mut self, map: &mut Map, key: Cow<'a, str>, read: impl FnOnce(&mut Self) -> Done<Value>) -> Done<()> {
        let parent = std::mem::replace(&mut self.parent, key);
        let value = read(self)?;
        let key = std::mem::replace(&mut self.parent, parent);
        if self.parent.is_empty() {
            if key == "kind"
                && let Some(kind) = value.as_str()
            {
                kind.clone_into(&mut self.kind);
            }
            self.sieve.has_read(&self.kind, &key, &value);
        }
        map.insert(key.into_owned(), value);
        Ok(())
    }

    // ------------------------------------------------------------ YAML

    fn next_yaml(&mut self, list: &mut Option<List>) -> Done<Option<Value>> {
        loop {
            let (mut map, indent, mut key);
            match list.take() {
                Some(inside) if self.begins_item(inside.items) => {
                    let items = inside.items;
                    self.begin();
                    inside.kind().clone_into(&mut self.kind);
                    let inside = list.insert(inside);
                    self.enter(items);
                    match self.item(items)? {
                        Value::Map(map) => match inside.member(map) {
                            map if is_object(&map) => return Ok(Some(Value::Map(map))),
                            _ => continue,
                        },
                        _ => return Err("an item of the list is no object"),
                    }
                }
                // The fields behind the list.
                Some(inside) => {
                    (map, indent) = (inside.around.unwrap_or_default(), inside.indent);
                    key = self.next_key(indent)?;
                }
                None => {
                    self.begin();
                    while self.text[self.at..].starts_with("---") {
                        self.take_line();
                    }
                    match self.next_content() {
                        None if self.at >= self.text.len() => return Ok(None),
                        None => continue,
                        Some(begin) => indent = begin,
                    }
                    (map, key) = (Map::new(), self.first_key(indent)?);
                    if key.is_none() {
                        match self.block(indent)? {
                            Value::Map(whole) => map = whole,
                            Value::Null => {}
                            _ => return Err("this is no object"),
                        }
                    }
                }
            }
            while let Some(name) = key {
                if name == "items"
                    && let Some(items) = self.items_below(indent)
                {
                    *list = Some(List { around: Some(std::mem::take(&mut map)), indent, items });
                    break;
                }
                self.field(indent, name, &mut map)?;
                key = self.next_key(indent)?;
            }
            if list.is_none() && is_object(&map) {
                return Ok(Some(Value::Map(map)));
            }
        }
    }

    /// The key that a document begins with, if it is a map in block form; the reader stands where it was if not.
    fn first_key(&mut self, indent: usize) -> Done<Option<Cow<'a, str>>> {
        let begin = self.at;
        self.enter(indent);
        let key = match self.peek() {
            Some(b'{' | b'[') => None,
            _ if self.is_item() => None,
            _ => self.key()?,
        };
        if key.is_none() {
            self.at = begin;
        }
        Ok(key)
    }

    /// Whether the next line is an item at this indent.
    fn begins_item(&mut self, indent: usize) -> bool {
        self.next_content() == Some(indent) && self.bytes().get(self.at + indent) == Some(&b'-')
    }

    /// The indent of the items below the key that was just read; nothing is read if there are none.
    fn items_below(&mut self, indent: usize) -> Option<usize> {
        let begin = self.at;
        if self.take_line().trim().is_empty()
            && let Some(below) = self.next_content().filter(|below| *below >= indent)
            && self.begins_item(below)
        {
            return Some(below);
        }
        self.at = begin;
        None
    }

    /// Goes to the next line that says something, and tells its indent; none at the end of a document.
    fn next_content(&mut self) -> Option<usize> {
        if let Some(indent) = self.virtual_indent {
            return Some(indent);
        }
        loop {
            match self.blanks() {
                (_, None) => {
                    self.at = self.text.len();
                    return None;
                }
                (_, Some(b'\n' | b'\r' | b'#')) => self.skip_line(),
                (0, Some(b'-')) if self.bytes()[self.at..].starts_with(b"---") => return None,
                (indent, Some(_)) => return Some(indent),
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
    fn key(&mut self) -> Done<Option<Cow<'a, str>>> {
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
        let bytes = self.text.as_bytes();
        let mut colon = begin;
        loop {
            if colon >= bytes.len() || bytes[colon] == b'\n' {
                return Ok(None);
            }
            let next = colon + 1;
            if bytes[colon] == b':' && (next >= bytes.len() || matches!(bytes[next], b' ' | b'\n' | b'\r')) {
                break;
            }
            colon = next;
        }
        if matches!(bytes[begin], b'?' | b'&' | b'*' | b'!' | b'%' | b'@' | b'`') {
            return Err("this form of YAML is not one that kubectl prints");
        }
        self.at = colon + 1;
        let line = &self.text[begin..colon];
        let line = if line.ends_with(' ') { line.trim_end() } else { line };
        if scalar::is_text(line) {
            return Ok(Some(Cow::Borrowed(line)));
        }
        scalar::key(scalar::resolve(line)).map(|key| Some(Cow::Owned(key))).ok_or("this key is no text")
    }

    fn map(&mut self, indent: usize, first: Cow<'a, str>) -> Done<Value> {
        let mut map = Map::new();
        let mut key = Some(first);
        while let Some(name) = key {
            self.field(indent, name, &mut map)?;
            key = self.next_key(indent)?;
        }
        Ok(Value::Map(map))
    }

    /// The value of a field, or the way past it.
    fn field(&mut self, indent: usize, key: Cow<'a, str>, map: &mut Map) -> Done<()> {
        if self.leaves_out(&key) {
            self.skip_value(indent);
            return Ok(());
        }
        self.put(map, key, |reader| reader.value_of(indent))
    }

    /// The key of the next field at this indent, if there is one.
    fn next_key(&mut self, indent: usize) -> Done<Option<Cow<'a, str>>> {
        match self.next_content() {
            Some(next) if next == indent => {
                self.enter(indent);
                if self.is_item() {
                    return Err("an item of a list stands where a field should");
                }
                self.key()?.map(Some).ok_or("a field has no colon")
            }
            Some(next) if next > indent => Err("the indent does not fit"),
            _ => Ok(None),
        }
    }

    /// What stands behind a key, in its line or below it.
    fn value_of(&mut self, indent: usize) -> Done<Value> {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
        match self.peek() {
            None => Ok(Value::Null),
            Some(b'\n' | b'\r' | b'#') => {
                self.take_line();
                match self.next_content() {
                    Some(below) if below > indent => self.deeper(|reader| reader.block(below)),
                    Some(below) if below == indent && self.bytes()[self.at + below..].starts_with(b"-") => {
                        self.deeper(|reader| reader.block(below))
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
        loop {
            self.skip_line();
            let inside = match self.blanks() {
                (_, None) => false,
                (_, Some(b'\n' | b'\r')) => true,
                (0, Some(b'-')) => indent == 0 && !self.bytes()[self.at..].starts_with(b"---"),
                (blanks, Some(b'-')) => blanks >= indent,
                (blanks, Some(_)) => blanks > indent,
            };
            if !inside {
                return;
            }
        }
    }

    /// A text behind `|` or `>`.
    fn literal(&mut self, indent: usize) -> Done<Value> {
        let head = self.take_line().trim_end();
        let folded = head.starts_with('>');
        let (mut keep, mut inner) = (None, None);
        for mark in head[1..].trim().chars() {
            match mark {
                '-' => keep = Some(false),
                '+' => keep = Some(true),
                // Told where the text itself begins with a blank.
                '1'..='9' => inner = mark.to_digit(10).map(|digit| indent + digit as usize),
                _ => return Err("this form of YAML is not one that kubectl prints"),
            }
        }
        let mut text = String::new();
        while self.at < self.text.len() {
            let (blank, next) = self.blanks();
            let empty = matches!(next, None | Some(b'\n' | b'\r'));
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
            return if rest.is_empty() || rest.starts_with('#') {
                Ok(text.into_owned().into())
            } else {
                Err("text after a value")
            };
        }
        let bytes = self.text.as_bytes();
        let (begin, mut end) = (self.at, self.at);
        while end < bytes.len() && bytes[end] != b'\n' && !(bytes[end] == b'#' && end > begin && bytes[end - 1] == b' ')
        {
            end += 1;
        }
        let first = self.text[begin..end].trim();
        self.skip_line();
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
        match self.blanks() {
            (blanks, Some(next)) if blanks > indent && !matches!(next, b'\n' | b'\r' | b'#') => Some(blanks),
            _ => None,
        }
    }

    /// A text in quotes; line breaks inside are folded.
    fn quoted(&mut self) -> Done<Cow<'a, str>> {
        let quote = self.peek().unwrap_or(b'"');
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let rest = &self.text[self.at..];
            let bytes = rest.as_bytes();
            let mut end = 0;
            loop {
                if end >= bytes.len() {
                    return Err("a quote is not closed");
                }
                let byte = bytes[end];
                if byte == quote || byte == b'\n' || (byte == b'\\' && quote == b'"') {
                    break;
                }
                end += 1;
            }
            // As it stands, mostly.
            text += &rest[..end];
            self.at += end + 1;
            match bytes[end] {
                b'\n' => {
                    // Folded: the break is a space, an empty line a break.
                    let text = text.to_mut();
                    text.truncate(text.trim_end_matches([' ', '\r', '\t']).len());
                    let rest = &self.text[self.at..];
                    let blank = rest.len() - rest.trim_start().len();
                    let breaks = rest[..blank].matches('\n').count();
                    text.push_str(&if breaks == 0 { " ".to_owned() } else { "\n".repeat(breaks) });
                    self.at += blank;
                }
                b'\\' => self.escape(text.to_mut())?,
                _ if quote == b'\'' && self.peek() == Some(b'\'') => {
                    text += "'";
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
            b'N' => return push(text, '\u{85}'),
            b'_' => return push(text, '\u{a0}'),
            b'L' => return push(text, '\u{2028}'),
            b'P' => return push(text, '\u{2029}'),
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

    fn next_json(&mut self, list: &mut Option<List>) -> Done<Option<Value>> {
        loop {
            let mut map;
            if let Some(inside) = list {
                if !self.closes(b']') {
                    self.begin();
                    inside.kind().clone_into(&mut self.kind);
                    match self.deeper(Self::flow)? {
                        Value::Map(map) => match inside.member(map) {
                            map if is_object(&map) => return Ok(Some(Value::Map(map))),
                            _ => continue,
                        },
                        _ => return Err("an item of the list is no object"),
                    }
                }
                let around = inside.around.take();
                *list = None;
                match around {
                    Some(around) => map = around,
                    None => continue,
                }
            } else {
                self.begin();
                self.space();
                match self.peek() {
                    None => return Ok(None),
                    Some(b'{') => map = Map::new(),
                    Some(b'[') => {
                        self.at += 1;
                        *list = Some(List { around: None, indent: 0, items: 0 });
                        continue;
                    }
                    Some(_) => return Err("this is no object"),
                }
                self.at += 1;
            }
            while !self.closes(b'}') {
                let key = self.flow_key()?;
                if key == "items" && self.peek() == Some(b'[') {
                    self.at += 1;
                    *list = Some(List { around: Some(std::mem::take(&mut map)), indent: 0, items: 0 });
                    break;
                }
                self.flow_field(key, &mut map)?;
            }
            if list.is_none() && is_object(&map) {
                return Ok(Some(Value::Map(map)));
            }
        }
    }

    /// Goes to the next member of a list or map, or past its end.
    fn closes(&mut self, bracket: u8) -> bool {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t' | b',')) {
            self.at += 1;
        }
        let closes = self.peek() == Some(bracket);
        self.at += usize::from(closes);
        closes
    }

    /// A key and its colon.
    fn flow_key(&mut self) -> Done<Cow<'a, str>> {
        if self.peek() != Some(b'"') {
            return Err("a map goes wrong here");
        }
        let key = self.quoted()?;
        self.space();
        if self.peek() != Some(b':') {
            return Err("a field has no colon");
        }
        self.at += 1;
        self.space();
        Ok(key)
    }

    fn flow_field(&mut self, key: Cow<'a, str>, map: &mut Map) -> Done<()> {
        if self.leaves_out(&key) {
            return self.skip_flow();
        }
        self.put(map, key, Self::flow)
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
            Some(b'"') => Ok(self.quoted()?.into_owned().into()),
            Some(_) => {
                let bytes = self.text.as_bytes();
                let (begin, mut end) = (self.at, self.at);
                while end < bytes.len()
                    && !matches!(bytes[end], b',' | b']' | b'}' | b'\n' | b' ' | b'\r' | b'\t' | b':')
                {
                    end += 1;
                }
                if begin == end {
                    return Err("a value is missing");
                }
                self.at = end;
                match scalar::resolve(&self.text[begin..end]) {
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
        while !self.closes(b'}') {
            let key = self.flow_key()?;
            self.flow_field(key, &mut map)?;
        }
        Ok(Value::Map(map))
    }

    fn flow_list(&mut self) -> Done<Value> {
        let mut list = Vec::new();
        self.at += 1;
        while !self.closes(b']') {
            list.push(self.flow()?);
        }
        Ok(Value::List(list))
    }

    /// Steps over a value without making anything of it.
    fn skip_flow(&mut self) -> Done<()> {
        let bytes = self.text.as_bytes();
        let mut open = 0usize;
        loop {
            match self.peek() {
                None => return Err("the text ends in the middle"),
                Some(b'"') => {
                    let mut end = self.at + 1;
                    while end < bytes.len() && bytes[end] != b'"' {
                        // What is escaped is one byte, or the rest of it is none of these.
                        end += if bytes[end] == b'\\' { 2 } else { 1 };
                    }
                    if end >= bytes.len() {
                        return Err("a quote is not closed");
                    }
                    self.at = end + 1;
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
                Some(_) => self.at += 1,
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

    struct NoManagedFields;

    impl Sieve for NoManagedFields {
        fn leaves_out(&self, _kind: &str, parent: &str, field: &str) -> bool {
            parent == "metadata" && field == "managedFields"
        }
    }

    fn read(text: &str) -> Result<Vec<Value>, Unreadable> {
        let mut found = Vec::new();
        let mut cursor = DumpCursor::default();
        while let Some(value) = cursor.next(text, &mut NoManagedFields)? {
            found.push(value);
        }
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
    hinted: |2-
        a blank first
      then none
    items:
    - |2
       one blank
    marks: "a\Lb\Pc\Nd\_e"
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
    fn every_damaged_text_comes_to_an_end() {
        let json =
            Value::from([("kind", "List".into()), ("items", Value::List(read(LIST).expect("readable")))]).to_json();
        for text in [LIST, &json] {
            for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
                drop(read(&text[..at]));
                for insert in ["[", "]", "{", "}", ":", ",", "\"", "'", "\\", "- ", "\n", " ", "#", "|", "7", "---\n"] {
                    drop(read(&[&text[..at], insert, &text[at..]].concat()));
                }
            }
        }
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
            ("[:", 1),
            ("{\"kind\": \"A\", \"x\": [}]}", 1),
            ("{\"kind\": \"A\", \"x\": }", 1),
            ("kind: A\nx: [:\n", 2),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.line.abs_diff(line) <= 2, "{text}: {error:?}");
        }
    }
}
