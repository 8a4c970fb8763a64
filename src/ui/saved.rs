//! What survives a reload: the reader's text, the cluster and what was done to it, what was kept when something else was
//! opened, and how the page was set.

use crate::api::value::Value;
use crate::engine::file::{self, SavedRun};
use crate::manifest;
use crate::platform::storage;

pub const TEXT: &str = "everynode.text";
/// A run as [`file`] writes it, without the text and without the cluster that it began with, see `session::clusters`.
pub const SCENARIO: &str = "everynode.scenario";
/// boot.js reads it too.
pub const THEME: &str = "everynode.theme";
/// The branches that were left, see `session::branches`.
pub const BRANCHES: &str = "everynode.branches";
/// There if the timeline is open.
pub const TIMELINE: &str = "everynode.timeline";
pub const SPEED: &str = "everynode.speed";
/// How far the lesson has come that is being taken.
pub const LESSON: &str = "everynode.lesson";
/// The files of the lessons that were taken to their end.
pub const LESSONS_DONE: &str = "everynode.lessons";
/// Set once a visitor has tried, or does not want to see, what is to be tried first.
pub const FIRST: &str = "everynode.first";
pub const SELECTION: &str = "everynode.selection";
/// The lines that were typed into the console.
pub const CONSOLE: &str = "everynode.console";
/// A list of names and runs.
const KEPT: &str = "everynode.kept";
/// A run that could not be read.
const UNREADABLE: &str = "everynode.unreadable";

/// The saved run with the text; nothing if nothing was saved.
///
/// # Errors
/// Why it does not read. It is put aside then, so that the next save destroys nothing.
pub fn run() -> Result<Option<SavedRun>, String> {
    let Some(saved) = storage::get(SCENARIO) else { return Ok(None) };
    match file::decode(&saved) {
        Ok(mut run) => {
            run.text = storage::get(TEXT).unwrap_or_default();
            Ok(Some(run))
        }
        Err(reason) => {
            storage::set(UNREADABLE, &saved);
            Err(reason)
        }
    }
}

pub fn set_run(run: &SavedRun) -> bool {
    storage::set(SCENARIO, &file::encode(run))
}

/// Names and runs.
pub fn kept() -> Vec<(String, String)> {
    let list = storage::get(KEPT).and_then(|text| manifest::read_value(&text));
    let entry = |entry: &Value| Some((entry.get("name")?.as_str()?.to_owned(), entry.get("run")?.as_str()?.to_owned()));
    list.as_ref().and_then(Value::as_list).unwrap_or_default().iter().filter_map(entry).collect()
}

/// Whether there was room for all of them.
pub fn set_kept(kept: &[(String, String)]) -> bool {
    let entry = |(name, run): &(String, String)| -> Value {
        [("name", name.as_str().into()), ("run", run.as_str().into())].into()
    };
    storage::set(KEPT, &Value::List(kept.iter().map(entry).collect()).to_json())
}
