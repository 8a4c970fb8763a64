//! The commands that take objects from texts: `apply`, `create`, `replace`, `run`, and `-f` wherever it stands.

use crate::api::value::Map;
use crate::api::{Kind, Value};
use crate::engine::{Command, FileVerb, LAST_APPLIED, Validation, documents};
use crate::manifest::{self, Document, Stage};
use crate::store::Propagation;

use super::act::{Files, how, number, timeout};
use super::follow::{Follow, Gone};
use super::line::Line;
use super::print::{self, Format};
use super::resources::{self, Found, Item, Resource};
use super::{How, Moment, Task, read};

/// The file that says what each flag means: FLAG or VERB FLAG, a tab, a sentence.
pub const FLAGS: &str = "kubectl-flags.txt";

/// The next file that a line needs and that nobody has handed over yet.
pub fn missing(line: &Line, files: &Files) -> Option<String> {
    let help = line.is("help") || (line.verb.path == "help" && !line.args.is_empty());
    let wanted: Vec<&str> = match help {
        true => vec![FLAGS],
        false => line.list("filename").into_iter().chain(line.flag("patch-file")).collect(),
    };
    let wanted = wanted.into_iter().find(|name| !files.iter().any(|(known, _)| known == name));
    wanted.map(str::to_owned).filter(|_| line.verb.simulated)
}

/// The text of a file.
///
/// # Errors
/// kubectl's words if there is none.
pub fn text(name: &str, files: &Files) -> Result<String, String> {
    let file = files.iter().find(|(known, _)| known == name).and_then(|(_, text)| text.clone());
    file.ok_or_else(|| match name {
        "-" => "error: there is no standard input here".to_owned(),
        name if name.contains("://") => {
            format!(
                "error: unable to read URL {name:?}: nothing is fetched from elsewhere here; known are the DaemonSets of the \
                 Kubernetes documentation (https://k8s.io/examples/controllers/ daemonset.yaml, fluentd-daemonset.yaml, \
                 fluentd-daemonset-update.yaml, daemonset-label-selector.yaml) and this page's examples by their file names"
            )
        }
        name => format!("error: the path {name:?} does not exist"),
    })
}

/// How kubectl begins what it says about a text without objects.
const NO_OBJECTS: &str = "error: no objects passed to ";

/// Whether a text has no objects. Not every command minds.
pub fn is_empty(text: &str) -> bool {
    documents(text, FileVerb::Create, None).1.is_some_and(|error| error.starts_with(NO_OBJECTS))
}

/// What kubectl calls a file in errors.
fn source(name: &str) -> &str {
    if name == "-" { "STDIN" } else { name }
}

/// The live objects that the files of a line name; `None` if it names no file.
///
/// # Errors
/// A file that is not there or cannot be read.
pub fn objects(line: &Line, moment: &Moment, files: &Files) -> Result<Option<Found>, String> {
    let names = line.list("filename");
    if names.is_empty() {
        return Ok(None);
    }
    let mut found = Found::default();
    for name in names {
        let (documents, error) = documents(&text(name, files)?, FileVerb::Create, line.given_namespace());
        for document in &documents {
            let Some(resource) = Resource::of_kind(&document.kind).filter(|_| document.simulated()) else { continue };
            let key = crate::engine::document_key(document);
            match resources::one(moment.world, resource, &key.namespace, &key.name) {
                Some(item) => found.lists.push((resource, vec![item])),
                None => {
                    let doing = match line.verb.path {
                        "delete" => format!("error when deleting {:?}: ", source(name)),
                        _ => String::new(),
                    };
                    let message = format!("{} {:?} not found", resource.in_errors(), document.name);
                    found.errors.push(format!("Error from server (NotFound): {doing}{message}"));
                }
            }
        }
        // A text without objects names none, and that is all that is wrong with it.
        let error = error.filter(|error| !error.starts_with(NO_OBJECTS));
        found.errors.extend(error.map(|error| error.replace("STDIN", source(name))));
    }
    Ok(Some(found))
}

pub fn plan(line: &Line, moment: &Moment, files: &Files) -> Result<Vec<Task>, String> {
    match line.verb.path {
        "apply" => {
            let hint = "error: must specify one of -f and -k";
            submit(line, moment, files, FileVerb::Apply, hint)
        }
        "create" if line.list("filename").is_empty() => match line.args.first() {
            // It says so and shows the help.
            None => {
                let hint = Task::Err("Error: must specify one of -f and -k\n\n".to_owned());
                Ok([hint].into_iter().chain(read::no_sub_command(line)?).collect())
            }
            Some(kind) => Err(format!(
                "Error: must specify one of -f and -k\n\nerror: unknown command {kind:?}\nSee 'kubectl create -h' for help and \
                 examples"
            )),
        },
        "create" => submit(line, moment, files, FileVerb::Create, ""),
        "replace" => {
            let hint = "error: must specify one of -f and -k";
            submit(line, moment, files, FileVerb::Replace, hint)
        }
        "apply view-last-applied" => last_applied(line, moment, files),
        _ => generated(line, moment),
    }
}

/// Models `apply view-last-applied`.
fn last_applied(line: &Line, moment: &Moment, files: &Files) -> Result<Vec<Task>, String> {
    let format = match line.flag("output").unwrap_or_default() {
        "" | "yaml" => Format::Yaml,
        "json" => Format::Json,
        other => {
            return Err(format!(
                "error: Unexpected -o output mode: {other}, the flag 'output' must be one of yaml|json\nSee 'kubectl {} -h' for \
                 help and examples",
                line.verb.path
            ));
        }
    };
    let found = match objects(line, moment, files)? {
        Some(found) => found,
        None => resources::look_up(moment, line, &resources::asks(&line.args)?)?,
    };
    let mut tasks = Vec::new();
    for item in found.items() {
        let note = resources::text(&item.value, &["metadata", "annotations", LAST_APPLIED]);
        tasks.push(match manifest::read_value(note).filter(|_| !note.is_empty()) {
            Some(value) => Task::Out(print::value(&format, &value)?),
            None => Task::Fail(format!(
                "error: no last-applied-configuration annotation found on resource: {}",
                item.name()
            )),
        });
    }
    tasks.extend(found.errors.into_iter().map(Task::Fail));
    Ok(tasks)
}

fn validation(line: &Line) -> Result<Validation, String> {
    match line.flag("validate").unwrap_or("strict") {
        "true" | "strict" => Ok(Validation::Strict),
        "warn" => Ok(Validation::Warn),
        "false" | "ignore" => Ok(Validation::Ignore),
        other => Err(format!(
            "error: invalid - validate option {other:?}; must be one of: strict (or true), warn, ignore (or false)"
        )),
    }
}

fn submit(line: &Line, moment: &Moment, files: &Files, verb: FileVerb, hint: &str) -> Result<Vec<Task>, String> {
    let names = line.list("filename");
    if names.is_empty() {
        return Err(hint.to_owned());
    }
    if !line.args.is_empty() {
        return Err(format!(
            "error: Unexpected args: [{}]\nSee 'kubectl {} -h' for help and examples",
            line.args.join(" "),
            line.verb.path
        ));
    }
    let validation = validation(line)?;
    let base = how(line, None)?;
    let mut tasks = Vec::new();
    for name in names {
        let text = text(name, files)?;
        let source = source(name).to_owned();
        if verb == FileVerb::Replace && is_empty(&text) {
            if line.is("force") {
                return Err([NO_OBJECTS, "replace"].concat());
            }
            continue;
        }
        if base.suffix == " (dry run)" && line.flag("output").is_none_or(str::is_empty) {
            tasks.extend(as_client(line, moment, &text, verb, &source));
            continue;
        }
        if line.flag("output").is_some_and(|output| !output.is_empty()) {
            tasks.extend(shown(line, moment, &text, verb, validation, &source, &base)?);
            continue;
        }
        if verb == FileVerb::Replace && line.is("force") {
            tasks.extend(delete_first(line, moment, &text)?);
        }
        let namespace = line.given_namespace().map(str::to_owned);
        let verb = if verb == FileVerb::Replace && line.is("force") { FileVerb::Create } else { verb };
        let command = match (verb, validation, source.as_str()) {
            // What the button does.
            (FileVerb::Apply, Validation::Strict, "STDIN") if namespace.is_none() => Command::Apply { text },
            _ => Command::File { verb, text, source, validation, namespace },
        };
        let word = (line.is("force") && line.verb.path == "replace").then_some((" created", " replaced"));
        tasks.push(Task::Do { command, how: How { word, ..base.clone() } });
    }
    Ok(tasks)
}

/// `--dry-run=client`: nothing is sent, so only what kubectl itself finds can fail, and what is there already is told
/// of as if it were changed.
fn as_client(line: &Line, moment: &Moment, text: &str, verb: FileVerb, source: &str) -> Vec<Task> {
    let (documents, error) = documents(text, verb, line.given_namespace());
    let mut tasks = Vec::new();
    for document in &documents {
        let refused = document.refusal.as_ref().is_some_and(|(stage, _)| *stage < Stage::Decoding);
        let resource = Resource::of_kind(&document.kind).filter(|_| document.simulated());
        tasks.push(match (refused, resource) {
            (true, _) => Task::Fail(crate::engine::document_refusal(document, source).unwrap_or_default()),
            (false, None) => Task::Err(format!("Warning: {} is not simulated here and is skipped\n", document.kind)),
            (false, Some(resource)) => {
                let key = crate::engine::document_key(document);
                let is_there = || resources::one(moment.world, resource, &key.namespace, &key.name).is_some();
                let done = match verb {
                    FileVerb::Replace => "replaced",
                    FileVerb::Apply if is_there() => "configured",
                    FileVerb::Apply | FileVerb::Create => "created",
                };
                Task::Out(format!("{}/{} {done} (dry run)\n", resource.singular(), key.name))
            }
        });
    }
    tasks.extend(error.map(Task::Fail));
    tasks
}

/// `replace --force` deletes the objects, waits until they are gone, and creates them again.
fn delete_first(line: &Line, moment: &Moment, text: &str) -> Result<Vec<Task>, String> {
    let mut tasks = Vec::new();
    let mut left = Vec::new();
    let grace = number(line, "grace-period")?.or(Some(0));
    for document in &documents(text, FileVerb::Replace, line.given_namespace()).0 {
        let Some(resource) = Resource::of_kind(&document.kind).filter(|_| document.simulated()) else { continue };
        let key = crate::engine::document_key(document);
        let Some(kind) = resource.sim_kind() else { continue };
        let Some(gone) = Gone::named(moment.world, kind, &key) else { continue };
        let (namespace, name) = (key.namespace.to_string(), key.name.to_string());
        let command = match kind {
            Kind::Pod => Command::DeletePod { namespace, name, grace_period_seconds: grace },
            Kind::Node => Command::RemoveNode { name },
            kind => Command::Delete { kind, namespace, name, propagation: Propagation::Background },
        };
        tasks.push(Task::Do { command, how: How::default() });
        left.push(gone);
    }
    tasks.push(Task::Follow(Follow::Gone { left, deadline: timeout(line, moment)?, evicted: false }));
    Ok(tasks)
}

/// With `-o` the objects are printed instead of a message.
fn shown(
    line: &Line,
    moment: &Moment,
    text: &str,
    verb: FileVerb,
    validation: Validation,
    source: &str,
    base: &How,
) -> Result<Vec<Task>, String> {
    let format = Format::of(line)?;
    let mut tasks = Vec::new();
    let (documents, error) = documents(text, verb, line.given_namespace());
    let mut items: Vec<Item> = Vec::new();
    for document in &documents {
        let Some(resource) = Resource::of_kind(&document.kind).filter(|_| document.simulated()) else { continue };
        match crate::engine::write_document(moment.world, document, verb, validation, source) {
            Ok(Some(write)) => {
                // A client's dry run prints what is there, or what was typed.
                let value = match base.suffix {
                    " (dry run)" if verb == FileVerb::Apply => {
                        let key = crate::engine::document_key(document);
                        match resources::one(moment.world, resource, &key.namespace, &key.name) {
                            Some(item) => item.value,
                            None => noted(as_typed(document), &write.object.to_value()),
                        }
                    }
                    " (dry run)" => as_typed(document),
                    _ => write.object.to_value(),
                };
                items.push(Item { resource, value });
            }
            Ok(None) => {}
            Err(error) => tasks.push(Task::Fail(error)),
        }
    }
    if base.dry {
        let items: Vec<&Item> = items.iter().collect();
        let text = print::objects(&format, &items, true, moment.now)?;
        tasks.push(Task::Out(text));
    } else {
        let source = source.to_owned();
        let namespace = line.given_namespace().map(str::to_owned);
        let command = Command::File { verb, text: text.to_owned(), source, validation, namespace };
        tasks.push(Task::Do { command, how: How { quiet: true, ..How::default() } });
        let asks = items.iter().map(|item| (item.resource, item.namespace().to_owned(), item.name().to_owned()));
        tasks.push(Task::Follow(Follow::Show { format, asks: asks.collect() }));
    }
    tasks.extend(error.map(Task::Fail));
    Ok(tasks)
}

/// With the note of what was applied, which `apply` has made by then.
fn noted(mut value: Value, written: &Value) -> Value {
    let annotations = written.get("metadata").and_then(|it| it.get("annotations"));
    if let Some(note) = annotations.and_then(|it| it.get(LAST_APPLIED)) {
        value.entry("metadata").entry("annotations").make_map().insert(LAST_APPLIED.to_owned(), note.clone());
    }
    value
}

fn as_typed(document: &Document) -> Value {
    let mut value = document.value.clone();
    let key = crate::engine::document_key(document);
    if !key.namespace.is_empty() {
        value.entry("metadata").make_map().insert("namespace".to_owned(), (&*key.namespace).into());
    }
    value
}

/// `run` and `create TYPE NAME`: objects made of the line alone.
fn generated(line: &Line, moment: &Moment) -> Result<Vec<Task>, String> {
    let path = if line.verb.path == "create ns" { "create namespace" } else { line.verb.path };
    let usage = |text: String| Err(format!("error: {text}\nSee 'kubectl {path} -h' for help and examples"));
    let name = match (path, line.args.as_slice()) {
        ("run", [name, ..]) | (_, [name]) => name,
        ("run", []) => return usage("NAME is required for run".to_owned()),
        (_, several) => return usage(format!("exactly one NAME is required, got {}", several.len())),
    };
    let mut value = match line.verb.path {
        "run" => pod(line, name)?,
        "create namespace" | "create ns" => object("v1", "Namespace", name, ""),
        "create priorityclass" => {
            let mut value = object("scheduling.k8s.io/v1", "PriorityClass", name, "");
            let map = value.make_map();
            map.insert("value".to_owned(), number(line, "value")?.unwrap_or(0).into());
            map.insert("globalDefault".to_owned(), line.is("global-default").into());
            map.insert(
                "preemptionPolicy".to_owned(),
                line.flag("preemption-policy").unwrap_or("PreemptLowerPriority").into(),
            );
            if let Some(text) = line.flag("description") {
                map.insert("description".to_owned(), text.into());
            }
            value
        }
        _ => {
            let mut value = object("v1", "ResourceQuota", name, line.namespace());
            let hard = value.entry("spec").entry("hard").make_map();
            for pair in line.list("hard") {
                let Some((name, amount)) = pair.split_once('=') else {
                    return Err(format!("error: Invalid argument syntax {pair}, expected <resource>=<value>"));
                };
                hard.insert(name.to_owned(), amount.into());
            }
            value
        }
    };
    let base = how(line, None)?;
    if line.flag("output").is_some_and(|output| !output.is_empty()) && base.dry {
        let format = Format::of(line)?;
        let kind = resources::text(&value, &["kind"]).to_owned();
        let resource = Resource::of_kind(&kind).unwrap_or(&resources::RESOURCES[0]);
        if kind == "Namespace" {
            // Its type has no way to leave them out.
            for field in ["spec", "status"] {
                value.entry(field).make_map();
            }
        }
        let text = print::objects(&format, &[&Item { resource, value }], true, moment.now)?;
        return Ok(vec![Task::Out(text)]);
    }
    let text = manifest::print(&value);
    let command = Command::File {
        verb: FileVerb::Create,
        text,
        // It comes from no file.
        source: String::new(),
        validation: Validation::Strict,
        namespace: None,
    };
    // It comes from no file: `create namespace` tells what the server said, and no more.
    Ok(vec![Task::Do { command, how: How { word: Some(("error when creating \"STDIN\": ", "")), ..base } }])
}

fn object(version: &str, kind: &str, name: &str, namespace: &str) -> Value {
    let mut metadata = Map::from([("name".to_owned(), Value::from(name))]);
    if !namespace.is_empty() {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
    [("apiVersion", Value::from(version)), ("kind", kind.into()), ("metadata", metadata.into())].into()
}

/// Models `run`'s pod generator.
fn pod(line: &Line, name: &str) -> Result<Value, String> {
    let Some(image) = line.flag("image").filter(|image| !image.is_empty()) else {
        return Err("error: required flag(s) \"image\" not set".to_owned());
    };
    let restart = line.flag("restart").unwrap_or("Always");
    if !["Always", "OnFailure", "Never"].contains(&restart) {
        return Err(format!("error: invalid restart policy: {restart}\nSee 'kubectl run -h' for help and examples"));
    }
    let mut labels = Map::new();
    for pair in line.list("labels") {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(format!("error: unexpected label spec: {pair}"));
        };
        labels.insert(key.to_owned(), value.into());
    }
    if labels.is_empty() {
        labels.insert("run".to_owned(), name.into());
    }
    let mut container = Map::from([
        ("image".to_owned(), Value::from(image)),
        ("name".to_owned(), name.into()),
        ("resources".to_owned(), print::empty()),
    ]);
    if let Some(policy) = line.flag("image-pull-policy") {
        container.insert("imagePullPolicy".to_owned(), policy.into());
    }
    let words: Vec<&str> = line.args[1..].iter().map(String::as_str).collect();
    if !words.is_empty() {
        container.insert(if line.is("command") { "command" } else { "args" }.to_owned(), words.into());
    }
    let pairs = line.list("env").into_iter().filter_map(|pair| pair.split_once('='));
    let env: Vec<Value> =
        pairs.map(|(name, value)| [("name", Value::from(name)), ("value", value.into())].into()).collect();
    if !env.is_empty() {
        container.insert("env".to_owned(), Value::List(env));
    }
    if let Some(port) = number(line, "port")? {
        container.insert("ports".to_owned(), Value::List(vec![[("containerPort", Value::Int(port))].into()]));
    }
    let mut value = object("v1", "Pod", name, line.flag("namespace").unwrap_or_default());
    value.entry("metadata").make_map().insert("labels".to_owned(), labels.into());
    let spec: Value = [
        ("containers", Value::List(vec![container.into()])),
        ("dnsPolicy", "ClusterFirst".into()),
        ("restartPolicy", restart.into()),
    ]
    .into();
    value.make_map().insert("spec".to_owned(), spec);
    value.make_map().insert("status".to_owned(), print::empty());
    Ok(value)
}
