//! Texts that are no YAML, told in kubectl's words and in plain ones.

use saphyr_parser::ScanError;

use super::lenient;
use super::yaml::{Failure, Span, Tree};
use super::{Finding, Severity, Stage};

fn finding(span: Span, message: String, mend: &str) -> Finding {
    let mend = (!mend.is_empty()).then(|| mend.to_owned());
    Finding { severity: Severity::Error, stage: Stage::Syntax, span, path: String::new(), message, mend, fix: None }
}

/// A place of one character.
fn spot(line: usize, column: usize) -> Span {
    Span { line, column, end_line: line, end_column: column + 1 }
}

/// What makes a text unreadable before any YAML is looked at.
pub(super) fn before(chunk: &str, above: usize) -> Option<Finding> {
    let forbidden = |c: &char| {
        matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}')
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    let at = chunk.char_indices().find(|(_, c)| forbidden(c))?.0;
    let line = chunk[..at].matches('\n').count();
    let column = chunk[..at].rsplit('\n').next().unwrap_or_default().chars().count();
    let bad = chunk.chars().filter(|c| forbidden(c) || *c == '\u{fffd}').count();
    let mend = if bad > 8 {
        "This looks like a binary file, not like a manifest."
    } else {
        "An invisible control character stands here. Delete it."
    };
    let message = "error converting YAML to JSON: yaml: control characters are not allowed".to_owned();
    Some(finding(spot(above + line + 1, column + 1), message, mend))
}

/// What the original's scanner refuses although ours reads it: a tab in the indentation of a line that belongs to no
/// longer text.
pub(super) fn after(chunk: &str, above: usize, tree: &Tree) -> Option<Finding> {
    let tabbed = |line: &str| line[..line.len() - line.trim_start_matches([' ', '\t']).len()].contains('\t');
    if !chunk.lines().any(tabbed) {
        return None;
    }
    let (scalars, flow) = (tree.marks.long_scalars(), lenient::rewrite(chunk).moved);
    let (number, line) = chunk.lines().enumerate().find(|(number, line)| {
        let here = above + number + 1;
        let in_flow =
            flow.get(*number) == Some(&true) || (line.trim().is_empty() && flow.get(number + 1) == Some(&true));
        tabbed(line) && !in_flow && !scalars.iter().any(|span| span.line < here && here <= span.end_line)
    })?;
    let column = line.chars().position(|c| c == '\t')? + 1;
    Some(tab_finding(chunk, above, number + 1, column))
}

/// A tab stands where only spaces may.
fn tab_finding(chunk: &str, above: usize, line: usize, column: usize) -> Finding {
    let before = chunk.lines().take(line - 1).filter(|line| !line.trim().is_empty()).last().unwrap_or_default();
    let text = match before.trim_start().rsplit_once(": ").map(|(_, value)| value.trim()) {
        // Go on reading a plain text, the tab would belong to it but for its column.
        Some(value) if !value.starts_with(['"', '\'', '[', '{', '|', '>', '&', '*', '#']) && !value.contains(" #") => {
            "found a tab character that violates indentation"
        }
        _ => "found character that cannot start any token",
    };
    let mend = format!("Line {} is indented with a tab. YAML allows only spaces there.", above + line);
    finding(spot(above + line, column), scanned(line, text), &mend)
}

const DEEP: &str = "The text is nested more than 100 levels deep. Check it for brackets that are never closed.";
const PREFIX: &str = "error converting YAML to JSON: yaml: ";

/// Tells why a text is no document.
pub(super) fn explain(chunk: &str, above: usize, failure: Failure) -> Finding {
    let helm = |line: usize| template_line(chunk, line.saturating_sub(above + 1)).map(|line| line + above + 1);
    let failed = match failure {
        Failure::Scan(error) => scan(chunk, above, &error),
        Failure::Depth(span) => finding(span, format!("{PREFIX}exceeded max depth"), DEEP),
        Failure::Aliases(span) => finding(
            span,
            format!("{PREFIX}document contains excessive aliasing"),
            "The aliases (`*name`) in this document repeat far too much. Write the values out.",
        ),
        Failure::Itself(span) => {
            let line = chunk.lines().nth(span.line - above - 1).unwrap_or_default();
            let text: String = line.chars().skip(span.column).collect();
            let name = text.split([' ', ',', ']', '}']).next().unwrap_or_default();
            let message = format!("{PREFIX}anchor '{name}' value contains itself");
            finding(span, message, "An alias cannot stand inside the value it repeats. Write the value out.")
        }
        Failure::Key(span, None)
            if chunk.lines().nth(span.line - above - 1).is_some_and(|l| l.trim_start().starts_with(':')) =>
        {
            let message = format!("{PREFIX}line {}: did not find expected key", span.line - above - 1);
            finding(span, message, "This line begins with `:`. Write the name of a field before it.")
        }
        Failure::Key(span, key) => finding(
            span,
            format!("{PREFIX}invalid map key{}", key.map(|key| format!(": {key}")).unwrap_or_default()),
            "A map or a list stands here where the name of a field is expected. Put text with { or [ in quotes.",
        ),
        Failure::Merge(span) => finding(
            span,
            format!("{PREFIX}map merge requires map or sequence of maps as the value"),
            "`<<` must name a map.",
        ),
        Failure::NotJson(span, number) => {
            let name = if number.is_nan() {
                "NaN"
            } else if number > 0.0 {
                "+Inf"
            } else {
                "-Inf"
            };
            finding(
                span,
                format!("error converting YAML to JSON: json: unsupported value: {name}"),
                "This is read as a number that JSON does not know. Put it in quotes.",
            )
        }
    };
    // A tab is the trouble, whatever else stands in the line.
    let tabbed = failed.mend.as_deref().is_some_and(|mend| mend.contains("with a tab"));
    match helm(failed.span.line).filter(|_| !tabbed) {
        Some(line) => {
            let text = chunk.lines().nth(line - above - 1).unwrap_or_default();
            let column = text.find("{{").map_or(0, |at| text[..at].chars().count()) + 1;
            let end_column = text.chars().count() + 1;
            let mend = format!(
                "Line {line} holds `{{{{`: this is a Helm template, not yet a manifest. Run `helm template` on the chart and \
                 paste what it prints."
            );
            Finding { span: Span { line, column, end_line: line, end_column }, mend: Some(mend), ..failed }
        }
        None if above > 0 && failed.message.contains("yaml: line ") => {
            let mend = failed.mend.map(|mend| format!("{mend} (kubectl counts the lines from the `---` above.)"));
            Finding { mend, ..failed }
        }
        None => failed,
    }
}

/// The line (from 0) to blame on a template: the failing one, else the first with `{{` up to it, else the first at all.
fn template_line(chunk: &str, failed: usize) -> Option<usize> {
    let has = |line: &&str| line.contains("{{") && !line.trim_start().starts_with('#');
    if chunk.lines().nth(failed).as_ref().is_some_and(has) {
        return Some(failed);
    }
    let starts = |line: &&str| {
        has(line) && (line.trim_start().starts_with("{{") || line.contains(": {{") || line.contains("- {{"))
    };
    chunk.lines().position(|line| starts(&line))
}

/// What go-yaml's scanner says of a line, which it counts from 1.
fn scanned(line: usize, text: &str) -> String {
    if line < 2 { format!("{PREFIX}{text}") } else { format!("{PREFIX}line {line}: {text}") }
}

/// go-yaml's words for a failure of our scanner. Its scanner counts lines from 1 and its parser from 0, and neither line
/// is given in the first.
fn scan(chunk: &str, above: usize, error: &ScanError) -> Finding {
    let info = error.info();
    let marker = error.marker();
    let line = marker.line().max(1);
    let text = chunk.lines().nth(line - 1).unwrap_or_default();
    let here = spot(above + line, marker.col() + 1);
    let parser = |line: usize, text: &str| match line {
        0 | 1 => format!("{PREFIX}{text}"),
        _ => format!("{PREFIX}line {}: {text}", line - 1),
    };
    if let Some((at, column)) = tab(chunk, line, info) {
        return tab_finding(chunk, above, at, column);
    }
    let directive = chunk
        .lines()
        .position(|line| line.starts_with('%'))
        .filter(|at| chunk.lines().take(*at).all(|line| line.trim().is_empty() || line.starts_with('#')));
    if let Some(at) = directive {
        let text = chunk.lines().nth(at).unwrap_or_default();
        let told = match text.split_whitespace().collect::<Vec<_>>()[..] {
            ["%YAML", "1.1", ..] | ["%TAG", ..] => parser(line, "did not find expected <document start>"),
            ["%YAML", ..] => parser(at + 1, "found incompatible YAML document"),
            _ => scanned(at + 1, "found unknown directive name"),
        };
        return finding(
            spot(above + at + 1, 1),
            told,
            "kubectl cuts the text at `---`, so a directive is lost. Remove it.",
        );
    }
    let has = |part: &str| info.contains(part);
    let rest = chunk.lines().skip(line - 1).enumerate();
    let mut rest =
        rest.map(|(number, line)| if number == 0 { marker.col() < line.chars().count() } else { !line.is_empty() });
    if above == 0 && chunk.trim_start().starts_with('{') && !rest.any(|more| more) {
        let mend = "The JSON ends before all its brackets and quotes are closed. Copy all of it.";
        return finding(here, "unexpected EOF".to_owned(), mend);
    }
    if has("unexpected character") {
        let c = text.chars().nth(marker.col()).unwrap_or(' ');
        let mend = format!("A value cannot begin with `{c}`. Put it in quotes.");
        return finding(here, scanned(line, "found character that cannot start any token"), &mend);
    }
    if has("mapping values are not allowed") {
        let mend = "There is a second `: ` in this line, or the line is indented deeper than the one it belongs to. Put a value \
                    that contains `: ` in quotes.";
        return finding(here, scanned(line, "mapping values are not allowed in this context"), mend);
    }
    if has("unexpected end of stream") {
        let mend = "A quote that opens here is never closed.";
        let opened = last_quote(chunk).map_or(here, |(line, column)| spot(above + line, column));
        let last = chunk.matches('\n').count() + 1;
        return finding(opened, scanned(last, "found unexpected end of stream"), mend);
    }
    if has("flow mapping") || has("flow sequence") {
        let (bracket, name) = if has("flow mapping") { ('{', "',' or '}'") } else { ('[', "',' or ']'") };
        let message = parser(line, &format!("did not find expected {name}"));
        let mend = format!("A `{bracket}` is not closed, or a comma is missing before this place.");
        return finding(here, message, &mend);
    }
    if has("unknown anchor") {
        let name: String = text.chars().skip(marker.col()).collect();
        let name = name.trim_start_matches('*').split([' ', ',', ']', '}']).next().unwrap_or_default();
        let mend =
            format!("`*{name}` refers to an anchor `&{name}` that is not in this document. Write the value itself.");
        return finding(here, format!("{PREFIX}unknown anchor '{name}' referenced"), &mend);
    }
    if has("block mapping") {
        let mend = "This line does not fit the ones around it. Give it exactly as many spaces as its neighbours of the same level.";
        return finding(here, parser(line, "did not find expected key"), mend);
    }
    if has("block sequence entries") {
        let mend = "A list cannot begin on the line of its key. Put the `- ` on a line of its own below it.";
        return finding(here, scanned(line, "block sequence entries are not allowed in this context"), mend);
    }
    if has("misplaced bracket") {
        let before = chunk.lines().take(line - 1).filter(|line| !line.trim().is_empty()).last().unwrap_or_default();
        let deeper = marker.col() > before.len() - before.trim_start().len();
        let own: String = text.chars().take(marker.col()).collect();
        let value = match own.trim() {
            "" => deeper && before.trim_end().ends_with([':', '-']),
            own => own.ends_with([':', '-']),
        };
        let text = if value { "did not find expected node content" } else { "did not find expected key" };
        return finding(here, parser(line, text), "This closing bracket has no opening one. Delete it.");
    }
    if has("invalid trailing content after double-quoted") {
        let mend = "Text follows a closing quote. Put all of the value inside the quotes.";
        let message = match text.trim_start().starts_with(['"', '\''])
            || ['"', '\''].iter().any(|q| text.matches(*q).count() % 2 == 1)
        {
            true => scanned(line, "could not find expected ':'"),
            false => parser(line, "did not find expected key"),
        };
        return finding(here, message, mend);
    }
    if has("<document start>") {
        let mend = "Text stands outside of any document. Check the indentation of this line.";
        return finding(here, parser(line, "did not find expected <document start>"), mend);
    }
    if has("block collection") {
        let mend = "The items of a list must all begin with `- ` in the same column.";
        return finding(here, parser(line, "did not find expected '-' indicator"), mend);
    }
    if has("simple key expect") {
        let mend = "A `:` is missing here, or the line is indented wrongly.";
        return finding(here, scanned(line, "could not find expected ':'"), mend);
    }
    if has("recursion limit") {
        return finding(here, scanned(line, "exceeded max depth"), DEEP);
    }
    if has("node content") || has("is only valid inside a block") {
        let mend = "A value is missing before this place, or this sign cannot begin one. Put text in quotes.";
        return finding(here, parser(line, "did not find expected node content"), mend);
    }
    // With the original's own spelling.
    let plain = info.rsplit_once(", ").map_or(info, |(_, rest)| rest).replace("hexadecimal", "hexdecimal");
    let mend = match has("escape") {
        true => "In double quotes `\\` begins an escape. Write `\\\\` where it is meant, or use single quotes.",
        false => "Check the indentation and the punctuation of this line.",
    };
    finding(here, scanned(line, &plain), mend)
}

/// The line at or next to the failing one that is indented with a tab, and the tab's column; any line after it if the
/// failure is about a tab.
fn tab(chunk: &str, failed: usize, info: &str) -> Option<(usize, usize)> {
    let reach = if info.contains("tab") { usize::MAX } else { 2 };
    chunk.lines().enumerate().skip(failed.saturating_sub(2)).take(reach).find_map(|(number, line)| {
        let column = line.chars().take_while(|c| matches!(c, ' ' | '\t')).position(|c| c == '\t')?;
        Some((number + 1, column + 1))
    })
}

/// Where the last quoted text opens: of the lines with an odd number of quotes the last one.
fn last_quote(chunk: &str) -> Option<(usize, usize)> {
    let lines: Vec<&str> = chunk.lines().collect();
    lines.iter().enumerate().rev().find_map(|(number, line)| {
        ['"', '\''].into_iter().find_map(|quote| {
            let odd = line.matches(quote).count() % 2 == 1;
            let at = line.find(quote).filter(|_| odd)?;
            Some((number + 1, line[..at].chars().count() + 1))
        })
    })
}
