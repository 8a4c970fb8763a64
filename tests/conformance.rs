//! Everything recorded of a real control plane (`tests/conformance/`, see its README) against what comes out here.
//!
//! `cargo xtask conformance` is this test with leave to write: it renews `static/conformance.html`, the table of what
//! agrees, and takes from `tests/conformance/disagree.txt` what agrees by now. That list says what is known to disagree,
//! and why; whatever is not on it has to agree, and what is on it but agrees has to be taken off.
//! `ONLY=text` runs only the cases whose name contains the text and prints all their differences.

#[path = "../examples/check.rs"]
mod check;
#[path = "conformance_support/compare.rs"]
mod compare;
#[path = "../examples/replay.rs"]
mod replay;
#[path = "session_support/mod.rs"]
mod session;
#[path = "conformance_support/table.rs"]
mod table;
#[path = "conformance_support/text.rs"]
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use everynode::api::hash::compute_hash;
use everynode::api::value::Value;
use everynode::manifest::read_value;

use compare::{Free, list};

/// One recorded case and how it came out.
pub struct Case {
    /// `traces/drain`, `validation/valid-minimal`, `hashes/17`, `kubectl/get-ds`.
    pub name: String,
    /// What it shows.
    pub about: String,
    pub differences: Vec<String>,
}

impl Case {
    fn new(kind: &str, name: &str, about: &str, differences: Vec<String>) -> Case {
        Case { name: format!("{kind}/{name}"), about: about.to_owned(), differences }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn recorded(path: &str) -> Value {
    let file = root().join("tests/conformance").join(path);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    read_value(&text).unwrap_or_else(|| panic!("{} is no JSON", file.display()))
}

fn string<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    value.at(path).and_then(Value::as_str).unwrap_or_default()
}

/// Steps whose record differed between two runs of the real thing, by scenario.
fn repeatability() -> BTreeMap<String, Free> {
    let mut free: BTreeMap<String, Free> = BTreeMap::new();
    for step in list(&recorded("repeatability.json"), "different") {
        let differs = list(step, "differs").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let number = step.get("step").and_then(Value::as_int).unwrap_or_default();
        free.entry(string(step, &["scenario"]).to_owned()).or_default().insert(number, differs);
    }
    free
}

fn traces() -> Vec<Case> {
    let folder = root().join("tests/conformance/traces");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (free, none) = (repeatability(), Free::new());
    let case = |file: PathBuf| {
        let name = file.file_name().unwrap().to_string_lossy();
        let recording = recorded(&format!("traces/{name}"));
        let scenario = recording.get("scenario").unwrap();
        let free = free.get(string(scenario, &["name"])).unwrap_or(&none);
        let differences = compare::trace(&recording, &replay::replay(scenario), free);
        Case::new("traces", name.trim_end_matches(".json"), string(scenario, &["about"]), differences)
    };
    files.into_iter().map(case).collect()
}

fn validation() -> Vec<Case> {
    let case = |case: &Value| {
        let answer = check::answer(&everynode::engine::check(string(case, &["manifest"])));
        Case::new("validation", string(case, &["id"]), string(case, &["group"]), compare::verdict(case, &answer))
    };
    list(&recorded("validation.json"), "create").iter().map(case).collect()
}

fn hashes() -> Vec<Case> {
    let recorded = recorded("hashes.json");
    let case = |(number, case): (usize, &Value)| {
        let count = case.get("collisionCount").and_then(Value::as_int).and_then(|count| i32::try_from(count).ok());
        let (ours, theirs) = (compute_hash(case.get("template").unwrap(), count), string(case, &["hash"]));
        let differences = if ours == theirs { Vec::new() } else { vec![format!("expected {theirs}, got {ours}")] };
        Case::new("hashes", &number.to_string(), theirs, differences)
    };
    recorded.as_list().unwrap().iter().enumerate().map(case).collect()
}

fn kubectl() -> Vec<Case> {
    let recorded_session = recorded("kubectl/session.json");
    let answers: BTreeMap<String, Value> =
        session::run(&recorded_session).into_iter().map(|it| (string(&it, &["id"]).to_owned(), it)).collect();
    let entries = list(&recorded_session, "entries").iter();
    let compared = entries.filter(|entry| entry.get("command").is_some() && entry.get("file").is_some());
    let case = |entry: &Value| {
        let (id, file) = (string(entry, &["id"]), string(entry, &["file"]));
        let stdout = std::fs::read_to_string(root().join("tests/conformance/kubectl").join(file)).expect("an output");
        let differences = match answers.get(id) {
            Some(answer) => compare::command(entry, &stdout, answer),
            None => vec!["no output".to_owned()],
        };
        Case::new("kubectl", id, string(entry, &["command"]), differences)
    };
    compared.map(case).collect()
}

/// What is known to disagree, and why: a line each, `name: why`.
fn known() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join("tests/conformance/disagree.txt")).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": "));
    lines.map(|(name, why)| (name.to_owned(), why.to_owned())).collect()
}

#[test]
fn what_was_recorded_of_a_real_control_plane_comes_out_here() {
    let mut cases: Vec<Case> = [traces(), validation(), hashes(), kubectl()].into_iter().flatten().collect();
    assert!(cases.len() > 600, "recordings are missing");
    if let Ok(only) = std::env::var("ONLY") {
        cases.retain(|case| case.name.contains(&only));
        let all: Vec<String> = cases.iter().flat_map(describe).collect();
        assert!(all.is_empty(), "\n{}", all.join("\n"));
        return;
    }
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut known = known();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let unknown: Vec<&String> = known.keys().filter(|name| !names.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "tests/conformance/disagree.txt names no recording with {unknown:?}");
    let bad: BTreeSet<&str> =
        cases.iter().filter(|case| !case.differences.is_empty()).map(|case| case.name.as_str()).collect();
    let mended: Vec<String> = known.keys().filter(|name| !bad.contains(name.as_str())).cloned().collect();
    if update {
        known.retain(|name, _| bad.contains(name.as_str()));
        let lines: String = known.iter().map(|(name, why)| format!("{name}: {why}\n")).collect();
        let about = "# What is known to disagree with its recording, and why. Only ever to become shorter.\n";
        std::fs::write(root().join("tests/conformance/disagree.txt"), format!("{about}{lines}")).unwrap();
    }
    let worse: Vec<String> = cases
        .iter()
        .filter(|case| !known.contains_key(&case.name))
        .flat_map(|case| describe(case).into_iter().take(4))
        .collect();
    for kind in ["traces", "validation", "hashes", "kubectl"] {
        let these: Vec<&Case> = cases.iter().filter(|case| case.name.starts_with(kind)).collect();
        let agree = these.iter().filter(|case| case.differences.is_empty()).count();
        println!("{kind}: {agree} of {} agree", these.len());
    }
    assert!(worse.is_empty(), "\n{}", worse.join("\n"));
    assert!(update || mended.is_empty(), "agree by now, so run `cargo xtask conformance`: {mended:?}");
    let table = table::table(&cases, &known);
    let file = root().join("static/conformance.html");
    if update {
        std::fs::write(file, table).unwrap();
    } else {
        let committed = std::fs::read_to_string(file).unwrap_or_default();
        assert!(committed == table, "static/conformance.html is of another run: `cargo xtask conformance` renews it");
    }
}

fn describe(case: &Case) -> Vec<String> {
    let title = format!("DISAGREES {}", case.name);
    let lines = case.differences.iter().map(|line| format!("     {line}"));
    if case.differences.is_empty() { Vec::new() } else { std::iter::once(title).chain(lines).collect() }
}

/// A comparison that notices nothing proves nothing: each part of a result is spoilt in turn.
#[test]
fn a_result_that_is_not_the_recorded_one_is_noticed() {
    let recording = recorded("traces/rolling-maxunavailable-2.json");
    let good = replay::replay(recording.get("scenario").unwrap());
    let free = Free::new();
    assert_eq!(compare::trace(&recording, &good, &free), Vec::<String>::new());
    let spoilt = |path: &[&str], value: Value| {
        let mut result = good.clone();
        let Value::List(steps) = result.entry("results") else { panic!("no list of results") };
        let mut place = &mut steps[1];
        for key in path {
            place = match place {
                Value::List(list) => &mut list[0],
                other => other.entry(key),
            };
        }
        assert_ne!(*place, value, "{path:?} was so before");
        *place = value;
        compare::trace(&recording, &result, &free)
    };
    for (path, value) in [
        (&["result", "exit"][..], Value::Int(1)),
        (&["result", "stdout"], "daemonset.apps/nginx created\n".into()),
        (&["then", "daemonsets", "0", "status", "numberReady"], Value::Int(0)),
        (&["then", "pods", "0", "image"], "nginx:0".into()),
        (&["then", "pods", "0", "conditions", "Ready"], "False".into()),
        (&["then", "nodes", "0", "unschedulable"], true.into()),
        (&["then", "controllerrevisions", "0", "hash"], "x".into()),
        (&["then", "pods"], Value::List(Vec::new())),
        (&["events", "0", "message"], "Created pod: something".into()),
        (&["events"], Value::List(Vec::new())),
        (&["log"], Value::List(Vec::new())),
        (&["observed", "default/nginx", "maxUnavailable"], Value::Int(3)),
        (&["objects", "0", "hash"], "x".into()),
    ] {
        assert!(!spoilt(path, value).is_empty(), "{path:?}");
    }
    assert!(!compare::trace(&recording, &Value::Null, &free).is_empty());
}
