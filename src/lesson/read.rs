//! A lesson's file, read; and the list of lessons.

use super::act::Act;
use super::check::{CHECKS, Check};
use super::cluster;
use super::doubts;
use super::fields::{Holds, Source, item, join, list, text};
use crate::api::value::Value;
use crate::engine::{NodeTemplate, Scenario};
use crate::manifest::Finding;

const LESSON: &[(&str, Holds)] = &[
    ("title", Holds::Text),
    ("steps", Holds::List),
    ("about", Holds::Text),
    ("minutes", Holds::Number),
    ("cluster", Holds::List),
    ("manifest", Holds::Text),
];
const STEP: &[(&str, Holds)] = &[
    ("title", Holds::Text),
    ("text", Holds::Text),
    ("manifest", Holds::Text),
    ("edit", Holds::List),
    ("do", Holds::List),
    ("look", Holds::Map),
    ("done", Holds::List),
];
const EDIT: &[(&str, Holds)] = &[("replace", Holds::Text), ("with", Holds::Text)];
const LOOK: &[(&str, Holds)] = &[("text", Holds::Text), ("at", Holds::Text)];
const ENTRY: &[(&str, Holds)] =
    &[("file", Holds::Text), ("title", Holds::Text), ("about", Holds::Text), ("minutes", Holds::Number)];
/// The parts of the page that [`Look::at`] can name, beside `node NAME`.
pub const PLACES: [&str; 8] = ["editor", "apply", "ribbon", "loop", "map", "time", "log", "inspector"];

/// The maps of a lesson's file, and the fields that each knows.
pub fn fields() -> Vec<(&'static str, &'static [(&'static str, Holds)])> {
    let maps = [("lesson", LESSON), ("step", STEP), ("edit", EDIT), ("look", LOOK), ("node", cluster::NODE)];
    let checks = ["daemonset", "pods", "nodeIs", "nodes", "selected", "happened", "editor"];
    maps.into_iter().chain(checks.into_iter().zip(CHECKS)).collect()
}

/// A lesson, as its file has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lesson {
    pub title: String,
    pub about: String,
    /// The nodes to begin with.
    pub nodes: Vec<(NodeTemplate, u32)>,
    /// What the editor holds at the beginning.
    pub manifest: String,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub title: String,
    pub text: String,
    /// What the editor should hold when the step is done.
    pub manifest: String,
    /// Whether the step changes the manifest.
    pub edits: bool,
    pub acts: Vec<Act>,
    pub look: Option<Look>,
    /// All of them must hold; a step without any is one to be read.
    pub done: Vec<Check>,
}

/// What to look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    pub text: String,
    /// A part of the page, or `node NAME`; empty where none is named.
    pub at: String,
}

/// A lesson in the list of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    pub file: String,
    pub title: String,
    pub about: String,
    pub minutes: i64,
}

impl Lesson {
    /// Reads a file, and tells what is wrong with it. With findings the lesson cannot be followed.
    pub fn read(file: &str) -> (Lesson, Vec<Finding>) {
        Lesson::read_with(file, &|_| None)
    }

    /// The same; `kubectl` tells what is wrong with a command line.
    pub fn read_with(file: &str, kubectl: &dyn Fn(&str) -> Option<String>) -> (Lesson, Vec<Finding>) {
        let (mut source, value) = Source::read(file);
        let mut lesson = Lesson { nodes: Scenario::walk_through().nodes, ..Lesson::default() };
        let unreadable = value.is_null() && !source.findings.is_empty();
        let map = if unreadable { None } else { source.map(&value, "", LESSON, 2) };
        let Some(map) = map else { return (lesson, source.findings) };
        lesson.title = text(map, "title");
        lesson.about = text(map, "about");
        if map.contains_key("cluster") {
            lesson.nodes = cluster::groups(&mut source, list(map, "cluster"), "cluster");
        }
        lesson.manifest = map.get("manifest").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut manifest = lesson.manifest.clone();
        for (index, value) in list(map, "steps").iter().enumerate() {
            let step = step(&mut source, value, &item("steps", index), &mut manifest);
            lesson.steps.extend(step);
        }
        if map.get("steps").and_then(Value::as_list).is_some_and(<[Value]>::is_empty) {
            source.wrong("steps", "a lesson has at least one step".to_owned(), "");
        }
        if source.findings.is_empty() {
            doubts::tell(&mut source, &lesson, kubectl);
        }
        source.findings.sort_by_key(|finding| finding.span.line);
        (lesson, source.findings)
    }

    pub fn scenario(&self) -> Scenario {
        Scenario { nodes: self.nodes.clone(), ..Scenario::walk_through() }
    }
}

/// One step. `manifest` is what the editor should hold: after the steps before, and then after this one.
fn step(source: &mut Source, value: &Value, path: &str, manifest: &mut String) -> Option<Step> {
    let map = source.map(value, path, STEP, 2)?;
    if let Some(whole) = map.get("manifest").and_then(Value::as_str) {
        *manifest = whole.to_owned();
    }
    for (index, value) in list(map, "edit").iter().enumerate() {
        let path = item(&join(path, "edit"), index);
        let Some(edit) = source.map(value, &path, EDIT, EDIT.len()) else { continue };
        let whole = |name: &str| edit.get(name).and_then(Value::as_str).unwrap_or_default();
        let (old, new) = (whole("replace"), whole("with"));
        match manifest.matches(old).count() {
            1 if !old.is_empty() => *manifest = manifest.replacen(old, new, 1),
            count => {
                let message = ["the manifest has this ", &count.to_string(), " times at this step, not once"].concat();
                source.wrong(&join(&path, "replace"), message, "Write a stretch of it that is there exactly once.");
            }
        }
    }
    let mut acts = Vec::new();
    for (index, value) in list(map, "do").iter().enumerate() {
        let path = item(&join(path, "do"), index);
        let act = Act::read(source, value, &path);
        if act == Some(Act::Apply) && manifest.is_empty() {
            source.wrong(&path, "there is nothing to apply".to_owned(), "Give the lesson or this step a `manifest`.");
        }
        acts.extend(act);
    }
    let mut done = Vec::new();
    for (index, value) in list(map, "done").iter().enumerate() {
        done.extend(Check::read(source, value, &item(&join(path, "done"), index)));
    }
    let look = map.get("look").and_then(|value| {
        let path = join(path, "look");
        let look = source.map(value, &path, LOOK, 1)?;
        let look = Look { text: text(look, "text"), at: text(look, "at") };
        let known = look.at.is_empty() || look.at.starts_with("node ") || PLACES.contains(&look.at.as_str());
        if !known {
            let mend = ["Write one of ", &PLACES.join(", "), ", or `node NAME`."].concat();
            source.wrong(&join(&path, "at"), "there is no such part of the page".to_owned(), &mend);
        }
        Some(look)
    });
    Some(Step {
        title: text(map, "title"),
        text: text(map, "text"),
        manifest: manifest.clone(),
        edits: map.contains_key("manifest") || map.contains_key("edit"),
        acts,
        look,
        done,
    })
}

/// The lessons that there are: static/lessons/index.yaml.
pub fn read_list(index: &str) -> (Vec<Entry>, Vec<Finding>) {
    let (mut source, value) = Source::read(index);
    let Some(map) = source.map(&value, "", &[("lessons", Holds::List)], 1) else {
        return (Vec::new(), source.findings);
    };
    let mut entries = Vec::new();
    for (index, value) in list(map, "lessons").iter().enumerate() {
        if let Some(entry) = source.map(value, &item("lessons", index), ENTRY, ENTRY.len()) {
            entries.push(Entry {
                file: text(entry, "file"),
                title: text(entry, "title"),
                about: text(entry, "about"),
                minutes: entry.get("minutes").and_then(Value::as_int).unwrap_or_default(),
            });
        }
    }
    (entries, source.findings)
}
