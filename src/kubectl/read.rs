//! The commands that only look: `get`, `version`, and the help.

use super::act::Files;
use super::columns::Style;
use super::follow::{Follow, Listing, Watch};
use super::line::Line;
use super::path;
use super::print::{self, Format};
use super::resources::{self, Filter, Found, Item};
use super::verbs::{self, Verb};
use super::{Moment, Task, files};
use crate::api::Value;

/// Models kubectl's `get`.
pub fn get(line: &Line, moment: &Moment, texts: &Files) -> Result<Vec<Task>, String> {
    if line.args.is_empty() && line.list("filename").is_empty() {
        return Err("You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of \
                    supported resources.\n\nerror: Required resource not specified.\nUse \"kubectl explain <resource>\" for \
                    a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and \
                    examples"
            .to_owned());
    }
    let format = Format::of(line)?;
    let asks = resources::asks(&line.args)?;
    if line.is("watch") || line.is("watch-only") {
        return watch(line, moment, &asks, texts, format);
    }
    if line.list("filename").is_empty()
        && let Some(listing) = Listing::of(line, moment, &asks, &format)?
    {
        return Ok(vec![Task::Follow(Follow::List(Box::new(listing)))]);
    }
    let mut found = match files::objects(line, moment, texts)? {
        Some(found) => found,
        None => resources::look_up(moment, line, &asks)?,
    };
    if line.is("ignore-not-found") {
        found.errors.retain(|error| !error.contains("(NotFound)"));
    }
    if let Some(field) = line.flag("sort-by").filter(|field| !field.is_empty()) {
        let path = path::relaxed(field).map_err(|error| format!("error: {error}"))?;
        for (_, items) in &mut found.lists {
            // A path that no object has is a mistake (`NewTableSorter`).
            if !items.is_empty() && items.iter().all(|item| path.values(&item.value).is_empty()) {
                return Err(no_such_field(field));
            }
            items.sort_by(|a, b| compare(path.values(&a.value).first(), path.values(&b.value).first()));
        }
    }
    let mut tasks = Vec::new();
    // With an error about a name, the objects that were found are shown all the same.
    match &format {
        Format::Table(style) => {
            let text = tables(moment, &found, style);
            if text.is_empty() && found.errors.is_empty() && !line.is("ignore-not-found") {
                let namespaced =
                    !line.is("all-namespaces") && found.lists.iter().all(|(resource, _)| resource.namespaced);
                tasks.push(Task::Err(match namespaced {
                    true => format!("No resources found in {} namespace.\n", line.namespace()),
                    false => "No resources found\n".to_owned(),
                }));
            }
            tasks.push(Task::Out(text));
        }
        format => {
            let items: Vec<&Item> = found.items().collect();
            let named = asks.iter().map(|ask| ask.names.len()).sum::<usize>();
            let single = named == 1 && items.len() == 1 || (asks.is_empty() && items.len() == 1);
            if !(items.is_empty() && (named > 0 || line.is("ignore-not-found"))) {
                tasks.push(Task::Out(print::objects(format, &items, single, moment.now)?));
            }
        }
    }
    tasks.extend(found.errors.into_iter().map(Task::Fail));
    Ok(tasks)
}

/// One table for each run of objects of one type, with a blank line between.
fn tables(moment: &Moment, found: &Found, style: &Style) -> String {
    let mut kinds: Vec<&str> = found.lists.iter().map(|(resource, _)| resource.kind).collect();
    kinds.dedup();
    let style = Style { with_kind: style.with_kind || kinds.len() > 1, ..style.clone() };
    let mut out = String::new();
    let mut lists: Vec<(&'static resources::Resource, Vec<&Item>)> = Vec::new();
    for (resource, items) in &found.lists {
        match lists.last_mut().filter(|(last, _)| last == resource) {
            Some((_, list)) => list.extend(items),
            None => lists.push((resource, items.iter().collect())),
        }
    }
    for (resource, items) in lists.iter().filter(|(_, items)| !items.is_empty()) {
        if !out.is_empty() {
            out.push('\n');
        }
        let style = Style { with_namespace: style.with_namespace && resource.namespaced, ..style.clone() };
        out.push_str(&print::table(resource, items, &style, moment.now, &mut Vec::new()));
    }
    out
}

pub fn no_such_field(field: &str) -> String {
    let bare = field.trim_start_matches(['{', '.']).trim_end_matches('}');
    format!("error: couldn't find any field with path \"{{.{bare}}}\" in the list of objects")
}

/// What sorts first: numbers by size, texts by their letters; what is missing comes first.
pub fn compare(a: Option<&Value>, b: Option<&Value>) -> std::cmp::Ordering {
    match (a, b) {
        (Some(Value::Int(a)), Some(Value::Int(b))) => a.cmp(b),
        (Some(Value::Str(a)), Some(Value::Str(b))) => a.cmp(b),
        (Some(a), Some(b)) => path::go(a).cmp(&path::go(b)),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

fn watch(
    line: &Line,
    moment: &Moment,
    asks: &[resources::Ask],
    texts: &Files,
    format: Format,
) -> Result<Vec<Task>, String> {
    let [ask] = asks else {
        return Err("error: you may only specify a single resource type".to_owned());
    };
    if ask.names.len() > 1 {
        return Err(
            "error: watch is only supported on individual resources and resource collections - more than 1 resource \
                    was found"
                .to_owned(),
        );
    }
    let in_turn = line.list("filename").is_empty() && matches!(format, Format::Table(_));
    let with_events = line.is("output-watch-events");
    let first = match in_turn && !with_events && !line.is("watch-only") {
        true => Listing::of(line, moment, asks, &format)?.map(|listing| Box::new(listing.silent())),
        false => None,
    };
    let found = match (files::objects(line, moment, texts)?, &first) {
        (Some(found), _) => found,
        (None, Some(_)) => Found::default(),
        (None, None) => resources::look_up(moment, line, asks)?,
    };
    if let Some(error) = found.errors.first() {
        return Err(error.clone());
    }
    let format = match format {
        Format::Table(style) => {
            Format::Table(Style { with_namespace: style.with_namespace && ask.resource.namespaced, ..style })
        }
        other => other,
    };
    let everywhere = line.is("all-namespaces") || !ask.resource.namespaced;
    let mut watch = Watch {
        resource: ask.resource,
        name: ask.names.first().cloned(),
        namespace: (!everywhere).then(|| line.namespace().to_owned()),
        filter: Filter::of(line),
        format,
        widths: Vec::new(),
        seen: moment.records,
        headed: false,
        with_events,
        first,
    };
    let mut first = String::new();
    if !line.is("watch-only") {
        let items: Vec<&Item> = found.items().collect();
        match &watch.format {
            Format::Table(style) if !watch.with_events && !items.is_empty() => {
                first = print::table(ask.resource, &items, style, moment.now, &mut watch.widths);
                watch.headed = true;
            }
            _ => {
                for item in items {
                    first.push_str(&watch.row("ADDED", item.value.clone(), moment.now));
                }
            }
        }
    }
    Ok(vec![Task::Out(first), Task::Follow(Follow::Watch(Box::new(watch)))])
}

/// The version that is simulated.
pub const VERSION: &str = "v1.36.2";

pub fn version(line: &Line) -> Result<Vec<Task>, String> {
    let git: Value = [("gitVersion", Value::from(VERSION)), ("major", "1".into()), ("minor", "36".into())].into();
    let whole: Value = match line.is("client") {
        true => [("clientVersion", git), ("kustomizeVersion", "v5.8.1".into())].into(),
        false => [("clientVersion", git.clone()), ("kustomizeVersion", "v5.8.1".into()), ("serverVersion", git)].into(),
    };
    if !line.args.is_empty() {
        return Err(format!("error: extra arguments: [{}]", line.args.join(" ")));
    }
    match line.flag("output").unwrap_or_default() {
        "" => {
            let server = if line.is("client") { String::new() } else { format!("Server Version: {VERSION}\n") };
            Ok(vec![Task::Out(format!("Client Version: {VERSION}\nKustomize Version: v5.8.1\n{server}"))])
        }
        "yaml" | "json" => Ok(vec![Task::Out(print::value(&Format::of(line)?, &whole)?)]),
        _ => Err("error: --output must be 'yaml' or 'json'".to_owned()),
    }
}

// ------------------------------------------------------------ help

/// What kubectl prints without a command.
pub fn overview() -> String {
    let mut text =
        "kubectl controls the Kubernetes cluster manager; here it controls the simulated cluster.\n\nCommands:\n"
            .to_owned();
    let widest = verbs::top().map(|verb| verb.path.len()).max().unwrap_or(0);
    for verb in verbs::top() {
        text.push_str(&format!("  {:widest$}  {}\n", verb.path, verb.about));
    }
    text.push_str("\nUsage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about a given command.\n");
    text
}

pub fn help(line: &Line, texts: &Files) -> Result<Vec<Task>, String> {
    let verb = match (line.verb.path, line.args.as_slice()) {
        ("help", []) => return Ok(vec![Task::Out(overview())]),
        ("help", words) => match verbs::find(&words.join(" ")).or_else(|| verbs::find(&words[0])) {
            Some(verb) => verb,
            None => return Err(format!("error: unknown command {:?} for \"kubectl\"", words.join(" "))),
        },
        _ => line.verb,
    };
    match verb.simulated {
        true => Ok(vec![Task::Out(help_of(verb, &files::text(files::FLAGS, texts).unwrap_or_default()))]),
        false => Err(not_simulated_verb(verb)),
    }
}

/// `rollout` and `set` alone. Models `DefaultSubCommandRun`.
///
/// # Errors
/// kubectl's words about a sub-command that there is not.
pub fn no_sub_command(line: &Line) -> Result<Vec<Task>, String> {
    let path = line.verb.path;
    match line.args.first() {
        Some(word) => Err(format!("error: unknown command {word:?}\nSee 'kubectl {path} -h' for help and examples")),
        None => Ok(vec![Task::Err(help_of(line.verb, "")), Task::Exit(1)]),
    }
}

/// `meanings` says what flags mean, if that file could be had.
fn help_of(verb: &Verb, meanings: &str) -> String {
    let mut text = format!("{}.\n\n", verb.about);
    if !verb.example.is_empty() {
        text.push_str(&format!("Examples:\n  {}\n\n", verb.example));
    }
    let children: Vec<&Verb> = verb.children().filter(|verb| verb.simulated).collect();
    if !children.is_empty() {
        text.push_str("Available Commands:\n");
        let name = |verb: &Verb| verb.path.split_once(' ').map_or("", |(_, name)| name);
        let widest = children.iter().map(|verb| name(verb).len()).max().unwrap_or(0);
        for child in &children {
            text.push_str(&format!("  {:widest$}  {}\n", name(child), child.about));
        }
        text.push('\n');
    }
    let flags: Vec<verbs::Flag> = verb.flags().filter(|flag| flag.simulated).collect();
    if !flags.is_empty() {
        text.push_str("Options:\n");
        for flag in flags {
            let short = flag.short.map(|letter| format!("-{letter}, ")).unwrap_or_else(|| "    ".to_owned());
            let value = match flag.alone {
                Some("true") => "",
                Some(alone) => &format!("[={alone}]"),
                None => "=",
            };
            text.push_str(&format!("  {short}--{}{value}", flag.name));
            let meaning = |name: &str| {
                let line = meanings.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
                line.map(|meaning| format!(":\n        {meaning}\n"))
            };
            let own = meaning(&format!("{} {}", verb.path, flag.name)).or_else(|| meaning(flag.name));
            text.push_str(&own.unwrap_or_else(|| "\n".to_owned()));
        }
        text.push('\n');
    }
    text.push_str(&format!("Usage:\n  kubectl {} {}\n", verb.path, verb.usage));
    text
}

/// A command about parts that are not simulated.
pub fn not_simulated(line: &Line) -> String {
    not_simulated_verb(line.verb)
}

fn not_simulated_verb(verb: &Verb) -> String {
    let names: Vec<&str> = verbs::top().map(|verb| verb.path).collect();
    format!(
        "error: kubectl {} is about parts of a cluster that are not simulated here; these commands are: {}",
        verb.path,
        names.join(", ")
    )
}
