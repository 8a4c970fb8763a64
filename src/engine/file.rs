//! A run as a text: what a share link, a file and the browser's storage hold.
//!
//! # The format, version 1
//!
//! One JSON object (it is read as YAML, so a file written by hand may be that). Times are microseconds since the
//! beginning of the simulation.
//!
//! | field | what it is |
//! |---|---|
//! | `everynode` | the version of the format: 1. It comes first, which is how a text is known for a run |
//! | `scenario` | [`Scenario`]: `seed`, `settings`, `nodes` and `commands`, each command with the moment it was given at |
//! | `position` | how far the run had come: `steps` taken, and the moment `at` |
//! | `log` | optional: [`History::log_hash`](super::History::log_hash) at that position, 16 hexadecimal digits |
//! | `shown` | optional: the moment in the past that was looked at |
//! | `text` | the manifest in the editor |
//! | `view` | texts by name in which the page keeps how it was set; a page ignores those that it does not know |
//!
//! Version 0, of the first pages, is the bare scenario. A field that is added and may be missing leaves the version as
//! it is; anything else makes a new one, and [`decode`] goes on to read the old. `tests/run_format.rs` holds the shape.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::command::Scenario;
use super::import::is_dump;
use super::kept_cluster::KeptCluster;
use super::submit::NODES_MAX;
use crate::api::typed::{from_value, to_value};
use crate::api::value::{Map, Value};
use crate::api::{SimDuration, SimTime};
use crate::manifest;

/// The version that is written.
pub const VERSION: i64 = 1;
/// A longer text is no run that anybody made.
pub const BYTES_MAX: usize = 64 * 1024 * 1024;
/// Ten years. No run gets there, and sums of times stay far from their end.
const TIME_MAX: u64 = 10 * 365 * 86_400 * 1_000_000;

/// A run and how it was looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SavedRun {
    pub scenario: Scenario,
    pub position: Position,
    /// The log's hash at the position, to tell whether it was reached again.
    pub log: Option<u64>,
    pub shown: Option<SimTime>,
    pub text: String,
    pub view: BTreeMap<String, String>,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub steps: u64,
    pub at: SimTime,
}

/// What a text is that was dropped on the page, opened from a file or pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// A [`SavedRun`].
    Run,
    /// The objects of a real cluster, for [`import`](super::import::import).
    Cluster,
    /// Anything else: it belongs into the editor, which says what is wrong with it.
    Manifest,
}

/// The one place that tells what a text is.
pub fn kind_of(text: &str) -> TextKind {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while let Some(comment) = rest.strip_prefix('#') {
        rest = comment.split_once('\n').map_or("", |(_, after)| after).trim_start();
    }
    let inside = rest.strip_prefix('{').map_or(rest, str::trim_start);
    let key = inside.trim_start_matches(['"', '\'']);
    match key.strip_prefix("everynode").map(|after| after.trim_start_matches(['"', '\'']).trim_start()) {
        Some(after) if after.starts_with(':') => TextKind::Run,
        _ if is_dump(text) => TextKind::Cluster,
        _ => TextKind::Manifest,
    }
}

/// Writes a run.
pub fn encode(run: &SavedRun) -> String {
    let number = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    set("everynode", Value::Int(VERSION));
    set("scenario", to_value(&run.scenario));
    set("position", [("steps", number(run.position.steps)), ("at", number(run.position.at.micros()))].into());
    if let Some(log) = run.log {
        set("log", format!("{log:016x}").into());
    }
    if let Some(shown) = run.shown {
        set("shown", number(shown.micros()));
    }
    set("text", run.text.as_str().into());
    set("view", Value::Map(run.view.iter().map(|(name, text)| (name.clone(), text.as_str().into())).collect()));
    Value::Map(fields).to_json()
}

/// What [`encode`] writes, an object of the cluster at a time.
pub fn encode_parts(run: &SavedRun) -> impl Iterator<Item = String> + use<> {
    let cluster = run.scenario.cluster.clone();
    let hollow = cluster.as_ref().map(|_| Arc::default());
    let text = encode(&SavedRun { scenario: Scenario { cluster: hollow, ..run.scenario.clone() }, ..run.clone() });
    // Nothing that could hold such a field comes before it.
    let begin = text.find(CLUSTER).map_or(text.len(), |at| at + CLUSTER.len());
    let (head, tail) = (text[..begin].to_owned(), text[begin..].to_owned());
    let objects = (0..).map_while(move |index| {
        let object = cluster.as_ref()?.objects.get(index)?.to_value().to_json();
        Some([if index == 0 { "" } else { "," }, &object].concat())
    });
    std::iter::once(head).chain(objects).chain([tail])
}

/// How the field begins that holds an imported cluster.
const CLUSTER: &str = "\"cluster\":[";

/// Reads a run, of this version or an older one.
///
/// # Errors
/// A sentence for the reader: what is wrong with it, and where that helps, what to do.
pub fn decode(text: &str) -> Result<SavedRun, String> {
    let mut decoding = Decoding::default();
    loop {
        if let Some(run) = decoding.go_on(text, usize::MAX) {
            return run;
        }
    }
}

/// [`decode`], a few objects of the run's cluster at a time.
#[derive(Default)]
pub struct Decoding {
    /// Where the cluster's objects begin, and the next of them.
    place: Option<(usize, usize)>,
    cluster: KeptCluster,
}

impl Decoding {
    /// Goes on for so many objects with a text that is the same each time. The run once it has come to the end.
    pub fn go_on(&mut self, text: &str, objects: usize) -> Option<Result<SavedRun, String>> {
        // Only what a program wrote is read by parts; and a text within it could not hold such a field as it is.
        let is_json = text.len() <= BYTES_MAX && text.starts_with('{');
        let found = || text.find(CLUSTER).filter(|_| is_json).map(|at| at + CLUSTER.len());
        let Some((begin, mut at)) = self.place.or_else(|| found().map(|at| (at, at))) else {
            return Some(decode_whole(text));
        };
        for _ in 0..objects {
            at += text[at..].bytes().take_while(|byte| b" \n\r\t,".contains(byte)).count();
            match text.as_bytes().get(at) {
                Some(b'{') => {}
                Some(b']') => return Some(self.finish(text, begin, at)),
                _ => return Some(decode_whole(text)),
            }
            let end = object_end(text.as_bytes(), at);
            if !self.cluster.add(&text[at..end]) {
                return Some(decode_whole(text));
            }
            at = end;
        }
        self.place = Some((begin, at));
        None
    }

    /// What is around the objects, with them.
    fn finish(&mut self, text: &str, begin: usize, end: usize) -> Result<SavedRun, String> {
        let mut run = decode_whole(&[&text[..begin], &text[end..]].concat())?;
        if let Some(cluster) = &mut run.scenario.cluster {
            *cluster = Arc::new(std::mem::take(&mut self.cluster).finish().unwrap_or_default());
        }
        Ok(run)
    }
}

/// Where a JSON object ends that begins at a place.
fn object_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' => depth += 1,
            b'}' if depth <= 1 => return at + 1,
            b'}' => depth -= 1,
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn decode_whole(text: &str) -> Result<SavedRun, String> {
    if text.len() > BYTES_MAX {
        return Err(format!("It is larger than {} MB, which no run is.", BYTES_MAX >> 20));
    }
    let value = manifest::read_value(text.trim_start_matches('\u{feff}'))
        .ok_or("It is damaged: it cannot be read as JSON or YAML. Copy it once more, whole.")?;
    let fields = value.as_map().ok_or("It is no run of Everynode.")?;
    let mut run = SavedRun::default();
    match fields.get("everynode").map(Value::as_int) {
        None if fields.contains_key("commands") && fields.contains_key("nodes") => run.scenario = scenario(&value)?,
        None => return Err("It is no run of Everynode: the field `everynode` with its version is missing.".to_owned()),
        Some(Some(VERSION)) => read_fields(&mut run, fields)?,
        Some(Some(newer)) if newer > VERSION => {
            return Err(format!(
                "It was made by a newer Everynode: its format is {newer}, this page reads up to {VERSION}. Reload the \
                 page to get the newest Everynode of this host, or open it where it was made."
            ));
        }
        Some(_) => return Err("Its version, the field `everynode`, is no version that there ever was.".to_owned()),
    }
    check_limits(&run)?;
    Ok(run)
}

fn read_fields(run: &mut SavedRun, fields: &Map) -> Result<(), String> {
    run.scenario = scenario(fields.get("scenario").ok_or("It is damaged: the field `scenario` is missing.")?)?;
    let wrong = |field: &str| format!("It is damaged: the field `{field}` is not what it should be.");
    let number = |value: &Value, field: &str| {
        value.as_int().and_then(|number| u64::try_from(number).ok()).ok_or_else(|| wrong(field))
    };
    if let Some(position) = fields.get("position") {
        let part = |name: &str, field: &str| position.get(name).map_or(Ok(0), |value| number(value, field));
        run.position =
            Position { steps: part("steps", "position.steps")?, at: SimTime::from_micros(part("at", "position.at")?) };
    }
    if let Some(log) = fields.get("log") {
        let log = log.as_str().and_then(|digits| u64::from_str_radix(digits, 16).ok());
        run.log = Some(log.ok_or_else(|| wrong("log"))?);
    }
    if let Some(shown) = fields.get("shown") {
        run.shown = Some(SimTime::from_micros(number(shown, "shown")?));
    }
    if let Some(text) = fields.get("text") {
        run.text = text.as_str().ok_or_else(|| wrong("text"))?.to_owned();
    }
    for (name, text) in fields.get("view").and_then(Value::as_map).into_iter().flatten() {
        let text = text.as_str().ok_or_else(|| wrong("view"))?;
        run.view.insert(name.clone(), text.to_owned());
    }
    Ok(())
}

fn scenario(value: &Value) -> Result<Scenario, String> {
    from_value(value).map_err(|error| {
        format!("Its scenario cannot be read here ({error}). It is damaged, or a newer Everynode made it.")
    })
}

/// A run that nobody could have made here would only keep the page busy.
fn check_limits(run: &SavedRun) -> Result<(), String> {
    let scenario = &run.scenario;
    let nodes: u64 = scenario.nodes.iter().map(|(_, count)| u64::from(*count)).sum();
    if nodes > NODES_MAX as u64 {
        return Err(format!("Its cluster begins with {nodes} nodes; {NODES_MAX} are the most that there can be here."));
    }
    let timing = &scenario.settings.kubelet;
    let lengths = [timing.start.0, timing.start.1, timing.stop.0, timing.stop.1, timing.slow_ready];
    let longest = lengths.into_iter().chain([scenario.settings.node_monitor_grace_period]).max().unwrap_or_default();
    if longest > SimDuration::from_secs(86_400) || timing.start.0 > timing.start.1 || timing.stop.0 > timing.stop.1 {
        return Err("It is damaged: the times under `settings` are not what they should be.".to_owned());
    }
    let moments = scenario.commands.iter().map(|submitted| submitted.at);
    if moments.chain([run.position.at]).any(|at| at.micros() > TIME_MAX) {
        return Err("It is damaged: something in it happens more than ten years after the beginning.".to_owned());
    }
    Ok(())
}
