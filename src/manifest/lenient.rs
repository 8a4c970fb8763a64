//! Kubernetes' YAML library accepts a few things that the YAML 1.2 scanner refuses: lines inside brackets or quotes that
//! are indented no deeper than the block around them, a tab after `:`, and JSON's surrogate pairs. This rewrites a text
//! so that the scanner takes them, and remembers which lines moved. It is only asked after a failure.

/// A rewritten text.
pub(super) struct Lenient {
    pub text: String,
    /// How far lines inside brackets and quotes moved to the right.
    pub pad: usize,
    /// Whether each line did.
    pub moved: Vec<bool>,
}

/// Whether another try is worth while after a failure with these words.
pub(super) fn helps(info: &str) -> bool {
    ["invalid indentation", "must be followed by a valid YAML whitespace", "invalid Unicode character escape"]
        .iter()
        .any(|part| info.contains(part))
}

/// Rewrites a text in one pass; it knows just enough YAML to tell brackets and quotes from other text.
pub(super) fn rewrite(text: &str) -> Lenient {
    let pad = 1 + text.lines().map(|line| line.len() - line.trim_start_matches(' ').len()).max().unwrap_or(0);
    let mut state = State::default();
    let mut lenient = Lenient { text: String::with_capacity(text.len() * 2), pad, moved: Vec::new() };
    for line in text.split_inclusive('\n') {
        let inside = state.inside() && !line.trim().is_empty();
        lenient.moved.push(inside);
        if inside {
            lenient.text.extend(std::iter::repeat_n(' ', pad));
        }
        state.line(line, &mut lenient.text);
    }
    lenient
}

#[derive(Default)]
struct State {
    /// Open brackets.
    depth: usize,
    /// The open quote.
    quote: Option<char>,
    /// Inside a `|` or `>` text, whose lines are indented deeper than this.
    block: Option<usize>,
}

impl State {
    fn inside(&self) -> bool {
        self.depth > 0 || self.quote.is_some()
    }

    fn line(&mut self, line: &str, out: &mut String) {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some(around) = self.block {
            if line.trim().is_empty() || indent > around {
                out.push_str(line);
                return;
            }
            self.block = None;
        }
        let mut at_start = true;
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            let after = &rest[c.len_utf8()..];
            if let Some(quote) = self.quote {
                rest = self.quoted(quote, rest, out);
                at_start = false;
                continue;
            }
            let spaced = after.is_empty() || after.starts_with([' ', '\t', '\r', '\n']);
            match c {
                ' ' => {}
                '\t' => {
                    // Never an indentation here: those were refused before, and stay as they are.
                    out.push(if rest.len() == line.len() { '\t' } else { ' ' });
                    rest = after;
                    continue;
                }
                '#' if rest.len() == line.len() || line[..line.len() - rest.len()].ends_with([' ', '\t']) => {
                    out.push_str(rest);
                    return;
                }
                '"' | '\'' if at_start => self.quote = Some(c),
                '[' | '{' if at_start => self.depth += 1,
                ']' | '}' if self.depth > 0 => {
                    self.depth -= 1;
                    at_start = false;
                }
                ',' if self.depth > 0 => at_start = true,
                ':' | '-' | '?' if spaced => at_start = true,
                ':' if self.depth > 0 => at_start = true,
                '|' | '>' if at_start && self.depth == 0 => {
                    self.block = Some(indent);
                    out.push_str(rest);
                    return;
                }
                '&' | '!' | '*' if at_start => {
                    // Anchors, tags and aliases: what follows is a start again.
                    let end = rest.find([' ', '\n', ',', ']', '}']).unwrap_or(rest.len());
                    out.push_str(&rest[..end]);
                    rest = &rest[end..];
                    continue;
                }
                _ => at_start = false,
            }
            out.push(c);
            rest = after;
        }
    }

    /// Copies up to the closing quote or the end of the line; gives what is left.
    fn quoted<'a>(&mut self, quote: char, rest: &'a str, out: &mut String) -> &'a str {
        let mut at = 0;
        let bytes = rest.as_bytes();
        while at < bytes.len() {
            match bytes[at] {
                b'\\' if quote == '"' => {
                    if let Some(c) = pair(&rest[at..]) {
                        out.push_str(&rest[..at]);
                        out.push_str(&format!("\\U{:08x}", c as u32));
                        return &rest[at + 12..];
                    }
                    at += 1;
                }
                b'\'' if quote == '\'' && bytes.get(at + 1) == Some(&b'\'') => at += 1,
                b if char::from(b) == quote => {
                    self.quote = None;
                    out.push_str(&rest[..=at]);
                    return &rest[at + 1..];
                }
                _ => {}
            }
            at += 1;
        }
        out.push_str(rest);
        ""
    }
}

/// The character that a JSON surrogate pair such as `\ud83d\ude00` stands for.
fn pair(text: &str) -> Option<char> {
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?, 16).ok();
    let units = [unit(text.get(..6)?)?, unit(text.get(6..12)?)?];
    (units[0] & 0xfc00 == 0xd800).then(|| char::decode_utf16(units).next()?.ok()).flatten()
}
