//! Manifests whose indentation was lost on the way, as happens when they are copied from a web page: every line begins in
//! the first column. Often the names of the fields alone tell where each belongs.

use super::yaml::Span;
use super::{Finding, Fix, Severity, Stage};
use crate::api::schema::{self, Struct, Type};

/// A finding for a text in which every line begins in the first column although it names fields of several levels.
pub(super) fn lost(chunk: &str, above: usize) -> Option<Finding> {
    let lines: Vec<(usize, &str)> = chunk.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).collect();
    if lines.len() < 6 || lines.iter().any(|(_, line)| line.starts_with([' ', '\t', '{'])) {
        return None;
    }
    let metadata = lines.iter().position(|(_, line)| line.trim_end() == "metadata:")?;
    let &(first, child) = lines.get(metadata + 1)?;
    let indented = ["name:", "namespace:", "labels:", "annotations:"].iter().any(|key| child.starts_with(key));
    if !indented || !lines.iter().any(|(_, line)| line.starts_with("kind:")) {
        return None;
    }
    let fix = recover(chunk).map(|replacement| {
        let last = chunk.lines().last().map_or(0, |line| line.chars().count());
        let (end_line, end_column) = (above + chunk.lines().count(), last + 1);
        Fix { span: Span { line: above + 1, column: 1, end_line, end_column }, replacement }
    });
    let mend = match fix {
        Some(_) => "The names of the fields tell where each belongs: the indentation can be put back.",
        None => {
            "Fields must be indented below the one they belong to. Copy the manifest again from its source, for instance with \
             the page's copy button or from the raw file."
        }
    };
    let (line, end_column) = (above + first + 1, child.chars().count() + 1);
    Some(Finding {
        severity: Severity::Error,
        stage: Stage::Syntax,
        span: Span { line, column: 1, end_line: line, end_column },
        path: String::new(),
        message: "the indentation of this manifest is lost: every line begins in the first column".to_owned(),
        mend: Some(mend.to_owned()),
        fix,
    })
}

/// The text with its indentation put back, if there is exactly one way to read it.
fn recover(chunk: &str) -> Option<String> {
    // The search goes one call deeper with each line.
    if chunk.lines().count() > LINES {
        return None;
    }
    let lines = chunk.lines().map(parse).collect::<Option<Vec<Line>>>()?;
    let plain = |key: &str| lines.iter().find(|line| line.key == Some(key) && !line.dash).and_then(|line| line.value);
    let root = schema::kind(plain("apiVersion")?, plain("kind")?)?;
    let mut search = Search { lines: &lines, found: Vec::new(), steps: 0 };
    let stack = vec![Frame { of: Of::Struct(root), indent: 0, keys: Vec::new(), count: 0 }];
    search.line(0, &stack, &mut Vec::new());
    match (search.found.as_slice(), search.steps < STEPS) {
        ([indents], true) => {
            let lines = chunk.lines().zip(indents).map(|(line, indent)| format!("{:indent$}{}", "", line.trim_end()));
            Some(lines.collect::<Vec<_>>().join("\n"))
        }
        _ => None,
    }
}

/// Longer texts are not attempted.
const LINES: usize = 300;
/// Give up after so many tries.
const STEPS: usize = 20_000;

/// A line: `key: value`, `key:`, `- key: value`, `- value`, or nothing of importance.
struct Line<'a> {
    dash: bool,
    key: Option<&'a str>,
    value: Option<&'a str>,
}

fn parse(line: &str) -> Option<Line<'_>> {
    let text = line.trim();
    if text.is_empty() || text.starts_with('#') {
        return Some(Line { dash: false, key: None, value: None });
    }
    let (dash, rest) = match text.strip_prefix("- ") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let (key, value) = match (rest.split_once(": "), rest.strip_suffix(':')) {
        (Some((key, value)), _) => (Some(key), Some(value.trim())),
        (None, Some(key)) => (Some(key), None),
        (None, None) => (None, Some(rest)),
    };
    // Texts over several lines and lists in lists are not attempted.
    let hard = value.is_some_and(|value| value.starts_with(['|', '>', '&'])) || rest.starts_with("- ");
    (!hard && (dash || key.is_some())).then_some(Line { dash, key, value })
}

#[derive(Clone, Copy)]
enum Of {
    Struct(&'static Struct),
    /// Labels, or amounts of resources.
    Map,
    List(&'static Type),
}

/// An open value.
#[derive(Clone)]
struct Frame<'a> {
    of: Of,
    indent: usize,
    keys: Vec<&'a str>,
    count: usize,
}

/// Looks for all ways to place the lines.
struct Search<'a> {
    lines: &'a [Line<'a>],
    found: Vec<Vec<usize>>,
    steps: usize,
}

impl<'a> Search<'a> {
    fn line(&mut self, at: usize, stack: &[Frame<'a>], indents: &mut Vec<usize>) {
        self.steps += 1;
        if self.steps >= STEPS || self.found.len() > 1 {
            return;
        }
        let Some(line) = self.lines.get(at) else {
            if stack.iter().all(|frame| frame.count > 0) {
                self.found.push(indents.clone());
            }
            return;
        };
        if line.key.is_none() && line.value.is_none() {
            indents.push(stack.last().map_or(0, |frame| frame.indent));
            self.line(at + 1, stack, indents);
            indents.pop();
            return;
        }
        for depth in (0..stack.len()).rev() {
            if let Some((next, indent)) = place(line, &stack[..=depth]) {
                indents.push(indent);
                self.line(at + 1, &next, indents);
                indents.pop();
            }
            // What was opened must hold something before it is left.
            if stack[depth].count == 0 {
                break;
            }
        }
    }
}

/// The open values after a line went into the innermost one, and the line's indentation.
fn place<'a>(line: &Line<'a>, stack: &[Frame<'a>]) -> Option<(Vec<Frame<'a>>, usize)> {
    let mut next = stack.to_vec();
    let frame = next.last_mut()?;
    frame.count += 1;
    let indent = frame.indent;
    if !line.dash {
        enter(line, &mut next)?;
        return Some((next, indent));
    }
    let Of::List(item) = frame.of else { return None };
    match (item, line.key) {
        (Type::Struct(of), Some(_)) => {
            let of = Of::Struct(of.get());
            next.push(Frame { of, indent: indent + 2, keys: Vec::new(), count: 1 });
            enter(line, &mut next)?;
        }
        (Type::Struct(_), None) => return None,
        _ => {}
    }
    Some((next, indent))
}

/// Puts a key into the innermost value.
fn enter<'a>(line: &Line<'a>, stack: &mut Vec<Frame<'a>>) -> Option<()> {
    let key = line.key?;
    let frame = stack.last_mut()?;
    if frame.keys.contains(&key) {
        return None;
    }
    frame.keys.push(key);
    let indent = frame.indent;
    let ty = match frame.of {
        Of::List(_) => return None,
        Of::Map => return line.value.map(|_| ()),
        // A pod has a field of this name since 1.34, but it is nearly always a container's that is meant.
        Of::Struct(of) if of.name == "PodSpec" && key == "resources" => return None,
        Of::Struct(of) => &of.field(key)?.ty,
    };
    let ty = match ty {
        Type::Pointer(inner) => inner,
        other => other,
    };
    let (of, deeper) = match ty {
        Type::Struct(line) => (Of::Struct(line.get()), 2),
        Type::StringMap | Type::ResourceList => (Of::Map, 2),
        Type::List(item) => (Of::List(item), 0),
        Type::Any => return None,
        _ => return line.value.map(|_| ()),
    };
    match line.value {
        Some(value) => value.starts_with(['{', '[']).then_some(()),
        None => {
            stack.push(Frame { of, indent: indent + deeper, keys: Vec::new(), count: 0 });
            Some(())
        }
    }
}
