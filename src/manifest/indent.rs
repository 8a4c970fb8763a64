//! Manifests whose indentation was lost on the way, as happens when they are copied from a web page.

use super::yaml::Span;
use super::{Finding, Severity, Stage};

/// A finding for a text in which every line begins in the first column although it names fields of several levels.
pub(super) fn lost(chunk: &str, above: usize) -> Option<Finding> {
    let lines: Vec<(usize, &str)> = chunk.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).collect();
    if lines.len() < 6 || lines.iter().any(|(_, line)| line.starts_with([' ', '\t', '{'])) {
        return None;
    }
    let starts = |key: &str| lines.iter().position(|(_, line)| line.trim_end() == key);
    let metadata = starts("metadata:")?;
    let named = lines.get(metadata + 1)?.1;
    let child = ["name:", "namespace:", "labels:", "annotations:"].iter().any(|key| named.starts_with(key));
    if !child || !lines.iter().any(|(_, line)| line.starts_with("kind:")) {
        return None;
    }
    let line = above + lines[metadata + 1].0 + 1;
    let end_column = named.chars().count() + 1;
    Some(Finding {
        severity: Severity::Error,
        stage: Stage::Syntax,
        span: Span { line, column: 1, end_line: line, end_column },
        path: String::new(),
        message: "the indentation of this manifest is lost: every line begins in the first column".to_owned(),
        mend: Some(
            "Fields must be indented below the one they belong to. Copy the manifest again from its source, for instance with \
             the page's copy button or from the raw file."
                .to_owned(),
        ),
        fix: None,
    })
}
