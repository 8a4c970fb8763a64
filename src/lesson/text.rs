//! The little markup of a lesson's texts: paragraphs, lists, `code`, **strong**, *emphasis* and [links](https://..).

#[derive(Clone, Debug, PartialEq)]
pub enum Block<'a> {
    Paragraph(Vec<Span<'a>>),
    List(Vec<Vec<Span<'a>>>),
    /// Lines that are indented by four: as they are.
    Code(String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Span<'a> {
    Plain(&'a str),
    Code(&'a str),
    Strong(&'a str),
    Emphasis(&'a str),
    Link { text: &'a str, address: &'a str },
}

/// Parts a text at its empty lines. Within a paragraph the ends of lines mean nothing, also between marks.
pub fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    // Where the text of the open paragraph or item begins, and where the line does.
    let (mut begin, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        if trimmed.is_empty() {
            open = false;
            continue;
        }
        let end = start + trimmed.len();
        let code = line.strip_prefix("    ").map(str::trim_end);
        match (code, trimmed.strip_prefix("- "), blocks.last_mut()) {
            (Some(code), None, Some(Block::Code(before))) if open => {
                before.push('\n');
                before.push_str(code);
            }
            (Some(code), None, _) if !open => blocks.push(Block::Code(code.to_owned())),
            (_, Some(item), Some(Block::List(items))) if open => {
                begin = end - item.len();
                items.push(spans(item));
            }
            (_, Some(item), _) => {
                begin = end - item.len();
                blocks.push(Block::List(vec![spans(item)]));
            }
            (_, None, Some(Block::Paragraph(before))) if open => *before = spans(&text[begin..end]),
            (_, None, Some(Block::List(items))) if open => {
                if let Some(last) = items.last_mut() {
                    *last = spans(&text[begin..end]);
                }
            }
            _ => {
                begin = start;
                blocks.push(Block::Paragraph(spans(trimmed)));
            }
        }
        open = true;
    }
    blocks
}

/// Parts a paragraph at its marks; a mark without its end is a plain character.
pub fn spans(line: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < line.len() {
        let rest = &line[at..];
        match mark(rest) {
            Some((span, length)) => {
                if start < at {
                    spans.push(Span::Plain(&line[start..at]));
                }
                spans.push(span);
                at += length;
                start = at;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    if start < line.len() {
        spans.push(Span::Plain(&line[start..]));
    }
    spans
}

/// The marked stretch with which a text begins, and how long it is.
fn mark(rest: &str) -> Option<(Span<'_>, usize)> {
    let between = |mark: &str| {
        let inner = rest.strip_prefix(mark)?;
        let end = inner.find(mark).filter(|end| *end > 0 && !inner.starts_with(' '))?;
        Some((&inner[..end], end + 2 * mark.len()))
    };
    if let Some((text, length)) = between("`") {
        return Some((Span::Code(text), length));
    }
    if rest.starts_with("**") {
        return between("**").map(|(text, length)| (Span::Strong(text), length));
    }
    if let Some((text, length)) = between("*") {
        return Some((Span::Emphasis(text), length));
    }
    let (text, after) = rest.strip_prefix('[')?.split_once("](")?;
    let (address, _) = after.split_once(')')?;
    // Nothing that could run: only pages of the web, or of this host.
    let safe = address.starts_with("https://") || (!address.contains(':') && !address.starts_with("//"));
    (safe && !text.contains('[')).then_some((Span::Link { text, address }, text.len() + address.len() + 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_spans_and_lone_ones_stay() {
        use Span::*;
        assert_eq!(
            spans("Press **Apply** or `kubectl`."),
            [Plain("Press "), Strong("Apply"), Plain(" or "), Code("kubectl"), Plain(".")]
        );
        assert_eq!(spans("2 * 3 and `open"), [Plain("2 * 3 and `open")]);
        assert_eq!(spans("*why*"), [Emphasis("why")]);
        assert_eq!(spans("[a](https://b)"), [Link { text: "a", address: "https://b" }]);
        assert_eq!(spans("[a](javascript:b)"), [Plain("[a](javascript:b)")]);
        assert_eq!(spans("[a](//b)"), [Plain("[a](//b)")]);
        assert_eq!(spans("ä**ö**"), [Plain("ä"), Strong("ö")]);
    }

    #[test]
    fn empty_lines_part_paragraphs() {
        let blocks = blocks("One\ntwo.\n\n- a\n- b\n  more\n\n    code\n      deeper\n\nThree.");
        assert_eq!(blocks.len(), 4);
        assert!(matches!(&blocks[1], Block::List(items) if items.len() == 2 && items[1] == [Span::Plain("b\n  more")]));
        assert_eq!(blocks[2], Block::Code("code\n  deeper".to_owned()));
    }

    #[test]
    fn a_mark_may_go_over_the_end_of_a_line() {
        let [Block::Paragraph(spans)] = &blocks("Choose *Undo\nit*, or `a\n  b`.\n")[..] else {
            panic!("no paragraph")
        };
        assert_eq!(spans[1..4], [Span::Emphasis("Undo\nit"), Span::Plain(", or "), Span::Code("a\n  b")]);
    }
}
