//! Texts whose white space went wrong on the way, as happens when something is pasted: other texts that may have been
//! meant. Whether one of them reads is for the caller to find out.

use std::collections::BTreeSet;

/// What is to be told where [`plain`] changes something.
pub const ODD: &str = "Spaces stand here that are none, or signs that nobody sees, as text copied from a web page has them. Put plain spaces \
     there.";

/// Longer documents are not attempted.
const LONGEST: usize = 16 * 1024;
/// Each attempt reads the document; more than this is not read for it in all.
const MOST: usize = 512 * 1024;

/// The text with plain spaces where it has others, and without characters that nobody sees. What stands in quotes or in a
/// comment is left.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (mut quote, mut before) = (None, ' ');
        for c in line.chars() {
            match (quote, c) {
                (Some('#'), _) => out.push(c),
                (None, '#') if before == ' ' => {
                    quote = Some('#');
                    out.push(c);
                }
                (None, '"' | '\'') if matches!(before, ' ' | '[' | '{' | ',' | '-' | ':') => {
                    quote = Some(c);
                    out.push(c);
                }
                (Some(open), _) => {
                    quote = Some(open).filter(|open| *open != c || before == '\\');
                    out.push(c);
                }
                (None, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}') => {
                    out.push(' ');
                }
                (None, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}') => continue,
                _ => out.push(c),
            }
            before = out.chars().next_back().unwrap_or(' ');
        }
    }
    out
}

/// The text with tabs at the beginning of lines as spaces, for each width that a tab may be meant to have.
pub fn without_tabs(text: &str) -> Vec<String> {
    let wide = |width: usize| -> String {
        let lines = text.split_inclusive('\n').map(|line| {
            let rest = line.trim_start_matches([' ', '\t']);
            let head = line.len() - rest.len();
            let columns =
                line[..head].chars().fold(0, |at, c| if c == '\t' { at + width - at % width } else { at + 1 });
            [&" ".repeat(columns), rest].concat()
        });
        lines.collect()
    };
    [2, 4, 8].map(wide).into()
}

/// The texts in which a line near the given one (counted from 1), alone or with those that belong to it, begins where
/// another line does, those first in which it moved least.
pub fn shifted(text: &str, line: usize) -> Vec<String> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let blank = |line: &&str| line.trim().is_empty();
    // Where lines begin, and a step deeper.
    let begins = lines.iter().filter(|line| !blank(line)).map(|line| indent(line));
    let levels: BTreeSet<usize> = begins.flat_map(|level| [level, level + 2]).collect();
    let Some(at) = line.checked_sub(1).filter(|at| *at < lines.len()) else { return Vec::new() };
    let before = (0..at).rev().find(|at| !blank(&lines[*at]));
    let after = (at + 1..lines.len()).find(|at| !blank(&lines[*at]));
    let mut texts = Vec::new();
    for start in [Some(at), before, after].into_iter().flatten() {
        let own = indent(lines[start]);
        let until = |ends: &dyn Fn(usize) -> bool| {
            let mut rest = (start + 1..lines.len()).filter(|at| !blank(&lines[*at]));
            rest.find(|at| ends(indent(lines[*at]))).unwrap_or(lines.len())
        };
        let ends = [start + 1, until(&|it| it <= own), until(&|it| it < own), lines.len()];
        for level in levels.iter().filter(|level| **level != own) {
            // What was pasted too far to the left ends before a line that stands right.
            let pasted = if *level > own { until(&|it| it >= *level) } else { start + 1 };
            for end in ends.into_iter().chain([pasted]) {
                texts.extend(moved(&lines, start, end, *level, own).map(|text| (level.abs_diff(own), text)));
            }
        }
    }
    texts.sort();
    texts.dedup();
    if texts.len() * text.len() > MOST {
        return Vec::new();
    }
    texts.into_iter().map(|(_, text)| text).collect()
}

/// Lines moved from one column to another; nothing if one of them begins before it.
fn moved(lines: &[&str], start: usize, end: usize, to: usize, from: usize) -> Option<String> {
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        let moves = (start..end).contains(&at) && !line.trim().is_empty();
        if moves && to > from {
            text.push_str(&" ".repeat(to - from));
        }
        let less = if moves { from.saturating_sub(to) } else { 0 };
        let (head, rest) = line.split_at_checked(less)?;
        if !head.bytes().all(|c| c == b' ') {
            return None;
        }
        text.push_str(rest);
    }
    Some(text)
}
