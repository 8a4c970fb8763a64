//! `kubectl diff`: the live objects against what applying a text would make of them, as `diff -u -N` prints it.

use crate::api::{SimTime, Value};
use crate::engine::{FileVerb, LAST_APPLIED, Validation, documents};
use crate::manifest;

use super::act::Files;
use super::line::Line;
use super::{Moment, Task, files};

/// Lines around a change.
const CONTEXT: usize = 3;

pub fn plan(line: &Line, moment: &Moment, texts: &Files) -> Result<Vec<Task>, String> {
    let names = line.list("filename");
    if names.is_empty() {
        return Err("error: must specify one of -f and -k".to_owned());
    }
    let mut tasks = Vec::new();
    let mut differs = false;
    for name in names {
        let text = files::text(name, texts)?;
        if files::is_empty(&text) {
            continue;
        }
        let source = if name == "-" { "STDIN" } else { name };
        let (documents, error) = documents(&text, FileVerb::Apply, line.given_namespace());
        for document in &documents {
            let key = crate::engine::document_key(document);
            let kind = crate::api::Kind::ALL.into_iter().find(|kind| kind.as_str() == document.kind);
            let live = kind.and_then(|kind| moment.world.get(kind, &key));
            match crate::engine::write_document(moment.world, document, FileVerb::Apply, Validation::Strict, source) {
                Ok(Some(write)) => {
                    let merged = would_be(moment, live.as_ref().map(|it| it.to_value()), write);
                    let live = live.map(|it| manifest::print(&it.to_value())).unwrap_or_default();
                    let version = document.api_version.replace('/', ".");
                    let file = format!("{version}.{}.{}.{}", document.kind, key.namespace, key.name);
                    let text = unified(&live, &manifest::print(&merged), &file, moment.now);
                    differs |= !text.is_empty();
                    tasks.push(Task::Out(text));
                }
                Ok(None) => {}
                // Nothing is compared then.
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = error {
            return Err(error);
        }
    }
    if differs {
        // `diff` itself ends with 1 when there is a difference.
        tasks.push(Task::Exit(1));
    }
    Ok(tasks)
}

/// The object as the server's dry run answers it: with the generations that follow from the change, and without a new
/// note of what was applied, which `kubectl diff` does not write.
fn would_be(moment: &Moment, live: Option<Value>, write: crate::engine::Write) -> Value {
    let Some(request) = write.request else { return live.unwrap_or_default() };
    let mut world = moment.world.clone();
    let mut rng = crate::store::Rng::new(0);
    let answer = world.handle(request, moment.now, &mut rng, &mut Vec::new());
    let mut merged = answer.map_or_else(|_| write.object.to_value(), |object| object.to_value());
    let annotations = merged.entry("metadata").entry("annotations").make_map();
    match live.as_ref().and_then(|live| live.at(&["metadata", "annotations", LAST_APPLIED])) {
        Some(before) => drop(annotations.insert(LAST_APPLIED.to_owned(), before.clone())),
        None => drop(annotations.remove(LAST_APPLIED)),
    }
    if annotations.is_empty() {
        merged.entry("metadata").make_map().remove("annotations");
    }
    // A dry run has no version of its own.
    let metadata = merged.entry("metadata").make_map();
    match live.as_ref().and_then(|live| live.at(&["metadata", "resourceVersion"])) {
        Some(version) => drop(metadata.insert("resourceVersion".to_owned(), version.clone())),
        None => drop(metadata.remove("resourceVersion")),
    }
    merged
}

fn unified(old: &str, new: &str, file: &str, now: SimTime) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let edits = edits(&a, &b);
    if edits.iter().all(|edit| matches!(edit, Edit::Keep(..))) {
        return String::new();
    }
    let stamp = now.to_rfc3339().replace('T', " ").replace('Z', ".000000000 +0000");
    let (live, merged) = (format!("/tmp/LIVE/{file}"), format!("/tmp/MERGED/{file}"));
    let mut out = format!("diff -u -N {live} {merged}\n--- {live}\t{stamp}\n+++ {merged}\t{stamp}\n");
    let changed: Vec<usize> =
        edits.iter().enumerate().filter(|(_, edit)| !matches!(edit, Edit::Keep(..))).map(|(at, _)| at).collect();
    let mut index = 0;
    while index < changed.len() {
        let mut last = index;
        // Changes that stand close together share a hunk.
        while last + 1 < changed.len() && changed[last + 1] - changed[last] <= 2 * CONTEXT {
            last += 1;
        }
        let from = changed[index].saturating_sub(CONTEXT);
        let to = (changed[last] + CONTEXT + 1).min(edits.len());
        let count = |in_old: bool, edits: &[Edit]| {
            edits
                .iter()
                .filter(|edit| {
                    matches!((edit, in_old), (Edit::Keep(..), _) | (Edit::Less(_), true) | (Edit::More(_), false))
                })
                .count()
        };
        let range = |before: usize, count: usize| match count {
            0 => format!("{before},0"),
            1 => format!("{}", before + 1),
            _ => format!("{},{count}", before + 1),
        };
        let (old_before, new_before) = (count(true, &edits[..from]), count(false, &edits[..from]));
        let hunk = &edits[from..to];
        out.push_str(&format!(
            "@@ -{} +{} @@\n",
            range(old_before, count(true, hunk)),
            range(new_before, count(false, hunk))
        ));
        for edit in hunk {
            let (sign, line) = match edit {
                Edit::Keep(line) => (' ', line),
                Edit::Less(line) => ('-', line),
                Edit::More(line) => ('+', line),
            };
            out.push(sign);
            out.push_str(line);
            out.push('\n');
        }
        index = last + 1;
    }
    out
}

enum Edit<'a> {
    Keep(&'a str),
    Less(&'a str),
    More(&'a str),
}

/// The shortest way from one list of lines to the other, by their longest common part.
fn edits<'a>(a: &[&'a str], b: &[&'a str]) -> Vec<Edit<'a>> {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (inner_a, inner_b) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let width = inner_b.len() + 1;
    let mut common = vec![0u32; (inner_a.len() + 1) * width];
    for i in (0..inner_a.len()).rev() {
        for j in (0..inner_b.len()).rev() {
            common[i * width + j] = match inner_a[i] == inner_b[j] {
                true => common[(i + 1) * width + j + 1] + 1,
                false => common[(i + 1) * width + j].max(common[i * width + j + 1]),
            };
        }
    }
    let mut edits: Vec<Edit> = a[..head].iter().map(|line| Edit::Keep(line)).collect();
    let (mut i, mut j) = (0, 0);
    while i < inner_a.len() || j < inner_b.len() {
        let same = i < inner_a.len() && j < inner_b.len() && inner_a[i] == inner_b[j];
        if same {
            edits.push(Edit::Keep(inner_a[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < inner_a.len() && (j >= inner_b.len() || common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            edits.push(Edit::Less(inner_a[i]));
            i += 1;
        } else {
            edits.push(Edit::More(inner_b[j]));
            j += 1;
        }
    }
    edits.extend(a[a.len() - tail..].iter().map(|line| Edit::Keep(line)));
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_three_lines_around_them() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let text = unified(old, &old.replace("e\n", "E\nX\n"), "f", SimTime::ZERO);
        assert!(text.ends_with("@@ -2,7 +2,8 @@\n b\n c\n d\n-e\n+E\n+X\n f\n g\n h\n"), "{text}");
        assert_eq!(unified(old, old, "f", SimTime::ZERO), "");
        assert!(unified("", "a\n", "f", SimTime::ZERO).ends_with("@@ -0,0 +1 @@\n+a\n"));
    }
}
