//! The commands that change objects in place: `delete`, `label`, `annotate`, `taint`, `cordon`, `drain`, `patch`.

use crate::api::value::Map;
use crate::api::{ConditionStatus, Kind, ObjectKey, PodPhase, SimDuration, Taint, Value, patch};
use crate::engine::{Command, FileVerb, PatchType, documents};
use crate::manifest;
use crate::store::Propagation;
use crate::store::validation::{names, quote};

use super::follow::{Follow, Gone, seconds};
use super::line::Line;
use super::print::Format;
use super::resources::{self, Ask, Found, Item, Resource, text};
use super::{How, Moment, Task, files, read, set};

/// The texts of files by their names.
pub type Files = [(String, Option<String>)];

pub fn plan(line: &Line, moment: &Moment, files: &Files) -> Result<Vec<Task>, String> {
    match line.verb.path {
        "delete" => delete(line, moment, files),
        "label" => label(line, moment, files, "labels"),
        "annotate" => label(line, moment, files, "annotations"),
        "taint" => taint(line, moment),
        "cordon" => cordon(line, moment, true),
        "uncordon" => cordon(line, moment, false),
        "drain" => drain(line, moment),
        "patch" => patch(line, moment, files),
        "set image" | "set env" | "set resources" => set::plan(line, moment, files),
        "scale" => scale(line, moment, files),
        "edit" => edit(line, moment, files),
        _ => read::no_sub_command(line),
    }
}

/// How the outcome of a line's commands is told: `--dry-run`, `-o`.
///
/// # Errors
/// kubectl's words about the flags.
pub fn how(line: &Line, item: Option<(&'static Resource, &str, &str)>) -> Result<How, String> {
    let suffix = match line.flag("dry-run") {
        None | Some("none" | "false") => "",
        Some("client" | "unchanged" | "true") => " (dry run)",
        Some("server") => " (server dry run)",
        Some(other) => {
            return Err(format!(
                "error: Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
            ));
        }
    };
    let show = match (line.flag("output").filter(|output| !output.is_empty()), item) {
        (Some(_), Some((resource, namespace, name))) => {
            let ask = Ask { resource, names: vec![name.to_owned()] };
            Some((Format::of(line)?, ask, namespace.to_owned()))
        }
        _ => None,
    };
    Ok(How { dry: !suffix.is_empty(), suffix, show, ..How::default() })
}

fn task(line: &Line, item: &Item, command: Command) -> Result<Task, String> {
    Ok(Task::Do { command, how: how(line, Some((item.resource, item.namespace(), item.name())))? })
}

/// kubectl's words where no object was named at all.
pub const NOTHING_NAMED: &str = "error: You must provide one or more resources by argument or filename.\n\
    Example resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   \
    '<resource>'";

/// Parts the arguments of `label`, `annotate`, `taint`, `set`: the objects first, then what is to change.
///
/// # Errors
/// An object behind the first change of what `what` names.
pub fn parted<'a>(
    args: &'a [String],
    what: &str,
    is_change: impl Fn(&str) -> bool,
) -> Result<(&'a [String], &'a [String]), String> {
    let at = args.iter().position(|arg| is_change(arg)).unwrap_or(args.len());
    let (objects, changes) = args.split_at(at);
    match changes.iter().find(|arg| !is_change(arg)) {
        Some(_) if what == "env" => {
            Err(format!("error: all resources must be specified before environment changes: {}", args.join(" ")))
        }
        Some(late) => Err(format!("error: all resources must be specified before {what} changes: {late}")),
        None => Ok((objects, changes)),
    }
}

/// The objects that a line names by type and name, by a file, by a selector or with `--all`.
///
/// # Errors
/// kubectl's words; among them that nothing was named.
pub fn targets(line: &Line, moment: &Moment, files: &Files, args: &[String]) -> Result<Found, String> {
    if let Some(found) = files::objects(line, moment, files)? {
        return Ok(found);
    }
    resources::portion(moment, line, &named(line, args)?)
}

/// What a line that changes something asks for.
///
/// # Errors
/// kubectl's words; among them that nothing was named.
fn named(line: &Line, args: &[String]) -> Result<Vec<Ask>, String> {
    let asks = resources::asks(args)?;
    if asks.is_empty() {
        // Some look for themselves; the others ask the builder of requests, which has words of its own.
        return Err(match line.verb.path {
            "patch" | "scale" | "edit" => NOTHING_NAMED.to_owned(),
            _ => "error: one or more resources must be specified as <resource> <name> or <resource>/<name>".to_owned(),
        });
    }
    let all = line.is("all") || line.flag("selector").is_some() || line.flag("field-selector").is_some();
    if !all && asks.iter().any(|ask| ask.names.is_empty()) {
        return Err("error: resource(s) were provided, but no name was specified".to_owned());
    }
    Ok(asks)
}

// ------------------------------------------------------------ delete

/// Models kubectl's `delete`: every object by its own request, then waiting until all are gone.
fn delete(line: &Line, moment: &Moment, files: &Files) -> Result<Vec<Task>, String> {
    if line.is("all") && (line.flag("selector").is_some() || line.flag("field-selector").is_some()) {
        let flag = if line.flag("selector").is_some() { "selector" } else { "field-selector" };
        return Err(format!("error: cannot set --all and --{flag} at the same time"));
    }
    let mut grace = number(line, "grace-period")?.filter(|seconds| *seconds >= 0);
    let force = line.is("force");
    if line.is("now") {
        if grace.is_some() {
            return Err("error: --now and --grace-period cannot be specified together".to_owned());
        }
        grace = Some(1);
    }
    match (grace, force) {
        (Some(0), false) => grace = Some(1),
        (None, true) => grace = Some(0),
        (Some(1..), true) => {
            return Err("error: --force and --grace-period greater than 0 cannot be specified together".to_owned());
        }
        _ => {}
    }
    let propagation = match line.flag("cascade").unwrap_or("background") {
        "background" | "true" => Propagation::Background,
        "foreground" => Propagation::Foreground,
        "orphan" | "false" => Propagation::Orphan,
        other => {
            return Err(format!(
                "error: invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
            ));
        }
    };
    if line.flag("output").is_some_and(|output| !output.is_empty() && output != "name") {
        let output = line.flag("output").unwrap_or_default();
        return Err(format!("error: unexpected -o output mode: {output}. We only support '-o name'"));
    }
    let from_file = !line.list("filename").is_empty();
    if !from_file && line.args.is_empty() {
        return Err(NOTHING_NAMED.to_owned());
    }
    let (chosen, errors) = match files::objects(line, moment, files)? {
        Some(found) => (found.items().map(|item| (item.resource, item.key())).collect(), found.errors),
        None => resources::chosen(moment, line, &named(line, &line.args)?)?,
    };
    let mut tasks = Vec::new();
    if grace == Some(0) && force {
        tasks.push(Task::Err(
            "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The \
             resource may continue to run on the cluster indefinitely.\n"
                .to_owned(),
        ));
    }
    let cluster_scoped = chosen.iter().any(|(resource, _)| !resource.namespaced);
    if line.flag("namespace").is_some() && !line.is("all-namespaces") && cluster_scoped {
        tasks.push(Task::Err(
            "Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n".to_owned(),
        ));
    }
    let mut gone = Vec::new();
    let how = How { word: (grace == Some(0)).then_some(("\" deleted", "\" force deleted")), ..how(line, None)? };
    for (resource, key) in chosen {
        let (namespace, name) = (key.namespace.to_string(), key.name.to_string());
        let Some(kind) = resource.sim_kind() else {
            tasks.push(Task::Fail(format!("error: the {} of this cluster cannot be deleted", resource.plural())));
            continue;
        };
        let full_name = format!("{}/{name}", resource.singular());
        let command = match kind {
            Kind::DaemonSet => Command::DeleteDaemonSet { namespace, name, propagation },
            Kind::Pod => Command::DeletePod { namespace, name, grace_period_seconds: grace },
            Kind::Node => Command::RemoveNode { name },
            kind => Command::Delete { kind, namespace, name, propagation },
        };
        if line.flag("output") == Some("name") {
            tasks.push(Task::Do { command, how: How { quiet: true, ..how.clone() } });
            tasks.push(Task::Out(format!("{full_name}\n")));
        } else {
            tasks.push(Task::Do { command, how: how.clone() });
        }
        gone.extend(Gone::named(moment.world, kind, &key));
    }
    let ignore = line.is("ignore-not-found") || line.is("all") || line.flag("selector").is_some();
    let missing: Vec<String> = errors.into_iter().filter(|error| !(ignore && error.contains("NotFound"))).collect();
    let nothing = gone.is_empty() && !tasks.iter().any(|task| matches!(task, Task::Fail(_)));
    if nothing && missing.is_empty() && !ignore_named(line) {
        tasks.push(Task::Out("No resources found\n".to_owned()));
    }
    if !line.is_off("wait") && !how.dry && !gone.is_empty() {
        let deadline = timeout(line, moment)?;
        tasks.push(Task::Follow(Follow::Gone { left: gone, deadline, evicted: false }));
    }
    tasks.extend(missing.into_iter().map(Task::Fail));
    Ok(tasks)
}

/// `delete ds nope --ignore-not-found` says nothing.
fn ignore_named(line: &Line) -> bool {
    line.is("ignore-not-found") && !line.is("all") && line.flag("selector").is_none()
}

/// The value of a flag that is a whole number.
///
/// # Errors
/// kubectl's words about another text.
pub fn number(line: &Line, flag: &str) -> Result<Option<i64>, String> {
    let Some(value) = line.flag(flag) else { return Ok(None) };
    value.parse().map(Some).map_err(|_| {
        format!(
            "error: invalid argument {value:?} for \"--{flag}\" flag: strconv.ParseInt: parsing {value:?}: invalid \
             syntax\nSee 'kubectl {} --help' for usage.",
            line.verb.path
        )
    })
}

/// The moment at which `--timeout` is over; none for 0.
///
/// # Errors
/// A text that is no length of time.
pub fn timeout(line: &Line, moment: &Moment) -> Result<Option<crate::api::SimTime>, String> {
    let Some(value) = line.flag("timeout") else { return Ok(None) };
    match seconds(value) {
        Some(micros) => Ok((micros > 0).then(|| moment.now + SimDuration(micros))),
        None => Err(format!(
            "error: invalid argument {value:?} for \"--timeout\" flag: time: invalid duration {value:?}\nSee 'kubectl {} \
             --help' for usage.",
            line.verb.path
        )),
    }
}

// ------------------------------------------------------------ label and annotate

type Changes = Vec<(String, Option<String>)>;

const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// Models kubectl's `label` and `annotate`.
fn label(line: &Line, moment: &Moment, files: &Files, what: &'static str) -> Result<Vec<Task>, String> {
    let is_change = |arg: &str| (arg.contains('=') && !arg.starts_with('=')) || (arg.ends_with('-') && arg.len() > 1);
    let one = if what == "labels" { "label" } else { "annotation" };
    let (args, words) = parted(&line.args, one, is_change)?;
    let mut changes: Changes = Vec::new();
    for word in words {
        let Some((key, value)) = word.split_once('=') else {
            changes.push((word.trim_end_matches('-').to_owned(), None));
            continue;
        };
        if what == "labels" {
            if value.contains('=') {
                return Err(format!("error: invalid label spec: {word}"));
            }
            let complaints = names::label_value(value);
            if !complaints.is_empty() {
                return Err(format!("error: invalid label value: {word:?}: {}", complaints.join(";")));
            }
        }
        changes.push((key.to_owned(), Some(value.to_owned())));
    }
    if line.is("list") && line.flag("output").is_some_and(|output| !output.is_empty()) {
        return Err("error: --list and --output may not be specified together".to_owned());
    }
    if changes.is_empty() && !line.is("list") {
        return Err(format!("error: at least one {one} update is required"));
    }
    let both = |(key, value): &&(String, Option<String>)| {
        value.is_none() && changes.iter().any(|(other, new)| other == key && new.is_some())
    };
    let both: Vec<&str> = changes.iter().filter(both).map(|(key, _)| key.as_str()).collect();
    if !both.is_empty() {
        return Err(match what {
            "labels" => "error: can not both modify and remove a label in the same command".to_owned(),
            _ => format!(
                "error: can not both modify and remove the following annotation(s) in the same command: {}",
                both.join(", ")
            ),
        });
    }
    let found = targets(line, moment, files, args)?;
    let single =
        found.items().count() == 1 && line.chosen.count() < 2 && !line.is("all") && line.flag("selector").is_none();
    let mut tasks = Vec::new();
    for item in found.items() {
        let old = item.value.at(&["metadata", what]).and_then(Value::as_map).cloned().unwrap_or_default();
        if line.is("list") {
            let mut list = String::new();
            if !single {
                let Resource { kind, group, .. } = item.resource;
                list = format!("Listing {what} for {kind}.{group}/{}:\n", item.name());
            }
            let indent = if single { "" } else { " " };
            for (key, value) in &old {
                list.push_str(&format!("{indent}{key}={}\n", value.as_str().unwrap_or_default()));
            }
            tasks.push(Task::Out(list));
            continue;
        }
        if !line.is("overwrite") || line.is_off("overwrite") {
            let clash = |(key, value): &(String, Option<String>)| {
                let now = old.get(key).and_then(Value::as_str)?;
                // Why a rollout was made may always be told anew.
                let differs = value.as_ref().is_some_and(|value| value != now) && key != CHANGE_CAUSE;
                differs.then(|| format!("'{key}' already has a value ({now})"))
            };
            let clashes: Vec<String> = changes.iter().filter_map(clash).collect();
            if !clashes.is_empty() {
                tasks.extend(match what {
                    "labels" => {
                        let fail = |clash| Task::Fail(format!("error: {clash}, and --overwrite is false"));
                        clashes.into_iter().map(fail).collect()
                    }
                    _ => vec![Task::Fail(format!(
                        "error: --overwrite is false but found the following declared annotation(s): {}",
                        clashes.join("; ")
                    ))],
                });
                continue;
            }
        }
        for (key, _) in changes.iter().filter(|(key, value)| value.is_none() && !old.contains_key(key)) {
            if what == "labels" {
                tasks.push(Task::Out(format!("label {key:?} not found.\n")));
            }
        }
        let new = changed(&old, &changes);
        let (added, removed) =
            (changes.iter().any(|(_, value)| value.is_some()), changes.iter().any(|(_, value)| value.is_none()));
        let done = match what {
            "annotations" => "annotated",
            _ if new == old => "not labeled",
            _ if added && removed => "modified",
            _ if removed => "unlabeled",
            _ => "labeled",
        };
        let Some(kind) = item.resource.sim_kind() else {
            tasks.push(Task::Fail(format!("error: the {} of this cluster cannot be changed", item.resource.plural())));
            continue;
        };
        let (namespace, name) = (item.namespace().to_owned(), item.name().to_owned());
        if new == old && what == "labels" {
            tasks.push(Task::Out(format!("{} {done}\n", item.full_name())));
            continue;
        }
        let command = match (kind, what) {
            (Kind::Node, "labels") => Command::LabelNode { name, labels: changes.clone() },
            (Kind::Pod, "labels") => Command::LabelPod { namespace, name, labels: changes.clone() },
            _ => {
                let change = |(key, value): &(String, Option<String>)| {
                    (key.clone(), value.as_ref().map_or(Value::Null, |value| value.as_str().into()))
                };
                let changes: Map = changes.iter().map(change).collect();
                let patch: Value = [("metadata", [(what, Value::Map(changes))].into())].into();
                Command::Patch {
                    kind,
                    namespace,
                    name,
                    patch: patch.to_json(),
                    how: PatchType::Merge,
                    done: done.to_owned(),
                    line: line.text.clone(),
                }
            }
        };
        tasks.push(task(line, item, command)?);
    }
    tasks.extend(found.errors.into_iter().map(Task::Fail));
    Ok(tasks)
}

fn changed(old: &Map, changes: &Changes) -> Map {
    let mut new = old.clone();
    for (key, value) in changes {
        match value {
            Some(value) => drop(new.insert(key.clone(), value.as_str().into())),
            None => drop(new.remove(key)),
        }
    }
    new
}

// ------------------------------------------------------------ nodes

/// Models kubectl's `parseTaints`: `key=value:Effect`, `key:Effect`, `key:Effect-`, `key-`. Added ones, then removed.
fn taints(words: &[String]) -> Result<(Vec<Taint>, Vec<Taint>), String> {
    let (mut add, mut remove) = (Vec::<Taint>::new(), Vec::<Taint>::new());
    for word in words {
        let removes = word.ends_with('-');
        let bare = word.strip_suffix('-').unwrap_or(word);
        let usage = |text: &str| format!("error: {text}\nSee 'kubectl taint -h' for help and examples");
        let invalid = |complaints: Vec<String>| match complaints.as_slice() {
            [] => usage(&format!("invalid taint spec: {bare}")),
            complaints => usage(&format!("invalid taint spec: {bare}, {}", complaints.join("; "))),
        };
        let (key, value, effect) = match bare.split(':').collect::<Vec<_>>().as_slice() {
            [key] => (*key, "", ""),
            [_, effect] if !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(effect) => {
                return Err(usage(&format!("invalid taint effect: {effect}, unsupported taint effect")));
            }
            [pair, effect] => match pair.split('=').collect::<Vec<_>>().as_slice() {
                [key] => (*key, "", *effect),
                [key, value] => (*key, *value, *effect),
                _ => return Err(invalid(Vec::new())),
            },
            _ => return Err(invalid(Vec::new())),
        };
        for complaints in [names::label_value(value), names::qualified_name(key)] {
            if !complaints.is_empty() {
                return Err(invalid(complaints));
            }
        }
        if effect.is_empty() && !removes {
            return Err(invalid(Vec::new()));
        }
        let taint = Taint::new(key, value, effect);
        if !removes && add.iter().any(|it| it.key == taint.key && it.effect == taint.effect) {
            return Err(usage(&format!(
                "duplicated taints with the same key and effect: {{{key} {value} {effect} <nil>}}"
            )));
        }
        if removes { &mut remove } else { &mut add }.push(taint);
    }
    Ok((add, remove))
}

fn taint(line: &Line, moment: &Moment) -> Result<Vec<Task>, String> {
    let is_taint = |arg: &str| arg.contains('=') || arg.contains(':') || arg.ends_with('-');
    let (args, words) = parted(&line.args, "taint", is_taint)?;
    let Some((kind, names)) = args.split_first() else {
        return Err("error: one or more resources must be specified as <resource> <name>".to_owned());
    };
    if words.is_empty() {
        return Err("error: at least one taint update is required".to_owned());
    }
    let (add, remove) = taints(words)?;
    let mut args = args.to_vec();
    let bare = kind.split('/').next().unwrap_or_default();
    let resource = resources::find(bare)?;
    if resource.kind != "Node" {
        return Err(format!(
            "error: invalid resource type {}, only node types are supported",
            bare.to_ascii_lowercase()
        ));
    }
    let same = |a: &Taint, b: &Taint| a.key == b.key && (b.effect.is_empty() || a.effect == b.effect);
    let both = remove.iter().filter(|gone| add.iter().any(|new| same(new, gone)));
    let both: Vec<String> = both.map(|gone| format!("{{\"{}\":\"{}\"}}", gone.key, gone.effect)).collect();
    if !both.is_empty() {
        return Err(format!(
            "error: can not both modify and remove the following taint(s) in the same command: {}",
            both.join(", ")
        ));
    }
    if line.is("all") && line.flag("selector").is_some() {
        return Err("error: setting 'all' parameter with a non empty selector is prohibited".to_owned());
    }
    if names.is_empty() && !kind.contains('/') {
        if !line.is("all") && line.flag("selector").is_none() {
            return Err(
                "error: at least one resource name must be specified since 'all' parameter is not set".to_owned()
            );
        }
        args.truncate(1);
    }
    let found = resources::portion(moment, line, &resources::asks(&args)?)?;
    let mut tasks = Vec::new();
    for item in found.items() {
        let old: Vec<Taint> = moment.world.nodes.get(item.name()).map_or_else(Vec::new, |node| node.taints.to_vec());
        if !line.is("overwrite") {
            let clashes =
                add.iter().filter(|taint| old.iter().any(|it| it.key == taint.key && it.effect == taint.effect));
            let clashes: Vec<&str> = clashes.map(|taint| taint.key.as_str()).collect();
            if !clashes.is_empty() {
                tasks.push(Task::Fail(format!(
                    "error: node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                    item.name(),
                    clashes.join(",")
                )));
                continue;
            }
        }
        let mut gone = Vec::new();
        let mut missing = Vec::new();
        for taint in &remove {
            let same = |it: &&Taint| it.key == taint.key && (taint.effect.is_empty() || it.effect == taint.effect);
            let matching: Vec<Taint> = old.iter().filter(same).cloned().collect();
            if matching.is_empty() {
                let effect = if taint.effect.is_empty() { String::new() } else { format!(":{}", taint.effect) };
                missing.push(format!("taint \"{}{effect}\" not found", taint.key));
            }
            gone.extend(matching);
        }
        if !missing.is_empty() {
            tasks.extend(missing.into_iter().map(|missing| Task::Fail(format!("error: {missing}"))));
            continue;
        }
        let command = Command::Taint { name: item.name().to_owned(), add: add.clone(), remove: gone };
        let word = match (add.is_empty(), remove.is_empty()) {
            (false, false) => "modified",
            (true, _) => "untainted",
            (false, true) if line.is("overwrite") => "modified",
            (false, true) => "tainted",
        };
        tasks.push(match task(line, item, command)? {
            Task::Do { command, how } => Task::Do { command, how: How { word: said_instead(&add, word), ..how } },
            other => other,
        });
    }
    tasks.extend(found.errors.into_iter().map(Task::Fail));
    Ok(tasks)
}

/// The button knows two words, kubectl three.
fn said_instead(add: &[Taint], word: &'static str) -> Option<(&'static str, &'static str)> {
    let said = if add.is_empty() { " untainted" } else { " tainted" };
    (word == "modified").then_some((said, " modified"))
}

/// The nodes that `cordon`, `uncordon` and `drain` name.
fn nodes(line: &Line, moment: &Moment) -> Result<Found, String> {
    if line.args.is_empty() && line.flag("selector").is_none() {
        return Err(format!(
            "error: USAGE: {} {} [flags]\nSee 'kubectl {} -h' for help and examples",
            line.verb.path, line.verb.usage, line.verb.path
        ));
    }
    if !line.args.is_empty() && line.flag("selector").is_some() {
        return Err(format!(
            "error: cannot specify both a node name and a --selector option\nSee 'kubectl {} -h' for help and examples",
            line.verb.path
        ));
    }
    let resource = resources::find("nodes")?;
    let names =
        line.args.iter().map(|arg| arg.strip_prefix("node/").or(arg.strip_prefix("nodes/")).unwrap_or(arg).to_owned());
    let found = resources::portion(moment, line, &[Ask { resource, names: names.collect() }])?;
    // Nothing is done if one of them is missing.
    match found.errors.first() {
        Some(error) => Err(error.clone()),
        None => Ok(found),
    }
}

fn cordon(line: &Line, moment: &Moment, on: bool) -> Result<Vec<Task>, String> {
    nodes(line, moment)?.items().map(|item| cordon_one(line, item, on)).collect()
}

fn cordon_one(line: &Line, item: &Item, on: bool) -> Result<Task, String> {
    let is = item.value.at(&["spec", "unschedulable"]).and_then(Value::as_bool) == Some(true);
    if is == on {
        let un = if on { "" } else { "un" };
        let suffix = how(line, None)?.suffix;
        return Ok(Task::Out(format!("{} already {un}cordoned{suffix}\n", item.full_name())));
    }
    task(line, item, Command::Cordon { name: item.name().to_owned(), on })
}

/// Models kubectl's `RunDrain` with the filters of `pkg/drain`.
fn drain(line: &Line, moment: &Moment) -> Result<Vec<Task>, String> {
    let found = nodes(line, moment)?;
    let grace = number(line, "grace-period")?.filter(|seconds| *seconds >= 0);
    let suffix = how(line, None)?.suffix;
    let only = super::selector::parse(line.flag("pod-selector").unwrap_or_default())
        .map_err(|error| format!("error: {error}"))?;
    let (chosen, mut tasks) = (&line.chosen, Vec::new());
    if !chosen.drains.get() {
        tasks = found.items().map(|item| cordon_one(line, item, true)).collect::<Result<_, _>>()?;
        if !chosen.goes_on() {
            chosen.drains.set(true);
            chosen.done.set(0);
        }
        return Ok(tasks);
    }
    for item in found.items() {
        let mut evict: Vec<Item> = Vec::new();
        // What stands in the way and what is worth a warning, in the order in which kubectl looks: the word and the pods.
        let (mut errors, mut warnings): (Groups, Groups) = (Vec::new(), Vec::new());
        for pod in moment.world.pods_on(item.name()) {
            let pod = Item { resource: resources::find("pods")?, value: pod.to_value() };
            if super::selector::matches(&only, pod.value.at(&["metadata", "labels"]).and_then(Value::as_map)) {
                sort_pod(line, moment, pod, &mut evict, &mut errors, &mut warnings);
            }
        }
        if !errors.is_empty() {
            let texts: Vec<String> = groups(&errors);
            let joined = match texts.as_slice() {
                [one] => one.clone(),
                several => format!("[{}]", several.join(", ")),
            };
            let node = item.name();
            tasks.push(Task::Err(format!(
                "error: unable to drain node {node:?} due to error: {joined}, continuing command...\n"
            )));
            chosen.undrained.borrow_mut().push((node.to_owned(), texts));
            continue;
        }
        if !warnings.is_empty() {
            tasks.push(Task::Err(format!("Warning: {}\n", groups(&warnings).join("; "))));
        }
        for pod in &evict {
            tasks.push(Task::Out(format!("evicting pod {}/{}{suffix}\n", pod.namespace(), pod.name())));
        }
        if suffix.is_empty() {
            for pod in &evict {
                let (namespace, name) = (pod.namespace().to_owned(), pod.name().to_owned());
                let command = Command::DeletePod { namespace, name, grace_period_seconds: grace };
                tasks.push(Task::Do { command, how: How { quiet: true, ..How::default() } });
            }
            let gone = |pod: &Item| Gone::named(moment.world, Kind::Pod, &pod.key());
            let left: Vec<Gone> = evict.iter().filter_map(gone).collect();
            if !left.is_empty() {
                tasks.push(Task::Follow(Follow::Gone { left, deadline: timeout(line, moment)?, evicted: true }));
            }
        }
        tasks.push(Task::Out(format!("{} drained{suffix}\n", item.full_name())));
    }
    let failures = if chosen.goes_on() { Vec::new() } else { chosen.undrained.take() };
    if !failures.is_empty() {
        let names: String = failures.iter().map(|(node, _)| format!(" {node}\n")).collect();
        tasks.push(Task::Err(format!("There are pending nodes to be drained:\n{names}")));
        tasks.extend(failures.into_iter().flat_map(|(_, texts)| texts).map(Task::Fail));
    }
    Ok(tasks)
}

/// A reason and the pods that it is about.
type Groups = Vec<(String, Vec<String>)>;

fn groups(groups: &Groups) -> Vec<String> {
    groups.iter().map(|(reason, pods)| format!("{reason}: {}", pods.join(", "))).collect()
}

fn sort_pod(
    line: &Line,
    moment: &Moment,
    pod: Item,
    evict: &mut Vec<Item>,
    errors: &mut Groups,
    warnings: &mut Groups,
) {
    let note = |groups: &mut Groups, reason: String| {
        let name = format!("{}/{}", pod.namespace(), pod.name());
        match groups.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, pods)) => pods.push(name),
            None => groups.push((reason, vec![name])),
        }
    };
    let finished = ["Succeeded", "Failed"].contains(&text(&pod.value, &["status", "phase"]));
    let owners = pod.value.at(&["metadata", "ownerReferences"]).and_then(Value::as_list).unwrap_or_default();
    let owner = owners.iter().find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true));
    let force = line.is("force");
    if let Some(owner) = owner.filter(|owner| text(owner, &["kind"]) == "DaemonSet" && !finished) {
        let key = ObjectKey::new(pod.namespace(), text(owner, &["name"]));
        if moment.world.daemonsets.contains_key(&key) {
            return match line.is("ignore-daemonsets") {
                true => note(warnings, "ignoring DaemonSet-managed Pods".to_owned()),
                false => {
                    note(errors, "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)".to_owned());
                }
            };
        }
        let missing = format!("daemonsets.apps {:?} not found", &*key.name);
        match force {
            true => note(warnings, missing),
            false => return note(errors, format!("cannot delete {missing}")),
        }
    }
    let volumes = pod.value.at(&["spec", "volumes"]).and_then(Value::as_list).unwrap_or_default();
    if !finished && volumes.iter().any(|volume| volume.get("emptyDir").is_some()) {
        match line.is("delete-emptydir-data") {
            true => note(warnings, "deleting Pods with local storage".to_owned()),
            false => {
                return note(
                    errors,
                    "cannot delete Pods with local storage (use --delete-emptydir-data to override)".to_owned(),
                );
            }
        }
    }
    if owner.is_none() && !finished {
        match force {
            true => note(warnings, "deleting Pods that declare no controller".to_owned()),
            false => {
                return note(
                    errors,
                    "cannot delete Pods that declare no controller (use --force to override)".to_owned(),
                );
            }
        }
    }
    evict.push(pod);
}

// ------------------------------------------------------------ patch and set

fn patch(line: &Line, moment: &Moment, files: &Files) -> Result<Vec<Task>, String> {
    let from_file = line.flag("patch-file").map(|name| files::text(name, files)).transpose()?;
    let Some(patch) = from_file.or(line.flag("patch").map(str::to_owned)).filter(|patch| !patch.is_empty()) else {
        return Err("error: must specify --patch or --patch-file containing the contents of the patch".to_owned());
    };
    let how = match line.flag("type").unwrap_or("strategic") {
        "strategic" => PatchType::Strategic,
        "merge" => PatchType::Merge,
        "json" => return json_patch(line, moment, files, &patch),
        other => {
            return Err(format!("error: --type must be one of [json merge strategic], not {other:?}"));
        }
    };
    let Some(read) = manifest::read_value(&patch).filter(|value| value.as_map().is_some()) else {
        let (_, error) = documents(&patch, FileVerb::Create, None);
        let why = error.as_deref().and_then(|error| error.split_once(": error converting YAML to JSON: "));
        let why = why.map_or("it is no map of fields", |(_, why)| why);
        return Err(format!("error: unable to parse {}: {why}", quote(&patch)));
    };
    if let Some(part) = line.flag("subresource") {
        return patch_status(line, moment, part, &read);
    }
    let found = targets(line, moment, files, &line.args)?;
    let patches = found.items().map(|item| patch_task(line, item, read.to_json(), how, ""));
    let mut tasks: Vec<Task> = patches.collect::<Result<_, _>>()?;
    tasks.extend(found.errors.into_iter().map(Task::Fail));
    Ok(tasks)
}

/// `patch --subresource=status`: what a kubelet would report, of its node or of a pod.
fn patch_status(line: &Line, moment: &Moment, part: &str, patch: &Value) -> Result<Vec<Task>, String> {
    if part != "status" {
        return Err(format!("error: of subresources only the status can be patched here, not {part:?}"));
    }
    let found = targets(line, moment, &[], &line.args)?;
    let mut tasks = Vec::new();
    for item in found.items() {
        let commands = reported(item, patch.get("status").unwrap_or(&Value::Null));
        let Some(last) = commands.len().checked_sub(1) else {
            return Err("error: of a status only this can be patched here: a node's conditions (type, status) and \
                        allocatable amounts, a pod's condition Ready and phase"
                .to_owned());
        };
        for (index, command) in commands.into_iter().enumerate() {
            tasks.push(match task(line, item, command)? {
                Task::Do { command, how } => Task::Do { command, how: How { quiet: index < last, ..how } },
                other => other,
            });
        }
    }
    tasks.extend(found.errors.into_iter().map(Task::Fail));
    Ok(tasks)
}

fn reported(item: &Item, status: &Value) -> Vec<Command> {
    let (namespace, name) = (|| item.namespace().to_owned(), || item.name().to_owned());
    let conditions = status.get("conditions").and_then(Value::as_list).unwrap_or_default();
    let conditions = conditions.iter().map(|it| (text(it, &["type"]), text(it, &["status"])));
    match item.resource.kind {
        "Node" => {
            let condition = |(kind, status): (&str, &str)| {
                let status = match status {
                    "True" => ConditionStatus::True,
                    "False" => ConditionStatus::False,
                    _ => ConditionStatus::Unknown,
                };
                Command::SetCondition { name: name(), condition: kind.to_owned(), status }
            };
            let amounts = status.get("allocatable").and_then(Value::as_map);
            let amount = |(name, value): (&String, &Value)| {
                let text = value.as_str().map_or_else(|| value.to_json(), str::to_owned);
                crate::api::Quantity::parse(&text).ok().map(|amount| (name.clone(), amount.milli()))
            };
            let allocatable: Vec<_> = amounts.into_iter().flatten().filter_map(amount).collect();
            let capacity = (!allocatable.is_empty()).then(|| Command::SetCapacity { name: name(), allocatable });
            conditions.map(condition).chain(capacity).collect()
        }
        "Pod" => {
            let ready = conditions.filter(|(kind, _)| *kind == "Ready").map(|(_, status)| Command::SetPodReady {
                namespace: namespace(),
                name: name(),
                ready: status == "True",
            });
            let phases = [PodPhase::Pending, PodPhase::Running, PodPhase::Succeeded, PodPhase::Failed];
            let phase = phases.into_iter().find(|phase| phase.as_str() == text(status, &["phase"]));
            let phase = phase.map(|phase| Command::SetPodPhase { namespace: namespace(), name: name(), phase });
            ready.chain(phase).collect()
        }
        _ => Vec::new(),
    }
}

/// Models `patch --type=json`: what its operations make of each object is sent as a merge patch.
fn json_patch(line: &Line, moment: &Moment, files: &Files, patch: &str) -> Result<Vec<Task>, String> {
    let read = manifest::read_value(patch);
    let Some(operations) = read.as_ref().and_then(Value::as_list) else {
        return Err(
            "Error from server (BadRequest): json: cannot unmarshal object into Go value of type jsonpatch.Patch"
                .to_owned(),
        );
    };
    let found = targets(line, moment, files, &line.args)?;
    let mut tasks = Vec::new();
    for item in found.items() {
        tasks.push(match patch::json_patch(&item.value, operations) {
            Some(new) => {
                let merge = patch::merge_between(&item.value, &new);
                patch_task(line, item, merge.to_json(), PatchType::Merge, "")?
            }
            // The server does not say which operation.
            None => Task::Fail(
                "The request is invalid: the server rejected our request due to an error in our request".to_owned(),
            ),
        });
    }
    tasks.extend(found.errors.into_iter().map(Task::Fail));
    Ok(tasks)
}

pub fn patch_task(line: &Line, item: &Item, patch: String, how: PatchType, done: &str) -> Result<Task, String> {
    let Some(kind) = item.resource.sim_kind() else {
        return Ok(Task::Fail(format!("error: the {} of this cluster cannot be changed", item.resource.plural())));
    };
    let command = Command::Patch {
        kind,
        namespace: item.namespace().to_owned(),
        name: item.name().to_owned(),
        patch,
        how,
        done: done.to_owned(),
        line: line.text.clone(),
    };
    task(line, item, command)
}

/// A DaemonSet has no scale.
fn scale(line: &Line, moment: &Moment, files: &Files) -> Result<Vec<Task>, String> {
    if number(line, "replicas")?.is_none_or(|count| count < 0) {
        return Err(
            "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0".to_owned()
        );
    }
    let found = targets(line, moment, files, &line.args)?;
    let suffix = how(line, None)?.suffix;
    let mut tasks: Vec<Task> = found.errors.iter().cloned().map(Task::Fail).collect();
    tasks.extend(found.items().map(|item| match suffix {
        // Nobody is asked.
        " (dry run)" => Task::Out(format!("{} scaled{suffix}\n", item.full_name())),
        _ => Task::Fail("Error from server (NotFound): the server could not find the requested resource".to_owned()),
    }));
    Ok(tasks)
}

/// There is no editor but the page's.
fn edit(line: &Line, moment: &Moment, files: &Files) -> Result<Vec<Task>, String> {
    let found = targets(line, moment, files, &line.args)?;
    Err(match found.errors.first() {
        Some(error) => error.clone(),
        None => "error: kubectl edit is not supported here: take the YAML of the object into the editor of the page, change it \
                 there and apply it"
            .to_owned(),
    })
}
