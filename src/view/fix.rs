//! Mending a manifest's text.

use crate::manifest::Fix;

/// The text with a stretch replaced. Lines and columns count from 1, columns in characters, the end is exclusive.
pub fn fixed(text: &str, fix: &Fix) -> Option<String> {
    let from = offset(text, fix.span.line, fix.span.column)?;
    let to = offset(text, fix.span.end_line, fix.span.end_column)?;
    let (before, after) = (text.get(..from)?, text.get(to..)?);
    (from <= to).then(|| [before, &fix.replacement, after].concat())
}

fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(breaks) => text.match_indices('\n').nth(breaks)?.0 + 1,
    };
    let rest = text.get(start..)?;
    let within = rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(column.checked_sub(1)?)?;
    Some(start + within)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Span;

    #[test]
    fn a_fix_replaces_its_stretch() {
        let span = Span { line: 2, column: 3, end_line: 2, end_column: 6 };
        let fix = Fix { span, replacement: "spec".to_owned() };
        assert_eq!(fixed("é: 1\nä spc: 2\n", &fix).as_deref(), Some("é: 1\nä spec: 2\n"));
        let outside = Fix { span: Span { line: 9, ..span }, replacement: String::new() };
        assert_eq!(fixed("a: 1\n", &outside), None);
    }
}
